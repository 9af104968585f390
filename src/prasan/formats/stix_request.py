"""A request for information as it travels (docs/wire.md, section 8): a history of signed changes, held by both sides.

The object is only the carrier. What counts is each change: a JSON text signed by the side that made it.
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

import msgspec

from prasan.errors import FormatError
from prasan.formats.stix import parse_time
from prasan.formats.stix_build import Stamp, common, encode
from prasan.formats.stix_fields import Id, Moment, Nonce, Sha256
from prasan.formats.stix_ids import REQUEST, ids_in, object_id
from prasan.picture.marking import Marking

State = Literal["sent", "received", "accepted", "refused", "partly_answered", "answered", "closed", "rated"]
Priority = Literal["routine", "priority", "immediate"]

LONGEST: Final = 1000
"""Characters of what is written in one change."""
MAX_REFS: Final = 50
MAX_CHANGES: Final = 100
MAX_HISTORY: Final = 56 * 1024
"""Characters of all changes together: they must fit into one object."""

Text = Annotated[str, msgspec.Meta(max_length=LONGEST)]


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the first change says beside its text: who asks whom, for what purpose, how urgently, and by when."""

    asker: Id
    asked: Id
    nonce: Nonce
    purpose: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    priority: Priority
    needed_by: Moment


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One change of a request. `prev` is the hash of the change before it, "" in the first, which is number 0.

    `refs` are ids that the other side knows. `settles` are hashes of changes that an officer has set aside, of two
    histories that do not agree: such a change leaves the state as it is. `rating` is from 1, of no use, to 5.
    """

    request: Id
    n: Annotated[int, msgspec.Meta(ge=0, le=MAX_CHANGES)]
    prev: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")]
    state: State
    at: Moment
    text: Text = ""
    refs: Annotated[tuple[Id, ...], msgspec.Meta(max_length=MAX_REFS)] = ()
    question: Question | None = None
    settles: Annotated[tuple[Sha256, ...], msgspec.Meta(max_length=MAX_CHANGES)] = ()
    rating: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None


def request_id(question: Question) -> str:
    """The id of a request: its asker's own, and the nonce is part of it."""
    return object_id(REQUEST, question.asker, question.nonce)


def carrier_id(node: str, request: str) -> str:
    """The id of the object that brings a node's word of a request: one, in as many versions as there is news."""
    return object_id(REQUEST, node, request)


_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_CHANGE: Final = msgspec.json.Decoder(Change)


def write_change(change: Change) -> bytes:
    """The bytes that are signed. FormatError for one that `read_change` would not take."""
    raw = _ENCODER.encode(change)
    read_change(raw)
    return raw


def read_change(raw: bytes) -> Change:
    """A change that somebody signed. FormatError unless it holds what one of its state must hold."""
    try:
        change = _CHANGE.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _broken(str(error)) from None
    parse_time(change.at, "the time of the change")
    if change.question is not None:
        parse_time(change.question.needed_by, "the time it is needed by")
    if ids_in(change.text):
        raise _broken("its text names an object's id; ids belong into refs")
    first = change.question is not None
    if first != (change.prev == "") or first != (change.n == 0) or first != (change.state == "sent"):
        raise _broken("only the first change asks, and it comes after nothing")
    if first and change.question is not None and change.request != request_id(change.question):
        raise _broken("its id is not made of its asker and nonce")
    _check_content(change)
    return change


def write_rest(change: Change) -> bytes:
    """What stays of a change whose time is over: where it stands in the history, and nothing of what it said."""
    return _ENCODER.encode(msgspec.structs.replace(change, text="", refs=(), rating=None))


def read_rest(raw: bytes) -> Change:
    """What `write_rest` wrote. FormatError if it is not that."""
    try:
        return _CHANGE.decode(raw)
    except msgspec.MsgspecError as error:
        raise _broken(str(error)) from None


def _check_content(change: Change) -> None:
    if change.settles:
        if change.question is not None or change.refs or change.rating is not None:
            raise _broken("what settles two histories says nothing else")
        return
    said = bool(change.text.strip() or change.refs)
    if change.state in ("sent", "partly_answered", "answered") and not said:
        raise _broken(f"it is {change.state} and says nothing")
    if change.state == "refused" and not change.text.strip():
        raise _broken("it refuses without a reason")
    if (change.state == "rated") != (change.rating is not None):
        raise _broken("a rating belongs to what is rated, and to nothing else")


def request_object(
    request: str, changes: Sequence[str], stamp: Stamp, marking: Marking, dropped: Sequence[str] = ()
) -> bytes:
    """A `prasan-information-request`: all that `stamp.node` knows of it, each change as the text that was signed;
    of what it knew and dropped, as its time was over, the hashes.
    """
    says = {"request": request, "changes": list(changes), "dropped": list(dropped) or None}
    return encode(common(carrier_id(stamp.node, request), stamp, marking) | says)


class Carrier(msgspec.Struct, frozen=True):
    """What one side holds of a request: the signed texts, and the hashes of those that it dropped."""

    request: Id
    changes: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=MAX_CHANGES)]
    dropped: Annotated[tuple[Sha256, ...], msgspec.Meta(max_length=MAX_CHANGES)] = ()


_CARRIER: Final = msgspec.json.Decoder(Carrier)


def read_request(raw: bytes) -> Carrier:
    """What its sender holds of it. FormatError if a property is not of its kind."""
    try:
        found = _CARRIER.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _broken(str(error)) from None
    if sum(map(len, found.changes)) > MAX_HISTORY:
        raise _broken("its history is too long")
    return found


def _broken(why: str) -> FormatError:
    return FormatError(f"the request does not hold: {why}", "Ask the partner to send it again.")
