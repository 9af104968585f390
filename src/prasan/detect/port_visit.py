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

import math
from typing import Any, Final

import msgspec
import numpy as np

from prasan.detect.make import hours
from prasan.detect.near_ports import near_ports
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
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Fixes, Ints, no_fixes, steps_over, track_of

MESSAGES: Final = {
    "port_visit_open": ("port_km", "certainty"),
    "port_visit": ("hours", "port_km", "stops_count", "gaps_count", "certainty"),
}

CONFIDENCE: Final[tuple[Confidence, ...]] = ("low", "low", "low", "medium", "high")
"""Our word for each certainty."""


class PortCarry(msgspec.Struct, frozen=True):
    """The last fix of every emitter, whether it was in port and whether stopped, and the visits that go on.

    `looked` counts the rows that may be near a port.
    """

    last: Fixes
    inside: Bools
    stopped: Bools
    open: Open
    looked: int = 0


def kernel(
    rows: Fixes, carry: PortCarry | None, upto: int, rule: Rule, world: World
) -> tuple[list[Finding], PortCarry]:
    """Fixes sorted by (mmsi, emitter, t), all with t < `upto` -> visits begun, surer or ended, and the carry."""
    none = np.empty(0, np.bool_)
    carry = carry or PortCarry(no_fixes(), none, none, {})
    both, new = window(rows, carry.last)
    seen = _look(both, new, carry, rule, world)
    looked = carry.looked + int(np.count_nonzero(new[seen.row]))
    gap = rule.thresholds["gap_h"] * 3600

    def certain(spell: Spell) -> int:
        silent = not spell.left and upto - spell.last.t >= gap
        return certainty(bool(spell.before), spell.left, bool(spell.sums[0] or spell.sums[1] or silent))

    stretches = _stretches(both, new, seen, gap)
    ended, going = join(both, new, stretches, carry.open, lambda _spell, _t: True)
    done, going = split(going, lambda spell: spell.left)

    def make(told: Told) -> list[Finding]:
        table = zip(told, ports_m(told, world, rule.thresholds["exit_km"]), strict=True)
        return [_finding(spell, end, (port_m, certain(spell)), rule, world) for (spell, end), port_m in table]

    findings, going = tell(ended + done, going, certain, make)
    return findings, PortCarry(last_rows(both), *_at_end(both, seen), going, looked)


def certainty(entered: bool, left: bool, stayed: bool) -> int:
    """1 to 4 as Global Fishing Watch counts, 0 where nothing is known but that the vessel is there."""
    if stayed:
        return 2 + entered + left
    return int(entered or left)


class _Seen(msgspec.Struct, frozen=True):
    """Rows near some port, ascending, and whether each is in port, and stopped there.

    `joined` says which go on from the one before: it is the row before, of the same track. `said` are all rows that
    say something of stopping, ascending, and `slow` what they say.
    """

    row: Ints
    joined: Bools
    inside: Bools
    stopped: Bools
    said: Ints
    slow: Bools


def _look(both: Fixes, new: Bools, carry: PortCarry, rule: Rule, world: World) -> _Seen:
    """In port, and stopped: both last until a fix says otherwise; the carried row speaks for those before."""
    row, near, far = near_ports(both, rule.thresholds["entry_km"], rule.thresholds["exit_km"], world)
    carried = np.flatnonzero(~new)
    at = np.searchsorted(row, carried)
    known = np.append(row, -1)[at] == carried
    near[at[known]], far[at[known]] = carry.inside[known], ~carry.inside[known]
    joined = np.diff(row, prepend=-2) == 1
    joined[np.searchsorted(row, both.begins[np.isin(both.begins, row)])] = False
    head = np.maximum.accumulate(np.where(joined, 0, np.arange(len(row))))
    inside, _ = _lasting(near, near | far, head)
    slow, said = _words(both, carried, carry, rule)
    of_row, known = _lasting(slow[row], said[row], head)
    places = np.flatnonzero(said)
    before = ~known & inside
    words = np.append(slow[places], False)
    of_row[before] = words[_word(both, places, row[before])]
    return _Seen(row, joined, inside, of_row & inside, places, words[:-1])


def _words(both: Fixes, carried: Ints, carry: PortCarry, rule: Rule) -> tuple[Bools, Bools]:
    """Rows that say "stopped", and rows that say anything, n each."""
    limits = rule.thresholds
    slow = (both.sog >= 0) & (both.sog <= math.floor(limits["stop_kn"] * 10))
    said = slow | (both.sog >= max(math.ceil(limits["go_kn"] * 10), 0))
    slow[carried], said[carried] = carry.stopped, True
    return slow, said


def _lasting(yes: Bools, says: Bools, head: Ints) -> tuple[Bools, Bools]:
    """Each row's last word: `yes` of the latest row from `head` on that says anything; and whether there is one."""
    latest = np.maximum.accumulate(np.where(says, np.arange(len(yes)), -1)) if len(yes) else head
    known = np.asarray(latest >= head)
    return np.asarray(known & yes[latest]), known


def _word(both: Fixes, said: Ints, row: Ints) -> Ints:
    """The number in `said` of the last word of each row's track up to it; -1 if there is none."""
    at = np.searchsorted(said, row, "right") - 1
    return np.where(np.append(said, -1)[at] >= both.begins[track_of(both, row)], at, -1)


def _at_end(both: Fixes, seen: _Seen) -> tuple[Bools, Bools]:
    """In port, and stopped, as of the last row of every track."""
    at = np.searchsorted(seen.row, both.ends)
    inside = np.append(seen.inside, False)[at] & (np.append(seen.row, -1)[at] == both.ends)
    return inside, np.append(seen.slow, False)[_word(both, seen.said, both.ends)]


def _stretches(both: Fixes, new: Bools, seen: _Seen, gap: float) -> Stretches:
    """Sums are stops begun, gaps, and fixes."""
    first, last = runs(seen.inside, seen.joined[1:])
    begun = seen.stopped & new[seen.row]
    begun[1:] &= ~(seen.stopped[:-1] & seen.joined[1:])
    stops = summed(begun.astype(np.int64), first, last)
    first, last = seen.row[first], seen.row[last]
    silent = steps_over(both, math.ceil(gap) - 1)
    gaps = np.searchsorted(silent, last, "right") - np.searchsorted(silent, first, "left")
    sums = (stops, gaps, last - first + new[first])
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
