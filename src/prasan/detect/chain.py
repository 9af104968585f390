"""One step of everything: settled fixes in, what changed out, and the carry for the next step.

The law: for any cut of the rows into consecutive pieces, the last word on each finding key is the same as when all rows
are given at once with the same final `upto`. A tick without rows is a step too: it can open a gap and end a meeting.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from prasan.detect import duplicate_identity, encounter, gap, invalid_identity, speed_jump
from prasan.detect.rules import Rules
from prasan.picture.finding import Finding, Rule
from prasan.picture.world import World
from prasan.tracks.columns import Fixes
from prasan.tracks.emitters import EmitterCarry, assign
from prasan.tracks.slots import SlotCarry, slots

TRACK_KERNELS: Final[Mapping[str, Callable[..., tuple[list[Finding], Any]]]] = {
    "gap": gap.kernel,
    "duplicate_identity": duplicate_identity.kernel,
    "speed_jump": speed_jump.kernel,
    "invalid_identity": invalid_identity.kernel,
}
CELL_KERNELS: Final[Mapping[str, Callable[..., tuple[list[Finding], Any]]]] = {"encounter": encounter.kernel}
KINDS: Final = (*TRACK_KERNELS, *CELL_KERNELS)


class ChainCarry(msgspec.Struct, frozen=True):
    """What all stages carry between steps. Values only: an old carry can be taken up again for a replay."""

    emitters: EmitterCarry | None = None
    slots: SlotCarry | None = None
    kernels: Mapping[str, Any] = {}

    def not_assessable(self) -> dict[str, dict[str, int]]:
        """What could not be judged so far, by kind and reason."""
        tallies = {kind: getattr(carry, "not_assessable", {}) for kind, carry in self.kernels.items()}
        return {kind: dict(tally) for kind, tally in tallies.items() if tally}


def advance(
    fixes: Fixes, carry: ChainCarry | None, upto: int, rules: Rules, world: World
) -> tuple[list[Finding], ChainCarry]:
    """Fixes from `settle`, all with t < `upto` -> findings begun, changed or ended by this step, and the new carry."""
    carry = carry or ChainCarry()
    rows, emitters = assign(fixes, carry.emitters)
    findings: list[Finding] = []
    kernels: dict[str, Any] = {}
    made, slot_carry = None, carry.slots
    for kind in KINDS:
        if kind not in rules:
            continue
        if kind in CELL_KERNELS and made is None:
            made, slot_carry = _slots(rows, carry.slots, rules[kind])
        kernel = TRACK_KERNELS.get(kind) or CELL_KERNELS[kind]
        eaten = rows if kind in TRACK_KERNELS else made
        found, kernels[kind] = kernel(eaten, carry.kernels.get(kind), upto, rules[kind], world)
        findings += found
    return findings, ChainCarry(emitters, slot_carry, kernels)


def _slots(rows: Fixes, carry: SlotCarry | None, rule: Rule) -> tuple[Any, SlotCarry]:
    limits = rule.thresholds
    return slots(rows, carry, int(limits["silence_h"] * 3600), limits["moved_km"] * 1000)
