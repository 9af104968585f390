"""Loitering: a vessel goes nowhere far from shore.

Definition    in each clock hour the distance made good along the track over the time covered is below `max_kn`; such
              hours in a row, from the first instant covered to the last, are `min_h` or longer. An open finding begins
              once that long.
Source        Global Fishing Watch, pipe-loitering and its page on loitering: clock hours, 2 kn, 20 nm from shore as the
              product's filter; portal more than 1 h, reports on carriers and Welch et al. 4 h, Miller et al. 2018 8 h.
              Over a step longer than `line_h` the way is no less than the lower of the speeds reported at both ends
              makes: a trawler heard once an hour turns in between, and the line from fix to fix says that it lay there.
Columns       t, mmsi, lat, lon; sog for sparse feeds. Where no speed is reported the line counts.
Cadence       a fix at least every `hole_h`; a longer silence over which the vessel made less than `max_kn` is not
              assessable (`long_silence`).
Cannot see    why: waiting for orders, repairs, fishing and a meeting with a vessel without AIS look the same.

Excluded, recorded and counted: `near_shore` closer than `shore_nm` to land, the mean of beginning and end; `gear`;
`own_vessel`. Land is Natural Earth 1:50m: small islands are missing.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np

from prasan.detect.clock_hours import HOUR_S, Hours, hours_of, merged, no_hours
from prasan.detect.make import degrees, hours, key
from prasan.detect.spells import last_rows, no_vessel, runs, summed, window
from prasan.picture.finding import Finding, Fix, Rule
from prasan.picture.shore import LIMIT_M
from prasan.picture.sphere import KNOT_MS, Floats, chord_m
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Fixes, Ints, no_fixes, points, steps_over, take, track_keys

MESSAGES: Final = {
    "loitering_open": ("min_h", "max_kn"),
    "loitering": ("hours", "speed_kn", "distance_km"),
    "off_shore": ("shore_nm",),
    "far_from_shore": (),
}

NOT_ASSESSABLE: Final = ("long_silence",)

NM: Final = 1852.0


class Loiter(msgspec.Struct, frozen=True, gc=False):
    """Slow hours in a row so far: seconds covered from `begin` to `until`, of which `hour` is the last hour.

    `first` and `last` are the fixes at the ends of the steps that cover them; `cm` and `secs` are sums.
    """

    first: Fix
    anchor: tuple[int, int]
    last: Fix
    begin: int
    until: int
    hour: int
    cm: int
    secs: int
    names: frozenset[str]
    told: int = 0  # sources that were said


class LoiterCarry(msgspec.Struct, frozen=True):
    """The last fix of every emitter, the hours that are not over, and the slow hours in a row that go on.

    `looked` counts the steps that were measured.
    """

    last: Fixes
    partial: Hours
    open: Mapping[int, Loiter]
    not_assessable: dict[str, int]
    looked: int = 0


def kernel(
    rows: Fixes, carry: LoiterCarry | None, upto: int, rule: Rule, world: World
) -> tuple[list[Finding], LoiterCarry]:
    """Fixes sorted by (mmsi, emitter, t), all with t < `upto` -> loiterings that began or ended, and the new carry."""
    carry = carry or LoiterCarry(no_fixes(), no_hours(), {}, {})
    both, new = window(rows, carry.last)
    last = last_rows(both)
    hole, least = rule.thresholds["hole_h"] * 3600, rule.thresholds["min_h"] * 3600
    line_s = rule.thresholds["line_h"] * 3600
    steps, fast = _doubtful(both, new, rule)
    known = merged(carry.partial, hours_of(both, steps, fast, carry.partial.sets, line_s))
    final = _final(track_keys(known), last, upto, hole)
    over = (known.hour + 1) * HOUR_S <= final
    ended, going = _join(take(known, over), final[over], carry.open, rule)
    ends = _final(np.array(list(going), np.int64), last, upto, hole).tolist()
    for track, end in zip(list(going), ends, strict=True):
        if (going[track].hour + 2) * HOUR_S <= end:
            ended.append(going.pop(track))
    telling = [(one, True) for one in ended if one.until - one.begin >= least]
    for track, one in going.items():
        if one.until - one.begin >= least and len(one.names) > one.told:
            telling.append((one, False))
            going[track] = msgspec.structs.replace(one, told=len(one.names))
    silences = carry.not_assessable.get("long_silence", 0) + _silences(both, new, rule)
    tally = {"long_silence": silences} if silences else {}
    return _findings(telling, rule, world), LoiterCarry(
        last, take(known, ~over), going, tally, carry.looked + len(steps)
    )


def _doubtful(both: Fixes, new: Bools, rule: Rule) -> tuple[Ints, Bools]:
    """Steps to measure, as the rows before them, and the rows whose hour is fast beyond doubt.

    An hour's way is no shorter than the line from its first row to its last. The first hour, if it was begun before,
    and the last one of every track are measured, for they may go on.
    """
    hole = rule.thresholds["hole_h"] * 3600
    hour = both.t[both.tens] // HOUR_S
    begins = np.zeros(len(hour), np.bool_)
    begins[np.searchsorted(both.tens, both.begins)] = True
    head = begins | (np.diff(hour, prepend=-1) != 0)
    first, hour, begins = both.tens[head], hour[head], begins[head]
    last = np.append(first[1:], len(both))[: len(first)] - 1
    ends = np.append(begins[1:], True)[: len(first)]
    doubt = chord_m(points(both, first), points(both, last)) <= _most_m(rule) + 0.01 * (last - first)
    doubt |= ends | ~new[first] | (hole < HOUR_S)
    size = last - first + 1
    steps = np.repeat(doubt, size)
    steps[last] = ~ends & (doubt | np.append(doubt[1:] | (np.diff(hour) > 1), False)[: len(doubt)])
    steps[steps_over(both, hole)] = False
    return np.flatnonzero(steps), np.repeat(~doubt, size)


def _most_m(rule: Rule) -> float:
    """More than what a slow hour can hold, with some to spare for rounding."""
    return rule.thresholds["max_kn"] * KNOT_MS * HOUR_S * 1.001 + 1


def _final(tracks: Ints, last: Fixes, upto: int, hole: float) -> Ints:
    """For each track the second before which no later fix can change anything."""
    keys = track_keys(last)
    at = np.searchsorted(keys, tracks)
    t = last.t[at]
    return np.where(upto - t > hole, upto, t)


def _join(over: Hours, final: Ints, known: Mapping[int, Loiter], rule: Rule) -> tuple[list[Loiter], dict[int, Loiter]]:
    """Hours that are over put to what goes on -> what ended on the way, and what goes on; `final` as of each hour.

    Slow hours that are too few are passed over, if nothing goes on to them and the next hour is known not to be slow.
    """
    tracks = track_keys(over)
    slow = over.cm < rule.thresholds["max_kn"] * KNOT_MS * 100 * over.secs
    next_hour = (np.diff(tracks) == 0) & (np.diff(over.hour) == 1)
    first, last = runs(slow, next_hour)
    keep = over.until[last] - over.begin[first] >= rule.thresholds["min_h"] * 3600
    keep |= (over.hour[last] + 2) * HOUR_S > final[last]
    keep |= np.isin(tracks[first], np.array(list(known), np.int64))
    first, last = first[keep], last[keep]
    ended: list[Loiter] = []
    going = dict(known)
    for track, one, begun in zip(
        tracks[first].tolist(), _runs(over, first, last), over.hour[first].tolist(), strict=True
    ):
        before, new = going.get(track), one
        if before is not None and before.hour + 1 == begun:
            new = _longer(before, one)
        elif before is not None:
            ended.append(before)
        going[track] = new
    return ended, going


def _runs(over: Hours, first: Ints, last: Ints) -> list[Loiter]:
    """Hours first to last of each run as one; columns are read at once, which takes a tenth of the time."""
    begins = (over.t0, over.mmsi, over.lat0, over.lon0, over.origin0, over.begin)
    ends = (over.t1, over.lat1, over.lon1, over.origin1, over.until, over.hour)
    sums = (summed(over.cm, first, last), summed(over.secs, first, last))
    table = zip(*(column[first].tolist() for column in begins), *(column[last].tolist() for column in ends),
                *(column.tolist() for column in sums), _heard(over, first, last), strict=True)  # fmt: skip
    source = ["+".join(members) for members in over.sets]
    return [
        Loiter(
            Fix(t0, mmsi, degrees(lat0), degrees(lon0), source=source[origin0]), (lat0, lon0),
            Fix(t1, mmsi, degrees(lat1), degrees(lon1), source=source[origin1]), begin, until, hour, cm, secs, names,
        )
        for t0, mmsi, lat0, lon0, origin0, begin, t1, lat1, lon1, origin1, until, hour, cm, secs, names in table
    ]  # fmt: skip


def _heard(over: Hours, first: Ints, last: Ints) -> list[frozenset[str]]:
    """The sources that heard the hours first to last of each run."""
    if len(over.sets) == 1:
        return [frozenset(over.sets[0])] * len(first)
    some = (set(over.heard[begin : end + 1].tolist()) for begin, end in zip(first.tolist(), last.tolist(), strict=True))
    return [frozenset(name for heard in members for name in over.sets[heard]) for members in some]


def _longer(before: Loiter, more: Loiter) -> Loiter:
    return msgspec.structs.replace(
        before, last=more.last, until=more.until, hour=more.hour, cm=before.cm + more.cm, secs=before.secs + more.secs,
        names=before.names | more.names,
    )  # fmt: skip


def _silences(both: Fixes, new: Bools, rule: Rule) -> int:
    """Long silences over which the vessel made less than the limit."""
    at = steps_over(both, rule.thresholds["hole_h"] * 3600)
    at = at[new[at + 1]]
    metres = chord_m(points(both, at), points(both, at + 1))
    return int(np.count_nonzero(metres < rule.thresholds["max_kn"] * KNOT_MS * (both.t[at + 1] - both.t[at])))


def _findings(telling: list[tuple[Loiter, bool]], rule: Rule, world: World) -> list[Finding]:
    """An open one knows the shore from where it began, one that is over from both ends."""
    if not telling:
        return []
    done = [at for at, (_, over) in enumerate(telling) if over]
    begin = _shore_m([one.first for one, _ in telling], world)
    end = begin.copy()
    end[done] = _shore_m([telling[at][0].last for at in done], world)
    mean: Floats = (begin + end) / 2
    return [
        _finding(one, over, shore_m, rule, world) for (one, over), shore_m in zip(telling, mean.tolist(), strict=True)
    ]


def _shore_m(places: list[Fix], world: World) -> Floats:
    """Metres to the shore, n each, `LIMIT_M` where it is farther."""
    return np.minimum(world.shore_m([at.lat for at in places], [at.lon for at in places]), LIMIT_M)


def _finding(one: Loiter, over: bool, shore_m: float, rule: Rule, world: World) -> Finding:
    limits = rule.thresholds
    far = shore_m >= LIMIT_M
    codes = ["loitering" if over else "loitering_open", "far_from_shore" if far else "off_shore"]
    evidence: dict[str, Any] = {"shore_nm": None if far else round(shore_m / NM, 1)}
    if over:
        speed = one.cm / 100 / one.secs / KNOT_MS
        evidence |= {
            "hours": hours(one.until - one.begin), "speed_kn": round(speed, 1), "distance_km": round(one.cm / 1e5, 1),
        }  # fmt: skip
    else:
        evidence |= {"min_h": limits["min_h"], "max_kn": limits["max_kn"]}
    near = shore_m < limits["shore_nm"] * NM
    return Finding(
        kind="loitering",
        key=key(rule, (one.first.mmsi,), one.begin, *one.anchor),
        mmsi=(one.first.mmsi,),
        start=one.begin,
        end=one.until if over else None,
        lat=one.first.lat,
        lon=one.first.lon,
        confidence="medium",
        reason="loitering",
        rule=rule,
        sources=tuple(sorted(one.names)),
        fixes=(one.first, one.last) if over else (one.first,),
        evidence={"codes": codes, **evidence},
        excluded=no_vessel(one.first.mmsi, world) or ("near_shore" if near else None),
    )
