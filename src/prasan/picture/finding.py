"""What a kernel found: a value with its rule, its thresholds and its evidence, never a bare verdict."""

from typing import Any, Final, Literal

import msgspec

Confidence = Literal["low", "medium", "high"]
GapClass = Literal["normal", "unknown", "suspicious", "dark"]

ALERTING: Final = (
    "gap", "encounter", "duplicate_identity", "identity_change", "spoofing", "zone_entry", "watchlist_hit",
)  # fmt: skip
FACTS: Final = ("stop", "port_visit", "loitering", "drifting", "speed_jump", "invalid_identity")
KINDS: Final = ALERTING + FACTS


class Rule(msgspec.Struct, frozen=True):
    """A rule with its thresholds as data. `thresholds` keys are `name_unit` (`min_h`, `radius_m`)."""

    id: str
    version: int
    preset: str
    thresholds: dict[str, float]
    differs: tuple[str, ...] = ()


class Fix(msgspec.Struct, frozen=True, gc=False):
    """One position used as evidence: seconds UTC, decimal degrees, knots, degrees."""

    t: int
    mmsi: int
    lat: float
    lon: float
    sog: float | None = None
    cog: float | None = None
    source: str = ""


class Finding(msgspec.Struct, frozen=True, gc=False):
    """One thing found. `key` names it over runs: kind, preset, MMSIs and the first anchor fix decide it.

    `start` and `end` are seconds UTC; `end` is None while it goes on. `excluded` is the code of the reason why it is
    recorded and counted but not promoted to an event (a port, a pilot, a tug). `sources` names every source used,
    neighbours in the evidence included. `evidence` holds numbers and codes only; `words` makes sentences of them.
    """

    kind: str
    key: str
    mmsi: tuple[int, ...]
    start: int
    end: int | None
    lat: float
    lon: float
    confidence: Confidence
    reason: str
    rule: Rule
    sources: tuple[str, ...]
    fixes: tuple[Fix, ...]
    evidence: dict[str, Any]
    gap_class: GapClass | None = None
    excluded: str | None = None
