"""Encounter: two vessels stay close together at sea, slowly, for hours.

Definition    both within `distance_m` at the same instants (ten-minute slots), neither faster than `slot_kn` there,
              with holes of at most `hole_h`; and within that run, `min_h` or longer stretches of which more than half
              of the slots are below `median_kn`. The meeting lasts from the first such stretch to the last.
Source        Miller et al. 2018 and pipe-encounters (Global Fishing Watch): 500 m, 2 h, median below 2 kn, 10 km from
              an anchorage, ten-minute slots. RTEC maritime rules: neither a tug nor a pilot.
Columns       t, mmsi, lat, lon; speed is made good from slot to slot, so reported speeds and their noise do not count.
              Reported status is not asked: it is typed by those who may have something to hide.
Cadence       a fix at least every `silence_h`; over longer silences a vessel has no slots.
Cannot see    a vessel without AIS; what is handed over; meetings shorter than `min_h`. Over long silences the straight
              line between two fixes is an assumption: `slots_inferred` counts the slots that rest on it.

Excluded, recorded and counted: `same_emitter_family` two emitters of one MMSI; `buoy_or_gear` an MMSI of the forms 97x,
98x, 99x; `pilot_or_tug` by ship type; `port` nearer than `port_km` to a port or anchorage; `stationary` one of the two
was never seen to leave the place where it was first heard; `moored` nearer than `berth_km` to the shore, where one of
the two lay still (not faster than `still_kn` in the median), held by the ground; `anchorage` learnt from own traffic:
both lay still nearer than `shore_nm` to the shore, and in the median `others_count` other vessels lay still within
`others_km`; one is enough where the two lay `apart_m` or more from each other. Two that drift are held by nothing and
meet, however many are around; so do two alone at anchor farther out. With `port_km` 0 no place is excluded. `assumed`
both lay still nearer than `shore_nm` to the shore, and more than `inferred_share` of the slots are inferred: who lay
around them was hardly heard either.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.detect.make import hours, key, names
from prasan.detect.pairs import near_pairs
from prasan.picture.finding import Confidence, Finding, Fix, Rule
from prasan.picture.identity import GEAR, mmsi_form, of_forms
from prasan.picture.sphere import Floats, chord_m, lat_lon
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Columns, Ints, Slots, concat, no_slots, take, track_keys
from prasan.tracks.slots import SLOT_S

MESSAGES: Final = {
    "encounter": ("hours", "distance_m", "closest_m", "speed_kn", "port_km", "slots_count", "slots_inferred"),
    "encounter_open": ("distance_m", "closest_m", "speed_kn", "port_km", "slots_count", "slots_inferred"),
}

SERVICE_TYPES: Final = frozenset({31, 32, 50, 52})
"""Ship types whose work is to lie alongside: towing, towing (large), pilot vessel, tug (M.1371-5 Table 53)."""

INFERRED_S: Final = 3600
"""A slot between fixes farther apart than this is inferred rather than seen (GFW interpolates up to 1 h)."""

_NM: Final = 1852.0
_FIXED: Final = frozenset({"coast", "group", "sar_aircraft"})


class Meets(Columns, frozen=True):
    """Pairs of slots at one instant within the distance, `a` before `b` by MMSI and emitter, and the metres between.

    `others` counts the other vessels that lay still around `a` then.
    """

    a: Slots
    b: Slots
    metres: Floats
    others: Ints


class EncounterCarry(msgspec.Struct, frozen=True):
    """Slots that a later slot may still meet, and the meets of runs that may still go on; `looked` counts new meets."""

    recent: Slots
    meets: Meets
    looked: int = 0


class _Runs(msgspec.Struct, frozen=True):
    """Runs of meets: `begin` of each, and for those that qualify the run number, first and last row of the meeting."""

    begin: Ints
    number: Ints
    first: Ints
    last: Ints


class _Place(msgspec.Struct, frozen=True):
    """Where a meeting began: metres to the nearest port or anchorage and to the shore, inf where far."""

    port_m: float
    shore_m: float


def kernel(
    rows: Slots, carry: EncounterCarry | None, upto: int, rule: Rule, world: World
) -> tuple[list[Finding], EncounterCarry]:
    """Slots made of fixes with t < `upto` -> meetings that began, went on or ended, and the new carry."""
    limits = rule.thresholds
    carry = carry or EncounterCarry(
        no_slots(rows.sets), Meets(no_slots(), no_slots(), np.empty(0), np.empty(0, np.int64))
    )
    slow = take(rows, (rows.speed <= limits["slot_kn"]) & ~of_forms(rows.mmsi, _FIXED))
    both = concat(carry.recent, slow)
    meets, new = _meets(both, len(carry.recent), carry.meets, limits)
    horizon = upto - limits["silence_h"] * 3600  # every later slot is for an instant after this
    recent = take(both, both.bin * SLOT_S > horizon)
    looked = carry.looked + int(np.count_nonzero(new))
    if not len(meets):
        return [], EncounterCarry(recent, meets, looked)
    runs = _runs(meets, limits)
    ends = np.append(runs.begin[1:], len(meets)) - 1
    closed = meets.a.bin[ends] * SLOT_S + limits["hole_h"] * 3600 + SLOT_S <= horizon
    touched = np.logical_or.reduceat(new, runs.begin) | closed
    findings = _findings(meets, runs, (touched, closed), rule, world)
    goes_on = np.repeat(~closed, np.diff(np.append(runs.begin, len(meets))))
    return findings, EncounterCarry(recent, take(meets, goes_on), looked)


def _meets(both: Slots, known: int, carried: Meets, limits: dict[str, float]) -> tuple[Meets, Bools]:
    """Carried meets and new ones, sorted by pair and bin, and which are new or have a new neighbour.

    `both` holds all slots of its instants, so meets of these are made anew, with the neighbours that have come since.
    """
    i, j, metres = near_pairs(both.bin, both.point, limits["distance_m"])
    keys = track_keys(both)
    swap = keys[i] > keys[j]
    first, second = np.where(swap, j, i), np.where(swap, i, j)
    others, joined = _others(both, known, first, second, limits)
    fresh = (i >= known) | (j >= known) | joined
    if len(both):
        carried = take(carried, carried.a.bin < both.bin.min())
    meets = concat(carried, Meets(take(both, first), take(both, second), metres, others))
    new = np.concatenate((np.zeros(len(carried), np.bool_), fresh))
    order = np.lexsort((meets.a.bin, track_keys(meets.b), track_keys(meets.a)))
    return take(meets, order), new[order]


def _others(both: Slots, known: int, a: Ints, b: Ints, limits: dict[str, float]) -> tuple[Ints, Bools]:
    """How many other vessels lay still within `others_km` of each `a` (rows of `both`), and whether some are new."""
    metres = limits["others_km"] * 1000
    if not len(a) or not limits["others_count"]:
        return np.zeros(len(a), np.int64), np.zeros(len(a), np.bool_)
    still = (both.speed <= limits["still_kn"]) & ~of_forms(both.mmsi, GEAR)
    asked = np.zeros(len(both), np.bool_)
    asked[a] = True
    some = np.flatnonzero(still | asked)
    i, j, _ = near_pairs(both.bin[some], both.point[some], metres, asked[some])
    i, j = np.concatenate((some[i], some[j])), np.concatenate((some[j], some[i]))
    counts = still[j] & (both.mmsi[i] != both.mmsi[j])
    around = np.bincount(i[counts], minlength=len(both))
    newly = np.bincount(i[counts & (j >= known)], minlength=len(both)) > 0
    partner = still[b] & (both.mmsi[a] != both.mmsi[b]) & (chord_m(both.point[a], both.point[b]) <= metres)
    return around[a] - partner, newly[a]


def _runs(meets: Meets, limits: dict[str, float]) -> _Runs:
    """Split meets into runs and find where stretches of `min_h` are slow enough, all runs at once."""
    a, b, bins = track_keys(meets.a), track_keys(meets.b), meets.a.bin
    apart = (np.diff(bins) * SLOT_S > limits["hole_h"] * 3600 + SLOT_S) | (np.diff(a) != 0) | (np.diff(b) != 0)
    begin = np.flatnonzero(np.concatenate(([True], apart)))
    run = np.cumsum(np.concatenate(([0], apart)))
    place = (run << 32) | (bins - bins.min())
    end = np.searchsorted(place, place + int(np.ceil(limits["min_h"] * 3600 / SLOT_S)))
    inside = np.flatnonzero(end < len(meets))
    inside = inside[run[end[inside]] == run[inside]]
    slow = np.concatenate(([0], np.cumsum(_pair_speed(meets) < limits["median_kn"])))
    last = end[inside]
    good = 2 * (slow[last + 1] - slow[inside]) > last + 1 - inside
    of_run = run[inside[good]]
    number, first = np.unique(of_run, return_index=True)
    final = np.searchsorted(of_run, number, "right") - 1
    return _Runs(begin, number, inside[good][first], last[good][final])


def _pair_speed(meets: Meets) -> Floats:
    return np.maximum(meets.a.speed, meets.b.speed)


def _findings(meets: Meets, runs: _Runs, of: tuple[Bools, Bools], rule: Rule, world: World) -> list[Finding]:
    """`of`: which runs were touched by this call, and which are over."""
    touched, closed = of
    shown = touched[runs.number]
    first, end, over = runs.first[shown], runs.last[shown] + 1, closed[runs.number[shown]]
    lat, lon = lat_lon(meets.a.point[first])
    columns = (first, end, over, world.ports.nearest_m(lat, lon), world.shore_m(lat, lon, _shore_limit(rule)))
    table = zip(*(column.tolist() for column in columns), strict=True)
    return [
        _finding(take(meets, slice(begin, stop)), done, _Place(port_m, shore), rule, world)
        for begin, stop, done, port_m, shore in table
    ]


def _shore_limit(rule: Rule) -> float:
    """Metres within which the distance from shore matters."""
    return max(rule.thresholds["shore_nm"] * _NM, rule.thresholds["berth_km"] * 1000)


def _finding(part: Meets, over: bool, place: _Place, rule: Rule, world: World) -> Finding:
    pair = (int(part.a.mmsi[0]), int(part.b.mmsi[0]))
    start, end = int(part.a.bin[0]) * SLOT_S, int(part.a.bin[-1]) * SLOT_S
    evidence = _evidence(part, place.port_m) | ({"hours": hours(end - start)} if over else {})
    fixes = tuple(_fix(side, at) for at in (0, -1) for side in (part.a, part.b))
    origins = [getattr(side, name) for side in (part.a, part.b) for name in ("origin0", "origin1")]
    return Finding(
        kind="encounter",
        key=key(rule, pair, start, int(part.a.lat0[0]), int(part.a.lon0[0])),
        mmsi=pair,
        start=start,
        end=end if over else None,
        lat=fixes[0].lat,
        lon=fixes[0].lon,
        confidence=_confidence(evidence),
        reason="encounter",
        rule=rule,
        sources=names(part.a.sets, origins),
        fixes=fixes,
        evidence={"codes": ["encounter" if over else "encounter_open"], **evidence},
        excluded=_exclusion(part, place, rule, world),
    )


def _evidence(part: Meets, port_m: float) -> dict[str, Any]:
    inferred = np.maximum(part.a.silence, part.b.silence) > INFERRED_S
    return {
        "distance_m": round(_median(part.metres)),
        "closest_m": round(float(part.metres.min())),
        "speed_kn": round(_median(_pair_speed(part)), 1),
        "port_km": round(port_m / 1000, 1) if np.isfinite(port_m) else None,
        "slots_count": len(part),
        "slots_inferred": int(np.count_nonzero(inferred)),
    }


def _confidence(evidence: dict[str, Any]) -> Confidence:
    if evidence["slots_inferred"] == 0:
        return "high"
    return "medium" if 2 * evidence["slots_inferred"] <= evidence["slots_count"] else "low"


def _exclusion(part: Meets, place: _Place, rule: Rule, world: World) -> str | None:
    pair = (int(part.a.mmsi[0]), int(part.b.mmsi[0]))
    limits = rule.thresholds
    asked = limits["port_km"] > 0
    reasons: tuple[tuple[str, Callable[[], object]], ...] = (
        ("same_emitter_family", lambda: pair[0] == pair[1]),
        ("buoy_or_gear", lambda: any(mmsi_form(mmsi) in GEAR for mmsi in pair)),
        ("pilot_or_tug", lambda: any(world.ship_types.get(mmsi) in SERVICE_TYPES for mmsi in pair)),
        ("port", lambda: asked and place.port_m <= limits["port_km"] * 1000),
        ("stationary", lambda: not (part.a.moved[-1] and part.b.moved[-1])),
        ("moored", lambda: asked and _moored(part, place, limits)),
        ("anchorage", lambda: asked and _anchored(part, place, limits)),
        ("assumed", lambda: asked and _lay_still(part, place, limits) and _inferred(part) > limits["inferred_share"]),
    )
    return next((code for code, holds in reasons if holds()), None)


def _moored(part: Meets, place: _Place, limits: dict[str, float]) -> bool:
    """Was it close to the shore, with one of the two held by the ground? The other may have been berthing by it."""
    slower = min(_median(part.a.speed), _median(part.b.speed))
    return bool(place.shore_m <= limits["berth_km"] * 1000 and slower <= limits["still_kn"])


def _anchored(part: Meets, place: _Place, limits: dict[str, float]) -> bool:
    """Did they lie still among others that lay still, no farther out than roads are?"""
    if not limits["others_count"] or not _lay_still(part, place, limits):
        return False
    apart = _median(part.metres) >= limits["apart_m"]
    least = 1 if apart else limits["others_count"]
    return bool(_median(part.others) >= least)


def _lay_still(part: Meets, place: _Place, limits: dict[str, float]) -> bool:
    """Did both lie still, no farther out than roads are?"""
    near = place.shore_m <= limits["shore_nm"] * _NM
    return bool(near and _median(_pair_speed(part)) <= limits["still_kn"])


def _median(values: npt.NDArray[Any]) -> float:
    """As NumPy's, which takes ten times as long over a few values."""
    ordered = np.sort(values)
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def _inferred(part: Meets) -> float:
    """The share of slots that rest on a line over a silence."""
    return float(np.mean(np.maximum(part.a.silence, part.b.silence) > INFERRED_S))


def _fix(side: Slots, at: int) -> Fix:
    lat, lon = lat_lon(side.point[at])
    return Fix(
        t=int(side.bin[at]) * SLOT_S,
        mmsi=int(side.mmsi[at]),
        lat=round(float(lat), 6),
        lon=round(float(lon), 6),
        sog=round(float(side.speed[at]), 1),
        source="+".join(names(side.sets, [side.origin0[at], side.origin1[at]])),
    )
