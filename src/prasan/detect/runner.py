"""Going on where the last step ended, and going back when a row comes late.

A `Run` is a frozen value: the carry after each step of the lateness window, and what each step said. A row that comes
for a time already passed takes the run back to the last step before it; the rows from there on are then given again,
and `corrected` turns what both ways said into what must be published: the law is that after it the last word on every
finding is the same as if the row had been in time.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa

from prasan.detect.chain import ChainCarry, advance
from prasan.detect.rules import Rules
from prasan.picture.finding import Finding
from prasan.picture.world import World
from prasan.tracks.columns import Ints, SourceSets
from prasan.tracks.settle import SettleCarry, settle

WINDOW_S: Final = 6 * 3600
"""How far back a late row may reach without everything being looked at anew."""
APART_S: Final = 600
"""The least time between two steps that a run can be taken back to."""
VESSELS_HELD: Final = 60_000
"""Vessels in the carries of all steps together: with more in each there are fewer to go back to. A vessel that lay in a
harbour for a day takes about 10 kB in each (its slots beside each neighbour's), so these are 600 MB at most."""
STEPS_HELD: Final = 4
"""But so many there always are."""
STANDING_S: Final = 30 * 86_400
"""A finding that ended so long before the window is not spoken of again, whatever its rule."""
LEAST_STANDING_S: Final = 2 * 86_400
"""Nor is one that ended so long before, and twice the longest time that its rule knows: nearly all are let go so."""

Said = Mapping[str, Finding]
"""The last word on each finding, by its key."""


class Step(msgspec.Struct, frozen=True):
    """Where one step left everything: its watermark, the carry, the source sets, what it said, how many rows it had."""

    upto: int = 0
    carry: ChainCarry = ChainCarry()
    sets: SourceSets = ()
    said: Said = {}
    rows: int = 0


class Run(msgspec.Struct, frozen=True):
    """Steps in order of time. The first one's `said` are all findings that still stand from before the window."""

    steps: tuple[Step, ...] = (Step(),)

    @property
    def upto(self) -> int:
        """The watermark: rows from here on have not been looked at."""
        return self.steps[-1].upto


def go_on(  # noqa: PLR0913, PLR0917 - a step is these things
    run: Run, positions: pa.Table, upto: int, rules: Rules, world: World, statics: pa.Table | None = None
) -> tuple[Said, Run]:
    """All rows with run.upto <= t < `upto` -> what this step says, and the run after it."""
    last = run.steps[-1]
    fixes, settled = settle(positions, SettleCarry(upto=last.upto, sets=last.sets), upto)
    found, carry = advance(fixes, last.carry, upto, rules, world, statics)
    said = {one.key: one for one in found}
    rows = positions.num_rows + (statics.num_rows if statics is not None else 0)
    return said, Run(_thinned(_folded(_with(run.steps, Step(upto, carry, settled.sets, said, rows)))))


def missed(run: Run, t: Ints) -> int | None:
    """The watermark to go back to, if there are rows that no step had; None if there are none.

    `t` are the times of all rows there are now, positions and static reports, between the first watermark and the last.
    """
    marks = [step.upto for step in run.steps]
    counts = np.bincount(np.searchsorted(marks, t, "right"), minlength=len(marks))
    for at, step in enumerate(run.steps[1:], 1):
        if counts[at] != step.rows:
            return marks[at - 1]
    return None


def back_to(run: Run, t: int) -> tuple[Run, Said]:
    """The run as it was before time `t`, and what it had said since.."""
    kept = tuple(step for step in run.steps if step.upto <= t)
    since: dict[str, Finding] = {}
    for step in run.steps[len(kept) :]:
        since |= step.said
    return Run(kept), since


def corrected(run: Run, since: Said, again: Said) -> tuple[Said, frozenset[str]]:
    """What to publish after going over a stretch twice: the last words, and the keys that stand no more.

    `run` is the run taken back, `since` what was said after it the first time, `again` the second time.
    """
    before = {key: finding for step in run.steps for key, finding in step.said.items()}
    unsaid = {key: before[key] for key in since if key not in again and key in before}
    gone = frozenset(key for key in since if key not in again and key not in before)
    return {**unsaid, **again}, gone


def _with(steps: tuple[Step, ...], new: Step) -> tuple[Step, ...]:
    """The new step after the others; the one before it is no place to go back to if it is too near to its own."""
    if len(steps) < 2 or steps[-1].upto - steps[-2].upto >= APART_S:
        return (*steps, new)
    return (*steps[:-1], _merged(steps[-1], new))


def _thinned(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Fewer places to go back to where vessels are many, the closer to each other the later: most late rows are so by
    minutes."""
    emitters = steps[-1].carry.emitters
    most = max(STEPS_HELD, VESSELS_HELD // max(len(emitters.last) if emitters else 0, 1))
    while len(steps) > most:
        gone = min(range(1, len(steps) - 1), key=lambda at: _hole(steps, at))
        steps = (*steps[:gone], _merged(steps[gone], steps[gone + 1]), *steps[gone + 2 :])
    return steps


def _hole(steps: tuple[Step, ...], at: int) -> float:
    """The time between the neighbours of a step, for how long ago the earlier one is."""
    before = steps[at - 1].upto
    return (steps[at + 1].upto - before) / (steps[-1].upto - max(before, steps[-1].upto - WINDOW_S))


def _merged(first: Step, second: Step) -> Step:
    """Two steps as one."""
    said = {**first.said, **second.said}
    return msgspec.structs.replace(second, said=said, rows=first.rows + second.rows)


def _folded(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Steps that are out of the window become one, which keeps the last words that may still change."""
    newest = steps[-1].upto
    out = [step for step in steps if step.upto < newest - WINDOW_S]
    if len(out) < 2:
        return steps
    said: dict[str, Finding] = {}
    for step in out:
        said |= step.said
    standing = {key: one for key, one in said.items() if stands(one, out[-1].upto)}
    return (msgspec.structs.replace(out[-1], said=standing), *steps[len(out) :])


def stands(one: Finding, upto: int) -> bool:
    """May rows from `upto` on still change what was said? True for long where the rule knows no time of its own."""
    if one.end is None:
        return True
    longest = max((value for name, value in one.rule.thresholds.items() if name.endswith("_h")), default=None)
    limit = STANDING_S if longest is None else min(max(2 * longest * 3600, LEAST_STANDING_S), STANDING_S)
    return one.end >= upto - limit
