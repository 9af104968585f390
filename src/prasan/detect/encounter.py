"""Encounter: two vessels stay close together at sea, slowly, for hours.

Definition    both within `distance_m` at the same instants (ten-minute slots), neither faster than `slot_kn` there,
              with holes of at most `hole_h`; and within that run, `min_h` or longer stretches of which more than half
              of the slots are below `median_kn`. The meeting lasts from the first such stretch to the last.
Source        Miller et al. 2018 and pipe-encounters (Global Fishing Watch): 500 m, 2 h, median below 2 kn, 10 km from
              an anchorage, ten-minute slots. RTEC maritime rules: neither a tug nor a pilot.
Columns       t, mmsi, lat, lon; speed is made good from slot to slot, so reported speeds and their noise do not count.
              Reported status is not asked: it is typed by those who may have something to hide. What both said of their
              size until they parted, where they said it.
Cadence       a fix at least every `silence_h`; over longer silences a vessel has no slots.
Cannot see    a vessel without AIS; what is handed over; meetings shorter than `min_h`; what boats carry between ships
              at anchor that never come together; a tanker moored astern of another close to the shore, or one that
              says it is a boat. Over long silences the straight line between two fixes is an assumption:
              `slots_inferred` counts the slots that rest on it.

Excluded, recorded and counted: see `meeting`.
"""

import math
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np

from prasan.detect.beside import beside_m, lengths
from prasan.detect.make import hours, key, names
from prasan.detect.meeting import Meeting, asks_roads, exclusion, lay_still, shore_limit
from prasan.detect.meets import Meets
from prasan.detect.pairs import near_pairs
from prasan.detect.running import Running, Runs, nothing, roll, runs, tallies
from prasan.detect.tally import Tally, origins, totals
from prasan.picture.finding import Confidence, Finding, Fix, Rule
from prasan.picture.identity import GEAR, of_forms
from prasan.picture.sphere import chord_m, lat_lon
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Ints, Slots, concat, no_slots, take, track_keys
from prasan.tracks.sizes import Sizes
from prasan.tracks.slots import SLOT_S

MESSAGES: Final = {
    "encounter": ("hours", "distance_m", "closest_m", "speed_kn", "port_km", "slots_count", "slots_inferred"),
    "encounter_open": ("distance_m", "closest_m", "speed_kn", "port_km", "slots_count", "slots_inferred"),
    "encounter_hulls": ("first_length_m", "second_length_m", "beside_m"),
}

_FIXED: Final = frozenset({"coast", "group", "sar_aircraft"})


Met = tuple[Slots, Sizes]
"""Ten-minute slots, and what hulls said of their size."""


class EncounterCarry(msgspec.Struct, frozen=True):
    """Slots that a later slot may still meet, and the runs of meets that may go on; `looked` counts new meets."""

    recent: Slots
    running: Running
    looked: int = 0


def kernel(
    rows: Met, carry: EncounterCarry | None, upto: int, rule: Rule, world: World
) -> tuple[list[Finding], EncounterCarry]:
    """Slots made of fixes with t < `upto` -> meetings that began, went on or ended, and the new carry."""
    limits, (made, sizes) = rule.thresholds, rows
    carry = carry or EncounterCarry(no_slots(made.sets), nothing())
    slow = take(made, (made.speed <= limits["slot_kn"]) & ~of_forms(made.mmsi, _FIXED))
    both = concat(carry.recent, slow)
    meets, new = meets_among((both, sizes), len(carry.recent), carry.running.meets, limits)
    horizon = upto - limits["silence_h"] * 3600  # every later slot is for an instant after this
    recent = take(both, both.bin * SLOT_S > horizon)
    looked = carry.looked + int(np.count_nonzero(new))
    if not len(meets):
        return [], EncounterCarry(recent, carry.running, looked)
    of = runs(meets, carry.running.sums, limits)
    closed = meets.a.bin[of.ends] * SLOT_S + limits["hole_h"] * 3600 + SLOT_S <= horizon
    shown = np.flatnonzero((np.logical_or.reduceat(new, of.begin) | closed) & (of.first >= 0) & (of.last >= 0))
    findings = _findings(of, shown, closed, carry.running, (rule, world)) if len(shown) else []
    settled = meets.a.bin * SLOT_S <= horizon
    return findings, EncounterCarry(recent, roll(of, carry.running, ~closed, settled, limits), looked)


