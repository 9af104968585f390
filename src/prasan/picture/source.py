"""Where rows come from, and on what terms."""

import msgspec

from prasan.picture.marking import Marking


class Terms(msgspec.Struct, frozen=True):
    """What a source's owner allows: rows passed on (`onward`), findings (`derived`); `store_days` None is no limit."""

    store_days: int | None = None
    onward: bool = True
    derived: bool = True


class Source(msgspec.Struct, frozen=True):
    """A feed by name. `clock` labels the time it is played at ("live", "2012-01-27 AMSA"), which is never shifted."""

    name: str
    clock: str
    marking: Marking
    terms: Terms = Terms()
    licence: str = ""
    attribution: str = ""
    url: str = ""

    @property
    def exercise(self) -> bool:
        """True if everything that comes from it is exercise data."""
        return self.marking.exercise
