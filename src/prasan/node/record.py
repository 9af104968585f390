"""The tamper-evident record of a node: what goes into which log, its checkpoints, and checking it all.

One `node` log and one log a partner, named by the partner's identity id (docs/wire.md, section 11).
"""

import re
from collections.abc import Iterator, Sequence

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from prasan.ledger.checkpoint import Checkpoint, sign_checkpoint
from prasan.ledger.entry import SALT_BYTES, Detail, Entry
from prasan.ledger.verify import Report, verify_log
from prasan.node.clock_guard import latch, stopped
from prasan.node.node import Node
from prasan.stores.rows import CheckpointRow
from prasan.stores.sqlite import Tx

NODE_LOG = "node"
HOURS_LOG = "hours"
HOUR_S = 3600
"""One leaf an hour, which commits to the node log as it stood: all that partners see of it."""


DROPPED = "dropped"
"""The kind of an entry that says what was dropped because its time is over."""


def note(  # noqa: PLR0913, PLR0917 - what, where, about whom: an act is all of these
    node: Node, tx: Tx, log: str, kind: str, subject: str, detail: Detail
) -> int:
    """Put one act on record, in the transaction that does it; its index."""
    if log == NODE_LOG:
        latch(tx, node.clock.now_us())
    salt = node.clock.entropy(SALT_BYTES, f"{log}/salt/{tx.frontier(log).size}")
    return tx.append_log(log, Entry(kind, node.clock.now_us(), subject, detail), salt)


def note_hand(node: Node, tx: Tx, by: str, act: str, subject: str) -> None:
    """Who did it, a user or whoever gave the command, where the act itself is in a pair log.

    In the node log alone: a partner is proved entries of the pair log, and is not told the names of our people.
    """
    if by:
        note(node, tx, NODE_LOG, "by_hand", subject, {"act": act, "by": by})


def origin(node: Node, log: str) -> str:
    """What a checkpoint of this log calls it."""
    return f"prasan/{node.id}/{node.store.epoch()}/{log}"


def seal(node: Node, tx: Tx, log: str) -> CheckpointRow:
    """Sign the log as it stands now; the last checkpoint again if nothing was added since."""
    frontier = tx.frontier(log)
    name, last = origin(node, log), tx.checkpoint(log)
    if last is not None and last.size == frontier.size and last.note.startswith(f"{name}\n"):
        return last
    checkpoint = Checkpoint(name, frontier.size, frontier.root())
    row = CheckpointRow(log, frontier.size, "", sign_checkpoint(checkpoint, node.key), node.clock.now_us())
    tx.put_checkpoint(row)
    return row


def seal_all(node: Node) -> None:
    """Sign every pair log and record its root in the node log, then sign the node log; nothing while release is
    stopped by the clock.
    """
    if stopped(node.store):
        return
    with node.store.write() as tx:
        for log in tx.logs():
            before = tx.checkpoint(log)
            if log in (NODE_LOG, HOURS_LOG) or (before and before.size == tx.frontier(log).size):
                continue
            row = seal(node, tx, log)
            root = tx.frontier(log).root().hex()
            note(node, tx, NODE_LOG, "pair_root", log, {"size": row.size, "root": root})
        seal(node, tx, NODE_LOG)


def mark_hour(node: Node) -> bool:
    """Once an hour, a leaf of the hour log that commits to the node log as it stands; False if this hour has its own.

    Its size is a count of hours and its leaves are salted, so a partner learns nothing from it, and still holds us to
    every entry of the node log.
    """
    hour = node.clock.now() // HOUR_S
    if node.store.meta("hour") == str(hour):
        return False
    with node.store.write() as tx:
        row = seal(node, tx, NODE_LOG)
        detail: Detail = {"size": row.size, "root": tx.frontier(NODE_LOG).root().hex()}
        note(node, tx, HOURS_LOG, "hour", str(hour), detail)
        seal(node, tx, HOURS_LOG)
        tx.set_meta("hour", str(hour))
    return True


class LogReport(msgspec.Struct, frozen=True):
    """How one log stands."""

    log: str
    report: Report


def verify(node: Node) -> Iterator[LogReport]:
    """Check every log: entries against leaves, leaves against signed roots, signatures against our keys, also those
    that handed over since. Checkpoints of earlier epochs count as well: the log went on.
    """
    keys = own_public_keys(node)
    for log in node.store.logs():
        yield LogReport(log, _verify(node, log, keys))


def own_public_keys(node: Node) -> tuple[Ed25519PublicKey, ...]:
    """Every key that ever signed for this node."""
    known = {row.x for row in node.store.node_keys(node.id)} | {node.key.public_key().public_bytes_raw()}
    return tuple(Ed25519PublicKey.from_public_bytes(raw) for raw in sorted(known))


def _verify(node: Node, log: str, keys: Sequence[Ed25519PublicKey]) -> Report:
    notes = [row.note for row in node.store.checkpoints(log) if row.by == ""]
    ours = re.compile(rf"prasan/{re.escape(node.id)}/[0-9a-f-]{{36}}/{re.escape(log)}")
    names = {name for one in notes if ours.fullmatch(name := one.partition("\n")[0])} | {origin(node, log)}
    return verify_log(node.store.leaf_rows(log), notes, dict.fromkeys(names, keys), origins=names)
