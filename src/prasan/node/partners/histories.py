"""A partner's two logs, looked at before anything is read from it; and what partners bring back of ours.

The pair log is looked at with every pull; the hour log, whose leaves commit to the partner's node log, once an hour,
and it is countersigned. Nothing is told to third parties: that two nodes are partners is nobody else's business.
"""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

import msgspec

from prasan.errors import IntegrityError, UsageError
from prasan.exchange.acks import Theirs, cosigner
from prasan.exchange.asks import Ask
from prasan.exchange.histories import (
    MAX_EPOCHS,
    EpochEntry,
    Going,
    Shown,
    TwoHistories,
    checkpoint_of,
    compare,
    epoch_entry,
    read_shown,
    resumes_at,
)
from prasan.exchange.http import Response
from prasan.exchange.steps import Reply
from prasan.ledger.checkpoint import Checkpoint, cosign_note, open_checkpoint
from prasan.ledger.entry import Detail
from prasan.ledger.note import Keys
from prasan.ledger.tree import Proof
from prasan.node.node import Node
from prasan.node.partners.partner_keys import card_of
from prasan.node.record import HOURS_LOG, NODE_LOG, note, note_hand, own_public_keys
from prasan.stores.rows import CheckpointRow, PartnerRow
from prasan.stores.trust import EvidenceRow

Fetch = Callable[[Ask], Reply]
ADDRESS: Final = "/peer/v1/checkpoint"
HOUR_US: Final = 3_600_000_000
OWN: Final = "own_history"
"""What a partner holds of our log, signed by us, is not what we hold: this store was put back, or our key is stolen."""


class Brought(msgspec.Struct, frozen=True):
    """The body of a post to the checkpoint address: the keeper's own note, with the reader's signature added."""

    checkpoint: str


def seen_log(partner: str, log: str) -> str:
    """Under which name we keep the checkpoints that a partner showed us of one of its logs."""
    return f"theirs/{partner}" if log != HOURS_LOG else f"theirs-hours/{partner}"


def require_one_history(node: Node, partner: PartnerRow) -> None:
    """IntegrityError while two histories of a partner's log are held that no officer has settled."""
    held = node.store.evidence(partner.id, open_only=True)
    if held:
        raise IntegrityError(
            f"{partner.name} showed two histories of its log; nothing more is read from it.",
            f"See 'prasan ledger evidence'; once it is explained: 'prasan ledger settle {partner.name} --reason TEXT'.",
        )


def look(node: Node, partner: PartnerRow, fetch: Fetch) -> None:
    """Compare both logs with what we saw before. IntegrityError, with the evidence kept, if one does not go on."""
    _look_at(node, partner, node.id, fetch)
    last = node.store.last_seen(seen_log(partner.id, HOURS_LOG), partner.id)
    if last is None or node.clock.now_us() - last.at_us >= HOUR_US:
        _look_at(node, partner, HOURS_LOG, fetch)


def _look_at(node: Node, partner: PartnerRow, log: str, fetch: Fetch) -> None:
    name, keeper = seen_log(partner.id, log), Theirs(partner.id, card_of(partner).key)
    held = node.store.last_seen(name, partner.id)
    answer = _ask(fetch, keeper, log, checkpoint_of(held.note).size if held else 0)
    if answer is None:
        return
    going = Going(answer[0], answer[1].checkpoint)
    if held is not None:
        try:
            going = _compared(node, name, held, answer, lambda size: _ask(fetch, keeper, log, size))
        except TwoHistories as found:
            _keep_evidence(node, partner.id, found)
            fetch(_bring(node, held.note))
            raise
    if held is None or going.checkpoint != checkpoint_of(held.note):
        _keep_seen(node, partner, log, going)
        if held is not None and going.lost:
            fetch(_bring(node, held.note))  # so that the keeper knows what it lost to the restore
        elif log == HOURS_LOG:
            fetch(_bring(node, going.note))


Answer = tuple[Checkpoint, Shown]


