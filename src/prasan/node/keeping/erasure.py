"""Taking out of the record what an order says must go, and dropping what we may keep no longer. Both leave a hole.

An erased entry's leaf stays, so the tree still verifies, and an entry says by which order it went. A dropped object's
id, version and hash stay in what its sender vouched for, and an entry of the pair log says that its bytes are gone.
"""

from typing import Final

import msgspec

from prasan.errors import Refused, UsageError
from prasan.exchange.histories import EPOCH
from prasan.ledger.proof import write_proof
from prasan.ledger.verify import LeafRow
from prasan.node.node import Node
from prasan.node.partners.rotation import REVOKED, ROTATED
from prasan.node.record import HOURS_LOG, NODE_LOG, note, seal
from prasan.stores.sqlite.store import Reads

ERASED: Final = "erased"
KEPT: Final = frozenset({ERASED, EPOCH, ROTATED, REVOKED, "init", "hour", "pair_root", "dropped"})
"""Kinds that hold ids and hashes of the node's own workings only, and without which the rest cannot be explained."""
MAX_ORDER: Final = 64


class Place(msgspec.Struct, frozen=True):
    """An entry by its log and its index."""

    log: str
    index: int


def place_of(store: Reads, text: str) -> Place:
    """`LOG:INDEX`, the log being `node`, `hours` or a partner. UsageError says what is wrong."""
    name, _, number = text.rpartition(":")
    partner = store.partner(name)
    log = name if name in (NODE_LOG, HOURS_LOG) else partner.id if partner else ""
    if not log or not number.isdecimal():
        raise UsageError(f"'{text[:80]}' names no entry", "Write LOG:INDEX: node:12, hours:3, or a partner's name:5.")
    size = store.frontier(log).size
    if int(number) >= size:
        raise UsageError(f"the log '{name}' has {size} entries, so none is number {number}", "They count from 0.")
    return Place(log, int(number))


def prove(node: Node, text: str) -> bytes:
    """The portable proof of one entry, under a checkpoint signed now."""
    place = place_of(node.store, text)
    with node.store.write() as tx:
        row = seal(node, tx, place.log)
    return write_proof(_row(node.store, place), node.store.log_inclusion(place.log, place.index, row.size), row.note)


def erase(node: Node, text: str, order: str) -> Place:
    """Delete an entry and its salt by an order, a reference such as `12/2569` and never a name; where it was."""
    if not order.strip() or len(order) > MAX_ORDER or not order.isprintable():
        raise UsageError("the order is not a reference of up to 64 characters", "Give its number, and no names.")
    place = place_of(node.store, text)
    row = _row(node.store, place)
    if row.entry is None:
        raise UsageError(f"{text} was erased before", "See 'prasan ledger verify'.")
    kind = str(msgspec.json.decode(row.entry)["kind"])
    if kind in KEPT:
        raise Refused(f"An entry of kind '{kind}' is not erased: it names nobody, and explains others.", "")
    with node.store.write() as tx:
        tx.erase_entry(place.log, place.index)
        note(node, tx, place.log, ERASED, str(place.index), {"order": order.strip()})
        seal(node, tx, place.log)
    return place


def _row(store: Reads, place: Place) -> LeafRow:
    return next(iter(store.leaf_rows(place.log, place.index)))
