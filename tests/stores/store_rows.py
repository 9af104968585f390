"""Rows for the tests of the stores."""

from hashlib import sha256
from uuid import UUID

import msgspec

from prasan.picture.marking import Marking, Tlp
from prasan.stores.rows import Lane, NewView, ObjectRow, Place

EXERCISE = Marking(tlp=Tlp.AMBER, rel_to=frozenset({"us", "th"}), orcon=frozenset({"th"}), exercise=True)


class Ask(msgspec.Struct, frozen=True):
    """A reader's question."""

    after_us: int = 0
    limit: int = 500
    ids: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    versions: tuple[str, ...] = ("last",)
    spec_versions: tuple[str, ...] | None = None


def uid(number: int, kind: str = "incident") -> str:
    return f"{kind}--{UUID(int=number, version=4)}"


def obj(number: int, version: str = "2026-01-01T00:00:00Z", *, text: str = "", origin: str = "own") -> ObjectRow:
    raw = f'{{"type":"incident","id":"{uid(number)}","modified":"{version}","name":"{text}"}}'.encode()
    return ObjectRow(uid(number), version, "incident", "", origin, sha256(raw).hexdigest(), raw, EXERCISE)


def view(
    number: int, version: str = "2026-01-01T00:00:00Z", *, lane: Lane = "objects", raw: bytes | None = None
) -> NewView:
    return NewView(uid(number), version, uid(number), version, lane, "sanitised" if raw else "verbatim", "ab", raw)


def statement(place: Place) -> bytes:
    return b'{"seq":%d}' % place.seq
