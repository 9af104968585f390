"""Cable risk: a vessel lies or creeps over a submarine cable. Experimental, off by default.

Definition    for `min_h` or longer every fix lies in a zone whose name begins with "cable" and is slower than
              `slow_kn`; no two of them are more than `hole_h` apart.
Source        ICPC: dragged anchors are about 30 % of faults; a buffer zone around cables is BT's practice. No published
              speed or time: the numbers are our own.
Columns       t, mmsi, lat, lon, sog (reported or made good); the operator's zones, drawn from official charts about one
              nautical mile around the cable, because public cable maps are schematic.
Cadence       a fix at least every `hole_h`. Without a cable zone in the world nothing can be judged (`no_cable_layer`).
Cannot see    an anchor that drags behind a faster vessel; whether the cable lies where the chart says.

Excluded, recorded and counted: `port` nearer than `port_km` to a port or anchorage; `gear`; `own_vessel`.
"""

from typing import Any, Final

import msgspec
import numpy as np

from prasan.detect.held import HeldCarry, held
from prasan.detect.make import hours
from prasan.detect.spells import Told, in_port, no_vessel, ports_m, spell_finding
from prasan.picture.finding import Finding, Rule
from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Fixes, no_fixes, take

MESSAGES: Final = {"cable_risk_open": ("slow_kn",), "cable_risk": ("hours", "speed_kn")}

NO_CABLE_LAYER: Final = "no_cable_layer"

LAYER: Final = "cable"
"""Zones whose name begins so, in any case, are cables."""


def kernel(
    rows: Fixes, carry: HeldCarry | None, upto: int, rule: Rule, world: World
) -> tuple[list[Finding], HeldCarry]:
    """Fixes sorted by (mmsi, emitter, t), all with t < `upto` -> spells over a cable, and the new carry."""
    cables = [at for at, name in enumerate(world.zones.names) if name.lower().startswith(LAYER)]
    if not cables:
        return [], msgspec.structs.replace(carry or HeldCarry(no_fixes(), {}), not_assessable={NO_CABLE_LAYER: 1})

    def on(both: Fixes) -> Bools:
        slow = np.flatnonzero((both.sog >= 0) & (both.sog < rule.thresholds["slow_kn"] * 10))
        place = take(both, slow)
        point, area = world.zones.inside(place.lat / UNITS_PER_DEGREE, place.lon / UNITS_PER_DEGREE)
        result = np.zeros(len(both), np.bool_)
        result[slow[point[np.isin(area, cables)]]] = True
        return result

    def make(told: Told) -> list[Finding]:
        return _findings(told, rule, world)

    return held(rows, carry, upto, rule, on, make)


def _findings(told: Told, rule: Rule, world: World) -> list[Finding]:
    result = []
    for (spell, over), port_m in zip(told, ports_m(told, world, rule.thresholds["port_km"]), strict=True):
        evidence: dict[str, Any] = {"codes": ["cable_risk_open"], "slow_kn": rule.thresholds["slow_kn"]}
        if over:
            fixes, speed = spell.sums
            evidence |= {"codes": ["cable_risk"], "hours": hours(spell.last.t - spell.first.t)}
            evidence["speed_kn"] = round(speed / fixes / 10, 1)
        excluded = no_vessel(spell.first.mmsi, world) or in_port(port_m, rule)
        result.append(spell_finding(spell, rule, evidence, over=over, confidence="low", excluded=excluded))
    return result
