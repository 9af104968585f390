"""Passing on what a partner sent: asking its originator, and giving, refusing and revoking consent (docs/wire.md, 8).

One consent is one ask with its answer. Each change is on record in the pair logs of both sides.
"""

from hashlib import sha256
from typing import Final

import msgspec

from prasan.errors import UsageError
from prasan.formats.stix import format_time
from prasan.formats.stix_build import Stamp
from prasan.formats.stix_consent import Consent, Group, Onto, State, answer_id, consent_object
from prasan.formats.stix_ids import ids_in
from prasan.ledger.entry import Detail
from prasan.node.acts.choosing import by_end
from prasan.node.node import Node
from prasan.node.objects import STEP_S
from prasan.node.recipients import accords_with
from prasan.node.record import note, note_hand
from prasan.node.releasing.consented import end_of, sent_of, steps_of
from prasan.node.releasing.desk import Desk
from prasan.picture.marking import PUBLIC, Tlp
from prasan.release.consents import consent_of, whose
from prasan.release.rules import Steps
from prasan.stores.rows import NewView
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.store import Reads
from prasan.stores.traffic import ConsentRow

DAY_S: Final = 86_400

MOVES: Final[frozenset[tuple[State, State]]] = frozenset({
    ("asked", "given"), ("asked", "refused"), ("given", "revoked"),
})  # fmt: skip
"""How a consent goes on, by the originator's word alone."""

CAUGHT_UP: Final = MOVES | {("asked", "revoked")}
"""The same as its requester may hear it: what was given and revoked between two pulls comes as revoked."""


class Answer(msgspec.Struct, frozen=True):
    """What an originator answers. `days` shortens what was asked for; `recall_onward` goes with a revocation."""

    state: State
    reason: str = ""
    days: int | None = None
    steps: Steps = Steps()
    recall_onward: bool = False


def note_consent(node: Node, tx: Tx, row: ConsentRow, consent: Consent) -> None:
    """A change of a consent, on record in the pair log."""
    to = tuple(one.id for one in consent.terms.recipients)
    detail: Detail = {"target": consent.terms.target_id, "to": to, "until": format_time(consent.expires)}
    note(node, tx, row.partner, f"consent_{consent.state}", row.id, detail)


def answer(node: Node, name: str, given: Answer, by: str = "") -> ConsentRow:
    """Give, refuse or revoke a consent that was asked of us (`name`: its id, or the end of it), on the asker's lane."""
    if ids_in(given.reason):
        raise UsageError(
            "the reason names an object's id", "Say it without ids: the partner knows them by others.", code="names_id"
        )
    with node.store.write() as tx:
        row = _answer(Desk(node, tx), find(tx, "theirs", name), given)
        note_hand(node, tx, by, f"consent_{given.state}", row.id)
        return row


def find(store: Reads, side: str, name: str) -> ConsentRow:
    """A consent by its id or by the end of it. UsageError if there is none or more than one."""
    return by_end(store.consents(side), name, "consent")


def _answer(desk: Desk, row: ConsentRow, given: Answer) -> ConsentRow:
    before = sent_of(row)
    if (before.state, given.state) not in MOVES:
        raise UsageError(
            f"this consent is {before.state}, so it cannot be {given.state}",
            "See 'prasan consent list'.",
            code="consent_moved",
            state=f"consent.{before.state}",
        )
    after = msgspec.structs.replace(
        before, state=given.state, answers=row.id, reason=given.reason, recall_onward=given.recall_onward
    )
    if given.state == "given":
        after = _within(desk, row, _with_steps(desk, after, given))
    return say(desk, row, after)


def _with_steps(desk: Desk, consent: Consent, given: Answer) -> Consent:
    now = desk.now_us / 1e6
    until = consent.expires if given.days is None else min(consent.expires, now + given.days * DAY_S)
    if until <= now:
        raise UsageError(
            "what was asked for is over by now", "Refuse it; the partner may ask again.", code="consent_over"
        )
    return _coarser(msgspec.structs.replace(consent, expires=until), given.steps)


def _coarser(consent: Consent, steps: Steps) -> Consent:
    """The consent with at least these steps."""
    joined = steps_of(consent).join(steps)
    drop = tuple(group for group in GROUPS if group in joined.drop)
    return msgspec.structs.replace(consent, place_deg=joined.place_deg, time_min=joined.time_min, drop=drop)


