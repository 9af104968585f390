"""An originator's consent to passing on what came from it (docs/wire.md, section 4): when it holds and what it asks."""

from collections.abc import Iterable

import msgspec

from prasan.picture.marking import PUBLIC, Marking, Tlp
from prasan.release.facts import Consent, Facts
from prasan.release.rules import OWN, Steps


def consent_of(originator: str, facts: Facts, to: str, purposes: frozenset[str] | None, now: float) -> Consent | None:
    """The consent by which this object may go to the recipient `to` at `now` (seconds UTC); None if there is none.

    `purposes` are those of the accords with the recipient, None if there are none. Of several the mildest counts: each
    of them was given.
    """
    found = [one for one in facts.consents if one.originator == originator and _holds(one, facts, to, purposes, now)]
    return min(found, key=_strictness, default=None)


def _holds(one: Consent, facts: Facts, to: str, purposes: frozenset[str] | None, now: float) -> bool:
    return (
        to in one.recipients
        and one.version in (None, facts.version)
        and (one.expires is None or now < one.expires)
        and (one.purpose is None or (purposes is not None and one.purpose in purposes))
    )


def _strictness(one: Consent) -> tuple[float, float, int, list[str], float, str]:
    """An order in which the first is the mildest; it is total, so that equal facts give equal decisions."""
    steps, until = one.steps, float("inf") if one.expires is None else one.expires
    dropped = sorted(steps.drop)
    return steps.place_deg or 0, steps.time_min or 0, len(dropped), dropped, -until, one.purpose or ""


class Asked(msgspec.Struct, frozen=True):
    """What consents ask for: at least these steps, and what they add to the marking (a purpose, an end)."""

    steps: Steps
    caveats: Marking


def asked_by(consents: Iterable[Consent]) -> Asked:
    """All that these consents ask for."""
    asked = Asked(Steps(), PUBLIC)
    for one in consents:
        purposes = None if one.purpose is None else frozenset({one.purpose})
        caveats = Marking(purposes=purposes, expires=one.expires)
        asked = Asked(asked.steps.join(one.steps), asked.caveats.join(caveats))
    return asked


def controllers(facts: Facts, to: str) -> frozenset[str]:
    """Who keeps control of it. We consent to our own by deciding; what is an originator's own may always go back."""
    return facts.marking.orcon - {facts.node, to}


def sender_is_asked(facts: Facts, to: str) -> bool:
    """True if it came from another partner and its marking alone does not let it pass on.

    `tlp` lets pass what TLP 2.0 itself lets pass to others: CLEAR and GREEN (AMBER stays with the organisation and its
    clients).
    """
    if facts.origin in (OWN, to):
        return False
    return not (facts.onward == "tlp" and facts.marking.tlp <= Tlp.GREEN)


def whose(facts: Facts, to: str) -> frozenset[str]:
    """Everybody who must consent before it may go there."""
    return controllers(facts, to) | (frozenset({facts.origin}) if sender_is_asked(facts, to) else frozenset())
