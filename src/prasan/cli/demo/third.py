"""The third party: what the first office has sent the second goes on to the third by consent alone, and is recalled."""

from typing import Any, Final

import msgspec

from prasan.errors import PrasanError
from prasan.node.acts.asking import Ask, ask
from prasan.node.acts.consents import Answer, answer
from prasan.node.lines.sync import sync
from prasan.node.node import Node
from prasan.node.releasing.explaining import explain
from prasan.node.releasing.recall import recall
from prasan.release.rules import Steps

STEPS: Final = Steps(place_deg=0.5, time_min=60, drop=frozenset({"identity", "evidence"}))
"""What the originator asks for: roughly where, to the hour, no names."""
PURPOSE: Final = "maritime_security"
REASON: Final = "Exercise: the two vessels were found to be on a licensed transfer."


class PassedOn(msgspec.Struct):
    """How it went: why it was refused at first, what was asked for with the consent, how many the third got, and how
    many answers the first office waited for after its recall, from step to step."""

    refused: list[str] = []
    given: int = 0
    steps: dict[str, Any] = {}
    received: int = 0
    onward_pending: list[int] = []

    @property
    def good(self) -> bool:
        """True if it was refused without a consent, went with it, and every answer to the recall has come."""
        return {"onward", "orcon"} <= set(self.refused) and self.given == self.received == 1 and self.chain_ended

    @property
    def chain_ended(self) -> bool:
        """True if the recall was sent on and answered at last."""
        return self.onward_pending == [1, 0]


def pass_on(first: Node, second: Node, third: Node, object_id: str) -> PassedOn:
    """Refused, asked, given, received."""
    told, name = PassedOn(), third.settings.name
    refused = explain(second, object_id, name)
    told.refused = [reason.code.removeprefix("decision.") for reason in refused.reasons]
    asked = ask(second, Ask(object_id, name, PURPOSE))
    pull(second, first)
    before = third.store.received_count(second.id)
    pull(third, second)
    if third.store.received_count(second.id) != before and _held(second, third, object_id):
        raise PrasanError("the third office got what nobody consented to", "This is a defect: please report it.")
    answer(first, asked.id, Answer("given", days=7, steps=STEPS))
    pull(second, first)
    pull(third, second)
    told.given = len(second.store.consents_on(object_id, "ours"))
    told.steps = {"place_deg": STEPS.place_deg, "time_min": STEPS.time_min, "drop": sorted(STEPS.drop)}
    told.received = _held(second, third, object_id)
    return told


def take_back(first: Node, second: Node, third: Node, object_id: str, told: PassedOn) -> None:
    """Recalled by the first: withdrawn and answered by the second, then by the third, and the chain told in numbers."""
    recall(first, object_id, second.settings.name, REASON)
    for node, of in ((second, first), (third, second), (second, first)):
        pull(node, of)
        if node is second:
            told.onward_pending.append(sum(one.pending for one in first.store.recalls_out(second.id)))
    if _held(second, third, object_id):
        raise PrasanError("the third office still shows what was recalled", "This is a defect: please report it.")


def _held(second: Node, third: Node, object_id: str) -> int:
    """How many views of the object the third can show now."""
    names = {row.view_id for row in second.store.views_of(object_id) if row.recipient == third.id}
    held = [third.store.object(name) for name in names]
    return sum(row is not None and row.status == "current" for row in held)


def pull(node: Node, *partners: Node) -> None:
    """Pull from these, or from all; PrasanError if anything was not taken."""
    for name, summary in sync(node, [one.settings.name for one in partners]).items():
        if summary.failure or summary.quarantined:
            what = summary.message or summary.quarantined
            raise PrasanError(f"{node.settings.name} could not take all from {name}: {what}", "See serve.log there.")
