"""What a store hands out: frozen rows. Times are microseconds UTC since 1970 (`…_us`) unless a name says otherwise."""

from collections.abc import Collection
from typing import Final, Literal, Protocol

import msgspec

from prasan.picture.marking import Marking

ObjectStatus = Literal["current", "superseded", "withdrawn", "revoked"]
ViewStatus = Literal["current", "superseded", "narrowed", "recalled"]
Form = Literal["verbatim", "sanitised"]
Lane = Literal["alerts", "control", "objects"]

OWN: Final = "own"
"""The origin of what this node made itself."""

EVERYBODY: Final = "*"
"""On the due-queue: every recipient but the one that the object came from."""


class ObjectRow(msgspec.Struct, frozen=True):
    """One version of one object, as the bytes received or made. `origin` is `own` or a partner's identity id.

    `facts` is what `release` needs to decide, as JSON bytes, and `profile` what of it many objects share (b"" before it
    was found out); `kind` is the event kind or "".
    """

    id: str
    version: str
    type: str
    kind: str
    origin: str
    sha256: str
    raw: bytes
    marking: Marking
    facts: bytes = b"{}"
    received_us: int = 0
    status: ObjectStatus = "current"
    profile: bytes = b""


class NewView(msgspec.Struct, frozen=True):
    """A view row before it has a place. `raw` is None for a verbatim copy: the object's own bytes are sent."""

    view_id: str
    version: str
    object_id: str
    object_version: str
    lane: Lane
    form: Form
    sha256: str
    raw: bytes | None = None
    profile: bytes = b""


class Wanted(Protocol):
    """What a reader asks of a page: rows added after a time, at most `limit`, that match every filter that is not None.

    `versions` holds `first`, `last`, `all` or exact versions, as TAXII 2.1 section 3.4.1 says; the values are OR-ed.
    """

    @property
    def after_us(self) -> int:
        """Rows added later than this."""

    @property
    def limit(self) -> int:
        """At most so many rows."""

    @property
    def ids(self) -> Collection[str] | None:
        """Object ids."""

    @property
    def types(self) -> Collection[str] | None:
        """Object types."""

    @property
    def versions(self) -> Collection[str]:
        """Keywords and exact versions."""

    @property
    def spec_versions(self) -> Collection[str] | None:
        """STIX versions; None: the latest of each object."""


class Place(msgspec.Struct, frozen=True):
    """Where a row comes in its recipient's order: dense from 1, and later than every row before it."""

    seq: int
    date_added_us: int


class ViewRow(msgspec.Struct, frozen=True):
    """One version of one object for one recipient (docs/wire.md, section 5), without its bytes."""

    recipient: str
    seq: int
    view_id: str
    version: str
    object_id: str
    object_version: str
    lane: Lane
    form: Form
    sha256: str
    statement: bytes
    date_added_us: int
    status: ViewStatus


class Shelved(msgspec.Struct, frozen=True):
    """One row of a page: what a reader is sent of a view or of an inbox."""

    id: str
    version: str
    date_added_us: int
    spec_version: str
    raw: bytes


class CurrentView(msgspec.Struct, frozen=True):
    """What a recipient can read now under an id, with where the object behind it came from."""

    id: str
    form: Form
    origin: str
    raw: bytes

    @property
    def sanitised(self) -> bool:
        """True for a built view."""
        return self.form == "sanitised"


class Sent(msgspec.Struct, frozen=True):
    """A statement in its lane's order."""

    seq: int
    statement: bytes


class Vouched(msgspec.Struct, frozen=True):
    """A row as a partner node reads it: the object with its statement."""

    seq: int
    date_added_us: int
    statement: bytes
    raw: bytes


class Mapped(msgspec.Struct, frozen=True):
    """The partner-specific id of an object. `sticky` is what must not jitter (the coarse cell), as JSON bytes."""

    recipient: str
    object_id: str
    view_id: str
    created_us: int
    sticky: bytes = b"{}"


class Standing(msgspec.Struct, frozen=True):
    """How an object stands with a recipient before it is decided: every row that it may hold, in order; whether it was
    recalled and not allowed again; why no view could be made of it the last time, if so; its own id there, if any."""

    recipient: str
    object_id: str
    rows: tuple[ViewRow, ...] = ()
    recalled: bool = False
    turned: tuple[str, ...] = ()
    mapped: Mapped | None = None

    @property
    def held(self) -> ViewRow | None:
        """The row that it can read now."""
        return next((row for row in reversed(self.rows) if row.status == "current"), None)


class Settled(msgspec.Struct, frozen=True):
    """What was decided. `turned`: why no view could be made of what may go out; `again_us`: when to decide again, None:
    not by the clock."""

    recipient: str
    object_id: str
    turned: tuple[str, ...] = ()
    again_us: int | None = None


class Due(msgspec.Struct, frozen=True):
    """A decision to make again at a time."""

    recipient: str
    object_id: str
    at_us: int


class PartnerRow(msgspec.Struct, frozen=True):
    """A partner: who it is, the card (JWS bytes) it was registered by, and whether everything to it is stopped."""

    id: str
    name: str
    card: bytes
    added_us: int
    suspended: bool = False


class AccordRow(msgspec.Struct, frozen=True):
    """An accord by the hash of its TOML bytes. `signed` is the general JWS JSON with the signatures so far."""

    hash: str
    name: str
    raw: bytes
    signed: bytes
    state: Literal["proposed", "in_force", "ended"]
    changed_us: int


class PolicyRow(msgspec.Struct, frozen=True):
    """One adopted policy; the one with the highest number is in force."""

    number: int
    sha256: str
    raw: bytes
    adopted_by: str
    adopted_us: int


class UserRow(msgspec.Struct, frozen=True):
    """A user. `password` is an argon2id hash or "" for none; `partner` is the identity id that one acts for."""

    name: str
    role: str
    password: str
    partner: str | None
    changed_us: int


class EventRow(msgspec.Struct, frozen=True):
    """One revision of an event, as JSON bytes."""

    id: str
    revision: int
    kind: str
    state: str
    body: bytes


class CheckpointRow(msgspec.Struct, frozen=True):
    """A checkpoint note of a log. `by` is "" for our own, or the partner whose log or cosignature it is."""

    log: str
    size: int
    by: str
    note: str
    at_us: int


def version_key(version: str) -> str:
    """A text that orders like the time it stands for: trailing zeros and the Z are dropped.

    STIX allows any number of fraction digits, so `…:05Z` and `…:05.000Z` are one version and `…:05.5Z` is later.
    """
    stem, _, fraction = version.removesuffix("Z").partition(".")
    return f"{stem}.{fraction.rstrip('0')}"
