"""Recalls: asking a partner to withdraw, answering when a partner asks us, and taking the answers in."""

from hashlib import sha256
from typing import Final

import msgspec

from prasan.errors import UsageError
from prasan.exchange.intake import Accepted
from prasan.formats.stix import format_time, peek
from prasan.formats.stix_build import Stamp
from prasan.formats.stix_control import Recall, Receipt, read_recall, recall_id, recall_object, receipt_object
from prasan.formats.stix_ids import ids_in
from prasan.node.desk import Desk
from prasan.node.node import Node
from prasan.node.objects import recipient_ids
from prasan.node.record import note
from prasan.picture.marking import PUBLIC, Marking
from prasan.picture.posted import Item
from prasan.release.decide import Case
from prasan.release.transition import REPLACED
from prasan.stores.rows import NewView, ViewRow
from prasan.stores.sqlite import Tx
from prasan.stores.traffic import Outgoing, RecallIn, RecallOut

DEFAULT_DAYS: Final = 2
"""The deadline where no accord in force says another."""
DAY_S: Final = 86_400
BY_OFFICER: Final = "officer"


class Issued(msgspec.Struct, frozen=True):
    """One recall sent: to whom, of what, until when; `versions` the partner may hold."""

    partner: str
    recall: str
    target: str
    versions: int
    deadline: str


def recall(node: Node, object_id: str, to: str, text: str) -> list[Issued]:
    """Ask a partner, or `all` who were sent it, to withdraw an object. UsageError if nobody was."""
    if ids_in(text):
        raise UsageError("the reason names an object's id", "Say it without ids: the partner knows them by others.")
    with node.store.write() as tx:
        desk = Desk(node, tx)
        object_id = _ours(tx, object_id)
        sent = [one for case in _addressees(desk, to) for one in _by_officer(desk, case, object_id, text)]
        if not sent:
            raise UsageError(
                f"{object_id} was not sent to {to}, or was recalled before", "See 'prasan release explain'."
            )
    return sent


def _ours(tx: Tx, object_id: str) -> str:
    """The object's own id; officers may also paste the id that a partner knows it by."""
    if tx.object(object_id) is not None:
        return object_id
    for partner in tx.partners():
        if tx.variant(partner.id, object_id) is not None:
            return object_id
        found = tx.mapped_back(partner.id, object_id)
        if found is not None:
            return found
    raise UsageError(f"there is no object {object_id}", "Copy the id from the event's page or from 'release preview'.")


def _addressees(desk: Desk, to: str) -> list[Case]:
    partners = [case for case in desk.cases.values() if case.recipient.kind == "partner"]
    chosen = [case for case in partners if to in ("all", case.recipient.name, case.recipient.id)]
    if not chosen:
        known = ", ".join(case.recipient.name for case in partners) or "none yet"
        raise UsageError(f"there is no partner '{to}' (registered: {known})", "Name one of them, or 'all'.")
    return chosen


def _by_officer(desk: Desk, case: Case, object_id: str, text: str) -> list[Issued]:
    """Recall every row the recipient may hold, one recall for each id it holds the object by; none if there is none."""
    held = desk.tx.held_views(case.recipient.id, object_id)
    if not held:
        return []
    names = dict.fromkeys(row.view_id for row in held)
    issued = [_issue(desk, case, [row for row in held if row.view_id == name], BY_OFFICER, text) for name in names]
    desk.tx.recall_views(case.recipient.id, object_id)
    desk.tx.set_state(case.recipient.id, object_id, "withheld", ("recalled",), desk.now_us)
    return issued


def replace_view(desk: Desk, case: Case, built: list[ViewRow]) -> None:
    """The built view gives way to the object itself: recalled so that the recipient does not count it twice."""
    if case.recipient.kind == "partner" and built:
        _issue(desk, case, built, REPLACED, "")


