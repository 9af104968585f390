"""Drifting: a vessel is carried along, with its bow elsewhere.

Definition    for `min_h` or longer, every fix that can be judged (with a heading, at `min_kn` or faster) has a speed up
              to `max_kn` and a course over ground more than `angle_deg` off the heading; no two of them are more
              than `hole_h` apart, and there are `fixes_count` or more.
Source        RTEC maritime (aartikis/RTEC, rules.prolog, thresholds.prolog): |course - heading| > 40 degrees while
              under way, heading 511 ignored; under way there is 2.7 to 48.6 kn. `min_kn`, `max_kn`, `min_h`, `hole_h`
              are our own: below half a knot the course is noise, and above 5 kn a crabbing ferry is meant. A drift near
              half a knot falls below it for a while and goes on. Three fixes: one message may hold a bit error
              (hrcak.srce.hr/316611).
Columns       t, mmsi, lat, lon, sog, cog, heading.
Cadence       a fix with heading at least every `hole_h`; steps beyond it between two drifting fixes are not assessable
              (`long_silence`), nor are slow vessels that never gave a heading (`no_heading`), as most of class B.
Cannot see    drifting at less than `min_kn`, or straight ahead; a compass that is wrong looks the same.

Excluded, recorded and counted: `port` nearer than `port_km` to a port or anchorage; `gear`; `own_vessel`.
"""

import math
from typing import Any, Final

import msgspec
import numpy as np

from prasan.detect.make import hours
from prasan.detect.spells import (
    Open,
    Spell,
    Stretches,
    Told,
    in_port,
    join,
    last_rows,
    no_vessel,
    ports_m,
    runs,
    spell_finding,
    split,
    summed,
    tell,
    window,
)
from prasan.picture.finding import Finding, Rule
from prasan.picture.sphere import distance_m
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Fixes, Ints, no_fixes, take
from prasan.tracks.motion import NOISE_SOG

MESSAGES: Final = {
    "drifting_open": ("min_h",),
    "drifting": ("hours", "angle_deg", "speed_kn", "distance_km"),
}

NOT_ASSESSABLE: Final = ("no_heading", "long_silence")


class DriftCarry(msgspec.Struct, frozen=True):
    """The last fix of every emitter that could be judged, the drifts that go on, and who gave a heading or none.

    `silent` and `telling` are track keys of slow vessels without and with a heading. `looked` counts the rows that got
    the second look.
    """

    last: Fixes
    open: Open
    silent: Ints
    telling: Ints
    silences: int = 0
    looked: int = 0

    @property
    def not_assessable(self) -> dict[str, int]:
        """What could not be judged, by reason: emitters, and steps."""
        counts = {"no_heading": len(np.setdiff1d(self.silent, self.telling)), "long_silence": self.silences}
        return {reason: count for reason, count in counts.items() if count}


def kernel(
    rows: Fixes, carry: DriftCarry | None, upto: int, rule: Rule, world: World
) -> tuple[list[Finding], DriftCarry]:
    """Fixes sorted by (mmsi, emitter, t), all with t < `upto` -> drifts that began or ended, and the new carry."""
    none = np.empty(0, np.int64)
    carry = carry or DriftCarry(no_fixes(), {}, none, none)
    told = (rows.heading >= 0) & (rows.cog >= 0) & (rows.sog >= 0)
    slow = _slow(rows, rule)
    silent, telling = (
        _with(known, _tracks(rows, some))
        for known, some in ((carry.silent, slow[~told[slow]]), (carry.telling, slow[told[slow]]))
    )
    loud = np.flatnonzero(rows.sog >= min(NOISE_SOG))
    told[loud[np.isin(rows.sog[loud], NOISE_SOG)]] = False
    fit = told & (rows.sog >= math.ceil(rule.thresholds["min_kn"] * 10))
    asked = _asked(rows, np.flatnonzero(fit), rule)
    both, new = window(take(rows, asked), carry.last)
    hole, least = rule.thresholds["hole_h"] * 3600, rule.thresholds["min_h"] * 3600
    on = _slow(both, rule)
    on = on[_angle(both, on) > rule.thresholds["angle_deg"] * 10]
    next_row = (np.diff(on) == 1) & ~np.isin(on[1:], both.begins)
    near = both.t[on[1:]] - both.t[on[:-1]] <= hole
    silences = int(np.count_nonzero(next_row & ~near & new[on[1:]]))
    first, last = runs(np.ones(len(on), np.bool_), next_row & near)
    begin, end = on[first], on[last]
    whole = new[begin] & ~np.isin(end, both.ends)
    keep = ~whole | (both.t[end] - both.t[begin] >= least)
    stretches = _stretches(both, new, on, first[keep], last[keep])

    def over(spell: Spell) -> bool:
        return spell.left or upto - spell.last.t > hole

    def level(spell: Spell) -> int:
        return int(spell.last.t - spell.first.t >= least and spell.sums[0] >= rule.thresholds["fixes_count"])

    ended, going = join(both, new, stretches, carry.open, lambda _spell, _t: True)
    done, going = split(going, over)
    findings, going = tell(ended + done, going, level, lambda told: _findings(told, rule, world))
    counts = (carry.silences + silences, carry.looked + len(asked))
    return findings, DriftCarry(last_rows(both), going, silent, telling, *counts)


