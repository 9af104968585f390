"""Consent to passing on as it travels (docs/wire.md, section 8): asked by who holds a view, answered by its sender."""

from collections.abc import Iterable
from typing import Annotated, Final, Literal

import msgspec

from prasan.errors import FormatError
from prasan.formats.stix import format_time, parse_time
from prasan.formats.stix_build import Stamp, common, encode
from prasan.formats.stix_fields import Id, Moment, Nonce, Sha256
from prasan.formats.stix_ids import CONSENT, object_id
from prasan.picture.marking import Marking

State = Literal["asked", "given", "refused", "revoked"]

Degrees = Annotated[float, msgspec.Meta(ge=0.01, le=10.0)]
Minutes = Annotated[int, msgspec.Meta(ge=1, le=525_600)]
Group = Literal["identity", "evidence", "text"]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Text = Annotated[str, msgspec.Meta(max_length=500)]


class Onto(msgspec.Struct, frozen=True):
    """One to whom it may go at last."""

    id: Id
    name: Name = ""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for, and may not change: under which accord, which view in which version ("" all until `expires`),
    who asks, who would get it, for which purpose; the nonce makes two asks for the same thing two."""

    nonce: Nonce
    accord: Sha256
    target_id: Id
    target_version: Moment = ""
    requester: Id
    recipients: Annotated[tuple[Onto, ...], msgspec.Meta(min_length=1, max_length=20)]
    purpose: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """A consent as it stands. `answers` is the id of the ask, "" in the ask itself; `expires` seconds UTC.

    Steps are what the view must be made coarser by; `recall_onward` asks, with a revocation, to recall it too.
    """

    terms: Terms
    state: State
    expires: float
    answers: str = ""
    place_deg: float | None = None
    time_min: int | None = None
    drop: tuple[Group, ...] = ()
    reason: str = ""
    recall_onward: bool = False


def ask_id(terms: Terms) -> str:
    """The id of an ask: the requester's own, and its nonce is part of it."""
    return object_id(CONSENT, terms.requester, terms.nonce)


def answer_id(node: str, asked: str) -> str:
    """The id of the answer that `node` gives to an ask: one, in as many versions as there are answers."""
    return object_id(CONSENT, node, asked)


def consent_object(consent: Consent, stamp: Stamp, marking: Marking) -> bytes:
    """A `prasan-consent`: the ask if it answers nothing, else the answer by `stamp.node`."""
    identifier = answer_id(stamp.node, consent.answers) if consent.answers else ask_id(consent.terms)
    terms = consent.terms
    steps = {"place_deg": consent.place_deg, "time_min": consent.time_min, "drop": sorted(consent.drop) or None}
    return encode(
        common(identifier, stamp, marking)
        | {
            "state": consent.state,
            "answers": consent.answers or None,
            "nonce": terms.nonce,
            "accord": terms.accord,
            "target_id": terms.target_id,
            "target_version": terms.target_version or None,
            "requester": terms.requester,
            "recipients": [{"id": one.id, "name": one.name} for one in terms.recipients],
            "purpose": terms.purpose,
            "expires": format_time(consent.expires),
            "steps": {name: value for name, value in steps.items() if value is not None} or None,
            "reason": consent.reason or None,
            "recall_onward": consent.recall_onward or None,
        }
    )


class _Steps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step that this node does not know cannot be kept to, so such a consent is not understood at all."""

    place_deg: Degrees | None = None
    time_min: Minutes | None = None
    drop: tuple[Group, ...] = ()


class _Sent(Terms, frozen=True, kw_only=True):
    state: State
    expires: Moment
    answers: Id | None = None
    steps: _Steps = _Steps()
    reason: Text = ""
    recall_onward: bool = False


_SENT: Final = msgspec.json.Decoder(_Sent)
_TERMS: Final = Terms.__struct_fields__


def read_consent(raw: bytes) -> Consent:
    """A consent that came from a partner. FormatError if a property is not of its kind."""
    try:
        sent = _SENT.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"the consent does not hold: {error}", "Ask the partner to send it again.") from None
    if (sent.state == "asked") != (sent.answers is None):
        raise FormatError("the consent is neither an ask nor an answer", "Ask the partner to send it again.")
    if not all(one.startswith("identity--") for one in (sent.requester, *(to.id for to in sent.recipients))):
        raise FormatError("the consent names somebody who is no identity", "Ask the partner to send it again.")
    return Consent(
        terms=Terms(**{name: getattr(sent, name) for name in _TERMS}),
        state=sent.state,
        expires=parse_time(sent.expires, "the consent's end"),
        answers=sent.answers or "",
        place_deg=sent.steps.place_deg,
        time_min=sent.steps.time_min,
        drop=tuple(sorted(set(sent.steps.drop))),
        reason=sent.reason,
        recall_onward=sent.recall_onward,
    )


def onto(recipients: Iterable[tuple[str, str]]) -> tuple[Onto, ...]:
    """Identity ids, each with the name that the requester knows it by, in an order of their own."""
    return tuple(Onto(identity, name) for identity, name in sorted(recipients))
