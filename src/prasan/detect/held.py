"""Spells of fixes in a row of which something holds for `min_h`: shared by experimental kinds."""

from collections.abc import Callable

import msgspec
import numpy as np

from prasan.detect.spells import Open, Spell, Stretches, Told, join, last_rows, runs, split, summed, tell, window
from prasan.picture.finding import Finding, Rule
from prasan.tracks.columns import Bools, Fixes, no_fixes, same_track


class HeldCarry(msgspec.Struct, frozen=True):
    """The last fix of every emitter that could be judged, the spells that go on, and what could not be judged."""

    last: Fixes
    open: Open
    not_assessable: dict[str, int] = {}


def held(  # noqa: PLR0913, PLR0917 - a kernel and what it asks
    rows: Fixes, carry: HeldCarry | None, upto: int, rule: Rule, on: Callable[[Fixes], Bools],
    make: Callable[[Told], list[Finding]],
) -> tuple[list[Finding], HeldCarry]:  # fmt: skip
    """Spells of rows that are `on`, no two more than `hole_h` apart, that last `min_h`; sums are fixes, 1/10 knots."""
    carry = carry or HeldCarry(no_fixes(), {})
    both, new = window(rows, carry.last)
    hole, least = rule.thresholds["hole_h"] * 3600, rule.thresholds["min_h"] * 3600
    first, last = runs(on(both), same_track(both) & (np.diff(both.t) <= hole))
    sums = [summed(np.where(new, column, 0), first, last) for column in (1, both.sog.astype(np.int64))]
    stretches = Stretches(first, last, np.zeros(len(first), np.int64), np.stack(sums, axis=1))

    def over(spell: Spell) -> bool:
        return spell.left or upto - spell.last.t > hole

    def level(spell: Spell) -> int:
        return int(spell.last.t - spell.first.t >= least)

    ended, going = join(both, new, stretches, carry.open, lambda _spell, _t: True)
    done, going = split(going, over)
    findings, going = tell(ended + done, going, level, make)
    return findings, HeldCarry(last_rows(both), going, carry.not_assessable)
