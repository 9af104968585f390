"""This node's own objects into the store: one version when something changed, none when nothing did."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec
import orjson

from prasan.formats.stix import Header, format_time, parse_time, peek, references
from prasan.formats.stix_build import Stamp, encode
from prasan.formats.stix_ids import COMMON_KNOWLEDGE, VESSEL
from prasan.node.node import Node
from prasan.node.own_ids import claimed_by, reclaim
from prasan.picture.marking import Marking
from prasan.picture.source import Terms
from prasan.release.accord import Onward
from prasan.release.facts import Content, Profile, content_of
from prasan.stores.rows import OWN, ObjectRow
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.objects import Put
from prasan.stores.sqlite.store import Reads

FIRST: Final[dict[str, int]] = {
    "identity": 4, VESSEL: 3, "relationship": 1, "sighting": 1, "note": 0, "opinion": 0, "grouping": 0, "report": 0,
}  # fmt: skip
FIRST_ELSE: Final = 2
"""Objects are due so many microseconds before now: what others refer to comes before them and is visible by then."""

STAFF = "class:staff"
PUBLIC = "public"

ASKED_AT_ONCE: Final = 1000
"""Ids in one question to the store: a post may name hundreds of thousands, and a question holds only so many."""

STEP_S = 0.001
"""The least step between two versions: STIX times have milliseconds."""

Build = Callable[[Stamp], bytes]


class Kept(msgspec.Struct, frozen=True):
    """What release needs to know of an object and its bytes do not say. `tags` are labels that never leave the node.

    `clock` is that of the rows it is made of, "" if it is made of none; `sources` those of ours that they came from.
    """

    content: Content
    known_at: float
    terms: Terms = Terms()
    unread_text: bool = False
    tags: frozenset[str] = frozenset()
    onward: Onward = "never"
    clock: str = ""
    sources: frozenset[str] = frozenset()


KEPT = msgspec.json.Decoder(Kept).decode
PROFILE = msgspec.json.Encoder(order="sorted").encode

ANY_USE = Terms()
"""The terms of what is our own."""


class Made(msgspec.Struct, frozen=True):
    """How an object of ours is made: `build` gives its bytes for a stamp; the rest is what it is under (see `Kept`)."""

    id: str
    build: Build
    marking: Marking
    terms: Terms = ANY_USE
    tags: frozenset[str] = frozenset()
    clock: str = ""
    sources: frozenset[str] = frozenset()


def keep_own(  # noqa: PLR0913, PLR0917 - an object and the terms it is under
    node: Node,
    tx: Tx,
    object_id: str,
    build: Build,
    marking: Marking,
    terms: Terms = ANY_USE,
    tags: frozenset[str] = frozenset(),
) -> bool:
    """Keep a new version of one of our objects and queue it for decision; False if its bytes are as before."""
    return keep_made(node, tx, Made(object_id, build, marking, terms, tags))


def keep_made(node: Node, tx: Tx, made: Made) -> bool:
    """`keep_own` for what is made of rows."""
    before, after = tx.object(made.id), 0.0
    if before is not None and (after := taken_back(node, tx, before)):
        before = None
    row = next_version(node, before, made, after)
    if row is not None:
        put(node, tx, row)
    return row is not None


def taken_back(node: Node, tx: Tx, row: ObjectRow) -> float:
    """End somebody else's claim on an id of ours; the time that our first version is not before, 0.0 if it was ours."""
    who = claimed_by(row, KEPT(row.facts).tags)
    return reclaim(node, tx, row.id, who) + STEP_S if who else 0.0


def put(node: Node, tx: Tx, row: ObjectRow) -> Put:
    """Keep a version of an object and, if it is new here, have it decided for every recipient."""
    return put_all(node, tx, [row])[0]


def put_all(node: Node, tx: Tx, rows: Sequence[ObjectRow]) -> list[Put]:
    """`put` for versions of different objects that came from one; what became of each.

    They are decided by way of the due-queue, which is part of the transaction, so a crash forgets nothing.
    """
    puts = tx.put_objects(rows)
    new = [row for row, how in zip(rows, puts, strict=True) if how == "new"]
    note_refs(node, tx, new)
    now_us = node.clock.now_us()  # one moment for all: of one type they are decided in the order in which they came
    tx.bring_all_due([(row.id, due_at(now_us, row.type)) for row in new])
    return puts


