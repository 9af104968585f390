"""A live run, kept in the archive so that it outlives the process: the steps it can be taken back to, as they settle.

A step is kept once nothing more is joined to it, about every ten minutes of the feed's time. What came after is in the
archive's rows: a node that was killed looks at those again and says the same (the law of `detect.runner`). So a carry
is written every ten minutes instead of at every look.
"""

import logging
from hashlib import sha256
from typing import Final

import msgspec

from prasan import __version__
from prasan.archive.values import Carry
from prasan.detect.rules import Rules
from prasan.detect.runner import APART_S, Run, Said, Step, stands
from prasan.errors import FormatError
from prasan.node.node import Node
from prasan.node.seeing.live_carry import pack, unpack
from prasan.picture.finding import Finding

LOG: Final = logging.getLogger("prasan.live")
Hulls = tuple[dict[int, int], dict[int, int]]


class Kept(msgspec.Struct, frozen=True):
    """A run as it was kept. `begin`: the first second it looked at. `batch`: the newest batch it had heard of.

    `hulls`: the ship type and IMO number of each MMSI.
    """

    run: Run
    begin: int
    batch: int
    hulls: Hulls


class _Index(msgspec.Struct, frozen=True):
    """What stands beside the steps, and in which slots they are, the oldest first."""

    tag: str
    begin: int
    batch: int
    hulls: Hulls
    slots: tuple[int, ...]


class Keeper:
    """Keeps the run of one clock. A step lies in a slot of its own, which is used again when the step is let go."""

    def __init__(self, node: Node, clock: str, rules: Rules) -> None:
        self._archive, self._name = node.archive, f"run/{clock}"
        self._tag = sha256(f"{__version__} {node.world.digest}".encode() + msgspec.json.encode(rules)).hexdigest()
        self._held: dict[int, Step] = {}

    def load(self) -> Kept | None:
        """The run that was kept, if it was made with the same rules, areas and version; None if there is none."""
        try:
            found = self._archive.carry(self._name)
            index = msgspec.msgpack.decode(found.data, type=_Index) if found else None
            if index is None or index.tag != self._tag:
                return None
            self._held = {slot: self._step(slot) for slot in index.slots}
        except (FormatError, msgspec.DecodeError) as error:
            LOG.warning("%s: %s; it begins anew with the rows of the last days", self._name, error)
            return None
        return Kept(Run(tuple(self._held.values())), index.begin, index.batch, index.hulls)

    def save(self, kept: Kept) -> None:
        """Keep what has settled of a run, if it is not kept yet."""
        steps = settled(kept.run)
        slots = {id(step): slot for slot, step in self._held.items()}
        free = (slot for slot in range(len(steps) + len(self._held)) if slot not in self._held)
        held = {slots[id(step)] if id(step) in slots else next(free): step for step in steps}
        if list(held) == list(self._held):
            return
        index = _Index(self._tag, kept.begin, kept.batch, kept.hulls, tuple(held))
        new = {slot: step for slot, step in held.items() if self._held.get(slot) is not step}
        carries = {f"{self._name}/{slot}": Carry(0, pack(step)) for slot, step in new.items()}
        self._archive.put_findings("", (), {self._name: Carry(0, msgspec.msgpack.encode(index)), **carries})
        self._held = held

    def _step(self, slot: int) -> Step:
        found = self._archive.carry(f"{self._name}/{slot}")
        step = unpack(found.data) if found else None
        if not isinstance(step, Step):
            raise FormatError(f"step {slot} is missing", "It is made again from the rows.")
        return step


def settled(run: Run) -> tuple[Step, ...]:
    """The steps that stay as they are: all but the newest while later ones are still joined to it."""
    steps = run.steps
    return steps if len(steps) < 2 or steps[-1].upto - steps[-2].upto >= APART_S else steps[:-1]


def unkept(kept: Kept, standing: list[Finding]) -> Said:
    """Of the findings that stand as events, those whose last word the kept run has not said.

    They were said after it was kept, by a process that then ended: if the rows do not say them again, they stand no
    more.
    """
    known = {key: one for step in kept.run.steps for key, one in step.said.items()}
    recent = [one for one in standing if one.start >= kept.begin and stands(one, kept.run.upto)]
    return {one.key: one for one in recent if _plain(known.get(one.key)) != _plain(one)}


def _plain(finding: Finding | None) -> bytes:
    return msgspec.json.encode(finding)
