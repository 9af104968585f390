"""The partners page: what goes to whom, what came, what was consented to and recalled, and how the records stand."""

from collections.abc import Iterator
from typing import Final

from prasan.exchange.histories import checkpoint_of
from prasan.formats.stix_ids import EVENT, INCIDENT, type_of
from prasan.ledger.checkpoint import parse_checkpoint
from prasan.node.acts.consents import known_as, standing
from prasan.node.acts.duties import Duty, duties
from prasan.node.lines.sync import how_it_went
from prasan.node.node import Node
from prasan.node.partners.histories import lost_of
from prasan.node.partners.partner_keys import card_of, confirmed
from prasan.node.recipients import accords_with
from prasan.node.record import NODE_LOG
from prasan.node.releasing.consented import sent_of, steps_of
from prasan.node.releasing.counting import counts
from prasan.release.accord import holding
from prasan.release.explain import explain_steps
from prasan.stores.rows import CheckpointRow, PartnerRow
from prasan.stores.traffic import ConsentRow
from prasan.web.accord_rows import accord_rows
from prasan.web.partner_values import (
    Apart,
    Checkpoint,
    Consent,
    Evidence,
    Partner,
    PartnersPage,
    Recall,
    Resting,
    Synced,
)
from prasan.words import Message, known

APART: Final = 5
"""How many of the latest in quarantine the page names."""


def partners_page(node: Node) -> PartnersPage:
    """All partners and the node's own log."""
    partners = tuple(_partner(node, row) for row in node.store.partners())
    recalls = [one for partner in partners for one in (*partner.recalls, *partner.recalls_in)]
    consents = [one for partner in partners for one in partner.consents]
    return PartnersPage(
        partners,
        _checkpoint(node.store.checkpoint(NODE_LOG)),
        late=tuple(sorted((one for one in recalls if one.standing == "overdue"), key=lambda one: one.deadline)),
        asks=tuple(one for one in consents if (one.side, one.standing) == ("theirs", "asked")),
        proposals=tuple(one for partner in partners for one in partner.accords if one.to_sign),
        own_evidence=_evidence(node, node.id),
        name=node.settings.name,
    )


def _evidence(node: Node, keeper: str) -> tuple[Evidence, ...]:
    """What is held against a node and was not settled; a note that is none (our own, before the first) has no size."""
    rows = node.store.evidence(keeper, open_only=True)
    return tuple(Evidence(one.at_us // 1_000_000, _size(one.held), _size(one.shown)) for one in rows)


def _size(note: str) -> tuple[int, str]:
    if "\n" not in note:
        return 0, ""
    found = checkpoint_of(note)
    return found.size, found.root.hex()


def _partner(node: Node, row: PartnerRow) -> Partner:
    card, store = card_of(row), node.store
    accords = holding(accords_with(node, row.id), node.clock.now())
    counted = counts(node, row.id)
    owed = duties(node, row.id)
    recalls = [_recall(node, one) for one in owed]
    resting = dict.fromkeys(name for one in owed for name in one.resting_on)
    return Partner(
        name=row.name,
        country=card.country,
        mode="real" if any(accord.mode == "real" for accord in accords) else "exercise",
        standing="suspended" if row.suspended else "active" if accords else "no_accord",
        fingerprint=card.fingerprint,
        sync=_synced(node, row),
        released=counted.released,
        sanitised=counted.sanitised,
        withheld=counted.withheld,
        received=store.received_count(row.id),
        quarantined=store.quarantine_counts(row.id),
        recalls=tuple(one for one in recalls if one.sent),
        checkpoint=_checkpoint(store.checkpoint(row.id)),
        recalls_in=tuple(one for one in recalls if not one.sent),
        consents=tuple(_consent(node, one) for one in reversed(store.consents(partner=row.id))),
        trust=tuple(_trust(node, row)),
        accords=accord_rows(node, row),
        apart=tuple(
            Apart(one.object_id, one.reason, one.at_us // 1_000_000)
            for _, one in store.quarantine_rows(row.id, None, APART)
        ),
        evidence=_evidence(node, row.id),
        unconfirmed=not confirmed(store, row),
        resting=tuple(Resting(name, title_of(node, name), page_of(name)) for name in resting),
    )


def _trust(node: Node, row: PartnerRow) -> Iterator[Message]:
    """What an officer should know before believing this partner."""
    if node.store.evidence(row.id, open_only=True):
        yield Message("trust.two_histories")
    if not confirmed(node.store, row):
        yield Message("trust.unconfirmed")
    lost = lost_of(node, row.id)
    if lost is not None:
        yield Message("trust.restored", {"when": lost[0] // 1_000_000, "number": lost[1]})
    untrusted = len(node.store.untrusted(row.id))
    if untrusted:
        yield Message("trust.untrusted", {"number": untrusted})


def sync_of(node: Node) -> tuple[tuple[str, Synced], ...]:
    """Each partner's name, and how the last pull from it went."""
    return tuple((row.name, _synced(node, row)) for row in node.store.partners())


def _synced(node: Node, row: PartnerRow) -> Synced:
    went = how_it_went(node, row)
    return Synced(went.at, went.message, went.failure) if went else Synced()


def _recall(node: Node, one: Duty) -> Recall:
    return Recall(
        target=one.object_id,
        title=title_of(node, one.object_id),
        issued_at=one.begun_us // 1_000_000,
        deadline=one.deadline_us // 1_000_000,
        standing=one.standing,
        answered_at=one.answered_us // 1_000_000 if one.answered_us is not None else None,
        reason=_why(one.reason),
        onward=one.onward,
        to_look_at=len(one.resting_on),
        partner=one.partner,
        sent=one.sent,
    )


def _consent(node: Node, row: ConsentRow) -> Consent:
    consent, partner = sent_of(row), node.store.partner(row.partner)
    purpose = f"purpose.{consent.terms.purpose}"
    steps = explain_steps(steps_of(consent))
    return Consent(
        id=row.id,
        side="ours" if row.side == "ours" else "theirs",
        partner=partner.name if partner else row.partner,
        page=page_of(row.object_id),
        title=title_of(node, row.object_id),
        standing=standing(node, row, consent),
        to=tuple(known_as(node.store, one) for one in consent.terms.recipients),
        purpose=Message(purpose) if known(purpose) else consent.terms.purpose,
        until=int(consent.expires),
        one_version=bool(consent.terms.target_version),
        asked_at=row.asked_us // 1_000_000,
        steps=tuple(Message(step.code, step.params) for step in steps),
        reason=consent.reason,
    )


def _why(code: str) -> str | Message:
    """The code of a recall's reason in words, where there are any."""
    return Message(f"recall.reason.{code}") if known(f"recall.reason.{code}") else ""


def title_of(node: Node, object_id: str) -> str | Message:
    """What an object is in a word or two: the kind of event or attack, or the type."""
    row = node.store.object(object_id)
    for code in (f"kind.{row.kind}", f"attack.{row.kind}") if row is not None else ():
        if known(code):
            return Message(code)
    return object_id.partition("--")[0].replace("_", " ")


PAGES: Final = {EVENT: "/events/", INCIDENT: "/objects/"}
"""Types that have a page of their own, and where."""


def page_of(object_id: str) -> str:
    """The path of its own page, "" if it has none."""
    folder = PAGES.get(type_of(object_id))
    return folder + object_id if folder else ""


def _checkpoint(row: CheckpointRow | None) -> Checkpoint | None:
    if row is None:
        return None
    found = parse_checkpoint(row.note.partition("\n\n")[0] + "\n")
    return Checkpoint(found.origin, found.size, found.root.hex(), row.at_us // 1_000_000)
