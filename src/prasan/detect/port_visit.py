"""Port visit: a vessel comes to a port or anchorage, stays or is silent there, and leaves.

Definition    a vessel is in port from the first fix within `entry_km` of a port or anchorage point to the last before
              one at `exit_km` or beyond. Events of a visit: entry (a fix outside came before), stop (speed at most
              `stop_kn`; a new one only after `go_kn`), gap (no fix for `gap_h`), exit. Certainty 4: entry and exit and
              a stop or gap; 3: entry or exit, and a stop or gap; 2: stop or gap only; 1: entry or exit only.
Source        Global Fishing Watch, anchorages_pipeline `anchorage_cfg.yaml` and its page on port visits: 3.0 km,
              4.0 km, 0.2 kn, 0.5 kn, 240 min, and certainty 1 to 4, of which its products use 2 and above.
Columns       t, mmsi, lat, lon, sog; `world.ports`.
Cadence       any; below an hour between fixes a stop is seen, else a gap or the entry and exit must tell.
Cannot see    which berth, and what was done there; ports that `world.ports` lacks; a visit within one silence at sea.

Excluded, recorded and counted: `no_stop` certainty below `least_certainty` (passing by); `gear`; `own_vessel`.
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
from prasan.picture.finding import Confidence, Finding, Rule
from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Fixes, Ints, no_fixes, same_track

MESSAGES: Final = {
    "port_visit_open": ("port_km", "certainty"),
    "port_visit": ("hours", "port_km", "stops_count", "gaps_count", "certainty"),
}

CONFIDENCE: Final[tuple[Confidence, ...]] = ("low", "low", "low", "medium", "high")
"""Our word for each certainty."""


class PortCarry(msgspec.Struct, frozen=True):
    """The last fix of every emitter, whether it was in port and whether stopped, and the visits that go on."""

    last: Fixes
    inside: Bools
    stopped: Bools
    open: Open


def kernel(
    rows: Fixes, carry: PortCarry | None, upto: int, rule: Rule, world: World
) -> tuple[list[Finding], PortCarry]:
    """Fixes sorted by (mmsi, emitter, t), all with t < `upto` -> visits begun, surer or ended, and the carry."""
    none = np.empty(0, np.bool_)
    carry = carry or PortCarry(no_fixes(), none, none, {})
    both, new = window(rows, carry.last)
    same = same_track(both)
    inside, stopped = _states(both, new, same, carry, rule, world)
    gap = rule.thresholds["gap_h"] * 3600

    def certain(spell: Spell) -> int:
        silent = not spell.left and upto - spell.last.t >= gap
        return certainty(bool(spell.before), spell.left, bool(spell.sums[0] or spell.sums[1] or silent))

    first, last = runs(inside, same)
    stretches = _stretches(both, new, first, last, stopped & inside, gap)
    ended, going = join(both, new, stretches, carry.open, lambda _spell, _t: True)
    done, going = split(going, lambda spell: spell.left)

    def make(told: Told) -> list[Finding]:
        table = zip(told, ports_m(told, world, rule.thresholds["exit_km"]), strict=True)
        return [_finding(spell, end, (port_m, certain(spell)), rule, world) for (spell, end), port_m in table]

    findings, going = tell(ended + done, going, certain, make)
    ends = np.concatenate((~same, [True])) if len(both) else none
    return findings, PortCarry(last_rows(both), inside[ends], stopped[ends], going)


def certainty(entered: bool, left: bool, stayed: bool) -> int:
    """1 to 4 as Global Fishing Watch counts, 0 where nothing is known but that the vessel is there."""
    if stayed:
        return 2 + entered + left
    return int(entered or left)


def _states(  # noqa: PLR0913, PLR0917 - one row's states depend on all of these
    both: Fixes, new: Bools, same: Bools, carry: PortCarry, rule: Rule, world: World
) -> tuple[Bools, Bools]:
    """In port, and stopped, n each: both last until a fix says otherwise; the carried row speaks for those before."""
    limits = rule.thresholds
    lat, lon = both.lat / UNITS_PER_DEGREE, both.lon / UNITS_PER_DEGREE
    metres = world.ports.nearest_m(lat, lon, limits["exit_km"] * 1000)
    near, far = metres <= limits["entry_km"] * 1000, metres >= limits["exit_km"] * 1000
    known = both.sog >= 0
    slow, fast = known & (both.sog <= limits["stop_kn"] * 10), known & (both.sog >= limits["go_kn"] * 10)
    near[~new], slow[~new] = carry.inside, carry.stopped
    begin = np.maximum.accumulate(np.where(np.concatenate(([True], ~same))[: len(both)], np.arange(len(both)), 0))
    return _lasting(near, near | far | ~new, begin), _lasting(slow, slow | fast | ~new, begin)


def _lasting(yes: Bools, says: Bools, begin: Ints) -> Bools:
    """Each row's last word: `yes` of the latest row up to it of its track that says anything, else False."""
    latest = np.maximum.accumulate(np.where(says, np.arange(len(yes)), -1)) if len(yes) else begin
    return np.asarray((latest >= begin) & yes[latest])


def _stretches(both: Fixes, new: Bools, first: Ints, last: Ints, stopped: Bools, gap: float) -> Stretches:  # noqa: PLR0913, PLR0917
    """Sums are stops begun, gaps, and fixes."""
    same = same_track(both)
    begun = stopped & new
    begun[1:] &= ~(stopped[:-1] & same)
    silent = np.zeros(len(both), np.bool_)
    silent[:-1] = same & (np.diff(both.t) >= gap)
    sums = [summed(column.astype(np.int64), first, last) for column in (begun, silent, new)]
    return Stretches(first, last, np.zeros(len(first), np.int64), np.stack(sums, axis=1))


def _finding(spell: Spell, over: bool, of: tuple[float, int], rule: Rule, world: World) -> Finding:
    """`of`: metres to the port, and certainty."""
    first, (port_m, certain) = spell.first, of
    evidence: dict[str, Any] = {
        "codes": ["port_visit" if over else "port_visit_open"],
        "port_km": round(port_m / 1000, 1),
        "certainty": certain,
    }
    if over:
        stops, gaps, _fixes = spell.sums
        evidence |= {"hours": hours(spell.last.t - first.t), "stops_count": stops, "gaps_count": gaps}
    excluded = no_vessel(first.mmsi, world)
    if certain < rule.thresholds["least_certainty"]:
        excluded = excluded or "no_stop"
    return spell_finding(spell, rule, evidence, over=over, confidence=CONFIDENCE[certain], excluded=excluded)
