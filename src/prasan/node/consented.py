"""What originators have consented to, as a decision needs it."""

from typing import Final

import msgspec

from prasan.formats.stix_consent import Consent as Sent
from prasan.release.facts import Consent
from prasan.release.rules import Steps
from prasan.stores.sqlite.store import Reads
from prasan.stores.traffic import ConsentRow

_SENT: Final = msgspec.json.Decoder(Sent)


def consents_on(store: Reads, object_id: str) -> tuple[Consent, ...]:
    """The consents that partners gave us for an object of theirs and have not revoked; the clock is not looked at."""
    return tuple(_consent(row) for row in store.consents_on(object_id, "ours"))


def sent_of(row: ConsentRow) -> Sent:
    """A consent with its terms, as it stands."""
    return _SENT.decode(row.body)


def _consent(row: ConsentRow) -> Consent:
    sent = sent_of(row)
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