def meets_among(rows: Met, known: int, carried: Meets, limits: dict[str, float]) -> tuple[Meets, Bools]:
    """Carried meets and new ones, sorted by pair and bin, and which are new or have a new neighbour.

    The slots are all those of their instants, so meets of these are made anew, with the neighbours that have come
    since; the carried meets are of instants before.
    """
    both, sizes = rows
    i, j, metres = near_pairs(both.bin, both.point, limits["distance_m"])
    keys = track_keys(both)
    swap = keys[i] > keys[j]
    first, second = np.where(swap, j, i), np.where(swap, i, j)
    others, joined = _others(both, known, first, second, limits)
    fresh = (i >= known) | (j >= known) | joined
    a, b = take(both, first), take(both, second)
    said = (sizes.at(one.mmsi, one.bin * SLOT_S) for one in (a, b))
    meets = concat(carried, Meets(a, b, metres, others, *said))
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


def _findings(of: Runs, shown: Ints, closed: Bools, running: Running, by: tuple[Rule, World]) -> list[Finding]:
    """The meetings of the runs at `shown`; `closed`: which runs are over."""
    rule, world = by
    first, last = take(of.pool, of.first[shown]), take(of.pool, of.last[shown])
    tally = tallies(of, shown, running, rule.thresholds)
    heard = origins(tally, len(shown))
    table = enumerate(zip(_meetings(first, last, tally, by), closed[shown].tolist(), strict=True))
    return [_finding(met, _Ends(first, last, row, heard[row]), over, rule, world) for row, (met, over) in table]


def _meetings(first: Meets, last: Meets, tally: Tally, by: tuple[Rule, World]) -> Iterator[Meeting]:
    """Meetings as plain values: their first and last slots, a row each, and the tallies by row."""
    rule, world = by
    lat, lon = lat_lon(first.a.point)
    near = beside_m(last.size_a, last.size_b, rule.thresholds)
    sums = totals(tally, len(first), rule.thresholds)
    columns = (
        *(first.a.mmsi, first.b.mmsi, last.a.moved & last.b.moved, (first.a.emitter > 0) & (first.b.emitter > 0)),
        *(world.ports.nearest_m(lat, lon), world.shore_m(lat, lon, shore_limit(rule))),
        *(near, lengths(last.size_a), lengths(last.size_b)),
        *(getattr(sums, name) for name in sums.__struct_fields__),
    )
    for a, b, moved, leapt, port_m, shore_m, limit, one, other, *rest in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        hulls = (one, other) if one and other else None
        yield Meeting((a, b), moved, leapt, port_m, shore_m, limit, hulls, *rest)


class _Ends(msgspec.Struct, frozen=True):
    """The first and last slots of meetings, which of them is meant, and the source sets of its fixes."""

    first: Meets
    last: Meets
    row: int
    origins: list[int]


def _finding(met: Meeting, ends: _Ends, over: bool, rule: Rule, world: World) -> Finding:
    row, slots = ends.row, ends.first.a
    start, end = int(slots.bin[row]) * SLOT_S, int(ends.last.a.bin[row]) * SLOT_S
    evidence = _evidence(met) | ({"hours": hours(end - start)} if over else {})
    hulls = _hulls(met, rule.thresholds)
    fixes = tuple(_fix(side, row) for one in (ends.first, ends.last) for side in (one.a, one.b))
    codes = ["encounter" if over else "encounter_open", *(["encounter_hulls"] if hulls else [])]
    return Finding(
        kind="encounter",
        key=key(rule, met.pair, start, int(slots.lat0[row]), int(slots.lon0[row])),
        mmsi=met.pair,
        start=start,
        end=end if over else None,
        lat=fixes[0].lat,
        lon=fixes[0].lon,
        confidence=_confidence(evidence),
        reason="encounter",
        rule=rule,
        sources=names(slots.sets, ends.origins),
        fixes=fixes,
        evidence={"codes": codes, **evidence, **hulls},
        excluded=exclusion(met, rule, world),
    )


def _evidence(met: Meeting) -> dict[str, Any]:
    return {
        "distance_m": round(met.metres),
        "closest_m": round(met.closest),
        "speed_kn": round(met.knots, 1),
        "port_km": round(met.port_m / 1000, 1) if math.isfinite(met.port_m) else None,
        "slots_count": met.slots,
        "slots_inferred": met.inferred,
    }


def _hulls(met: Meeting, limits: dict[str, float]) -> dict[str, Any]:
    """The lengths that both hulls gave and how near side by side is for them, where that is asked."""
    if met.lengths is None or not (asks_roads(limits) and lay_still(met, limits)):
        return {}
    return {"first_length_m": met.lengths[0], "second_length_m": met.lengths[1], "beside_m": round(met.limit_m)}


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
