"""What originators have consented to, as a decision needs it."""

from math import inf
from typing import Final

import msgspec

from prasan.formats.stix_consent import Consent as Sent
from prasan.formats.stix_consent import answer_id
from prasan.picture.marking import Tlp
from prasan.release.accord import Accord, combine, holding, successors
from prasan.release.facts import Consent
from prasan.release.rules import Steps
from prasan.stores.rows import ObjectRow
from prasan.stores.sqlite.store import Reads
from prasan.stores.traffic import ConsentRow

_SENT: Final = msgspec.json.Decoder(Sent)


def consents_on(store: Reads, row: ObjectRow, accords: tuple[Accord, ...], now: float) -> tuple[Consent, ...]:
    """The consents that a partner gave us for this object of its own and has not revoked, as far as they still stand.

    `accords` are those signed with that partner; a consent ends when none of them carries it any more.
    """
    given = ((consent, sent_of(consent)) for consent in store.consents_on(row.id, "ours"))
    vouched = (sent for consent, sent in given if _vouched(store, consent))
    ends = ((sent, end_of(sent, accords, row.marking.tlp, now)) for sent in vouched)
    return tuple(_consent(row.origin, sent, end) for sent, end in ends if end > now)


def _vouched(store: Reads, row: ConsentRow) -> bool:
    """The answer is still vouched for: not by a key that was in other hands."""
    return bool(store.received(row.partner, answer_id(row.partner, row.id)))


def end_of(sent: Sent, accords: tuple[Accord, ...], tlp: Tlp, now: float) -> float:
    """When a consent ends: with its own time, or as soon as the accord that it was given under, or those that replaced
    it, is over or was made so strict that it allows no such thing; not after `now` if that is so.
    """
    heirs = successors(sent.terms.accord, accords)

    def carried(at: float) -> bool:
        terms = combine(holding(accords, at))
        if terms is None or heirs.isdisjoint(terms.accords):
            return False
        return sent.terms.purpose in terms.purposes and terms.onward != "never" and tlp <= terms.highest_tlp

    later = sorted({at for one in accords for at in (one.valid_from, one.valid_until) if at > now})
    return min(float(sent.expires), next((at for at in (now, *later) if not carried(at)), inf))


def sent_of(row: ConsentRow) -> Sent:
    """A consent with its terms, as it stands."""
    return _SENT.decode(row.body)


def _consent(originator: str, sent: Sent, end: float) -> Consent:
    return Consent(
        originator=originator,
        recipients=frozenset(one.id for one in sent.terms.recipients),
        version=sent.terms.target_version or None,
        expires=int(end),
        purpose=sent.terms.purpose,
        steps=steps_of(sent),
    )


def steps_of(sent: Sent) -> Steps:
    """How much coarser at least it must be passed on."""
    return Steps(sent.place_deg, sent.time_min, frozenset(sent.drop))
