"""Victim manoeuvre: a merchant ship turns or changes speed again and again. Experimental, off by default.

Definition    at least `turns_count` sharp steps, no two more than `window_h` apart. A step is sharp if course changes
              by `turn_deg` or speed by `step_kn` between two fixes within ten minutes, both at `least_kn` or more.
Source        BMP and UKMTO name speed changes and repeated turns as what an attacked ship does, without numbers: these
              are our own. Attackers carry no AIS, so the victim is looked for.
Columns       t, mmsi, lat, lon, sog, cog; ship type through `world.ship_types`: cargo ships and tankers only.
Cadence       fixes at most ten minutes apart.
Cannot see    ships attacked at anchor or berthed, which are half of all; why a ship turns (pilots, traffic, storms).

Excluded, recorded and counted: `port` nearer than `port_km` to a port or anchorage; `own_vessel`.
"""

from typing import Any, Final

import numpy as np

from prasan.detect.held import HeldCarry
from prasan.detect.make import hours
from prasan.detect.spells import (
    Spell,
    Stretches,
    Told,
    in_port,
    join,
    last_rows,
    no_vessel,
    ports_m,
    spell_finding,
    split,
    tell,
    window,
)
from prasan.picture.finding import Finding, Rule
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Fixes, no_fixes, same_track, take
from prasan.tracks.motion import reported_kn

MESSAGES: Final = {
    "victim_manoeuvre_open": ("turns_count",),
    "victim_manoeuvre": ("turns_count", "hours"),
}

MERCHANT: Final = frozenset(range(70, 90))
"""Cargo ships and tankers (M.1371-5 Table 53)."""

STEP_S: Final = 600
"""Fixes farther apart say nothing of how sharp a turn was."""


def kernel(
    rows: Fixes, carry: HeldCarry | None, upto: int, rule: Rule, world: World
) -> tuple[list[Finding], HeldCarry]:
    """Fixes sorted by (mmsi, emitter, t), all with t < `upto` -> runs of sharp steps, and the new carry."""
    carry = carry or HeldCarry(no_fixes(), {})
    mine = [mmsi for mmsi, kind in world.ship_types.items() if kind in MERCHANT]
    both, new = window(take(rows, np.isin(rows.mmsi, mine) & (rows.cog >= 0)), carry.last)
    at = np.flatnonzero(_sharp(both, rule) & new)
    found = Stretches(at, at, np.zeros(len(at), np.int64), np.ones((len(at), 1), np.int64))
    apart_s = rule.thresholds["window_h"] * 3600

    def apart(spell: Spell, t: int) -> bool:
        return t - spell.last.t > apart_s

    def over(spell: Spell) -> bool:
        return upto - spell.last.t > apart_s

    def level(spell: Spell) -> int:
        return int(spell.sums[0] >= rule.thresholds["turns_count"])

    ended, going = join(both, new, found, carry.open, apart)
    done, going = split(going, over)
    findings, going = tell(ended + done, going, level, lambda told: _findings(told, rule, world))
    return findings, HeldCarry(last_rows(both), going)


def _sharp(both: Fixes, rule: Rule) -> Bools:
    """True where the step from the row before is sharp."""
    limits, speed = rule.thresholds, reported_kn(both)
    turn = np.abs(np.diff(both.cog.astype(np.int64))) % 3600
    turn = np.minimum(turn, 3600 - turn)
    sharp = (turn >= limits["turn_deg"] * 10) | (np.abs(np.diff(speed)) >= limits["step_kn"])
    sharp &= np.minimum(speed[1:], speed[:-1]) >= limits["least_kn"]
    sharp &= same_track(both) & (np.diff(both.t) <= STEP_S)
    return np.concatenate(([False], sharp))[: len(both)]


def _findings(told: Told, rule: Rule, world: World) -> list[Finding]:
    result = []
    for (spell, over), port_m in zip(told, ports_m(told, world, rule.thresholds["port_km"]), strict=True):
        evidence: dict[str, Any] = {"codes": ["victim_manoeuvre_open"], "turns_count": rule.thresholds["turns_count"]}
        if over:
            evidence = {"codes": ["victim_manoeuvre"], "turns_count": spell.sums[0]}
            evidence["hours"] = hours(spell.last.t - spell.first.t)
        excluded = no_vessel(spell.first.mmsi, world) or in_port(port_m, rule)
        result.append(spell_finding(spell, rule, evidence, over=over, confidence="low", excluded=excluded))
    return result
