"""What the line to one partner carries, as its answers showed, and what came of a parcel before it broke off.

Parcels hold what the line carries in five seconds (so that an alert never waits long behind bulk), from one row upward,
and go on at the byte where they were cut: a line that breaks every few kilobytes still carries an object of 64 KB.
"""

from typing import Final

import msgspec

from prasan.exchange.lanes import PAGE
from prasan.exchange.statements import Seal

HOLDS_S: Final = 5.0
"""Seconds that one parcel takes on the line."""
FIRST: Final = 8
"""Rows of the first parcel, before anything is known."""
GROWS: Final = 8
"""How many times larger than the last a parcel may be."""
SLICE: Final = 2
"""How many times its room a parcel may turn out to be before it is asked for in slices."""
LEAST: Final = 1500
"""Bytes of a slice at least: less is eaten up by what surrounds it."""
FAST: Final = 1 << 20
"""Bytes of room from which on nothing is sliced."""
_SAMPLE: Final = 400
"""Bytes of an answer from which on its time says something of the line."""
_PARTS: Final = 2
"""Broken parcels that are kept: one of bulk, and an alert's that came in between."""


class Part(msgspec.Struct):
    """The beginning of a parcel. `tag` names its whole bytes; `limit` is what it was asked with."""

    tag: str
    coding: str
    total: int
    limit: int
    seal: Seal
    body: bytearray

    @property
    def missing(self) -> int:
        """Bytes still to come."""
        return self.total - len(self.body)

    @property
    def upto(self) -> str:
        """Its lane and last row: rows that came later shall not change its bytes."""
        return f"{self.seal.lane}-{self.seal.last}"


class Line:
    """Kept by whoever pulls, from pull to pull; forgetting it costs a slow start and no row."""

    def __init__(self) -> None:
        self.rate = 0.0
        """Bytes a second; 0: not known yet."""
        self.row_bytes = 1000.0
        """Packed bytes of a row, about."""
        self.parts: list[Part] = []
        self._last = FIRST // GROWS

    @property
    def room(self) -> int:
        """Bytes that the line carries in five seconds; 0: not known yet."""
        return int(self.rate * HOLDS_S)

    @property
    def held(self) -> int:
        """Bytes of parcels that are not whole yet."""
        return sum(len(part.body) for part in self.parts)

    def rows(self, most: int = PAGE) -> int:
        """How many rows to ask for next."""
        fit = int(self.room / self.row_bytes) if self.rate else FIRST
        return max(1, min(fit, most, self._last * GROWS))

    def slice(self, held: int) -> str:
        """The Range header for what comes after `held` bytes; "" if all of it may come at once."""
        if not 0 < self.room < FAST:
            return f"bytes={held}-" if held else ""
        return f"bytes={held}-{held + max(LEAST, SLICE * self.room) - 1}"

    def carried(self, size: int, seconds: float) -> None:
        """So many bytes came in so long. A reader that cannot measure says 0 s, and nothing is learnt."""
        if size >= _SAMPLE and seconds > 0:
            seen = size / seconds
            self.rate = (self.rate + seen) / 2 if self.rate else seen

    def arrived(self, part: Part) -> None:
        """A parcel is whole."""
        self.row_bytes = (self.row_bytes + part.total / part.seal.count) / 2
        self._last = max(1, part.seal.count)
        self.drop(part)

    def keep(self, part: Part) -> None:
        """Go on with this one first. An older one of the same lane is of no use any more."""
        others = [one for one in self.parts if one is not part and one.seal.lane != part.seal.lane]
        self.parts = [*others, part][-_PARTS:]

    def drop(self, part: Part) -> None:
        """No more is wanted of it."""
        self.parts = [one for one in self.parts if one is not part]
