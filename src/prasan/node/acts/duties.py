"""What is owed between us and partners: recalls both ways, with their deadlines; what is late comes first."""

from typing import Final, Literal

import msgspec

from prasan.formats.stix import format_time
from prasan.node.acts.obeying import pending
from prasan.node.node import Node
from prasan.node.record import NODE_LOG, note
from prasan.stores.traffic import RecallIn, RecallOut

Standing = Literal["overdue", "pending", "onward", "answered", "lifted"]
"""`onward`: answered, but others have still to answer in their turn."""

ORDER: Final[tuple[Standing, ...]] = ("overdue", "pending", "onward", "answered", "lifted")


class Duty(msgspec.Struct, frozen=True):
    """One recall. `sent`: by us; else it came. `object_id` is the object here; times in µs since 1970, UTC.

    `onward` is how many recalls further on are not done; `resting_on` are objects of ours that name what was recalled
    and that no officer has looked at since.
    """

    recall: str
    partner: str
    sent: bool
    object_id: str
    reason: str
    standing: Standing
    begun_us: int
    deadline_us: int
    answered_us: int | None
    onward: int
    resting_on: tuple[str, ...] = ()


def duties(node: Node, partner: str | None = None) -> list[Duty]:
    """All recalls, or those with one partner (identity id): what is late first, then by deadline."""
    names = {row.id: row.name for row in node.store.partners()}
    now_us = node.clock.now_us()
    found = [_sent(one, names, now_us) for one in node.store.recalls_out(partner)]
    found += [_came(node, one, names, now_us) for one in node.store.recalls_in(partner)]
    return sorted(found, key=lambda one: (ORDER.index(one.standing), one.deadline_us, one.recall))


def _sent(one: RecallOut, names: dict[str, str], now_us: int) -> Duty:
    standing = _standing(one.answered_us, one.pending, one.deadline_us, now_us)
    return Duty(
        recall=one.id,
        partner=names.get(one.recipient, one.recipient),
        sent=True,
        object_id=one.object_id,
        reason=one.reason,
        standing="lifted" if one.allowed_us is not None else standing,
        begun_us=one.issued_us,
        deadline_us=one.deadline_us,
        answered_us=one.answered_us,
        onward=one.pending,
    )


def _came(node: Node, one: RecallIn, names: dict[str, str], now_us: int) -> Duty:
    onward = pending(node.store, one.partner, one.id)
    return Duty(
        recall=one.id,
        partner=names.get(one.partner, one.partner),
        sent=False,
        object_id=one.target_id,
        reason=one.reason,
        standing=_standing(one.answered_us, onward, one.deadline_us, now_us),
        begun_us=one.received_us,
        deadline_us=one.deadline_us,
        answered_us=one.answered_us,
        onward=onward,
        resting_on=tuple(node.store.resting_on(one.partner, one.id)),
    )


def _standing(answered_us: int | None, onward: int, deadline_us: int, now_us: int) -> Standing:
    if answered_us is not None and onward == 0:
        return "answered"
    if deadline_us < now_us:
        return "overdue"
    return "pending" if answered_us is None else "onward"


class Told(msgspec.Struct, frozen=True):
    """A recall as programs read it."""

    recall: str
    direction: Literal["sent", "received"]
    partner: str
    object_id: str
    reason: str
    standing: Standing
    issued_at: str
    deadline: str
    answered_at: str | None
    onward_pending: int
    to_look_at: tuple[str, ...]


def told(one: Duty) -> Told:
    """For programs: times as texts."""
    return Told(
        one.recall,
        "sent" if one.sent else "received",
        one.partner,
        one.object_id,
        one.reason,
        one.standing,
        format_time(one.begun_us / 1e6),
        format_time(one.deadline_us / 1e6),
        None if one.answered_us is None else format_time(one.answered_us / 1e6),
        one.onward,
        one.resting_on,
    )


def looked(node: Node, object_id: str, by: str = "") -> int:
    """An officer has looked at an object of ours that names what was recalled; for how many recalls."""
    with node.store.write() as tx:
        recalls = tx.looked_at(object_id, node.clock.now_us())
        if recalls:
            note(node, tx, NODE_LOG, "recall_looked", object_id, {"recalls": recalls, "by": by})
        return recalls
