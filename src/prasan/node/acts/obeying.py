"""What partners recall from us: withdrawn, sent on to whom it was passed on, and answered until all of them have."""

from typing import Final

import msgspec
import orjson

from prasan.exchange.intake import Accepted
from prasan.formats.stix import peek
from prasan.formats.stix_build import Stamp
from prasan.formats.stix_control import Recall, Receipt, read_recall, read_receipt, receipt_object
from prasan.formats.stix_ids import RECEPTION
from prasan.node.finding.reception import arrives
from prasan.node.node import Node
from prasan.node.objects import requeue, said_again
from prasan.node.record import note
from prasan.node.releasing.desk import Desk
from prasan.node.releasing.recall import by_view, issue
from prasan.picture.marking import PUBLIC
from prasan.picture.posted import Item
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.store import Reads
from prasan.stores.traffic import Outgoing, RecallIn

ONWARD: Final = "onward"
"""The reason of a recall that is sent on. Whose it was and why is not said."""


class Withdrawn(msgspec.Struct, frozen=True):
    """What an incoming recall did here; `onward` is how many recalls were sent on for it."""

    recall: str
    target: str
    found: bool
    onward: int = 0


def obey(node: Node, tx: Tx, partner: str, identifier: str, asked: Recall) -> Withdrawn:
    """Withdraw what a partner recalls, send the recall on, and queue the receipt, in one transaction.

    What was turned away counts as held: the answer must not tell whether somebody else speaks for the id.
    """
    now_us, target, versions = node.clock.now_us(), asked.target_id, asked.target_versions
    held = {row.version for row in tx.received(partner, target)} | tx.turned(partner, target)
    found = not held.isdisjoint(versions)
    onward = 0
    row = RecallIn(identifier, partner, target, asked.reason, int(asked.deadline * 1e6), now_us)
    if tx.put_recall_in(row):
        # Also what has not come yet: these versions are never shown, whenever they arrive.
        tx.take_back(partner, target, versions)
        if found:
            onward = _withdraw(node, tx, row, asked)
        answer = Receipt(identifier, (target,), {}, onward) if found else Receipt(identifier, (), {target: "not_held"})
        receipt = receipt_object(answer, Stamp(node.id, now_us / 1e6, now_us / 1e6), PUBLIC)
        tx.queue_outgoing(Outgoing(peek(receipt).id, partner, receipt, now_us))
        note(node, tx, partner, "recalled", identifier, {"target": target, "withdrawn": found, "onward": onward})
    return Withdrawn(identifier, target, found, onward)


def _withdraw(node: Node, tx: Tx, row: RecallIn, asked: Recall) -> int:
    """Out of everybody's pages; how many recalls were sent on."""
    requeue(node, tx, row.target_id)
    kept = tx.object(row.target_id)
    if kept is None or kept.origin != row.partner:
        return 0
    if kept.type == RECEPTION:
        arrives(tx, kept.raw)  # gaps of its time are judged again, without it
    for object_id in tx.referring(row.target_id):
        tx.put_resting_on(row.partner, row.id, object_id)
    desk, sent = Desk(node, tx), list[str]()
    for case in desk.cases.values():
        if case.recipient.kind == "partner" and case.recipient.id != row.partner:
            sent += recall_from(desk, case.recipient.id, row.target_id, asked.target_versions, asked.deadline)
    for recall in sent:
        tx.put_sent_on(row.partner, row.id, recall)
    return len(sent)


def recall_from(
    desk: Desk, to: str, object_id: str, versions: tuple[str, ...] | None, latest: float | None = None
) -> list[str]:
    """Recall from a partner what it was passed on of these versions (None: all), whole or built; the recalls' ids."""
    rows = desk.tx.held_views(to, object_id)
    held = [row for row in rows if versions is None or row.object_version in versions]
    if not held:
        return []
    sent = [issue(desk, desk.cases[to], some, ONWARD, "", latest).recall for some in by_view(held)]
    desk.tx.recall_rows(to, [row.seq for row in held])
    return sent


def pending(store: Reads, partner: str, recall: str) -> int:
    """How many of the recalls that were sent on for one are not done: not answered, or waiting in their turn."""
    return sum(1 if one.answered_us is None else one.pending for one in store.sent_on(partner, recall))


def receipt_posted(node: Node, tx: Tx, partner: str, item: Item) -> None:
    """A receipt in a partner's inbox. It counts if that partner got such a recall; whoever waits for it is told."""
    receipt = read_receipt(item.raw)
    name = receipt.recall_id
    if not tx.answer_recall(name, partner, item.raw, item.version, node.clock.now_us(), receipt.onward_pending):
        return
    detail = {"withdrawn": len(receipt.withdrawn), "onward": receipt.onward_pending}
    note(node, tx, partner, "receipt", name, detail)
    for came in tx.sent_on_for(name):
        _answer_again(node, tx, came)


def _answer_again(node: Node, tx: Tx, came: RecallIn) -> None:
    """The same receipt in a later version, with what is pending now."""
    left = pending(tx, came.partner, came.id)
    name = peek(receipt_object(Receipt(came.id, ()), Stamp(node.id, 0, 0), PUBLIC)).id
    before = tx.queued(came.partner, name)
    if before is None or orjson.loads(before.raw)["onward_pending"] == left:
        return
    now_us = node.clock.now_us()
    raw = said_again(before.raw, now_us, onward_pending=left)
    tx.queue_outgoing(Outgoing(name, came.partner, raw, now_us))
    note(node, tx, came.partner, "answered_again", came.id, {"onward": left})


def recall_pulled(node: Node, tx: Tx, partner: str, one: Accepted) -> None:
    """A recall in a partner's control lane. FormatError if it cannot be read."""
    obey(node, tx, partner, one.header.id, read_recall(one.raw, node.id))


def receipt_delivered(node: Node, tx: Tx, partner: str, sent: Outgoing) -> None:
    """The partner holds our receipt."""
    tx.recall_answered(orjson.loads(sent.raw)["recall_id"], partner, node.clock.now_us())
