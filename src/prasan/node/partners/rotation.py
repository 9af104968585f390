"""The node's own keys over time: handed over in peace, revoked in need, and the certificate of the peer port.

A private key that was handed over is not kept: what it signed is checked with the public one, which is, and whoever
found it in an old copy could hand over to a key of their own.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prasan.errors import UsageError
from prasan.exchange.acks import Ours
from prasan.exchange.cards import MAX_HANDOVERS, RevokedKey, hand_over
from prasan.exchange.http import time_text
from prasan.exchange.jws import thumbprint
from prasan.ledger.entry import Detail
from prasan.node import epochs
from prasan.node.keys import new_node_key, replace_durably
from prasan.node.node import Node
from prasan.node.record import NODE_LOG, note, own_public_keys, seal_all
from prasan.node.releasing.outlooks import refresh
from prasan.release.accord import parse_accord
from prasan.stores.sqlite import Tx
from prasan.stores.trust import KeyRow

ROTATED: Final = "key_rotated"
REVOKED: Final = "key_revoked"


class Change(msgspec.Struct, frozen=True):
    """A change of our key: the fingerprints before and after; for a revocation the accords that stand and that end."""

    old: str
    new: str
    carried: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()


def signer(node: Node) -> Ours:
    """This node as a signer, with the keys it signed by before."""
    current = node.key
    earlier = tuple(key for key in own_public_keys(node) if key != current.public_key())
    return Ours(node.id, current, earlier)


def handovers(rows: Sequence[KeyRow], fingerprint: str) -> tuple[str, ...]:
    """What leads from our older keys to this one, oldest first; nothing leads over a key that was revoked."""
    chain: tuple[str, ...] = ()
    for row in rows:
        chain = (*chain, row.handover) if row.handover else ()
        if row.thumbprint == fingerprint:
            return chain[-MAX_HANDOVERS:]
    return ()


def revoked_keys(rows: Sequence[KeyRow]) -> tuple[RevokedKey, ...]:
    """The keys of ours that others may hold."""
    return tuple(RevokedKey(row.thumbprint, time_text(row.until_us or 0)) for row in rows if row.state == "revoked")


def rotate(node: Node) -> Change:
    """Hand over to a new key. Partners follow by themselves, at their next pull; accords and ids stay as they are."""
    old = node.key
    new = _make_coming(node)
    with node.store.write() as tx:
        at_us = _later(node, tx)
        word = hand_over(node.id, old, new.public_key(), time_text(at_us))
        change = _succeed(tx, (old, new), KeyRow(node.id, "", b"", at_us, handover=word), None)
        for log in (NODE_LOG, *(one.id for one in tx.partners())):
            note(node, tx, log, ROTATED, node.id, {"old": change.old, "new": change.new})
    replace_durably(node.home.coming_key, node.home.node_key)
    seal_all(node)
    return change


def revoke(node: Node, since_us: int, *, carry: bool) -> Change:
    """Begin anew with a key that the old one did not vouch for, since others may hold that.

    What it signed from `since_us` on counts for nothing. Every partner must confirm the new card over another channel.
    With `carry`, accords that were in force here before then stand; all others end. A new epoch begins, so that
    partners have everything vouched for again.
    """
    if since_us > node.clock.now_us():
        raise UsageError(
            "the time from which the key is not trusted lies ahead", "Give the time it may have been lost."
        )
    old = node.key
    new = _make_coming(node)
    with node.store.write() as tx:
        change = _succeed(tx, (old, new), KeyRow(node.id, "", b"", _later(node, tx)), since_us)
        carried, ended = keep_accords(tx, [one.id for one in tx.partners()], since_us, carry, node.clock.now_us())
        epochs.begin(node, tx, "key_revoked")
        detail: Detail = {
            "old": change.old,
            "new": change.new,
            "since": time_text(since_us),
            "accords_ended": len(ended),
        }
        for log in (NODE_LOG, *(one.id for one in tx.partners())):
            note(node, tx, log, REVOKED, node.id, detail)
        refresh(node, tx, [partner.id for partner in tx.partners()])
    replace_durably(node.home.coming_key, node.home.node_key)
    seal_all(node)
    return msgspec.structs.replace(change, carried=carried, ended=ended)


def keep_accords(
    tx: Tx, partners: Sequence[str], since_us: int, carry: bool, now_us: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """After a key was revoked: the accords with these partners that stand, and those that end.

    One stands if an officer carries it over and it was in force here before the key was lost, as our record shows.
    """
    carried, ended = list[str](), list[str]()
    for row in tx.accords("in_force"):
        accord = parse_accord(row.raw)
        if not any(accord.party(one) for one in partners):
            continue
        if carry and row.changed_us < since_us:
            carried.append(row.name)
        else:
            ended.append(row.name)
            tx.put_accord(msgspec.structs.replace(row, state="ended", changed_us=now_us))
    return tuple(carried), tuple(ended)


def _make_coming(node: Node) -> Ed25519PrivateKey:
    """A new key beside the one in use; what an earlier change left there never came into use."""
    node.home.coming_key.unlink(missing_ok=True)
    return new_node_key(node.home.coming_key)


def _later(node: Node, tx: Tx) -> int:
    """Now, or just after the last change: keys have an order."""
    return max([node.clock.now_us(), *(row.since_us + 1 for row in tx.node_keys(node.id))])


def _succeed(tx: Tx, keys: tuple[Ed25519PrivateKey, Ed25519PrivateKey], new: KeyRow, lost_us: int | None) -> Change:
    """Put the new key in the old one's place in the store; from this commit on it is the node's key."""
    old_key, new_key = (key.public_key() for key in keys)
    old, fresh = thumbprint(old_key), thumbprint(new_key)
    known = {row.thumbprint: row for row in tx.node_keys(new.node)}
    before = known.get(old) or KeyRow(new.node, old, old_key.public_bytes_raw(), 0)
    ended = (new.since_us, "retired") if lost_us is None else (lost_us, "revoked")
    tx.put_node_key(msgspec.structs.replace(before, until_us=ended[0], state=ended[1]))
    tx.put_node_key(msgspec.structs.replace(new, thumbprint=fresh, x=new_key.public_bytes_raw()))
    return Change(old, fresh)
