"""The tamper-evident record of a node: what goes into which log, its checkpoints, and checking it all.

One `node` log and one log a partner, named by the partner's identity id (docs/wire.md, section 11).
"""

from collections.abc import Iterator

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from prasan.ledger.checkpoint import Checkpoint, sign_checkpoint
from prasan.ledger.entry import SALT_BYTES, Detail, Entry
from prasan.ledger.verify import Report, verify_log
from prasan.node.node import Node
from prasan.stores.rows import CheckpointRow
from prasan.stores.sqlite import Tx

NODE_LOG = "node"


def note(  # noqa: PLR0913, PLR0917 - what, where, about whom: an act is all of these
    node: Node, tx: Tx, log: str, kind: str, subject: str, detail: Detail
) -> int:
    """Put one act on record, in the transaction that does it; its index."""
    salt = node.clock.entropy(SALT_BYTES, f"{log}/salt/{tx.frontier(log).size}")
    return tx.append_log(log, Entry(kind, node.clock.now_us(), subject, detail), salt)


def origin(node: Node, log: str) -> str:
    """What a checkpoint of this log calls it."""
    return f"prasan/{node.id}/{node.store.epoch()}/{log}"


def seal(node: Node, tx: Tx, log: str) -> CheckpointRow:
    """Sign the log as it stands now; the last checkpoint again if nothing was added since."""
    frontier = tx.frontier(log)
    last = tx.checkpoint(log)
    if last is not None and last.size == frontier.size:
        return last
    checkpoint = Checkpoint(origin(node, log), frontier.size, frontier.root())
    row = CheckpointRow(log, frontier.size, "", sign_checkpoint(checkpoint, node.key), node.clock.now_us())
    tx.put_checkpoint(row)
    return row


def seal_all(node: Node) -> None:
    """Sign every pair log and record its root in the node log, then sign the node log."""
    with node.store.write() as tx:
        for log in tx.logs():
            before = tx.checkpoint(log)
            if log == NODE_LOG or (before and before.size == tx.frontier(log).size):
                continue
            row = seal(node, tx, log)
            root = tx.frontier(log).root().hex()
            note(node, tx, NODE_LOG, "pair_root", log, {"size": row.size, "root": root})
        seal(node, tx, NODE_LOG)


class LogReport(msgspec.Struct, frozen=True):
    """How one log stands."""

    log: str
    report: Report


def verify(node: Node) -> Iterator[LogReport]:
    """Check every log: entries against leaves, leaves against signed roots, signatures against our key."""
    key = node.key.public_key()
    for log in node.store.logs():
        yield LogReport(log, _verify(node, log, key))


def _verify(node: Node, log: str, key: Ed25519PublicKey) -> Report:
    name = origin(node, log)
    notes = [row.note for row in node.store.checkpoints(log) if row.by == ""]
    return verify_log(node.store.leaf_rows(log), notes, {name: key}, origin=name)
