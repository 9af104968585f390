"""Drifting: a vessel is carried along, with its bow elsewhere.

Definition    for `min_h` or longer, every fix that can be judged (with a heading, at `min_kn` or faster) has a speed up
              to `max_kn` and a course over ground more than `angle_deg` off the heading; no two of them are more
              than `hole_h` apart.
Source        RTEC maritime (aartikis/RTEC, rules.prolog, thresholds.prolog): |course - heading| > 40 degrees while
              under way, heading 511 ignored; under way there is 2.7 to 48.6 kn. `min_kn`, `max_kn`, `min_h`, `hole_h`
              are our own: below half a knot the course is noise, and above 5 kn a crabbing ferry is meant.
Columns       t, mmsi, lat, lon, sog, cog, heading.
Cadence       a fix with heading at least every `hole_h`; steps beyond it between two drifting fixes are not assessable
              (`long_silence`), nor are slow vessels that never gave a heading (`no_heading`), as most of class B.
Cannot see    drifting at less than `min_kn`, or straight ahead; a compass that is wrong looks the same.

Excluded, recorded and counted: `port` nearer than `port_km` to a port or anchorage; `gear`; `own_vessel`.
"""

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
from prasan.tracks.columns import Bools, Fixes, Ints, no_fixes, same_track, take, track_keys
from prasan.tracks.motion import NOISE_SOG

MESSAGES: Final = {
    "drifting_open": ("min_h",),
    "drifting": ("hours", "angle_deg", "speed_kn", "distance_km"),
}

NOT_ASSESSABLE: Final = ("no_heading", "long_silence")


class DriftCarry(msgspec.Struct, frozen=True):
    """The last fix of every emitter that could be judged, the drifts that go on, and who gave a heading or none.

    `silent` and `telling` are track keys of slow vessels without and with a heading.
    """

    last: Fixes
    open: Open
    silent: Ints
    telling: Ints
    silences: int = 0

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
    slow, told = _slow(rows, rule), (rows.heading >= 0) & (rows.cog >= 0) & (rows.sog >= 0)
    keys = track_keys(rows)
    silent, telling = np.union1d(carry.silent, keys[slow & ~told]), np.union1d(carry.telling, keys[slow & told])
    fit = told & (rows.sog >= rule.thresholds["min_kn"] * 10) & ~np.isin(rows.sog, NOISE_SOG)
    both, new = window(take(rows, fit), carry.last)
    hole, least = rule.thresholds["hole_h"] * 3600, rule.thresholds["min_h"] * 3600
    on, same = _slow(both, rule) & (_angle(both) > rule.thresholds["angle_deg"] * 10), same_track(both)
    near = np.diff(both.t) <= hole
    silences = int(np.count_nonzero(same & ~near & on[1:] & on[:-1] & new[1:])) if len(both) else 0
    first, last = runs(on, same & near)
    whole = new[first] & (np.concatenate((same, [False]))[last] if len(both) else new[last])
    keep = ~whole | (both.t[last] - both.t[first] >= least)
    stretches = _stretches(both, new, first[keep], last[keep])

    def over(spell: Spell) -> bool:
        return spell.left or upto - spell.last.t > hole

    def level(spell: Spell) -> int:
        return int(spell.last.t - spell.first.t >= least)

    ended, going = join(both, new, stretches, carry.open, lambda _spell, _t: True)
    done, going = split(going, over)
    findings, going = tell(ended + done, going, level, lambda told: _findings(told, rule, world))
    return findings, DriftCarry(last_rows(both), going, silent, telling, carry.silences + silences)


def _slow(rows: Fixes, rule: Rule) -> Bools:
    """Under way slowly, by the speed reported or made good."""
    limits = rule.thresholds
    return np.asarray((rows.sog >= limits["min_kn"] * 10) & (rows.sog <= limits["max_kn"] * 10))


def _angle(rows: Fixes) -> Ints:
    """Tenths of a degree between course over ground and heading, 0 to 1800."""
    apart = np.abs(rows.cog.astype(np.int64) - 10 * rows.heading.astype(np.int64)) % 3600
    return np.asarray(np.minimum(apart, 3600 - apart))


def _stretches(both: Fixes, new: Bools, first: Ints, last: Ints) -> Stretches:
    """Sums are fixes, tenths of a degree, tenths of a knot."""
    sums = [summed(np.where(new, column, 0), first, last) for column in (1, _angle(both), both.sog.astype(np.int64))]
    return Stretches(first, last, np.zeros(len(first), np.int64), np.stack(sums, axis=1))


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
