"""What the partners page shows: partner nodes, the exchange with each, recalls both ways and signed logs."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from prasan.picture.marking import PUBLIC, Marking
from prasan.words import Message


class Recall(msgspec.Struct, frozen=True):
    """A recall and how it stands: see `node.duties`.

    `issued_at` is when it was received, for one that came from the partner. `onward` is how many further on have still
    to answer, `to_look_at` how many objects of ours refer to what was recalled.
    """

    target: str
    title: str | Message
    issued_at: int
    deadline: int
    standing: Literal["overdue", "pending", "onward", "answered", "lifted"]
    answered_at: int | None = None
    reason: str | Message = ""
    onward: int = 0
    to_look_at: int = 0
    partner: str = ""
    sent: bool = True


class Consent(msgspec.Struct, frozen=True):
    """A consent and how it stands: `asked`, `given`, `refused`, `revoked`, `expired`. `side` is who asked, `page` the
    path of the object's own page, "" if it has none."""

    id: str
    side: Literal["ours", "theirs"]
    partner: str
    page: str
    title: str | Message
    standing: str
    to: tuple[str, ...]
    purpose: str | Message
    until: int
    one_version: bool
    asked_at: int
    steps: tuple[Message, ...] = ()
    reason: str = ""


class AccordRow(msgspec.Struct, frozen=True):
    """An accord with a partner as it is now. `standing`: proposed (`to_sign`: for us to sign), in_force,
    not_yet, replaced, ended or over; `narrowed` if either side made it stricter since it was signed."""

    name: str
    hash: str
    partner: str
    standing: str
    mode: Literal["real", "exercise"]
    highest_tlp: str
    purposes: tuple[str | Message, ...]
    onward: str
    until: int
    narrowed: bool = False
    to_sign: bool = False


class Apart(msgspec.Struct, frozen=True):
    """Something that came and was not taken: its id as far as it has one, the code of the reason, and when it came."""

    object_id: str
    reason: str
    at: int


class Resting(msgspec.Struct, frozen=True):
    """An object of ours that refers to what a partner recalled. `page` is the path of its page, "" if it has none."""

    id: str
    title: str | Message
    page: str


class Evidence(msgspec.Struct, frozen=True):
    """Two notes of one log that cannot both be true: when that was seen, and size and root (hex) of each."""

    at: int
    held: tuple[int, str]
    shown: tuple[int, str]


class Checkpoint(msgspec.Struct, frozen=True):
    """A log's size and root hash (hex) when it was last signed."""

    origin: str
    size: int
    root: str
    at: int


class Synced(msgspec.Struct, frozen=True):
    """When a partner was last pulled from; what went wrong with that, in the words of whoever noticed and as a code."""

    at: int | None = None
    detail: str = ""
    failure: str = ""


class Partner(msgspec.Struct, frozen=True):
    """A partner node and the exchange with it. Count maps are reason code -> objects."""

    name: str
    country: str
    mode: Literal["real", "exercise"]
    standing: Literal["active", "suspended", "no_accord"]
    fingerprint: str
    sync: Synced
    released: int
    sanitised: int
    withheld: Mapping[str, int]
    received: int
    quarantined: Mapping[str, int]
    recalls: tuple[Recall, ...]
    checkpoint: Checkpoint | None
    recalls_in: tuple[Recall, ...] = ()
    consents: tuple[Consent, ...] = ()
    trust: tuple[Message, ...] = ()
    accords: tuple[AccordRow, ...] = ()
    apart: tuple[Apart, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    unconfirmed: bool = False
    resting: tuple[Resting, ...] = ()


class PartnersPage(msgspec.Struct, frozen=True):
    """All partners and the node's own log; before them what waits for us or is late, of all partners together.

    `own_evidence` is held against the node itself, whose `name` it is.
    """

    partners: tuple[Partner, ...]
    checkpoint: Checkpoint | None
    marking: Marking = PUBLIC
    late: tuple[Recall, ...] = ()
    asks: tuple[Consent, ...] = ()
    proposals: tuple[AccordRow, ...] = ()
    own_evidence: tuple[Evidence, ...] = ()
    name: str = ""