def _asked(rows: Fixes, fit: Ints, rule: Rule) -> Ints:
    """Of the rows that can be judged (ascending) those that drift, those beside them, and both ends of each track."""
    slow = np.flatnonzero(rows.sog[fit] <= math.floor(rule.thresholds["max_kn"] * 10))
    on = slow[_angle(rows, fit[slow]) > rule.thresholds["angle_deg"] * 10]
    first, last = np.searchsorted(fit, rows.begins), np.searchsorted(fit, rows.ends, "right") - 1
    some = first <= last
    asked = np.zeros(len(fit) + 2, np.bool_)
    for place in (on, on + 1, on + 2, first[some] + 1, last[some] + 1):
        asked[place] = True
    return fit[asked[1:-1]]


def _slow(rows: Fixes, rule: Rule) -> Ints:
    """Rows under way slowly, by the speed reported or made good, ascending."""
    low, high = math.ceil(rule.thresholds["min_kn"] * 10), math.floor(rule.thresholds["max_kn"] * 10)
    return np.flatnonzero((rows.sog >= low) & (rows.sog <= high))


def _tracks(rows: Fixes, some: Ints) -> Ints:
    """The keys of the tracks that have some of these rows (ascending)."""
    return rows.keys[np.searchsorted(some, rows.begins) < np.searchsorted(some, rows.ends, "right")]


def _with(known: Ints, more: Ints) -> Ints:
    """Both sets of keys, each ascending, in one."""
    fresh = more[np.append(known, -1)[np.searchsorted(known, more)] != more]
    return np.sort(np.concatenate((known, fresh)), kind="stable") if len(fresh) else known


def _angle(rows: Fixes, index: Ints) -> Ints:
    """Tenths of a degree between course over ground and heading of some rows, 0 to 1800."""
    apart = np.abs(rows.cog[index].astype(np.int64) - 10 * rows.heading[index].astype(np.int64)) % 3600
    return np.asarray(np.minimum(apart, 3600 - apart))


def _stretches(both: Fixes, new: Bools, on: Ints, first: Ints, last: Ints) -> Stretches:
    """From first to last of the rows `on`. Sums are fixes, tenths of a degree, tenths of a knot."""
    columns = (1, _angle(both, on), both.sog[on].astype(np.int64))
    sums = [summed(np.where(new[on], column, 0), first, last) for column in columns]
    return Stretches(on[first], on[last], np.zeros(len(first), np.int64), np.stack(sums, axis=1))


def _findings(told: Told, rule: Rule, world: World) -> list[Finding]:
    ports = ports_m(told, world, rule.thresholds["port_km"])
    return [_finding(spell, over, port_m, rule, world) for (spell, over), port_m in zip(told, ports, strict=True)]


def _finding(spell: Spell, over: bool, port_m: float, rule: Rule, world: World) -> Finding:
    first, last = spell.first, spell.last
    evidence: dict[str, Any] = {"codes": ["drifting_open"], "min_h": rule.thresholds["min_h"]}
    if over:
        fixes, angle, speed = spell.sums
        evidence = {
            "codes": ["drifting"],
            "hours": hours(last.t - first.t),
            "angle_deg": round(angle / fixes / 10),
            "speed_kn": round(speed / fixes / 10, 1),
            "distance_km": round(float(distance_m(first.lat, first.lon, last.lat, last.lon)) / 1000, 1),
        }
    excluded = no_vessel(first.mmsi, world) or in_port(port_m, rule)
    return spell_finding(spell, rule, evidence, over=over, confidence="medium", excluded=excluded)