GROUPS: Final[tuple[Group, ...]] = ("evidence", "identity", "text")


def _within(desk: Desk, row: ConsentRow, consent: Consent) -> Consent:
    """Never more than we may pass on ourselves: what we have from others needs their consent for the same node."""
    subject = desk.subject(row.object_id, row.partner)
    if subject is None or subject.row.status == "withdrawn":
        raise UsageError("the object is not here any more", "Refuse it.", code="consent_gone")
    facts, purposes = subject.facts, frozenset({consent.terms.purpose})
    for one in consent.terms.recipients:
        for originator in sorted(whose(facts, one.id)):
            above = consent_of(originator, facts, one.id, purposes, desk.now_us / 1e6)
            if above is None or facts.onward == "never":
                who = desk.cases[originator].recipient.name if originator in desk.cases else originator
                raise UsageError(
                    f"it came from {who}, who has not consented",
                    f"Ask first: prasan consent ask … --to {one.id}",
                    code="consent_above",
                    who=who,
                )
            until = consent.expires if above.expires is None else min(consent.expires, above.expires)
            consent = _coarser(msgspec.structs.replace(consent, expires=until), above.steps)
    return consent


def say(desk: Desk, row: ConsentRow, consent: Consent) -> ConsentRow:
    """The answer as a row of the asker's control lane, kept here and on record."""
    node, tx, case = desk.node, desk.tx, desk.cases[row.partner]
    first_us = row.answered_us if row.answered_us is not None else desk.now_us
    modified = max(desk.now_us / 1e6, (row.changed_us / 1e6 + STEP_S) if row.answered_us is not None else 0.0)
    kept = msgspec.structs.replace(
        row, state=consent.state, body=msgspec.json.encode(consent), changed_us=max(desk.now_us, int(modified * 1e6))
    )
    version = format_time(modified)
    tx.change_consent(kept, version)
    held = tx.object(row.object_id)
    marking = held.marking if held is not None else PUBLIC
    raw = consent_object(consent, Stamp(node.id, first_us / 1e6, modified), marking)
    name = answer_id(node.id, row.id)
    new = NewView(name, version, name, version, "control", "sanitised", sha256(raw).hexdigest(), raw)
    desk.put_view(case, new, marking, None)
    note_consent(node, tx, kept, consent)
    return kept


class Listed(msgspec.Struct, frozen=True):
    """A consent for people and programs. `side` is who asked; `standing` is its state, or `expired`."""

    id: str
    side: str
    partner: str
    object_id: str
    standing: str
    to: tuple[str, ...]
    purpose: str
    version: str
    until: str
    asked_at: str
    place_deg: float | None
    time_min: int | None
    drop: tuple[Group, ...]
    reason: str


def listed(node: Node) -> list[Listed]:
    """All consents, those asked of us first, then the latest first."""
    rows = sorted(node.store.consents(), key=lambda row: (row.side == "ours", -row.asked_us, row.id))
    return [_listed(node, row) for row in rows]


def standing(node: Node, row: ConsentRow, consent: Consent) -> str:
    """Its state, or that it is over: by the clock, or because no accord carries it any more."""
    now, held = node.clock.now_us() / 1e6, node.store.object(row.object_id)
    tlp = held.marking.tlp if held is not None else Tlp.CLEAR
    over = end_of(consent, accords_with(node, row.partner), tlp, now) <= now
    return "expired" if over and row.state in ("asked", "given") else row.state


def _listed(node: Node, row: ConsentRow) -> Listed:
    consent, partner = sent_of(row), node.store.partner(row.partner)
    return Listed(
        id=row.id,
        side=row.side,
        partner=partner.name if partner else row.partner,
        object_id=row.object_id,
        standing=standing(node, row, consent),
        to=tuple(known_as(node.store, one) for one in consent.terms.recipients),
        purpose=consent.terms.purpose,
        version=consent.terms.target_version,
        until=format_time(consent.expires),
        asked_at=format_time(row.asked_us / 1e6),
        place_deg=consent.place_deg,
        time_min=consent.time_min,
        drop=consent.drop,
        reason=consent.reason,
    )


def known_as(store: Reads, one: Onto) -> str:
    """Our own name for a node we know; what the asker calls it, if we do not."""
    partner = store.partner(one.id)
    return partner.name if partner else one.name or one.id
