"""One step of everything: settled fixes in, what changed out, and the carry for the next step.

The law: for any cut of the rows into consecutive pieces, the last word on each finding key is the same as when all rows
are given at once with the same final `upto`. A tick without rows is a step too: it can open a gap and end a meeting.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import pyarrow as pa

from prasan.detect import crowd
from prasan.detect.kinds import CELL_KERNELS, JUMP_KERNELS, STATIC_KERNELS, TRACK_KERNELS
from prasan.detect.rules import Rules
from prasan.detect.told import Told, told
from prasan.picture.finding import Finding
from prasan.picture.world import World
from prasan.tracks.circles import Circle, CircleCarry, circles
from prasan.tracks.columns import Fixes, Slots, no_fixes, take
from prasan.tracks.emitters import EmitterCarry, assign
from prasan.tracks.identity import IdentityCarry, tell
from prasan.tracks.jumps import JumpCarry, Jumps, jumps
from prasan.tracks.sizes import Sizes, SizesCarry, no_sizes, sizes
from prasan.tracks.slots import SLOT_S, SlotCarry, slots

SEEN: Final = 3
"""Turns in which a value is said before it counts, where no rule sets it."""


class ChainCarry(msgspec.Struct, frozen=True):
    """What all stages carry between steps. Values only: an old carry can be taken up again for a replay."""

    emitters: EmitterCarry | None = None
    slots: SlotCarry | None = None
    sizes: SizesCarry | None = None
    kernels: Mapping[str, Any] = {}
    identities: IdentityCarry | None = None
    jumps: JumpCarry | None = None
    circles: CircleCarry | None = None
    upto: int = 0
    let_go: int = 0

    def not_assessable(self) -> dict[str, dict[str, int]]:
        """What could not be judged so far, by kind and reason; `any` stands for all kinds (see `crowd`)."""
        result: dict[str, dict[str, int]] = {"any": {"crowd": self.let_go}} if self.let_go else {}
        if self.identities is not None and self.identities.evicted:
            result["identity_change"] = {"crowd": self.identities.evicted}
        for name, carry in self.kernels.items():
            for reason, number in getattr(carry, "not_assessable", {}).items():
                tally = result.setdefault(name.removesuffix(_SAID), {})
                tally[reason] = tally.get(reason, 0) + number
        return result

    def second_looks(self) -> dict[str, int]:
        """How many rows, pairs, jumps, silences or changes the cheap look left to the exact one, by stage and kind.

        How rows were cut into steps matters little, but it does: ends are looked at again.
        """
        carries = {"emitters": self.emitters, **self.kernels}
        looked = ((name, getattr(carry, "looked", 0)) for name, carry in carries.items())
        return {name: number for name, number in looked if number}


def advance(  # noqa: PLR0913, PLR0917 - the three shapes meet here
    fixes: Fixes, carry: ChainCarry | None, upto: int, rules: Rules, world: World, statics: pa.Table | None = None
) -> tuple[list[Finding], ChainCarry]:
    """Fixes from `settle`, all with t < `upto` -> findings begun, changed or ended by this step, and the new carry.

    `statics` are new rows of `STATICS` in any order; those with t >= `upto` wait in the carry.
    """
    carry, findings = carry or ChainCarry(), list[Finding]()
    while (end := crowd.too_many(fixes, _last(carry), carry.upto, crowd.MAX_VESSELS)) is not None and end <= upto:
        now = fixes.t < end
        found, carry = _step(take(fixes, now), carry, end, rules, world, statics)
        findings += found
        carry, fixes, statics = _fewer(carry), take(fixes, ~now), None
    found, carry = _step(fixes, carry, upto, rules, world, statics)
    return findings + found, carry


def _last(carry: ChainCarry) -> Fixes:
    """The last fix of every emitter."""
    return carry.emitters.last if carry.emitters else no_fixes()


def _fewer(carry: ChainCarry) -> ChainCarry:
    """Without the vessels that are one too many."""
    gone = crowd.least_heard(_last(carry), carry.jumps, crowd.MAX_VESSELS)
    less: ChainCarry = crowd.without(carry, gone)
    return msgspec.structs.replace(less, let_go=carry.let_go + len(gone))


def _step(  # noqa: PLR0913, PLR0917 - the three shapes meet here
    fixes: Fixes, carry: ChainCarry, upto: int, rules: Rules, world: World, statics: pa.Table | None
) -> tuple[list[Finding], ChainCarry]:
    rows, emitters = assign(fixes, carry.emitters)
    made, slot_carry = _slots(rows, carry.slots, rules)
    said_sizes, size_carry = _sizes(statics, carry, upto, rules)
    said, identities = _said(statics, carry, upto, rules, rows)
    far, jump_carry, circle_carry = _jumps(rows, carry, upto, rules)
    findings: list[Finding] = []
    kernels: dict[str, Any] = {}
    tables = (
        (TRACK_KERNELS, rows, ""),
        (CELL_KERNELS, (made, said_sizes), ""),
        (JUMP_KERNELS, far, ""),
        (STATIC_KERNELS, said, _SAID),
    )
    for table, eaten, mark in tables:
        for kind, kernel in table.items():
            if kind in rules:
                found, state = kernel(eaten, carry.kernels.get(kind + mark), upto, rules[kind], world)
                findings += found
                kernels[kind + mark] = state
    parts = (emitters, slot_carry, size_carry, kernels, identities, jump_carry, circle_carry)
    return findings, ChainCarry(*parts, max(upto, carry.upto), carry.let_go)


_SAID: Final = " said"
"""Marks the carry of a kind's kernel on static reports; a kind may have another kernel on fixes."""


