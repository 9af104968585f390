"""What is put before an officer first, and what belongs together.

A rule may raise so many alerts a day; what is over it is ranked lower and folded, counted and never dropped. Findings
of one vessel that overlap in time are one case.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from prasan.picture.finding import Confidence, GapClass

ALERTS_A_DAY: Final = 20
"""How many findings of one rule a watch can look into on one day."""
DAY_S: Final = 86_400

_CONFIDENCE: Final[Mapping[Confidence | None, int]] = {None: 0, "low": 0, "medium": 1, "high": 2}
_CLASS: Final[Mapping[GapClass | None, int]] = {None: 0, "normal": 0, "unknown": 0, "suspicious": 1, "dark": 2}

Rank = tuple[int, int, int, str]


class Alert(msgspec.Struct, frozen=True):
    """What ranking and folding look at, of a finding or of an event that a partner sent. Times are seconds UTC."""

    key: str
    kind: str
    start: int
    end: int | None
    mmsi: tuple[int, ...] = ()
    confidence: Confidence | None = None
    gap_class: GapClass | None = None


def rank(alert: Alert) -> Rank:
    """What sorts first is looked at first: class, confidence, how many vessels, and the key so that it is settled."""
    return -_CLASS[alert.gap_class], -_CONFIDENCE[alert.confidence], -len(alert.mmsi), alert.key


def over_budget(alerts: Iterable[Alert], a_day: int = ALERTS_A_DAY) -> frozenset[str]:
    """The keys of the alerts that are over their rule's budget of the day (UTC) on which they begin."""
    days: dict[tuple[str, int], list[Rank]] = {}
    for one in alerts:
        days.setdefault((one.kind, one.start // DAY_S), []).append(rank(one))
    return frozenset(last[-1] for ranks in days.values() for last in sorted(ranks)[a_day:])


def cases(alerts: Iterable[Alert]) -> dict[str, str]:
    """Key -> key of its case: the earliest of those that share a vessel and a time with it, directly or not.

    What goes on overlaps everything after its start. Those alone in their case are left out.
    """
    heads: dict[str, str] = {}
    place: dict[str, int] = {}
    last: dict[int, tuple[str, float]] = {}
    for one in sorted(alerts, key=lambda one: (one.start, one.key)):
        heads[one.key], place[one.key] = one.key, len(place)
        end = float("inf") if one.end is None else float(one.end)
        for mmsi in one.mmsi:
            other, until = last.get(mmsi, ("", -1.0))
            if other and one.start <= until:
                first, second = sorted((_head(heads, one.key), _head(heads, other)), key=place.__getitem__)
                heads[second] = first
            last[mmsi] = (one.key, max(end, until)) if one.start <= until else (one.key, end)
    found = {key: _head(heads, key) for key in heads}
    shared = {head for key, head in found.items() if key != head}
    return {key: head for key, head in found.items() if head in shared}


def _head(heads: dict[str, str], key: str) -> str:
    while heads[key] != key:
        heads[key] = heads[heads[key]]
        key = heads[key]
    return key
