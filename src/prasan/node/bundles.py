"""Bundles: a partner's rows into files, and a partner's files into here (docs/wire.md, section 13).

An import does what a pull does, by the same hands: bundles and pulls may come in any order, and as often as they like.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final

import msgspec

from prasan.errors import UsageError
from prasan.exchange import door as peer_door
from prasan.exchange import posts
from prasan.exchange.acks import check_checkpoint, checkpoint_answer, write_ack
from prasan.exchange.asked import Query
from prasan.exchange.bundle import (
    MAX_POSTS,
    Bundle,
    Manifest,
    Span,
    body_bytes,
    follows,
    holds,
    open_bundle,
    seal_bundle,
)
from prasan.exchange.http import Request, time_text
from prasan.exchange.intake import Accepted, Turned
from prasan.exchange.lanes import LANES, PAGE, Lane, collection_id
from prasan.exchange.parcels import Parcel, fitting, write_parcel
from prasan.exchange.pull import judged
from prasan.exchange.steps import Acked, Apply, Pending, Posted, Task
from prasan.ledger.checkpoint import parse_checkpoint
from prasan.node.doors import PeerDesk, door, key_of, shelf
from prasan.node.node import Node
from prasan.node.publish import work_due
from prasan.node.record import NODE_LOG, note, seal_all
from prasan.node.rotation import signer
from prasan.node.sync import Hands, task_of, theirs_log
from prasan.stores.rows import CheckpointRow, PartnerRow, Vouched

MAX_FILE: Final = 16 * 1024 * 1024
"""Bytes of one file where nothing else is asked."""
PARCELS_AT_ONCE: Final = 16
"""Parcels tried for one file."""
HELD_US: Final = 30 * 86_400 * 1_000_000
"""How long it is repeated that something posted is held."""
PROOFS: Final = 8
"""Checkpoints of earlier bundles that the reader may have seen last."""


class Exported(msgspec.Struct, frozen=True):
    """One file: its bytes, and which rows it holds."""

    raw: bytes
    spans: tuple[Span, ...]
    posts: int


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


def partner_named(node: Node, name: str) -> PartnerRow:
    """A partner by its name. UsageError if there is none."""
    partner = node.store.partner(name)
    if partner is None:
        known = ", ".join(one.name for one in node.store.partners()) or "none yet"
        raise UsageError(f"there is no partner '{name}' (registered: {known})", "Name one of them.")
    return partner


def export(
    node: Node, name: str, lanes: Sequence[Lane] = LANES, since: int | None = None, max_bytes: int = MAX_FILE
) -> Iterator[Exported]:
    """What a partner may read behind `since` (where nothing is said: behind what it acknowledged), in files of at most
    `max_bytes`, to be imported in this order. The first also brings what waits for its inbox, and acknowledgements.

    A file is larger only if one row alone is. UsageError for a partner that is none.
    """
    partner = partner_named(node, name)
    work_due(node)
    rows = _Rows(node, partner.id, lanes, since)
    first = True
    while True:
        made = _fit(node, partner, rows, max_bytes, first=first)
        if not made.spans and not first:
            return
        rows.move(made.spans)
        _on_record(node, partner.id, made)
        yield made
        first = False


class _Rows:
    """How far the lanes are written."""

    def __init__(self, node: Node, partner: str, lanes: Sequence[Lane], since: int | None) -> None:
        self._node, self._partner = node, partner
        acked = {lane: node.store.acked(partner, lane) if since is None else since for lane in lanes}
        self.at = {lane: acked[lane] for lane in LANES if lane in acked}

    def parcels(self, most: int) -> list[tuple[Lane, int, list[Vouched]]]:
        """The next rows, alerts first: lane, after, rows; `most` of them, a lane's parcels one behind the other."""
        found = list[tuple[Lane, int, list[Vouched]]]()
        for lane, start in self.at.items():
            after = start
            while most > 0 and len(found) < PARCELS_AT_ONCE:
                now_us = self._node.clock.now_us()
                rows = self._node.store.parcel_rows(self._partner, lane, after, min(most, PAGE), now_us)
                if not rows:
                    break
                rows = rows[: fitting(rows)]
                found.append((lane, after, rows))
                after, most = rows[-1].seq, most - len(rows)
        return found

    def move(self, spans: Sequence[Span]) -> None:
        """These are written."""
        self.at |= {span.lane: span.last for span in spans}


