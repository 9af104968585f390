"""Bundles: what a partner may read, into files (docs/wire.md, section 13). `node/lines/unbundling.py` takes them in."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final

import msgspec

from prasan.errors import UsageError
from prasan.exchange.acks import checkpoint_answer, write_ack
from prasan.exchange.asked import Query
from prasan.exchange.bundle import (
    MAX_POSTS,
    Manifest,
    Span,
    body_bytes,
    seal_bundle,
)
from prasan.exchange.http import time_text
from prasan.exchange.lanes import LANES, PAGE, Lane
from prasan.exchange.parcels import whole, write_parcel
from prasan.ledger.checkpoint import parse_checkpoint
from prasan.node.lines.doors import PeerDesk
from prasan.node.lines.sync import theirs_log
from prasan.node.node import Node
from prasan.node.partners.rotation import signer
from prasan.node.record import note
from prasan.node.releasing.publish import work_due
from prasan.stores.rows import PartnerRow, Vouched

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

    A file is larger only if one row alone is, or in the first what it brings beside. UsageError if there is no such
    partner.
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
        self._node, self._partner, self._desk = node, partner, PeerDesk(node)
        acked = {lane: node.store.acked(partner, lane) if since is None else since for lane in lanes}
        self.at = {lane: acked[lane] for lane in LANES if lane in acked}

    def parcels(self, most: int) -> list[tuple[Lane, int, Sequence[Vouched]]]:
        """The next rows, alerts first: lane, after, rows; `most` of them, a lane's parcels one behind the other."""
        found = list[tuple[Lane, int, Sequence[Vouched]]]()
        for lane, start in self.at.items():
            after = start
            while most > 0 and len(found) < PARCELS_AT_ONCE:
                now_us = self._node.clock.now_us()
                rows = self._desk.parcel_rows(self._partner, lane, after, min(most, PAGE), now_us)
                if not rows:
                    break
                rows = whole(rows)
                found.append((lane, after, rows))
                after, most = rows[-1].seq, most - len(rows)
        return found

    def move(self, spans: Sequence[Span]) -> None:
        """These are written."""
        self.at |= {span.lane: span.last for span in spans}


def _fit(node: Node, partner: PartnerRow, rows: _Rows, max_bytes: int, *, first: bool) -> Exported:
    """The largest that fits: half as many rows until it does, or is one alone; the first may have none."""
    most = PAGE * PARCELS_AT_ONCE
    while True:
        made = _make(node, partner, rows.parcels(most), first=first)
        count = sum(span.rows for span in made.spans)
        if len(made.raw) <= max_bytes or count <= (0 if first else 1):
            return made
        most = min(most, count) // 2


def _make(
    node: Node, partner: PartnerRow, found: Sequence[tuple[Lane, int, Sequence[Vouched]]], *, first: bool
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


def _spans(found: Sequence[tuple[Lane, int, Sequence[Vouched]]]) -> tuple[Span, ...]:
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
