"""From evidence to a class: dark only where others were heard, and `unknown` unless shown otherwise.

Both places of a silence are judged, where it began and (once it is over) where it ended, unless that is a berth; the
better one decides. A vessel that was heard densely and falls silent well inside reception, or comes out of silence
there, did not sail out of reach. `dark` asks for all of
  - the `before_count` fixes before the silence within `dense_h`: at the edge of reception they thin out first;
  - `neighbours_count` distinct vessels heard near the place or on the way during the silence;
  - `heard_share` of those near the place heard in the hours next to it: or else the station was out;
  - `covered_share` of the places within reach covered, and at most `blind_count` of the two on the course not;
  - an upper bound of `silent_share` on the rate of such silences here, and at most `lost_share` lost for good;
  - once it is over, `way_share` of the straight way between covered: the vessel stayed where it could be heard.
`suspicious` asks for less of some (`weak_...`). `normal`: the vessel lay still or in port, or such silences are usual.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from prasan.detect.reception import Cover
from prasan.detect.reception_cause import CAUSES, LAY_STILL
from prasan.detect.reception_rate import Rate
from prasan.picture.finding import Confidence, GapClass, Rule

CONFIDENCE: Final[Mapping[GapClass, Confidence]] = {
    "dark": "high", "suspicious": "medium", "unknown": "low", "normal": "low",
}  # fmt: skip

_NUMBERS: Final = (
    "neighbours", "heard", "expected", "covered", "places", "n_periods", "k_silent", "n_lost", "upper_95", "near_km",
    "lasted_h",
)  # fmt: skip
MESSAGES: Final = {
    "reception_dark": _NUMBERS,
    "reception_suspicious": _NUMBERS,
    "reception_unknown": _NUMBERS,
    "reception_normal": _NUMBERS,
    **dict.fromkeys(CAUSES, ()),
}
"""Message codes of the classes and the evidence they take."""


class End(msgspec.Struct, frozen=True):
    """What is known of one place of a silence: its beginning ("begin") or its end ("end"); `names` heard it."""

    place: str
    cover: Cover
    rate: Rate
    names: tuple[str, ...] = ()


class Verdict(msgspec.Struct, frozen=True):
    """The class with the code of its sentence and the numbers behind it; `names` are the sources they come from."""

    gap_class: GapClass
    code: str
    evidence: dict[str, Any]
    names: tuple[str, ...] = ()


class Silence(msgspec.Struct, frozen=True):
    """A silence by its beginning and, once it is over, its end and the way between; `berth`: it ended at a berth.

    `before_h` are the hours in which the last `before_count` fixes came.
    """

    before_h: float
    begin: End
    end: End | None = None
    way: Cover | None = None
    berth: bool = False


def explained(cause: str) -> Verdict:
    """The class of a silence that something else explains."""
    return Verdict("normal" if cause == LAY_STILL else "unknown", cause, {})


def judge(silence: Silence, rule: Rule) -> Verdict:
    """The class of a silence: `dark`, `suspicious` and `normal` in this order, as far as the evidence goes."""
    ends = [silence.begin] + ([silence.end] if silence.end is not None and not silence.berth else [])
    for gap_class, level in (("dark", ""), ("suspicious", "weak_")):
        for end in ends:
            if _enough(silence, end, rule, level):
                return _verdict(gap_class, silence, end, rule)  # type: ignore[arg-type]
    for end in ends:
        if _usual(end.rate, rule):
            return _verdict("normal", silence, end, rule)
    return _verdict("unknown", silence, silence.begin, rule)


def _enough(silence: Silence, end: End, rule: Rule, level: str) -> bool:
    limits, cover, rate, way = rule.thresholds, end.cover, end.rate, silence.way
    return (
        silence.before_h <= limits[f"{level}dense_h"]
        and neighbours(silence, end) >= limits[f"{level}neighbours_count"]
        and cover.heard >= limits[f"{level}heard_share"] * cover.expected
        and cover.covered >= limits[f"{level}covered_share"] * cover.places
        and cover.blind <= limits[f"{level}blind_count"]
        and rate.lost <= limits[f"{level}lost_share"] * (rate.periods + rate.lost)
        and rate.upper <= limits[f"{level}silent_share"]
        and (way is None or way.covered >= limits[f"{level}way_share"] * way.places)
    )


def neighbours(silence: Silence, end: End) -> int:
    """Vessels heard near the end that is judged, or on the way: whichever shows more."""
    return max(end.cover.neighbours, silence.way.neighbours if silence.way is not None else 0)


def _usual(rate: Rate, rule: Rule) -> bool:
    enough = rate.periods >= rule.thresholds["usual_count"]
    return enough and rate.silent >= rule.thresholds["usual_share"] * rate.periods


def _verdict(gap_class: GapClass, silence: Silence, end: End, rule: Rule) -> Verdict:
    cover, rate, way = end.cover, end.rate, silence.way
    evidence = {
        "judged_at": end.place,
        "near_km": rule.thresholds["near_km"],
        "lasted_h": rule.thresholds["min_h"],
        "neighbours": neighbours(silence, end),
        "heard": cover.heard,
        "expected": cover.expected,
        "heard_share": _share(cover.heard, cover.expected),
        "covered": cover.covered,
        "places": cover.places,
        "covered_share": _share(cover.covered, cover.places),
        "way_share": _share(way.covered, way.places) if way is not None else None,
        "n_periods": rate.periods,
        "k_silent": rate.silent,
        "n_lost": rate.lost,
        "upper_95": round(rate.upper, 4),
    }
    return Verdict(gap_class, f"reception_{gap_class}", evidence, end.names)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None
