"""Partners by card, accords by both signatures, the policy by an officer's word; each on record."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from prasan.errors import AccordError, Refused, UsageError
from prasan.exchange.accords import SignedAccord, countersign, propose, read_signed
from prasan.exchange.cards import Card, check_confirmed, check_new_card, issue_card, node_key, read_card
from prasan.exchange.http import time_text, time_us
from prasan.exchange.jws import thumbprint
from prasan.formats.stix_accord import AccordNews
from prasan.ledger.entry import Detail
from prasan.node.node import Node
from prasan.node.objects import recipient_ids
from prasan.node.partners.accords import send
from prasan.node.partners.partner_keys import Word, card_of, known_keys, require_confirmed, succeed
from prasan.node.partners.rotation import ROTATED, handovers, revoked_keys
from prasan.node.record import NODE_LOG, note
from prasan.node.releasing.outlooks import refresh
from prasan.release.accord import parse_accord
from prasan.release.policy import parse_policy
from prasan.release.rules import Policy
from prasan.stores.rows import AccordRow, PartnerRow
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.store import Reads

OWN_CARD: Final = "own_card"


def own_card(node: Node) -> bytes:
    """This node's card: the same bytes until something in it changes, so that partners can ask for a later one."""
    listen, key, rows = node.settings.listen, node.key, node.store.node_keys(node.id)
    says = Card(
        card=1,
        id=node.id,
        name=node.settings.name,
        country=node.settings.country,
        node_key=node_key(key.public_key()),
        web_url=f"https://{listen.host}:{listen.port}",
        peer_url=f"https://{listen.host}:{listen.peer_port}",
        peer_certificate="".join(path.read_text(encoding="ascii") for path in node.home.peer_certificates),
        issued_at="",
        handovers=handovers(rows, thumbprint(key.public_key())),
        revoked=revoked_keys(rows),
    )
    last = node.store.meta(OWN_CARD)
    before = read_card(last.encode()) if last else None
    if last and before and msgspec.structs.replace(before, issued_at="") == says:
        return last.encode()
    at_us = max(node.clock.now_us(), (time_us(before.issued_at) or 0) + 1 if before else 0)
    raw = issue_card(msgspec.structs.replace(says, issued_at=time_text(at_us)), key)
    with node.store.write() as tx:
        tx.set_meta(OWN_CARD, raw.decode())
    return raw


def add_partner(node: Node, raw: bytes, confirm: str | None = None, *, carry: bool = False) -> Card:
    """Register a partner, or take its newer card, and have everything decided for it. The same card changes nothing.

    `confirm` is the fingerprint that an officer compared over another channel; a key that the one before it did not
    hand over to is taken only so, and then the accords that were in force before that was lost end, or with `carry`
    stand. Refused if the card claims an id that is not its own, is older than the one here or has another fingerprint.
    """
    card = read_card(raw)
    known = node.store.partner(card.id)
    if confirm is not None:
        check_confirmed(card, confirm)
    same = known is not None and known.card == raw
    if not same:
        check_new_card(card, node.id, card_of(known) if known else None, confirmed=confirm is not None)
    namesake = node.store.partner(card.name)
    if namesake is not None and namesake.id != card.id:
        raise UsageError(f"another partner is called '{card.name}' already", "Ask one of them for another name.")
    if not same or confirm is not None:
        _keep(node, known, raw, Word(confirm is not None, carry))
    return card


def _keep(node: Node, known: PartnerRow | None, raw: bytes, word: Word) -> None:
    """A card that holds: its keys, how they came, on record; and decisions anew where accords may have ended."""
    card, now_us = read_card(raw), node.clock.now_us()
    with node.store.write() as tx:
        done = succeed(node, tx, known, card, word)
        tx.put_partner(PartnerRow(card.id, card.name, raw, now_us, known.suspended if known else False))
        detail: Detail = {"fingerprint": card.fingerprint, "how": done.how, "confirmed": word.confirmed}
        note(node, tx, NODE_LOG, "partner", card.id, detail)
        if done.how == "handed_over":
            note(node, tx, card.id, ROTATED, card.id, {"new": card.fingerprint})
        if done.how in ("first", "confirmed_anew"):
            requeue_all(node, tx, [card.id])


def take_card(node: Node, partner: str, raw: bytes) -> None:
    """A card that came from a partner's own node. Refused if it is another's, or its key was not handed over to."""
    card = read_card(raw)
    known = node.store.partner(partner)
    if card.id != partner or known is None:
        raise Refused(f"The card is not that of {partner}.", "A node brings its own card only.")
    before = card_of(known)
    if card.issued_at != before.issued_at:
        add_partner(node, raw)


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
    """Have decided anew what fares differently for these recipients. Until it is, pages end before its first row."""
    refresh(node, tx, recipients)


def propose_accord(node: Node, text: bytes) -> bytes:
    """Our signature on an accord's text; the file for the other side."""
    signed = propose(text, node.key)
    accord = parse_accord(text)
    with node.store.write() as tx:
        tx.put_accord(AccordRow(accord.hash, accord.name, text, signed, "proposed", node.clock.now_us()))
        note(node, tx, NODE_LOG, "accord_proposed", accord.hash, {})
        send(node, tx, accord, AccordNews(accord.hash, signed.decode()), "proposed")
    return signed


def accept_accord(node: Node, signed: bytes) -> tuple[bytes, SignedAccord]:
    """Countersign, or take in what the other side has countersigned; in force once both signatures are on it."""
    owners = known_keys(node)
    keys = {name: key for name, (_, key) in owners.items()}
    both = countersign(signed, node.key, keys)
    found = read_signed(both, keys)
    _check_parties(node, found, owners)
    state: Literal["in_force", "proposed"] = "in_force" if found.complete else "proposed"
    other = found.accord.other(node.id).id
    with node.store.write() as tx:
        now_us = node.clock.now_us()
        tx.put_accord(AccordRow(found.accord.hash, found.accord.name, found.text, both, state, now_us))
        note(node, tx, other, "accord", found.accord.hash, {"state": state})
        requeue_all(node, tx, recipient_ids(tx))
        send(node, tx, found.accord, AccordNews(found.accord.hash, both.decode()), "signed")
    return both, found


def _check_parties(node: Node, found: SignedAccord, owners: Mapping[str, tuple[str, Ed25519PublicKey]]) -> None:
    """The ids in the accord must be those of the nodes whose keys it names, and the other's an officer confirmed."""
    for party in found.accord.parties:
        if party.key not in owners or owners[party.key][0] != party.id:
            raise AccordError(
                f"the accord's party '{party.name}' is not a registered partner with that key",
                "Add the partner's card first, and compare its id and fingerprint with the accord.",
            )
    other = node.store.partner(found.accord.other(node.id).id)
    if other is not None:
        require_confirmed(node.store, other)


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