def _ask(fetch: Fetch, keeper: Theirs, log: str, size: int) -> Answer | None:
    """What the partner shows, from a size that we know; None if nobody answers now."""
    query = {"from": str(size)} | ({"log": HOURS_LOG} if log == HOURS_LOG else {})
    answer = fetch(Ask("GET", f"{ADDRESS}?{urlencode(query)}"))
    if not isinstance(answer, Response) or answer.status != 200:
        return None
    return read_shown(answer.body, keeper, log)


def _compared(node: Node, name: str, held: CheckpointRow, answer: Answer, ask: Callable[[int], Answer | None]) -> Going:
    """The log as it goes on. After it was cut back, the latest of ours that it must still hold is asked from."""
    size = resumes_at(*answer, checkpoint_of(held.note))
    base = held.note
    if size is not None and size < checkpoint_of(held.note).size:
        notes = [row.note for row in node.store.checkpoints(name)]
        base = max((one for one in notes if _stands(answer, one)), key=lambda one: checkpoint_of(one).size, default="")
        answer = (ask(checkpoint_of(base).size) or answer) if base else answer
    return compare(answer, held.note, base)


def _stands(answer: Answer, held: str) -> bool:
    """Whether the log must still hold all that this note covers."""
    checkpoint = checkpoint_of(held)
    return checkpoint.size > 0 and resumes_at(*answer, checkpoint) == checkpoint.size


def _bring(node: Node, held: str) -> Ask:
    """The keeper's own note back to it, with our signature."""
    return Ask("POST", ADDRESS, msgspec.json.encode(Brought(cosign_note(held, cosigner(node.id), node.key))))


def _keep_seen(node: Node, partner: PartnerRow, log: str, going: Going) -> None:
    name, now_us = seen_log(partner.id, log), node.clock.now_us()
    with node.store.write() as tx:
        tx.put_checkpoint(CheckpointRow(name, going.checkpoint.size, partner.id, going.note, now_us))
        if going.lost:
            detail: Detail = {"why": going.why, "lost": going.lost, "log": "hours" if log == HOURS_LOG else "pair"}
            note(node, tx, NODE_LOG, "partner_restored", partner.id, detail)
            if log != HOURS_LOG:
                tx.set_meta(f"lost/{partner.id}", msgspec.json.encode((now_us, going.lost, going.why)).decode())


def caught(node: Node, partner: str, shown: str) -> None:
    """A note of a partner's log about us that came another way, in a bundle, does not continue the one we hold."""
    held = node.store.last_seen(seen_log(partner, node.id), partner)
    if held is not None:
        _keep_evidence(node, partner, TwoHistories(held.note, shown, "two_histories", ""))


def _keep_evidence(node: Node, partner: str, found: TwoHistories) -> None:
    row = EvidenceRow(partner, found.kind, found.held, found.shown, node.clock.now_us())
    with node.store.write() as tx:
        if tx.put_evidence(row):
            hashes = {"held": _hash(found.held), "shown": _hash(found.shown)}
            note(node, tx, NODE_LOG, found.kind, partner, hashes)


def lost_of(node: Node, partner: str) -> tuple[int, int] | None:
    """When a partner's log was found restored from a backup (µs), and how many entries that we had seen it lost."""
    raw = node.store.meta(f"lost/{partner}")
    return msgspec.json.decode(raw, type=tuple[int, int, str])[:2] if raw else None


def settle(node: Node, name: str, reason: str, by: str = "", seen: int | None = None) -> int:
    """An officer goes on with a partner that showed two histories: its log as it is now counts from here on.

    The evidence stays. How many there were; UsageError if there is no such partner, nothing to settle, or more than
    the officer has `seen`.
    """
    row = node.store.partner(name)
    partner = node.id if name == node.settings.name else row.id if row else ""
    with node.store.write() as tx:
        held = len(tx.evidence(partner, open_only=True))
        if not held:
            message = f"nothing is held against '{name}'"
            raise UsageError(message, "See 'prasan ledger evidence'.", code="evidence_none", name=name)
        if seen not in (None, held):
            raise UsageError("more was found since", "See 'prasan ledger evidence'.", code="evidence_more")
        for log in (node.id, HOURS_LOG):
            tx.forget_seen(seen_log(partner, log), partner)
        note(node, tx, NODE_LOG, "evidence_settled", partner, {"reason": _hash(reason)})
        note_hand(node, tx, by, "evidence_settled", partner)
        return tx.settle_evidence(partner, node.clock.now_us())