def _issue(desk: Desk, case: Case, held: list[ViewRow], reason: str, text: str) -> Issued:
    """The recall as a row of the control lane, on record in the pair log."""
    node, tx, recipient = desk.node, desk.tx, case.recipient
    now = desk.now_us / 1e6
    deadline = now + (case.terms.recall_days if case.terms else DEFAULT_DAYS) * DAY_S
    asked = Recall(recipient.id, held[-1].view_id, tuple(row.version for row in held), reason, deadline, text)
    identifier, object_id = recall_id(node.id, asked), held[-1].object_id
    tx.put_recall_out(
        RecallOut(
            id=identifier,
            object_id=object_id,
            view_id=asked.target_id,
            recipient=recipient.id,
            reason=reason,
            deadline_us=int(deadline * 1e6),
            issued_us=desk.now_us,
        )
    )
    marking = _marking(tx, recipient.id, object_id)
    raw = recall_object(asked, Stamp(node.id, now, now), marking)
    version = format_time(now)
    view = NewView(identifier, version, identifier, version, "control", "sanitised", sha256(raw).hexdigest(), raw)
    desk.put_view(case, view, marking, None)
    note(node, tx, recipient.id, "recall", identifier, {"target": asked.target_id, "versions": len(held)})
    return Issued(recipient.name, identifier, asked.target_id, len(held), format_time(deadline))


def _marking(tx: Tx, recipient: str, object_id: str) -> Marking:
    """A recall is marked as what it recalls: it says that the object, as the recipient was told of it, exists."""
    row = tx.variant(recipient, object_id) or tx.object(object_id)
    return row.marking if row else PUBLIC


class Withdrawn(msgspec.Struct, frozen=True):
    """What an incoming recall did here."""

    recall: str
    target: str
    found: bool


def obey(node: Node, tx: Tx, partner: str, identifier: str, asked: Recall) -> Withdrawn:
    """Withdraw what a partner recalls, and queue the receipt, in the transaction that applies the page.

    What was turned away counts as held: the answer must not tell whether somebody else speaks for the id.
    """
    now_us, target, versions = node.clock.now_us(), asked.target_id, asked.target_versions
    held = {row.version for row in tx.received(partner, target)} | tx.turned(partner, target)
    found = not held.isdisjoint(versions)
    row = RecallIn(identifier, partner, target, asked.reason, int(asked.deadline * 1e6), now_us)
    if tx.put_recall_in(row):
        # Also what has not come yet: these versions are never shown, whenever they arrive.
        tx.take_back(partner, target, versions)
        if found:
            requeue(node, tx, target)
        answer = Receipt(identifier, (target,)) if found else Receipt(identifier, (), {target: "not_held"})
        receipt = receipt_object(answer, Stamp(node.id, now_us / 1e6, now_us / 1e6), PUBLIC)
        tx.queue_outgoing(Outgoing(peek(receipt).id, partner, receipt, now_us))
        note(node, tx, partner, "recalled", identifier, {"target": target, "withdrawn": found})
    return Withdrawn(identifier, target, found)


def requeue(node: Node, tx: Tx, object_id: str) -> None:
    """Have an object decided again for everybody."""
    for recipient in recipient_ids(tx):
        tx.set_due(recipient, object_id, node.clock.now_us())


def take_receipt(node: Node, tx: Tx, partner: str, document: dict[str, object], raw: bytes) -> bool:
    """Record a partner's receipt; False if that partner never got such a recall or had answered it."""
    identifier = str(document.get("recall_id", ""))
    if not tx.answer_recall(identifier, partner, raw, str(document.get("modified", "")), node.clock.now_us()):
        return False
    withdrawn = document.get("withdrawn")
    count = len(withdrawn) if isinstance(withdrawn, list) else 0
    note(node, tx, partner, "receipt", identifier, {"withdrawn": count})
    return True


def receipt_posted(node: Node, tx: Tx, partner: str, item: Item) -> None:
    """A receipt in a partner's inbox."""
    take_receipt(node, tx, partner, msgspec.json.decode(item.raw), item.raw)


def recall_pulled(node: Node, tx: Tx, partner: str, one: Accepted) -> None:
    """A recall in a partner's control lane. FormatError if it cannot be read."""
    obey(node, tx, partner, one.header.id, read_recall(one.raw, node.id))


def receipt_delivered(node: Node, tx: Tx, partner: str, sent: Outgoing) -> None:
    """The partner holds our receipt."""
    tx.recall_answered(msgspec.json.decode(sent.raw)["recall_id"], partner, node.clock.now_us())
