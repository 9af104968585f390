"""What partners say of consents: an ask in our inbox, an answer in a partner's control lane.

What does not fit is kept apart with its reason, so that an officer sees it, and has no effect.
"""

from typing import Final, Literal

import msgspec

from prasan.exchange.intake import Accepted
from prasan.formats.stix_consent import Consent, answer_id, ask_id, read_consent
from prasan.node.acts.consents import CAUGHT_UP, note_consent, say
from prasan.node.acts.obeying import recall_from
from prasan.node.node import Node
from prasan.node.objects import requeue
from prasan.node.releasing.consented import sent_of
from prasan.node.releasing.desk import Desk
from prasan.picture.posted import Item
from prasan.release.accord import successors
from prasan.release.consents import consent_of, whose
from prasan.stores.sqlite import Tx
from prasan.stores.traffic import ConsentRow, Quarantined

Refusal = Literal["not_held", "other_terms", "not_asked", "out_of_order"]
"""`not_held`: we have not sent this to the asker; `other_terms`: the terms are not those of the accord, the ask or the
one who speaks; `not_asked`: we asked that partner nothing of the kind; `out_of_order`: the answer cannot follow what
was answered before."""

REVOKED_ABOVE: Final = "The originator has revoked its consent."


def ask_posted(node: Node, tx: Tx, partner: str, item: Item) -> None:
    """A partner asks for our consent. FormatError if it cannot be read."""
    consent = read_consent(item.raw)
    found = _object_behind(tx, partner, consent)
    refusal = _ask_refused(node, tx, partner, item, consent) or ("not_held" if found is None else None)
    if refusal or found is None:
        _keep_apart(tx, node, partner, (item.id, item.version, refusal or "not_held", item.raw))
        return
    now_us = node.clock.now_us()
    row = ConsentRow("theirs", item.id, partner, found, "asked", msgspec.json.encode(consent), now_us, now_us)
    if tx.put_consent(row):
        note_consent(node, tx, row, consent)


def _object_behind(tx: Tx, partner: str, consent: Consent) -> str | None:
    """The object that the partner holds under this id and in this version; None if it holds none from us.

    Only what it was sent is looked at: whether there is such an object makes no difference.
    """
    target, version = consent.terms.target_id, consent.terms.target_version
    object_id = tx.mapped_back(partner, target) or target
    held = [row for row in tx.held_views(partner, object_id) if row.view_id == target]
    return object_id if any(version in ("", row.version) for row in held) else None


def _ask_refused(node: Node, tx: Tx, partner: str, item: Item, consent: Consent) -> Refusal | None:
    """Asks count from their own requester, under an accord with it that is in force, for a time to come."""
    terms, case = consent.terms, Desk(node, tx).cases[partner]
    known = tx.consent("theirs", item.id)
    if known is not None and sent_of(known).terms != terms:
        return "out_of_order"
    fits = (
        consent.state == "asked"
        and terms.requester == partner
        and item.id == ask_id(terms)
        and case.terms is not None
        and not successors(terms.accord, case.recipient.accords).isdisjoint(case.terms.accords)
        and terms.purpose in case.terms.purposes
        and consent.expires > node.clock.now()
        and not {node.id, partner} & {one.id for one in terms.recipients}
    )
    return None if fits else "other_terms"


def answer_pulled(node: Node, tx: Tx, partner: str, one: Accepted) -> None:
    """A partner answers what we asked, or takes it back. FormatError if it cannot be read."""
    consent = read_consent(one.raw)
    row = tx.consent("ours", consent.answers)
    if row is not None and consent == sent_of(row) and row.partner == partner:
        requeue(node, tx, row.object_id)  # read once more; it may be vouched for anew
        return
    refusal = _answer_refused(partner, one, row, consent)
    if refusal is None and row is not None:
        kept = msgspec.structs.replace(
            row, state=consent.state, body=msgspec.json.encode(consent), changed_us=node.clock.now_us()
        )
        refusal = None if tx.change_consent(kept, one.header.version) else "out_of_order"
        if refusal is None:
            note_consent(node, tx, kept, consent)
            _take_effect(node, tx, kept, consent)
    if refusal is not None:
        _keep_apart(tx, node, partner, (one.header.id, one.header.version, refusal, one.raw))


def _answer_refused(partner: str, one: Accepted, row: ConsentRow | None, consent: Consent) -> Refusal | None:
    if row is None or row.partner != partner or one.header.id != answer_id(partner, row.id):
        return "not_asked"
    before = sent_of(row)
    if (before.state, consent.state) not in CAUGHT_UP:
        return "out_of_order"
    return "other_terms" if consent.terms != before.terms or consent.expires > before.expires else None


def _take_effect(node: Node, tx: Tx, row: ConsentRow, consent: Consent) -> None:
    """The object is decided again, at once: pages end before it until it is."""
    requeue(node, tx, row.object_id)
    if consent.state != "revoked":
        return
    desk = Desk(node, tx)
    if consent.recall_onward:
        for one in consent.terms.recipients:
            if one.id in desk.cases:
                recall_from(desk, one.id, row.object_id, None)
    _revoke_below(desk, row.object_id, recall_onward=consent.recall_onward)


def revoke_fallen(node: Node) -> None:
    """Revoke what we consented to by a consent that has fallen with its accord: nobody says that of it."""
    passed_on = {row.object_id for row in node.store.consents("theirs") if row.state == "given"}
    if not passed_on:
        return
    with node.store.write() as tx:
        desk = Desk(node, tx)
        for object_id in sorted(passed_on):
            _revoke_below(desk, object_id, recall_onward=False)


def _revoke_below(desk: Desk, object_id: str, *, recall_onward: bool) -> None:
    """Consents of ours that rested on one that stands no longer are revoked; what is over by the clock is over."""
    now = desk.now_us / 1e6
    for row in desk.tx.consents_on(object_id, "theirs"):
        sent, subject = sent_of(row), desk.subject(object_id, row.partner)
        purposes = frozenset({sent.terms.purpose})
        stands = subject is not None and all(
            consent_of(originator, subject.facts, to.id, purposes, now)
            for to in sent.terms.recipients
            for originator in whose(subject.facts, to.id)
        )
        if not stands and sent.expires > now:
            after = msgspec.structs.replace(sent, state="revoked", answers=row.id, recall_onward=recall_onward)
            say(desk, row, msgspec.structs.replace(after, reason=REVOKED_ABOVE))


def _keep_apart(tx: Tx, node: Node, partner: str, what: tuple[str, str, Refusal, bytes]) -> None:
    object_id, version, refusal, raw = what
    tx.put_quarantined(Quarantined(partner, object_id, version, refusal, raw, node.clock.now_us()))
