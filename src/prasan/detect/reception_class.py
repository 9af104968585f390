"""From evidence to a class: dark only where others were heard, and `unknown` unless shown otherwise.

A vessel that sails out of reach is heard more and more seldom first, and it goes where nobody else is heard; one that
comes back into reach is heard seldom at first. One that is switched off falls silent from one report to the next, and
comes back as suddenly. So `dark` stands on one of five grounds:
  - begin  its last `last_count` intervals were on average at most `steady_share` of what a quarter of all that were
           looked at did not exceed (one at which networks pass on reports, `NETWORK_S`, is always short enough), and
           took at most `last_h` together: on a feed of a report an hour nobody can tell;
  - end    it came back with `back_count` fixes within `back_h`, not at a berth;
  - both   it fell silent at `fast_kn` or more, as in `begin`, and came back as in `end`;
  - way    it came back after `long_h` or more, of which the straight way, at the faster of its speeds before and after,
           takes at least `straight_share`: it sailed that way, and lay nowhere for long;
  - calm   it fell silent at `fast_kn` or more for `calm_h`, where hardly anybody else did at either end.
Each ground asks for all of
  - `neighbours_count` distinct vessels heard near the places or on the way during the silence;
  - `heard_share` of those near the place heard in the hours next to it: or else the station was out;
  - while it goes on, both places ahead covered: it was not about to leave where others are heard;
  - once it is over, one of them (behind it, for its end) and `way_share` of the straight way between covered: the
    vessel stayed where it could be heard;
  - `rate_count` vessel-hours here (for the way at both ends), of which at most `silent_share` were silent this long
    (for the end, at the beginning too), and at most `lost_share` lost for good; a steady beginning tells more by
    itself, and asks for less (`begin_...`).
What began and ended at once, or what nobody else did, asks for other shares of these (`both_...`, `calm_...`).
`suspicious` asks for less of some (`weak_...`). `normal`: the vessel lay still or in port, or such silences are usual.
A silence within `shore_km` of the shore that goes on, or ends within `berth_km` of where it began, is never more than
`unknown`: the vessel may lie in a port that nobody listed.
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

IN_PORT: Final = "perhaps_in_port"

NETWORK_S: Final = 75
"""Networks pass on about one report a minute: what comes nearly as often is not thinning out."""

_NUMBERS: Final = (
    "neighbours", "heard", "expected", "covered", "places", "n_periods", "k_silent", "n_lost", "upper_95", "reach_km",
    "lasted_h",
)  # fmt: skip
MESSAGES: Final = {
    "reception_dark": _NUMBERS,
    "reception_suspicious": _NUMBERS,
    "reception_unknown": _NUMBERS,
    "reception_normal": _NUMBERS,
    IN_PORT: ("shore_km",),
    **dict.fromkeys(CAUSES, ()),
}
"""Message codes of the classes and the evidence they take."""


class End(msgspec.Struct, frozen=True):
    """What is known of one place of a silence: its beginning ("begin") or its end ("end"); `names` heard it."""

    place: str
    cover: Cover
    rate: Rate
    names: tuple[str, ...] = ()


class Pace(msgspec.Struct, frozen=True):
    """Mean seconds between the last fixes before a silence, and what a quarter of all looked at did not exceed."""

    last_s: float
    usual_s: float


class Back(msgspec.Struct, frozen=True):
    """How a silence ended: after `hours`, so far from its beginning; `dense`: with many fixes at once; at a `berth`.

    `way_h` are the hours that the straight way takes at the faster of its speeds before and after.
    """

    hours: float
    way_h: float
    metres: float
    end: End
    way: Cover
    dense: bool = False
    berth: bool = False


class Silence(msgspec.Struct, frozen=True):
    """A silence by its beginning and, once it is over, its end; `ashore`: it began close to the shore.

    `knots` is the speed of the last fix, -1 if it said none. Without `pace` (the rule asks for one fix before) it
    cannot be told how the vessel fell silent.
    """

    begin: End
    pace: Pace | None = None
    ashore: bool = False
    knots: float = -1.0
    back: Back | None = None


class Verdict(msgspec.Struct, frozen=True):
    """The class with the code of its sentence and the numbers behind it; `names` are the sources they come from."""

    gap_class: GapClass
    code: str
    evidence: dict[str, Any]
    names: tuple[str, ...] = ()


def explained(cause: str) -> Verdict:
    """The class of a silence that something else explains."""
    return Verdict("normal" if cause == LAY_STILL else "unknown", cause, {})


def judge(silence: Silence, rule: Rule) -> Verdict:
    """The class of a silence: `dark`, `suspicious` and `normal` in this order, as far as the evidence goes."""
    if _perhaps_in_port(silence, rule):
        found = _verdict("unknown", silence, silence.begin, "begin", rule)
        evidence = {**found.evidence, "shore_km": rule.thresholds["shore_km"]}
        return msgspec.structs.replace(found, code=IN_PORT, evidence=evidence)
    for gap_class, level in (("dark", ""), ("suspicious", "weak_")):
        for ground in _grounds(silence, rule, level):
            end = silence.back.end if ground == "end" and silence.back is not None else silence.begin
            if _enough(silence, ground, rule, level):
                return _verdict(gap_class, silence, end, ground, rule)  # type: ignore[arg-type]
    if _usual(silence.begin.rate, rule):
        return _verdict("normal", silence, silence.begin, "begin", rule)
    return _verdict("unknown", silence, silence.begin, "begin", rule)


def neighbours(silence: Silence) -> int:
    """How many vessels were heard near either end or on the way while it lasted, each counted once."""
    found = set(silence.begin.cover.others)
    if silence.back is not None:
        found.update(silence.back.end.cover.others, silence.back.way.others)
    return len(found)


def _perhaps_in_port(silence: Silence, rule: Rule) -> bool:
    back = silence.back
    return silence.ashore and (back is None or back.metres <= rule.thresholds["berth_km"] * 1000)


def _grounds(silence: Silence, rule: Rule, level: str) -> list[str]:
    """The grounds that hold for this silence: see the head of this module."""
    begin, end = _steady(silence, rule, level), _came_back(silence)
    fast = silence.knots >= rule.thresholds["fast_kn"] and not level
    held = {
        "both": fast and begin and end, "begin": begin, "end": end, "way": _long(silence, rule),
        "calm": fast and _lasting(silence, rule),
    }  # fmt: skip
    return [ground for ground, holds in held.items() if holds]


def _steady(silence: Silence, rule: Rule, level: str) -> bool:
    limits, pace = rule.thresholds, silence.pace
    if pace is None or pace.last_s * limits["last_count"] > limits["last_h"] * 3600:
        return False
    return pace.last_s <= max(limits[f"{level}steady_share"] * pace.usual_s, NETWORK_S)


def _came_back(silence: Silence) -> bool:
    return silence.back is not None and silence.back.dense and not silence.back.berth


def _long(silence: Silence, rule: Rule) -> bool:
    limits, back = rule.thresholds, silence.back
    return (
        back is not None
        and back.hours >= limits["long_h"]
        and back.way_h >= limits["straight_share"] * back.hours
        and back.end.rate.periods >= limits["rate_count"]
    )


def _lasting(silence: Silence, rule: Rule) -> bool:
    """Whether it lasted long enough for `calm`, had not faded out, and enough is known of both ends."""
    limits, back = rule.thresholds, silence.back
    if back is None or back.hours < limits["calm_h"]:
        return False
    told = min(silence.begin.rate.periods, back.end.rate.periods)
    return told >= limits["calm_rate_count"] and _steady(silence, rule, "weak_")


def _enough(silence: Silence, ground: str, rule: Rule, level: str) -> bool:
    """Whether the evidence holds that a ground asks for: see the head of this module."""
    limits, back = rule.thresholds, silence.back
    if neighbours(silence) < limits[f"{level}neighbours_count"]:
        return False
    if ground in {"both", "calm"}:
        return back is not None and _on_the_way(back, limits[f"{ground}_way_share"]) and _at_both(silence, ground, rule)
    if back is not None and not _on_the_way(back, limits["way_share"]):
        return False
    if ground == "end":
        quiet = _quiet(silence.begin.rate, limits[f"{level}silent_share"])
        return quiet and back is not None and _stands(silence, back.end, ground, rule, level)
    return _stands(silence, silence.begin, ground, rule, level)


def _on_the_way(back: Back, share: float) -> bool:
    return back.way.covered >= share * back.way.places


def _quiet(rate: Rate, share: float) -> bool:
    return rate.silent <= share * rate.periods


def _at_both(silence: Silence, ground: str, rule: Rule) -> bool:
    """Whether others were heard at both ends, and seldom fell silent there."""
    limits = rule.thresholds
    ends = [silence.begin] if silence.back is None else [silence.begin, silence.back.end]
    return all(
        end.cover.heard >= limits["both_heard_share"] * end.cover.expected
        and _quiet(end.rate, limits[f"{ground}_silent_share"])
        for end in ends
    )


def _stands(silence: Silence, end: End, ground: str, rule: Rule, level: str) -> bool:
    """Whether others were heard at one end of the silence, and seldom fell silent there."""
    limits, cover, rate = rule.thresholds, end.cover, end.rate
    steady = "begin_" if ground == "begin" else ""
    return (
        cover.heard >= limits["heard_share"] * cover.expected
        and cover.covered >= (cover.places if silence.back is None else 1)
        and rate.periods >= limits[f"{steady}rate_count"]
        and rate.lost <= limits["lost_share"] * (rate.periods + rate.lost)
        and _quiet(rate, limits[f"{level or steady}silent_share"])
    )


def _usual(rate: Rate, rule: Rule) -> bool:
    enough = rate.periods >= rule.thresholds["usual_count"]
    return enough and rate.silent >= rule.thresholds["usual_share"] * rate.periods


def _verdict(gap_class: GapClass, silence: Silence, end: End, ground: str, rule: Rule) -> Verdict:
    cover, rate, back = end.cover, end.rate, silence.back
    evidence = {
        "judged_at": ground,
        "last_interval_s": round(silence.pace.last_s) if silence.pace is not None else None,
        "usual_interval_s": round(silence.pace.usual_s) if silence.pace is not None else None,
        "reach_km": rule.thresholds["reach_km"],
        "rate_km": rule.thresholds["rate_km"],
        "lasted_h": rule.thresholds["min_h"],
        "neighbours": neighbours(silence),
        "heard": cover.heard,
        "expected": cover.expected,
        "heard_share": _share(cover.heard, cover.expected),
        "covered": cover.covered,
        "places": cover.places,
        "way_share": _share(back.way.covered, back.way.places) if back is not None else None,
        "n_periods": rate.periods,
        "k_silent": rate.silent,
        "n_lost": rate.lost,
        "upper_95": round(rate.upper, 4),
    }
    return Verdict(gap_class, f"reception_{gap_class}", evidence, end.names)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None
