"""What is put before an officer first, and what belongs together.

A rule may raise so many alerts a day; what is over it is ranked lower and folded, counted and never dropped. Findings
of one vessel that overlap in time are one case.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from prasan.picture.finding import Confidence, Finding, GapClass

ALERTS_A_DAY: Final = 20
"""How many findings of one rule a watch can look into on one day."""
DAY_S: Final = 86_400

_CONFIDENCE: Final[Mapping[Confidence, int]] = {"low": 0, "medium": 1, "high": 2}
_CLASS: Final[Mapping[GapClass | None, int]] = {None: 0, "normal": 0, "unknown": 0, "suspicious": 1, "dark": 2}

Rank = tuple[int, int, int, str]


def rank(finding: Finding) -> Rank:
    """What sorts first is looked at first: class, confidence, how many vessels, and the key so that it is settled."""
    return -_CLASS[finding.gap_class], -_CONFIDENCE[finding.confidence], -len(finding.mmsi), finding.key


def over_budget(findings: Iterable[Finding], a_day: int = ALERTS_A_DAY) -> frozenset[str]:
    """The keys of the findings that are over their rule's budget of the day (UTC) on which they begin."""
    days: dict[tuple[str, int], list[Rank]] = {}
    for one in findings:
        if not one.excluded:
            days.setdefault((one.kind, one.start // DAY_S), []).append(rank(one))
    return frozenset(last[-1] for ranks in days.values() for last in sorted(ranks)[a_day:])


def cases(findings: Iterable[Finding]) -> dict[str, str]:
    """Finding key -> key of its case: the earliest of those that share a vessel and a time with it, directly or not.

    A finding that goes on overlaps everything after its start. Findings alone in their case are left out.
    """
    heads: dict[str, str] = {}
    place: dict[str, int] = {}
    last: dict[int, tuple[str, float]] = {}
    for one in sorted(findings, key=lambda one: (one.start, one.key)):
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
