"""A policy's rules as values. They are read from TOML by `policy` and looked at as a whole by `review`."""

from typing import Final, Literal

import msgspec

from prasan.picture.marking import Tlp
from prasan.release.accord import Mode
from prasan.release.boxes import Area

Verdict = Literal["release", "sanitise", "withhold"]
Group = Literal["identity", "evidence", "text"]
Caveat = Literal["rel_to", "orcon", "purposes", "personal_data"]

STRICTNESS: Final[dict[Verdict, int]] = {"release": 0, "sanitise": 1, "withhold": 2}

PARTNERS: Final = "partners"
PUBLIC: Final = "public"
CLASS: Final = "class:"
OWN: Final = "own"
RECEIVED: Final = "received"


class Steps(msgspec.Struct, frozen=True):
    """How a view is made coarser: cell in degrees, time step in minutes, groups dropped, minutes between versions."""

    place_deg: float | None = None
    time_min: int | None = None
    drop: frozenset[str] = frozenset()
    again_min: int = 0

    def at_least(self, other: "Steps") -> bool:
        """True if this is at least as coarse as `other` in every step."""
        return (
            (self.place_deg or 0) >= (other.place_deg or 0)
            and (self.time_min or 0) >= (other.time_min or 0)
            and self.drop >= other.drop
        )

    @property
    def coarsens(self) -> bool:
        """True if a view is made coarser by them at all."""
        return self.place_deg is not None or self.time_min is not None or bool(self.drop)

    def join(self, other: "Steps") -> "Steps":
        """The least steps that are at least as coarse as both."""
        return Steps(
            place_deg=max((one for one in (self.place_deg, other.place_deg) if one is not None), default=None),
            time_min=max((one for one in (self.time_min, other.time_min) if one is not None), default=None),
            drop=self.drop | other.drop,
            again_min=max(self.again_min, other.again_min),
        )


class Rule(msgspec.Struct, frozen=True):
    """One rule. A condition that is None always holds; `line` is where it stands in the file (0 unknown)."""

    id: str
    to: frozenset[str]
    then: Verdict
    types: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    labels: frozenset[str] | None = None
    origin: str | None = None
    mode: Mode | None = None
    max_tlp: Tlp | None = None
    area: Area | None = None
    sources: frozenset[str] | None = None
    caveats: frozenset[str] | None = None
    min_age_h: float | None = None
    personal_data: bool = False
    steps: Steps = Steps()
    line: int = 0


class Policy(msgspec.Struct, frozen=True):
    """Ordered rules; the first that matches decides. `hash` is SHA-256 of the file's bytes."""

    name: str
    hash: str
    rules: tuple[Rule, ...]


def is_partner(name: str) -> bool:
    """True if a name in `to` is a partner's (or "partners")."""
    return name != PUBLIC and not name.startswith(CLASS)