def _fit(node: Node, partner: PartnerRow, rows: _Rows, max_bytes: int, *, first: bool) -> Exported:
    """The largest bundle that is no larger: half as many rows until it fits, or is a single one."""
    most = PAGE * PARCELS_AT_ONCE
    while True:
        made = _make(node, partner, rows.parcels(most), first=first)
        count = sum(span.rows for span in made.spans)
        if len(made.raw) <= max_bytes or count <= 1:
            return made
        most = min(most, count) // 2


def _make(
    node: Node, partner: PartnerRow, found: Sequence[tuple[Lane, int, list[Vouched]]], *, first: bool
) -> Exported:
    epoch, ours = node.store.epoch(), signer(node)
    waiting = [one.raw for one in node.store.outgoing(partner.id)][:MAX_POSTS] if first else []
    body = body_bytes(
        [write_parcel(epoch, lane, after, rows) for lane, after, rows in found],
        posts=waiting,
        acks=_acks(node, partner.id) if first else (),
        has=_held(node, partner.id) if first else (),
        proofs=_proofs(node, partner.id),
    )
    spans = _spans(found)
    acked = {lane: node.store.acked(partner.id, lane) for lane in LANES}
    at = time_text(node.clock.now_us())
    manifest = Manifest(1, node.id, partner.id, epoch, at, spans, 0, "", acked)
    return Exported(seal_bundle(manifest, body, ours), spans, len(waiting))


def _spans(found: Sequence[tuple[Lane, int, list[Vouched]]]) -> tuple[Span, ...]:
    spans = dict[Lane, Span]()
    for lane, after, rows in found:
        before = spans.get(lane)
        begun, count = (before.after, before.rows) if before else (after, 0)
        spans[lane] = Span(lane, begun, rows[-1].seq, count + len(rows))
    return tuple(spans.values())


def _acks(node: Node, partner: str) -> list[bytes]:
    """What we read and the partner does not know yet, on its own checkpoint that we saw last."""
    last = node.store.last_seen(theirs_log(partner), partner)
    if last is None:
        return []
    cursors = [node.store.cursor(partner, lane) for lane in LANES]
    behind = [(lane, cursor) for lane, cursor in zip(LANES, cursors, strict=True) if cursor.seq > cursor.acked]
    return [write_ack(lane, cursor.seq, last.note, signer(node)) for lane, cursor in behind]


def _held(node: Node, partner: str) -> list[str]:
    """The hashes of what the partner posted here lately: it need not bring them again."""
    since = max(0, node.clock.now_us() - HELD_US)
    return [
        sha256(row.raw).hexdigest() for row in node.store.inbox_page(partner, Query(after_us=since, limit=MAX_POSTS))
    ]


def _proofs(node: Node, partner: str) -> list[tuple[int, bytes]]:
    """Our pair log's checkpoint, with the proof from each size that the partner may have seen last."""
    desk = PeerDesk(node)
    latest = desk.checkpoint(partner)
    size = parse_checkpoint(latest.partition("\n\n")[0] + "\n").size
    seen = {row.size for row in node.store.checkpoints(partner) if row.by == partner}
    sizes = sorted({0, *sorted(seen)[-1:], *_given(node, partner)})
    return [
        (old, checkpoint_answer(latest, desk.consistency(partner, old, size) if 0 < old < size else ()))
        for old in sizes
        if old <= size
    ]


def _given(node: Node, partner: str) -> list[int]:
    """The sizes of the log in the latest bundles."""
    return msgspec.json.decode(node.store.meta(f"bundles/{partner}") or "[]", type=list[int])


def _on_record(node: Node, partner: str, made: Exported) -> None:
    with node.store.write() as tx:
        size = tx.frontier(partner).size
        sizes = sorted({*_given(node, partner), size})[-PROOFS:]
        tx.set_meta(f"bundles/{partner}", msgspec.json.encode(sizes).decode())
        rows = sum(span.rows for span in made.spans)
        note(node, tx, partner, "bundle", sha256(made.raw).hexdigest(), {"rows": rows, "posts": made.posts})


def import_(node: Node, raw: bytes, *, new_epoch: bool = False) -> Imported:
    """Take a partner's bundle in. UsageError, Refused or IntegrityError, and nothing done, if it does not hold, is not
    for us, or rows before it are missing. What is here already changes nothing."""
    bundle = open_bundle(raw, lambda partner: key_of(node, partner), node.id, node.clock.now_us())
    partner = partner_named(node, bundle.manifest.iss)
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
            check_checkpoint(raw, task.theirs, task.ours, last)
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
