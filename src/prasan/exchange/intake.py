"""What a partner sent: taken, or turned away with a reason (docs/wire.md, sections 7 and 9). Nothing is altered."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final, Literal, Protocol

import msgspec

from prasan.errors import FormatError
from prasan.exchange.http import time_us
from prasan.exchange.lanes import Lane
from prasan.exchange.statements import Statement
from prasan.formats import jsonlimits, stix
from prasan.formats.stix_ids import COMMON_KNOWLEDGE
from prasan.picture.marking import Marking
from prasan.release.accord import Accord, successors

Reason = Literal[
    "no_statement", "wrong_hash", "wrong_recipient", "unknown_accord", "may_not_speak", "future_version", "conflict",
    "too_large", "bad_object",
]  # fmt: skip
Key = tuple[str, str]
"""The id and version of a view."""
Stated = Mapping[Key, tuple[Statement, bytes]]

AHEAD_US: Final = 300 * 1_000_000
"""How far `modified` may be ahead of our clock."""


class Known(Protocol):
    """What is here already."""

    def speaker(self, object_id: str) -> str | None:
        """Who first sent an id: `own`, a partner's identity id, or None."""

    def object_hash(self, object_id: str, version: str) -> str | None:
        """The SHA-256 of a version that is here."""


class Peer(msgspec.Struct, frozen=True):
    """The partner whose objects are judged, and by what.

    `accords`: by hash, those with this partner that both have signed, in their validity or not. `nodes`: the identity
    ids of this node and all its partners. `now_us`: the clock.
    """

    id: str
    our_id: str
    accords: Mapping[str, Accord]
    nodes: frozenset[str]
    now_us: Callable[[], int]


class Accepted(msgspec.Struct, frozen=True):
    """An object that may be kept. `same`: these very bytes are here already, so nothing changes."""

    header: stix.Header
    raw: bytes
    sha256: str
    statement: Statement
    stated: bytes
    marking: Marking
    same: bool


class Turned(msgspec.Struct, frozen=True):
    """An object for the quarantine."""

    object_id: str
    version: str
    reason: Reason
    raw: bytes


def key_of(raw: bytes) -> Key:
    """What an object calls itself; empty texts if that cannot be read."""
    try:
        header = stix.peek(raw)
    except FormatError:
        return "", ""
    return header.id, header.version


def judge(raw: bytes, lane: Lane, stated: Stated, peer: Peer, known: Known) -> Accepted | Turned | None:
    """Take an object, turn it away, or (None) ignore it because it is a constant that every node knows."""
    key = key_of(raw)
    if key[0] in COMMON_KNOWLEDGE:
        return None
    header = form(raw, control=lane == "control")
    found = stated.get(key)
    if isinstance(header, str) or found is None:
        return Turned(key[0][:300], key[1][:60], header if isinstance(header, str) else "no_statement", raw)
    statement, text = found
    digest = sha256(raw).hexdigest()
    here = known.object_hash(*key)
    reason = (
        _statement(statement, digest, lane, peer)
        or speech(header, peer, known)
        or ("conflict" if here not in (None, digest) else None)
    )
    if reason:
        return Turned(*key, reason, raw)
    marking = _marking(statement, header)
    return Turned(*key, "bad_object", raw) if marking is None else Accepted(
        header, raw, digest, statement, text, marking, here is not None
    )  # fmt: skip


def form(raw: bytes, *, control: bool = False) -> stix.Header | Reason:
    """The header of bytes that hold one object, of a type for the control lane or (without `control`) of any other;
    else why they cannot be taken."""
    try:
        jsonlimits.check_size(raw)
        jsonlimits.check_depth(raw)
    except FormatError:
        return "too_large"
    try:
        header = stix.header(raw)
    except FormatError:
        return "bad_object"
    return header if stix.is_control(header) == control else "bad_object"


def _statement(statement: Statement, digest: str, lane: Lane, peer: Peer) -> Reason | None:
    if statement.sha256 != digest:
        return "wrong_hash"
    if statement.recipient != peer.our_id:
        return "wrong_recipient"
    if statement.lane != lane:
        return "no_statement"
    # The control lane outlives every accord: what is to be taken back must always be heard.
    return None if lane == "control" or _covered(statement, peer) else "unknown_accord"


def _covered(statement: Statement, peer: Peer) -> bool:
    """Every accord it names was valid when it was issued, and one is now, or one that replaces it."""
    issued = time_us(statement.issued_at)
    named = [peer.accords.get(one) for one in statement.accords]
    if issued is None or not all(accord is not None and accord.in_force(issued / 1e6) for accord in named):
        return False
    every = peer.accords.values()
    heirs = frozenset[str]().union(*(successors(accord.hash, every) for accord in named if accord is not None))
    return any(accord.hash in heirs and accord.in_force(peer.now_us() / 1e6) for accord in every)


def speech(header: stix.Header, peer: Peer, known: Known) -> Reason | None:
    """Why a partner may not say this: the id is somebody else's, or its version is of the future. None if it may."""
    is_node = header.id in peer.nodes
    speaker = header.id if is_node else known.speaker(header.id)
    if speaker not in (None, peer.id):
        return "may_not_speak"
    modified = time_us(header.version)
    return "future_version" if modified is not None and modified > peer.now_us() + AHEAD_US else None


def _marking(statement: Statement, header: stix.Header) -> Marking | None:
    """What the statement says, never wider than what the object itself says."""
    try:
        marking = statement.handling.marking()
    except ValueError:
        return None
    return marking.join(header.marking(marking.tlp))
