"""What the partners page shows: partner nodes, the exchange with each, recalls both ways and signed logs."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from prasan.picture.marking import PUBLIC, Marking
from prasan.words import Message


class Recall(msgspec.Struct, frozen=True):
    """A recall and how it stands: `answered` with a receipt, `pending`, or `overdue`.

    `issued_at` is when it was received, for one that came from the partner.
    """

    target: str
    title: str | Message
    issued_at: int
    deadline: int
    standing: Literal["answered", "pending", "overdue"]
    answered_at: int | None = None
    reason: str | Message = ""


class Checkpoint(msgspec.Struct, frozen=True):
    """A log's size and root hash (hex) when it was last signed."""

    origin: str
    size: int
    root: str
    at: int


class Partner(msgspec.Struct, frozen=True):
    """A partner node and the exchange with it. Count maps are reason code -> objects."""

    name: str
    country: str
    mode: Literal["real", "exercise"]
    standing: Literal["active", "suspended", "no_accord"]
    accord: str
    fingerprint: str
    last_sync: int | None
    last_error: str
    released: int
    sanitised: int
    withheld: Mapping[str, int]
    received: int
    quarantined: Mapping[str, int]
    recalls: tuple[Recall, ...]
    checkpoint: Checkpoint | None
    recalls_in: tuple[Recall, ...] = ()


class PartnersPage(msgspec.Struct, frozen=True):
    """All partners and the node's own log."""

    partners: tuple[Partner, ...]
    checkpoint: Checkpoint | None
    marking: Marking = PUBLIC
