"""A new epoch: every collection gets a new id and every log a new name, and each log says why (docs/wire.md, 6, 11).

Partners then read everything from the start, and equal versions change nothing.
"""

from typing import Literal

from prasan.exchange.histories import EPOCH
from prasan.ledger.entry import Detail
from prasan.node.node import Node
from prasan.node.record import HOURS_LOG, NODE_LOG, note
from prasan.stores.sqlite import Tx

Why = Literal["restore", "key_revoked"]


def begin(node: Node, tx: Tx, why: Why) -> str:
    """Begin a new epoch in this transaction; its UUID. Each log first says where it stood when the old one ended."""
    before, new = tx.epoch(), node.clock.uuid("epoch")
    for log in sorted({NODE_LOG, HOURS_LOG, *tx.logs(), *(one.id for one in tx.partners())}):
        frontier = tx.frontier(log)
        detail: Detail = {"before": before, "why": why, "size": frontier.size, "root": frontier.root().hex()}
        tx.put_epoch_index(log, note(node, tx, log, EPOCH, new, detail))
    tx.set_epoch(new)
    return new
