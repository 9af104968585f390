"""Which keys have spoken for a partner, how we came to believe each, and what an officer has compared."""

from typing import Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from prasan.errors import PrasanError, Refused, UsageError
from prasan.exchange.cards import Card, check_confirmed, read_card
from prasan.exchange.http import time_text, time_us
from prasan.exchange.jws import decode64, thumbprint
from prasan.ledger.entry import Detail
from prasan.node.node import Node
from prasan.node.partners.rotation import REVOKED, keep_accords
from prasan.node.record import NODE_LOG, note, note_hand, own_public_keys
from prasan.stores.rows import PartnerRow
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.store import Reads
from prasan.stores.trust import KeyRow

How = Literal["first", "newer", "handed_over", "confirmed_anew"]
"""How a card's key is known: it is the first, the same as before, vouched for by it, or compared by an officer."""
CONFIRMED: Final = "key_confirmed"


def card_of(row: PartnerRow) -> Card:
    """The card a partner was registered by."""
    return read_card(row.card)


def keys_of(store: Reads, row: PartnerRow) -> dict[str, KeyRow]:
    """Every key a partner was known by, by fingerprint; one who came before keys were kept has that of its card."""
    card = card_of(row)
    first = KeyRow(row.id, card.fingerprint, card.key.public_bytes_raw(), row.added_us)
    return {card.fingerprint: first} | {one.thumbprint: one for one in store.node_keys(row.id)}


def confirmed(store: Reads, row: PartnerRow) -> bool:
    """Whether an officer has compared the fingerprint of the partner's key, or of one that handed over to it."""
    return keys_of(store, row)[card_of(row).fingerprint].confirmed_us is not None


def require_confirmed(store: Reads, row: PartnerRow) -> None:
    """Refused while nobody has compared the fingerprint: without an accord nothing is released."""
    if not confirmed(store, row):
        raise Refused(
            f"Nobody has confirmed the fingerprint of {row.name} yet, so no accord with it is signed.",
            f"Compare it by telephone, then say 'prasan partner confirm {row.name} FINGERPRINT'.",
        )


def known_keys(node: Node) -> dict[str, tuple[str, Ed25519PublicKey]]:
    """Thumbprint -> whose key it is or was and the key: ours and every partner's, those that handed over included.

    A key that was revoked speaks for nobody.
    """
    revoked = {row.thumbprint for row in node.store.node_keys(node.id) if row.state == "revoked"}
    found = {thumbprint(key): (node.id, key) for key in own_public_keys(node)}
    for partner in node.store.partners():
        for name, row in keys_of(node.store, partner).items():
            found[name] = partner.id, Ed25519PublicKey.from_public_bytes(row.x)
            if row.state == "revoked":
                revoked.add(name)
    return {name: value for name, value in found.items() if name not in revoked}


def successor(known: PartnerRow, raw: bytes) -> Ed25519PublicKey | None:
    """The key of a card that the known key handed over to; None for any other card."""
    try:
        card = read_card(raw)
    except PrasanError:
        return None
    follows = card.id == known.id and card.successors(card_of(known).fingerprint)
    return card.key if follows else None


class Word(msgspec.Struct, frozen=True):
    """What an officer said with a card: that its fingerprint was compared, and that accords are carried over."""

    confirmed: bool = False
    carry: bool = False


class Succession(msgspec.Struct, frozen=True):
    """What a new card did to a partner's keys: how its key came, and what ended with a revoked one.

    `untrusted`: versions that came since the old key was lost, which the partner must vouch for again.
    """

    how: How
    untrusted: int = 0
    accords_ended: tuple[str, ...] = ()


def succeed(node: Node, tx: Tx, known: PartnerRow | None, card: Card, word: Word) -> Succession:
    """Keep the keys of a card that was checked against the one before it (`cards.check_new_card`)."""
    now_us = node.clock.now_us()
    told = now_us if word.confirmed else None
    if known is None:
        tx.put_node_key(KeyRow(card.id, card.fingerprint, card.key.public_bytes_raw(), now_us, confirmed_us=told))
        return Succession("first")
    old = keys_of(tx, known)[card_of(known).fingerprint]
    if old.thumbprint == card.fingerprint:
        tx.put_node_key(msgspec.structs.replace(old, confirmed_us=told or old.confirmed_us))
        return Succession("newer")
    if card.successors(old.thumbprint):
        _follow(tx, old, card, told)
        return Succession("handed_over")
    return _begin_anew(node, tx, old, card, carry=word.carry)


def _follow(tx: Tx, old: KeyRow, card: Card, told: int | None) -> None:
    """From key to key: each stays good for what it signed, and what was confirmed of the first holds for the last."""
    for says in card.successors(old.thumbprint):
        at_us, raw = time_us(says.at) or 0, decode64(says.new.x)
        tx.put_node_key(msgspec.structs.replace(old, until_us=at_us, state="retired"))
        name = thumbprint(Ed25519PublicKey.from_public_bytes(raw))
        old = KeyRow(card.id, name, raw, at_us, confirmed_us=told or old.confirmed_us)
    tx.put_node_key(old)


def _begin_anew(node: Node, tx: Tx, old: KeyRow, card: Card, *, carry: bool) -> Succession:
    """The old key may be in other hands since a time that the new card names; without one, since it came into use."""
    now_us = node.clock.now_us()
    lost = {one.key: time_us(one.since) or 0 for one in card.revoked}.get(old.thumbprint, old.since_us)
    tx.put_node_key(msgspec.structs.replace(old, until_us=lost, state="revoked"))
    row = KeyRow(card.id, card.fingerprint, card.key.public_bytes_raw(), now_us, confirmed_us=now_us)
    tx.put_node_key(row)
    untrusted = tx.distrust(card.id, lost)
    _, ended = keep_accords(tx, [card.id], lost, carry, now_us)
    detail: Detail = {"old": old.thumbprint, "new": card.fingerprint, "since": time_text(lost), "untrusted": untrusted}
    note(node, tx, card.id, REVOKED, card.id, detail)
    return Succession("confirmed_anew", untrusted, ended)


def confirm_partner(node: Node, name: str, fingerprint: str, by: str = "") -> Card:
    """An officer has compared the fingerprint of a partner over another channel. Refused if it is another."""
    partner = node.store.partner(name)
    if partner is None:
        message = f"there is no partner '{name}'"
        raise UsageError(message, "Add its card with 'prasan partner add'.", code="partner_unknown", name=name)
    card = card_of(partner)
    check_confirmed(card, fingerprint)
    with node.store.write() as tx:
        succeed(node, tx, partner, card, Word(confirmed=True))
        note(node, tx, NODE_LOG, CONFIRMED, card.id, {"fingerprint": card.fingerprint})
        note_hand(node, tx, by, CONFIRMED, card.id)
    return card
