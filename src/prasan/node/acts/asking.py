"""Asking the originator of an object for its consent to pass it on (docs/wire.md, section 8)."""

from typing import Final

import msgspec

from prasan.errors import UsageError
from prasan.formats.stix_build import Stamp
from prasan.formats.stix_consent import Consent, Terms, ask_id, consent_object, onto
from prasan.formats.stix_ids import is_id
from prasan.node.acts.choosing import purpose_of
from prasan.node.acts.consents import DAY_S, note_consent
from prasan.node.node import Node
from prasan.node.record import note_hand
from prasan.node.releasing.consented import sent_of
from prasan.node.releasing.desk import Desk
from prasan.picture.marking import PUBLIC
from prasan.release.accord import Accord
from prasan.stores.rows import OWN, ObjectRow
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.store import Reads
from prasan.stores.traffic import ConsentRow, Outgoing

DEFAULT_DAYS: Final = 30
HOUR_S: Final = 3600


class Ask(msgspec.Struct, frozen=True):
    """What a holder asks for: an object for a partner (by name) or a node that its originator knows (by identity id),
    a purpose (None: the only one possible), for how many days, and whether later versions too."""

    object_id: str
    to: str
    purpose: str | None = None
    days: int = DEFAULT_DAYS
    all_versions: bool = False


def ask(node: Node, asked: Ask, by: str = "") -> ConsentRow:
    """Ask the originator of an object that came from a partner. UsageError says why that cannot be asked."""
    with node.store.write() as tx:
        row = _held(tx, asked.object_id)
        accord = _accord(node, tx, row)
        recipient = _recipient(tx, asked.to, row.origin)
        terms = Terms(
            nonce=node.clock.uuid(f"{row.origin}/{row.id}/consent"),
            accord=accord.hash,
            target_id=row.id,
            target_version="" if asked.all_versions else row.version,
            requester=node.id,
            recipients=onto([recipient]),
            purpose=_purpose(asked.purpose, accord, row),
        )
        consent = Consent(terms=terms, state="asked", expires=_until(node, asked.days, row, accord))
        _not_twice(tx, consent)
        sent = _send_ask(node, tx, row, consent)
        note_hand(node, tx, by, "consent_asked", sent.id)
        return sent


def _not_twice(tx: Tx, consent: Consent) -> None:
    """UsageError if an ask that says the same, to the hour, waits for its answer: a form may be sent twice."""
    for row in tx.consents_on(consent.terms.target_id, "ours", "asked"):
        before = sent_of(row)
        same = msgspec.structs.replace(before.terms, nonce=consent.terms.nonce) == consent.terms
        if same and abs(before.expires - consent.expires) < HOUR_S:
            raise UsageError("this was asked before and waits", "See 'prasan consent list'.", code="consent_asked")


def _send_ask(node: Node, tx: Tx, row: ObjectRow, consent: Consent) -> ConsentRow:
    now_us = node.clock.now_us()
    kept = ConsentRow(
        "ours", ask_id(consent.terms), row.origin, row.id, "asked", msgspec.json.encode(consent), now_us, now_us
    )
    tx.put_consent(kept)
    raw = consent_object(consent, Stamp(node.id, now_us / 1e6, now_us / 1e6), PUBLIC)
    tx.queue_outgoing(Outgoing(kept.id, row.origin, raw, now_us))
    note_consent(node, tx, kept, consent)
    return kept


def _held(tx: Tx, object_id: str) -> ObjectRow:
    row = tx.object(object_id)
    if row is None or row.status == "withdrawn":
        raise UsageError(
            f"there is no object {object_id} here", "Copy the id from the object's page.", code="object_unknown"
        )
    if row.origin == OWN:
        raise UsageError(
            f"{object_id} is our own", "Nobody's consent is needed: the policy decides who gets it.", code="object_ours"
        )
    return row


def _accord(node: Node, tx: Tx, row: ObjectRow) -> Accord:
    """The accord with the originator that the ask quotes: of several in force the one that ends last."""
    sender = Desk(node, tx).cases.get(row.origin)
    if sender is None or sender.terms is None:
        raise UsageError(
            "no accord with its sender is in force", "Without one nothing of it can be passed on.", code="accord_none"
        )
    if sender.terms.onward == "never":
        raise UsageError(
            f"the accord with {sender.recipient.name} says that nothing is passed on",
            "No consent can change that: agree on another accord first.",
            code="accord_never",
            who=sender.recipient.name,
        )
    in_force = [one for one in sender.recipient.accords if one.hash in sender.terms.accords]
    return max(in_force, key=lambda one: (one.valid_until, one.hash))


def _recipient(tx: Reads, to: str, originator: str) -> tuple[str, str]:
    """Identity id and name of whom it is for."""
    partner = tx.partner(to)
    found = (partner.id, partner.name) if partner else (to, "")
    if found[0] == originator:
        raise UsageError(f"it came from {found[1]}", "Name somebody else.", code="consent_back", who=found[1])
    if not (found[0].startswith("identity--") and is_id(found[0])):
        known = ", ".join(one.name for one in tx.partners() if one.id != originator) or "none yet"
        raise UsageError(
            f"there is no partner '{to}' (registered: {known})",
            "Name one, or an identity id.",
            code="partner_unknown",
            name=to,
        )
    return found


def _purpose(asked: str | None, accord: Accord, row: ObjectRow) -> str:
    """One that the accord and the object's marking allow."""
    allowed = accord.purposes if row.marking.purposes is None else accord.purposes & row.marking.purposes
    return purpose_of(asked, allowed, "accord and marking allow")


def _until(node: Node, days: int, row: ObjectRow, accord: Accord) -> float:
    """The end asked for: never after the accord's or the marking's own."""
    ends = [node.clock.now() + days * DAY_S, accord.valid_until]
    return float(min([*ends, *([row.marking.expires] if row.marking.expires is not None else [])]))