def note_refs(node: Node, tx: Tx, rows: Sequence[ObjectRow]) -> None:
    """Remember what objects that came from one refer to, so that they are decided again when a recipient gets to know
    that, or no longer. What a partner refers to by the id that it knows an object of ours by is that object.
    """
    refs = {row.id: references(row.raw) - COMMON_KNOWLEDGE - {node.id} for row in rows}
    meant = resolved(tx, rows[0].origin, frozenset[str]().union(*refs.values())) if rows else {}
    tx.set_refs([(meant[ref], name) for name, found in refs.items() for ref in found])


def resolved(tx: Reads, origin: str, refs: Iterable[str]) -> dict[str, str]:
    """Each of the ids in an object with the id of the object that it means here."""
    names, back = [*refs], dict[str, str]()
    for at in range(0, 0 if origin == OWN else len(names), ASKED_AT_ONCE):
        back |= tx.mapped_back_all(origin, names[at : at + ASKED_AT_ONCE])
    return {ref: back.get(ref, ref) for ref in names}


def next_version(node: Node, before: ObjectRow | None, made: Made, after: float = 0.0) -> ObjectRow | None:
    """The version after this one; None if its bytes would be the same, or if it was revoked: nothing follows that.

    `modified` is max(clock, last + 1 ms), not before `after`, and `created` that of the first version.
    """
    now = node.clock.now_us() / 1e6
    created = modified = max(now, after)
    if before is not None:
        header = peek(before.raw)
        if header.revoked:
            return None
        created, last = parse_time(header.created), parse_time(header.modified)
        kept = KEPT(before.facts)
        same = (made.tags, made.sources) == (kept.tags, kept.sources)
        if same and made.build(Stamp(node.id, created, last)) == before.raw:
            return None
        modified = max(now, last + STEP_S)
    raw = made.build(Stamp(node.id, created, modified))
    kept = Kept(_content(raw), now, made.terms, tags=made.tags, clock=made.clock, sources=made.sources)
    return object_row(raw, peek(raw), OWN, made.marking, kept, node.clock.now_us())


def said_again(raw: bytes, now_us: int, **changes: Any) -> bytes:
    """The same once more in a later version, with these changes."""
    document = orjson.loads(raw)
    modified = max(now_us / 1e6, parse_time(document["modified"]) + STEP_S)
    return encode(document | {"modified": format_time(modified)} | changes)


def row_again(row: ObjectRow, now_us: int, **changes: Any) -> ObjectRow:
    """An object of ours, said again as it was kept."""
    raw = said_again(row.raw, now_us, **changes)
    return object_row(raw, peek(raw), OWN, row.marking, KEPT(row.facts), now_us)


def object_row(  # noqa: PLR0913, PLR0917 - the columns of a row
    raw: bytes, header: Header, origin: str, marking: Marking, kept: Kept, now_us: int, digest: str = ""
) -> ObjectRow:
    """A row for the store. `digest` is the SHA-256 of `raw`, if it is known."""
    profile = Profile(
        type=header.type,
        kind=kept.content.kind,
        marking=msgspec.structs.replace(marking, expires=None),
        labels=kept.tags.union(header.labels),
        sources=kept.sources,
        origin=origin,
        onward=kept.onward,
        terms=kept.terms,
        unread_text=kept.unread_text,
        expires=marking.expires is not None,
    )
    return ObjectRow(
        id=header.id,
        version=header.version,
        type=header.type,
        kind=kept.content.kind,
        origin=origin,
        sha256=digest or sha256(raw).hexdigest(),
        raw=raw,
        marking=marking,
        facts=msgspec.json.encode(kept),
        received_us=now_us,
        status="revoked" if header.revoked else "current",
        profile=PROFILE(profile),
    )


def due_at(now_us: int, kind: str) -> int:
    """When an object of this type that is here now is due: now, in the order in which types refer to each other."""
    return now_us - FIRST.get(kind, FIRST_ELSE)


def requeue(node: Node, tx: Tx, object_id: str) -> None:
    """Have an object decided again for everybody, now."""
    tx.bring_due_for_all(object_id, node.clock.now_us())


def recipient_ids(store: Reads) -> list[str]:
    """Everybody whom a decision is made for: our staff, the public, and each partner."""
    return [STAFF, PUBLIC, *(partner.id for partner in store.partners())]


def _content(raw: bytes) -> Content:
    return content_of(raw, peek(raw))