# What partners ask and bring of our own logs


def shown_hours(node: Node, old: int) -> tuple[str, Proof] | None:
    """The hour log as last signed, and the proof from a size; None before its first hour."""
    row = node.store.checkpoint(HOURS_LOG)
    if row is None:
        return None
    return row.note, node.store.log_consistency(HOURS_LOG, old, row.size) if 0 < old < row.size else ()


def epoch_entries(node: Node, log: str, size: int) -> tuple[EpochEntry, ...]:
    """The entries of a log that began epochs, each with its proof in the first `size` entries."""
    found = list[EpochEntry]()
    for index in node.store.epoch_indexes(log)[-MAX_EPOCHS:]:
        row = next(iter(node.store.leaf_rows(log, index)), None)
        if index < size and row is not None and row.entry is not None and row.salt is not None:
            found.append(epoch_entry(index, row.entry, row.salt, node.store.log_inclusion(log, index, size)))
    return tuple(found)


def take_brought(node: Node, partner: str, raw: bytes) -> None:
    """A note of ours that a partner countersigned. IntegrityError unless both signed it.

    If it says anything else than our log does, somebody signs with our key or this store is an old copy: evidence
    against ourselves is kept, and shown on the page of the node's health.
    """
    brought = _read_brought(node, partner, raw)
    checkpoint, log = checkpoint_of(brought), _log_of(brought)
    ours = _ours_at(node, log, checkpoint)
    with node.store.write() as tx:
        if ours is None:
            tx.put_checkpoint(CheckpointRow(log, checkpoint.size, partner, brought, node.clock.now_us()))
        elif tx.put_evidence(EvidenceRow(node.id, OWN, ours, brought, node.clock.now_us())):
            note(node, tx, NODE_LOG, OWN, partner, {"size": checkpoint.size, "ours": tx.frontier(log).size})


def _read_brought(node: Node, partner: str, raw: bytes) -> str:
    known = node.store.partner(partner)
    try:
        brought = msgspec.json.decode(raw, type=Brought).checkpoint
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise IntegrityError("The checkpoint cannot be read.", "Send it as docs/wire.md says.") from None
    name = brought.partition("\n")[0]
    if known is None or not re.fullmatch(rf"prasan/{re.escape(node.id)}/[0-9a-f-]{{36}}/({partner}|{HOURS_LOG})", name):
        raise IntegrityError("The checkpoint is of no log that you may see.", "Send it as docs/wire.md says.")
    keys: Keys = {name: own_public_keys(node), cosigner(partner): card_of(known).key}
    _, signers = open_checkpoint(brought, keys)
    if signers != set(keys):
        raise IntegrityError("A signature is missing.", "Sign the checkpoint before you bring it.")
    return brought


def _ours_at(node: Node, log: str, seen: Checkpoint) -> str | None:
    """Our own latest note, if our log does not hold what this checkpoint says; None if it does.

    One of an earlier epoch may cover more than was restored: the entry that began this epoch says so.
    """
    size, epoch = node.store.frontier(log).size, seen.origin.split("/")[2]
    last = node.store.checkpoint(log)
    if epoch != node.store.epoch() and any(index < seen.size for index in node.store.epoch_indexes(log)):
        return None
    same = [row.note for row in node.store.checkpoints(log) if row.by == "" and row.size == seen.size]
    if any(checkpoint_of(one).root == seen.root for one in same):
        return None
    if seen.size <= size and node.store.log_root(log, seen.size) == seen.root:
        return None
    return last.note if last else "no checkpoint"


def _log_of(brought: str) -> str:
    return brought.partition("\n")[0].split("/", 3)[3]


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
