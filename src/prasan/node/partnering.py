"""Partners by card, accords by both signatures, the policy by an officer's word; each on record."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from prasan.errors import AccordError, UsageError
from prasan.exchange.accords import SignedAccord, countersign, propose, read_signed
from prasan.exchange.cards import Card, check_new_card, issue_card, node_key, read_card
from prasan.exchange.http import time_text
from prasan.exchange.jws import thumbprint
from prasan.node.node import Node
from prasan.node.objects import recipient_ids
from prasan.node.record import NODE_LOG, note
from prasan.release.accord import parse_accord
from prasan.release.policy import parse_policy
from prasan.release.rules import Policy
from prasan.stores.rows import AccordRow, PartnerRow
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.store import Reads


def own_card(node: Node) -> bytes:
    """This node's card, signed now."""
    listen = node.settings.listen
    _, certificate = node.home.tls("peer")
    card = Card(
        card=1,
        id=node.id,
        name=node.settings.name,
        country=node.settings.country,
        node_key=node_key(node.key.public_key()),
        web_url=f"https://{listen.host}:{listen.port}",
        peer_url=f"https://{listen.host}:{listen.peer_port}",
        peer_certificate=certificate.read_text(encoding="ascii"),
        issued_at=time_text(node.clock.now_us()),
    )
    return issue_card(card, node.key)


def card_of(row: PartnerRow) -> Card:
    """The card a partner was registered by."""
    return read_card(row.card)


def add_partner(node: Node, raw: bytes) -> Card:
    """Register a partner, or take its newer card, and have everything decided for it.

    Refused if the card claims an id that is not its own, or is older than the one here.
    """
    card = read_card(raw)
    known = node.store.partner(card.id)
    check_new_card(card, node.id, card_of(known) if known else None)
    namesake = node.store.partner(card.name)
    if namesake is not None and namesake.id != card.id:
        raise UsageError(f"another partner is called '{card.name}' already", "Ask one of them for another name.")
    with node.store.write() as tx:
        now_us = node.clock.now_us()
        tx.put_partner(PartnerRow(card.id, card.name, raw, now_us, known.suspended if known else False))
        note(node, tx, NODE_LOG, "partner", card.id, {"fingerprint": card.fingerprint})
        requeue_all(node, tx, [card.id])
    return card


def suspend(node: Node, name: str, suspended: bool) -> None:
    """Stop everything to a partner now, or let it go on. Pages are held back from this moment."""
    partner = node.store.partner(name)
    if partner is None:
        known = ", ".join(one.name for one in node.store.partners()) or "none yet"
        raise UsageError(f"there is no partner '{name}' (registered: {known})", "Name one of them.")
    with node.store.write() as tx:
        tx.suspend(partner.id, suspended)
        note(node, tx, NODE_LOG, "suspend" if suspended else "resume", partner.id, {})
        requeue_all(node, tx, [partner.id])


def requeue_all(node: Node, tx: Tx, recipients: list[str]) -> None:
    """Have every object decided anew for these recipients. Until it is, pages end before the first stale row."""
    for recipient in recipients:
        tx.set_all_due(recipient, node.clock.now_us())


def known_keys(node: Node) -> dict[str, Ed25519PublicKey]:
    """Thumbprint -> key, ours and every partner's."""
    keys = [node.key.public_key(), *(card_of(row).key for row in node.store.partners())]
    return {thumbprint(key): key for key in keys}


def propose_accord(node: Node, text: bytes) -> bytes:
    """Our signature on an accord's text; the file for the other side."""
    signed = propose(text, node.key)
    accord = parse_accord(text)
    with node.store.write() as tx:
        tx.put_accord(AccordRow(accord.hash, accord.name, text, signed, "proposed", node.clock.now_us()))
        note(node, tx, NODE_LOG, "accord_proposed", accord.hash, {})
    return signed


def accept_accord(node: Node, signed: bytes) -> tuple[bytes, SignedAccord]:
    """Countersign, or take in what the other side has countersigned; in force once both signatures are on it."""
    keys = known_keys(node)
    both = countersign(signed, node.key, keys)
    found = read_signed(both, keys)
    _check_parties(node, found, keys)
    state: Literal["in_force", "proposed"] = "in_force" if found.complete else "proposed"
    other = found.accord.other(node.id).id
    with node.store.write() as tx:
        now_us = node.clock.now_us()
        tx.put_accord(AccordRow(found.accord.hash, found.accord.name, found.text, both, state, now_us))
        note(node, tx, other, "accord", found.accord.hash, {"state": state})
        requeue_all(node, tx, [other])
    return both, found


def _check_parties(node: Node, found: SignedAccord, keys: Mapping[str, Ed25519PublicKey]) -> None:
    """The ids in the accord must be those of the cards whose keys it names."""
    ids = {thumbprint(card_of(row).key): row.id for row in node.store.partners()}
    ids[thumbprint(node.key.public_key())] = node.id
    for party in found.accord.parties:
        if party.key not in keys or ids[party.key] != party.id:
            raise AccordError(
                f"the accord's party '{party.name}' is not a registered partner with that key",
                "Add the partner's card first, and compare its id and fingerprint with the accord.",
            )


class Adopted(msgspec.Struct, frozen=True):
    """A policy put in force: its number, its hash, how many rules."""

    number: int
    hash: str
    rules: int


def adopt_policy(node: Node, text: bytes, by: str) -> Adopted:
    """Put a policy in force and have everything decided anew. AccordError if it does not hold."""
    policy = parse_policy(text)
    check_names(node.store, policy)
    with node.store.write() as tx:
        number = tx.adopt_policy(sha256(text).hexdigest(), text, by, node.clock.now_us())
        note(node, tx, NODE_LOG, "policy", policy.hash, {"number": number, "rules": len(policy.rules)})
        requeue_all(node, tx, recipient_ids(tx))
    return Adopted(number, policy.hash, len(policy.rules))


def check_names(store: Reads, policy: Policy) -> None:
    """Every recipient a rule names must be known: a misspelt partner would silently get nothing."""
    known = {"partners", *recipient_ids(store), *(one.name for one in store.partners())}
    for rule in policy.rules:
        unknown = sorted(rule.to - known)
        if unknown:
            raise AccordError(
                f"rule '{rule.id}' (line {rule.line}) names '{unknown[0]}', which is no recipient here",
                f"Use one of: {', '.join(sorted(known))}.",
            )
