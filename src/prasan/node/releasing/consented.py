"""What originators have consented to, as a decision needs it."""

from typing import Final

import msgspec

from prasan.formats.stix_consent import Consent as Sent
from prasan.formats.stix_consent import answer_id
from prasan.release.facts import Consent
from prasan.release.rules import Steps
from prasan.stores.sqlite.store import Reads
from prasan.stores.traffic import ConsentRow

_SENT: Final = msgspec.json.Decoder(Sent)


def consents_on(store: Reads, object_id: str) -> tuple[Consent, ...]:
    """The consents that partners gave us for an object of theirs and have not revoked, as far as they still stand.

    The clock is not looked at: that is the decision's.
    """
    given = ((row, sent_of(row)) for row in store.consents_on(object_id, "ours"))
    return tuple(_consent(row, sent) for row, sent in given if _stands(store, row, sent))


def _stands(store: Reads, row: ConsentRow, sent: Sent) -> bool:
    """Its accord was not ended, and the answer is still vouched for: not by a key that was in other hands."""
    accord = store.accord(sent.terms.accord)
    vouched = store.received(row.partner, answer_id(row.partner, row.id))
    return accord is not None and accord.state == "in_force" and bool(vouched)


def sent_of(row: ConsentRow) -> Sent:
    """A consent with its terms, as it stands."""
    return _SENT.decode(row.body)


def _consent(row: ConsentRow, sent: Sent) -> Consent:
    return Consent(
        originator=row.partner,
        recipients=frozenset(one.id for one in sent.terms.recipients),
        version=sent.terms.target_version or None,
        expires=int(sent.expires),
        purpose=sent.terms.purpose,
        steps=steps_of(sent),
    )


def steps_of(sent: Sent) -> Steps:
    """How much coarser at least it must be passed on."""
    return Steps(sent.place_deg, sent.time_min, frozenset(sent.drop))
