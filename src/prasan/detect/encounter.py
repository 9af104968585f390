"""Encounter: two vessels stay close together at sea, slowly, for hours.

Definition    both within `distance_m` at the same instants (ten-minute slots), neither faster than `slot_kn` there,
              with holes of at most `hole_h`; and within that run, `min_h` or longer stretches of which more than half
              of the slots are below `median_kn`. The meeting lasts from the first such stretch to the last.
Source        Miller et al. 2018 and pipe-encounters (Global Fishing Watch): 500 m, 2 h, median below 2 kn, 10 km from
              an anchorage, ten-minute slots. RTEC maritime rules: neither a tug nor a pilot.
Columns       t, mmsi, lat, lon; speed is made good from slot to slot, so reported speeds and their noise do not count.
              Reported status is not asked: it is typed by those who may have something to hide.
Cadence       a fix at least every `silence_h`; over longer silences a vessel has no slots.
Cannot see    a vessel without AIS; what is handed over; meetings shorter than `min_h`; what boats carry between ships
              at anchor that never come together; a tanker moored astern of another close to the shore. Over long
              silences the straight line between two fixes is an assumption: `slots_inferred` counts the slots that rest
              on it.

Excluded, recorded and counted: see `meeting`.
"""

from typing import Any, Final

import msgspec
import numpy as np

from prasan.detect.make import hours, key, names
from prasan.detect.meeting import Meets, Place, exclusion, inferred, median, pair_speed, shore_limit
from prasan.detect.pairs import near_pairs
from prasan.picture.finding import Confidence, Finding, Fix, Rule
from prasan.picture.identity import GEAR, of_forms
from prasan.picture.sphere import chord_m, lat_lon
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Ints, Slots, concat, no_slots, take, track_keys
from prasan.tracks.slots import SLOT_S

MESSAGES: Final = {
    "encounter": ("hours", "distance_m", "closest_m", "speed_kn", "port_km", "slots_count", "slots_inferred"),
    "encounter_open": ("distance_m", "closest_m", "speed_kn", "port_km", "slots_count", "slots_inferred"),
}

_FIXED: Final = frozenset({"coast", "group", "sar_aircraft"})


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
    slow = np.concatenate(([0], np.cumsum(pair_speed(meets) < limits["median_kn"])))
    last = end[inside]
    good = 2 * (slow[last + 1] - slow[inside]) > last + 1 - inside
    of_run = run[inside[good]]
    number, first = np.unique(of_run, return_index=True)
    final = np.searchsorted(of_run, number, "right") - 1
    return _Runs(begin, number, inside[good][first], last[good][final])


def _findings(meets: Meets, runs: _Runs, of: tuple[Bools, Bools], rule: Rule, world: World) -> list[Finding]:
    """`of`: which runs were touched by this call, and which are over."""
    touched, closed = of
    shown = touched[runs.number]
    first, end, over = runs.first[shown], runs.last[shown] + 1, closed[runs.number[shown]]
    lat, lon = lat_lon(meets.a.point[first])
    columns = (first, end, over, world.ports.nearest_m(lat, lon), world.shore_m(lat, lon, shore_limit(rule)))
    table = zip(*(column.tolist() for column in columns), strict=True)
    return [
        _finding(take(meets, slice(begin, stop)), done, Place(port_m, shore), rule, world)
        for begin, stop, done, port_m, shore in table
    ]


def _finding(part: Meets, over: bool, place: Place, rule: Rule, world: World) -> Finding:
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
        excluded=exclusion(part, place, rule, world),
    )


def _evidence(part: Meets, port_m: float) -> dict[str, Any]:
    return {
        "distance_m": round(median(part.metres)),
        "closest_m": round(float(part.metres.min())),
        "speed_kn": round(median(pair_speed(part)), 1),
        "port_km": round(port_m / 1000, 1) if np.isfinite(port_m) else None,
        "slots_count": len(part),
        "slots_inferred": int(np.count_nonzero(inferred(part))),
    }


def _confidence(evidence: dict[str, Any]) -> Confidence:
    if evidence["slots_inferred"] == 0:
        return "high"
    return "medium" if 2 * evidence["slots_inferred"] <= evidence["slots_count"] else "low"


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