def _slots(rows: Fixes, carry: SlotCarry | None, rules: Rules) -> tuple[Slots | None, SlotCarry | None]:
    rule = next((rules[kind] for kind in CELL_KERNELS if kind in rules), None)
    if rule is None:
        return None, carry
    limits = rule.thresholds
    return slots(rows, carry, int(limits["silence_h"] * 3600), limits["moved_km"] * 1000, limits["slot_kn"])


def _sizes(statics: pa.Table | None, carry: ChainCarry, upto: int, rules: Rules) -> tuple[Sizes, SizesCarry | None]:
    """What hulls say of their size; slots are for instants up to `silence_h` ago."""
    rule = next((rules[kind] for kind in CELL_KERNELS if kind in rules), None)
    if rule is None or (statics is None and carry.sizes is None):
        return no_sizes(), carry.sizes
    return sizes(statics, carry.sizes, upto, int(rule.thresholds["silence_h"] * 3600) + SLOT_S)


def _jumps(
    rows: Fixes, carry: ChainCarry, upto: int, rules: Rules
) -> tuple[tuple[Jumps, list[Circle]] | None, JumpCarry | None, CircleCarry | None]:
    """Impossible jumps and circles sailed where they led."""
    if not JUMP_KERNELS.keys() & rules.keys():
        return None, carry.jumps, carry.circles
    made, counted = jumps(rows, carry.emitters.last if carry.emitters else None, carry.jumps)
    round_, going = circles(rows, carry.circles, upto)
    return (made, round_), counted, going


def _said(
    statics: pa.Table | None, carry: ChainCarry, upto: int, rules: Rules, rows: Fixes
) -> tuple[Told, IdentityCarry | None]:
    """Changes in what transmitters say, with the places of those who say it."""
    nothing = statics is None and carry.identities is None
    if nothing or not any(kind in rules for kind in STATIC_KERNELS):
        return told((), rows, None), carry.identities
    needed = int(rules["identity_change"].thresholds["seen_count"]) if "identity_change" in rules else SEEN
    changes, identities = tell(statics, carry.identities, upto, needed)
    return told(changes, rows, carry.emitters.last if carry.emitters else None), identities
