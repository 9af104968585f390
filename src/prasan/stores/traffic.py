"""Rows about what passes between partners: cursors, what was received or not taken, recalls, inboxes."""

import msgspec


class Cursor(msgspec.Struct, frozen=True):
    """How far a partner's lane was applied here, in which of its collections, and how far we acknowledged that."""

    partner: str
    lane: str
    collection: str = ""
    added_after: str = ""
    seq: int = 0
    acked: int = 0


class ReceivedRow(msgspec.Struct, frozen=True):
    """What a partner vouched for when it sent this version."""

    partner: str
    lane: str
    seq: int
    object_id: str
    version: str
    sha256: str
    statement: bytes
    received_us: int


class Quarantined(msgspec.Struct, frozen=True):
    """An object that was not taken, and why (docs/wire.md, section 7)."""

    partner: str
    object_id: str
    version: str
    reason: str
    raw: bytes
    at_us: int


class Conflict(msgspec.Struct, frozen=True):
    """The same version with other bytes: the first was kept."""

    partner: str
    object_id: str
    version: str
    kept_sha256: str
    other_sha256: str
    raw: bytes
    at_us: int


class RecallOut(msgspec.Struct, frozen=True):
    """A recall we sent to one recipient; it is overdue when the deadline passed without a receipt, or with one that
    still waits for others. `pending` is how many those are; `allowed_us` when an officer let it go there again."""

    id: str
    object_id: str
    view_id: str
    recipient: str
    reason: str
    deadline_us: int
    issued_us: int
    receipt: bytes | None = None
    answered_us: int | None = None
    pending: int = 0
    allowed_us: int | None = None


class RecallIn(msgspec.Struct, frozen=True):
    """A recall a partner sent to us."""

    id: str
    partner: str
    target_id: str
    reason: str
    deadline_us: int
    received_us: int
    answered_us: int | None = None


class Outgoing(msgspec.Struct, frozen=True):
    """An object waiting to be posted to a partner's inbox."""

    id: str
    partner: str
    raw: bytes
    queued_us: int


class ConsentRow(msgspec.Struct, frozen=True):
    """A consent as it stands. `side` is who asked: `ours` of a partner, `theirs` of us; `id` that of the ask.

    `object_id` is the object here, `body` the consent as JSON bytes, `partner` the other side.
    """

    side: str
    id: str
    partner: str
    object_id: str
    state: str
    body: bytes
    asked_us: int
    changed_us: int
    answered_us: int | None = None


class RequestRow(msgspec.Struct, frozen=True):
    """A request for information between us and one partner. `side` is who asked: `ours` of it, `theirs` of us."""

    partner: str
    id: str
    side: str
    opened_us: int
    changed_us: int


class ChangeRow(msgspec.Struct, frozen=True):
    """A signed change of a request that was checked when it was taken. `by` is the side that made it, asker or asked;
    `text` the signed text and `sha256` its hash. Once that was dropped `text` is what is left, as JSON."""

    sha256: str
    by: str
    text: str
    taken_us: int

    @property
    def dropped(self) -> bool:
        """True if the signed text is gone: a compact JWS is no JSON object."""
        return self.text.startswith("{")


class AccordChange(msgspec.Struct, frozen=True):
    """One party's word that made an accord stricter: `body` are the terms as JSON bytes, `jws` what it signed."""

    accord: str
    party: str
    at_us: int
    body: bytes
    jws: str
