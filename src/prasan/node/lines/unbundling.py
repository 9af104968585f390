"""Bundles: a partner's files into here (docs/wire.md, section 13).

An import does what a pull does, by the same hands: bundles and pulls may come in any order, and as often as they like.
"""

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from prasan.errors import IntegrityError, UsageError
from prasan.exchange import door as peer_door
from prasan.exchange import posts
from prasan.exchange.acks import check_checkpoint
from prasan.exchange.bundle import Bundle, follows, holds, open_bundle
from prasan.exchange.http import Request
from prasan.exchange.intake import Accepted, Turned
from prasan.exchange.lanes import collection_id
from prasan.exchange.parcels import Parcel
from prasan.exchange.pull import judged
from prasan.exchange.steps import Acked, Apply, Pending, Posted, Task
from prasan.node.lines.bundles import partner_named
from prasan.node.lines.doors import PeerDesk, door, key_of, shelf
from prasan.node.lines.sync import Hands, task_of, theirs_log
from prasan.node.node import Node
from prasan.node.partners.histories import caught, require_one_history
from prasan.node.record import NODE_LOG, note, seal_all
from prasan.node.releasing.publish import work_due
from prasan.stores.rows import CheckpointRow


class Imported(msgspec.Struct, frozen=True):
    """What came of one file. `checkpoint`: continued, older, or unproven (not comparable with what we saw last)."""

    partner: str
    holds: str
    accepted: int
    same: int
    ignored: int
    quarantined: dict[str, int]
    posts: int
    acks: int
    refused: list[str]
    checkpoint: str


def import_(node: Node, raw: bytes, *, new_epoch: bool = False) -> Imported:
    """Take a partner's bundle in. UsageError, Refused or IntegrityError, and nothing done, if it does not hold, is not
    for us, or rows before it are missing. What is here already changes nothing."""
    bundle = open_bundle(raw, lambda partner: key_of(node, partner), node.id, node.clock.now_us())
    partner = partner_named(node, bundle.manifest.iss)
    require_one_history(node, partner)
    work_due(node)
    task, hands = task_of(node, partner), Hands(node, partner)
    _continues(task, bundle, new_epoch=new_epoch)
    checkpoint = _checkpoint(node, task, bundle)
    counts = _apply(task, hands, bundle)
    refused = _requests(node, partner.id, bundle)
    _told(node, hands, bundle)
    with node.store.write() as tx:
        subject = sha256(raw).hexdigest()
        note(node, tx, NODE_LOG, "bundle_in", subject, {"partner": partner.id, "accepted": counts["accepted"]})
    work_due(node)
    seal_all(node)
    quarantined = {reason: n for reason, n in counts.items() if reason not in ("accepted", "same", "ignored")}
    return Imported(
        partner.name, holds(bundle.manifest), counts["accepted"], counts["same"], counts["ignored"], quarantined,
        len(bundle.body.posts), len(bundle.body.acks), refused, checkpoint,
    )  # fmt: skip


def _continues(task: Task, bundle: Bundle, *, new_epoch: bool) -> None:
    """Every lane goes on where we are, in the epoch that we read."""
    for span in bundle.manifest.spans:
        cursor = task.cursors[span.lane]
        ours = collection_id(bundle.manifest.epoch, task.ours.id, span.lane)
        if cursor.collection not in ("", ours) and not new_epoch:
            raise UsageError(
                "The bundle is of another epoch than the one we read: the partner's node was restored, then or since.",
                "If the partner says that it was restored, import it with --new-epoch; what is here is kept.",
            )
        follows(span, cursor.seq if cursor.collection == ours else 0)


def _checkpoint(node: Node, task: Task, bundle: Bundle) -> str:
    """Compare the partner's log with what we saw of it last. IntegrityError if it is another log."""
    last = task.last
    for old, raw in bundle.body.proofs:
        seen, text = check_checkpoint(raw, task.theirs, task.ours, None)
        if last is not None and seen.origin == last.origin and seen.size < last.size:
            return "older"
        if last is None or seen.origin != last.origin or last.size in (old, seen.size):
            try:
                check_checkpoint(raw, task.theirs, task.ours, last)
            except IntegrityError:
                caught(node, task.theirs.id, text)
                raise
            with node.store.write() as tx:
                row = CheckpointRow(theirs_log(task.theirs.id), seen.size, task.theirs.id, text, node.clock.now_us())
                tx.put_checkpoint(row)
            return "continued"
    return "unproven"


def _apply(task: Task, hands: Hands, bundle: Bundle) -> dict[str, int]:
    """Each parcel as a pull applies it."""
    counts = {"accepted": 0, "same": 0, "ignored": 0}
    for parcel in bundle.body.parcels:
        accepted, turned, ignored = judged(parcel, task)
        hands.act(_step(task, parcel, accepted, turned))
        counts["accepted"] += sum(not one.same for one in accepted)
        counts["same"] += sum(one.same for one in accepted)
        counts["ignored"] += ignored
        for one in turned:
            counts[one.reason] = counts.get(one.reason, 0) + 1
    return counts


def _step(task: Task, parcel: Parcel, accepted: Sequence[Accepted], turned: Sequence[Turned]) -> Apply:
    collection = collection_id(parcel.epoch, task.ours.id, parcel.lane)
    return Apply(parcel.lane, collection, tuple(accepted), tuple(turned), parcel.last_added, parcel.last)


def _requests(node: Node, partner: str, bundle: Bundle) -> list[str]:
    """What the partner would have posted: to our inbox, and acknowledgements. Why any of it was refused."""
    refused = list[str]()
    now_us = node.clock.now_us()
    if bundle.body.posts:
        envelope = b'{"objects":[' + b",".join(bundle.body.posts) + b"]}"
        status = posts.add(shelf(node), partner, envelope, node.clock.uuid("status"), now_us)
        refused += [one.message for one in msgspec.json.decode(status.body, type=_Status).failures]
    for raw in bundle.body.acks:
        request = Request("POST", "/peer/v1/ack", body=raw)
        answer = peer_door.handle(request, partner, door(node), PeerDesk(node), now_us)
        if answer.status != 204:
            refused.append(str(msgspec.json.decode(answer.body).get("description", "")))
    return refused


class _Failure(msgspec.Struct, frozen=True):
    message: str = ""


class _Status(msgspec.Struct, frozen=True):
    failures: list[_Failure] = []


def _told(node: Node, hands: Hands, bundle: Bundle) -> None:
    """What the partner says that it knows of us: our acknowledgements, and what it holds of ours."""
    partner = hands.partner.id
    last = node.store.last_seen(theirs_log(partner), partner)
    for lane, upto in bundle.manifest.acked.items():
        cursor = node.store.cursor(partner, lane)
        mine = collection_id(bundle.manifest.epoch, node.id, lane)
        if last is not None and cursor.collection == mine and cursor.acked < upto <= cursor.seq:
            hands.act(Acked(lane, upto, last.note))
    hands.act(Pending())
    has = {*bundle.body.has}
    hands.act(Posted(tuple(name for name, raw in hands.waiting.items() if sha256(raw).hexdigest() in has)))
