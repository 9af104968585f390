"""Parcels: some rows of one lane, objects and statements together, sealed. What pulls and bundles carry (wire, 10)."""

import re
from collections.abc import Sequence
from typing import Final, Protocol, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from prasan.errors import IntegrityError
from prasan.exchange import jws
from prasan.exchange.http import time_text, time_us
from prasan.exchange.lanes import PAGE, Lane, fitting
from prasan.exchange.statements import FRESH_S, Seal, Seq, Statement, digest

EPOCH: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MAX_BYTES: Final = 8 * 1024 * 1024
"""Bytes of objects in one parcel: one of large objects holds fewer."""
MAX_BODY: Final = 40 * 1024 * 1024
"""Bytes of an unpacked parcel that a reader takes."""


class Row(Protocol):
    """One row of a parcel, as a store hands it out."""

    @property
    def seq(self) -> int:
        """Its place."""

    @property
    def date_added_us(self) -> int:
        """When it became visible."""

    @property
    def statement(self) -> bytes:
        """What the sender vouches for."""

    @property
    def raw(self) -> bytes:
        """The object."""


class Parcel(msgspec.Struct, frozen=True):
    """What a parcel holds: rows of a lane after one seq up to another. Objects and statements go in pairs."""

    epoch: str
    lane: Lane
    after: Seq
    last: Seq
    last_added: str
    objects: tuple[bytes, ...]
    stated: tuple[tuple[Statement, bytes], ...]


class _Body(msgspec.Struct, frozen=True):
    epoch: str
    lane: Lane
    after: Seq
    last: Seq
    last_added: str
    objects: list[msgspec.Raw]
    statements: list[msgspec.Raw]


AnyRow = TypeVar("AnyRow", bound=Row)
_BODY: Final = msgspec.json.Decoder(_Body)
_SEAL: Final = msgspec.json.Decoder(Seal)
_STATEMENT: Final = msgspec.json.Decoder(Statement)


def whole(rows: Sequence[AnyRow]) -> Sequence[AnyRow]:
    """As many of the rows, from the first on, as go into a parcel."""
    return rows[: fitting((len(row.raw) + len(row.statement) for row in rows), MAX_BYTES)]


def write_parcel(epoch: str, lane: Lane, after: int, rows: Sequence[Row]) -> bytes:
    """The bytes of a parcel, not packed: equal for equal rows, so that a reader may go on in the middle of them."""
    last = rows[-1]
    head = {"epoch": epoch, "lane": lane, "after": after, "last": last.seq, "last_added": time_text(last.date_added_us)}
    objects, statements = b",".join(row.raw for row in rows), b",".join(row.statement for row in rows)
    return msgspec.json.encode(head)[:-1] + b',"objects":[' + objects + b'],"statements":[' + statements + b"]}"


def seal_of(lane: Lane, after: int, rows: Sequence[Row], *, more: bool) -> Seal:
    """What is to be signed of a parcel; whose it is and when, the signer adds."""
    statements = [row.statement for row in rows]
    return Seal("", "", lane, after, rows[-1].seq, more, len(rows), digest(statements), 0)


def write_seal(seal: Seal, key: Ed25519PrivateKey) -> str:
    """The seal as a compact JWS."""
    return jws.sign(msgspec.json.encode(seal), "prasan-statements", key)


def read_seal(text: str, key: Ed25519PublicKey, iss: str, aud: str) -> Seal:
    """A seal that `iss` made for `aud`. IntegrityError if it is not. Its age is the caller's to judge."""
    try:
        seal = _SEAL.decode(jws.verify(text, "prasan-statements", key))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _broken(f"its seal cannot be read ({error})") from None
    if (seal.iss, seal.aud) != (iss, aud) or not 0 < seal.count <= PAGE or seal.last <= seal.after:
        raise _broken("its seal is for another reader or holds nothing")
    return seal


def fresh(seal: Seal, now_s: int) -> bool:
    """Whether a seal was made just now."""
    return abs(seal.iat - now_s) <= FRESH_S


def read_parcel(raw: bytes, seal: Seal) -> Parcel:
    """A parcel whose statements its seal covers. IntegrityError names what does not hold."""
    parcel = parse_parcel(raw)
    if (seal.lane, seal.after, seal.last) != (parcel.lane, parcel.after, parcel.last):
        raise _broken("its seal is for another")
    if (seal.count, seal.sha256) != (len(parcel.stated), digest([text for _, text in parcel.stated])):
        raise _broken("its seal is for other statements")
    return parcel


def parse_parcel(raw: bytes) -> Parcel:
    """A parcel that something around it vouches for. IntegrityError names what does not hold."""
    try:
        body = _BODY.decode(raw)
        texts = [bytes(text) for text in body.statements]
        found = [_STATEMENT.decode(text) for text in texts]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _broken(f"it cannot be read ({error})") from None
    seqs = [one.seq for one in found]
    holds = {
        "its statements are out of order": all(a < b for a, b in zip([body.after, *seqs], seqs, strict=False))
        and seqs[-1:] == [body.last],
        "an object has no statement": len(body.objects) == len(texts),
        "it names no epoch or time": EPOCH.fullmatch(body.epoch) is not None and time_us(body.last_added) is not None,
    }
    for why, holds_so in holds.items():
        if not holds_so:
            raise _broken(why)
    pairs = tuple(zip(found, texts, strict=True))
    objects = tuple(bytes(one) for one in body.objects)
    return Parcel(body.epoch, body.lane, body.after, body.last, body.last_added, objects, pairs)


def _broken(why: str) -> IntegrityError:
    return IntegrityError(f"The parcel does not hold: {why}.", "Ask the partner for it again.")
