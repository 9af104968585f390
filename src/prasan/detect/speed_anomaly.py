"""Speed anomaly: a vessel reports speeds that its type does not reach. Experimental, off by default.

Definition    for `min_h` or longer every fix that reports a speed reports more than `over_share` times the highest
              usual speed of the vessel's type; no two of them are more than `hole_h` apart.
Source        RTEC maritime (aartikis/RTEC, thresholds.prolog): cargo 9 to 15 kn, fishing 5.3 to 15, high-speed craft 11
              to 59, towing 1.2 to 15. `over_share` is our own: container ships reach 24 kn.
Columns       t, mmsi, lat, lon, sog; ship type from static reports, through `world.ship_types`.
Cadence       a reported speed at least every `hole_h`; a vessel whose type is not known or not listed is passed over.
Cannot see    a wrong type; speeds that are too low.
"""

from typing import Any, Final

import numpy as np

from prasan.detect.held import HeldCarry, held
from prasan.detect.make import hours
from prasan.detect.spells import Told, no_vessel, spell_finding
from prasan.picture.finding import Finding, Rule
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Fixes, take
from prasan.tracks.motion import reported_kn

MESSAGES: Final = {"speed_anomaly_open": ("usual_kn",), "speed_anomaly": ("hours", "speed_kn", "usual_kn")}

USUAL_KN: Final = {
    **dict.fromkeys(range(70, 90), 15.0),  # cargo; tankers as cargo
    **dict.fromkeys(range(40, 50), 59.0),  # high-speed craft
    30: 15.0,  # fishing
    31: 15.0, 32: 15.0, 52: 15.0,  # towing, tug
}  # fmt: skip
"""Ship type (M.1371-5 Table 53) -> the highest usual speed, knots."""


def kernel(
    rows: Fixes, carry: HeldCarry | None, upto: int, rule: Rule, world: World
) -> tuple[list[Finding], HeldCarry]:
    """Fixes sorted by (mmsi, emitter, t), all with t < `upto` -> spells of speeds too high, and the new carry."""
    usual = {mmsi: USUAL_KN[kind] for mmsi, kind in world.ship_types.items() if kind in USUAL_KN}
    known, limit = np.array(sorted(usual), np.int64), np.array([usual[mmsi] for mmsi in sorted(usual)])

    def on(both: Fixes) -> Bools:
        if not len(both):
            return np.zeros(0, np.bool_)
        return np.asarray(reported_kn(both) > rule.thresholds["over_share"] * limit[np.searchsorted(known, both.mmsi)])

    def make(told: Told) -> list[Finding]:
        return _findings(told, usual, rule, world)

    mine = take(rows, np.isin(rows.mmsi, known) & (reported_kn(rows) > 0))
    return held(mine, carry, upto, rule, on, make)


def _findings(told: Told, usual: dict[int, float], rule: Rule, world: World) -> list[Finding]:
    result = []
    for spell, over in told:
        mmsi = spell.first.mmsi
        evidence: dict[str, Any] = {"codes": ["speed_anomaly_open"], "usual_kn": usual[mmsi]}
        if over:
            fixes, speed = spell.sums
            evidence |= {"codes": ["speed_anomaly"], "hours": hours(spell.last.t - spell.first.t)}
            evidence["speed_kn"] = round(speed / fixes / 10, 1)
        excluded = no_vessel(mmsi, world)
        result.append(spell_finding(spell, rule, evidence, over=over, confidence="low", excluded=excluded))
    return result
