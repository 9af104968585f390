"""What is said of objects: by us of what a partner made, and by partners of what we or others made.

An opinion, a note or a sighting is an object like any other: the policy decides who gets it, and a recipient reads the
ids that it knows. So what C says of B's view reaches B about its own object, and A as far as C and B let it.
"""

from typing import Any, Final, Literal

import msgspec
import orjson

from prasan.errors import UsageError
from prasan.formats.stix import Header, parse_time, peek
from prasan.formats.stix_build import Stamp
from prasan.formats.stix_feedback import FEEDBACK, OPINION, note_id, note_object, opinion_id, opinion_object
from prasan.formats.stix_ids import ids_in
from prasan.node.node import Node
from prasan.node.objects import ANY_USE, STAFF, keep_own
from prasan.node.record import NODE_LOG, note
from prasan.node.releasing.explaining import explain
from prasan.node.releasing.publish import work_due
from prasan.picture.marking import Marking
from prasan.stores.rows import OWN, ObjectRow
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.store import Reads

Word = Literal["agree", "disagree", "note"]
LONGEST: Final = 1000


class Said(msgspec.Struct, frozen=True):
    """What was said, and what becomes of it at the partner whose object it is about: the verdict and its codes."""

    id: str
    about: str
    to: str
    verdict: str
    codes: tuple[str, ...]


def say(node: Node, word: Word, about: str, text: str = "") -> Said:
    """Agree or disagree with an object of a partner's, or note something about it. UsageError says why not.

    What our officer writes here counts as read.
    """
    text = text.strip()
    if len(text) > LONGEST or ids_in(text):
        what = "names an object's id" if ids_in(text) else f"has {len(text)} characters"
        raise UsageError(f"the text {what}", f"Say it without ids, in {LONGEST} characters at most.")
    if word == "note" and not text:
        raise UsageError("a note says something", "Give --text.")
    with node.store.write() as tx:
        row = theirs(tx, about)
        name = _say(node, tx, row, word, text)
        note(node, tx, NODE_LOG, "feedback", name, {"about": about, "word": word})
    work_due(node)
    told = explain(node, name, row.origin)
    return Said(name, about, told.recipient, told.verdict, tuple(reason.code for reason in told.reasons))


def _say(node: Node, tx: Tx, row: ObjectRow, word: Word, text: str) -> str:
    marking = marking_about(row)
    if word == "note":
        name = note_id(node.id, row.id, node.clock.uuid(f"{row.origin}/feedback/{row.id}"))
        keep_own(node, tx, name, lambda stamp: note_object(name, row.id, text, stamp, marking), marking)
        return name

    def opinion(stamp: Stamp) -> bytes:
        return opinion_object(row.id, "agree" if word == "agree" else "disagree", text, stamp, marking)

    keep_own(node, tx, opinion_id(node.id, row.id), opinion, marking, ANY_USE)
    return opinion_id(node.id, row.id)


def theirs(tx: Reads, object_id: str) -> ObjectRow:
    """An object that came from a partner. UsageError if there is none, or if it is our own."""
    row = tx.object(object_id)
    if row is None or row.status == "withdrawn" or row.type in FEEDBACK:
        raise UsageError(f"there is no object {object_id} here to speak of", "Copy the id from the object's page.")
    if row.origin == OWN:
        raise UsageError(f"{object_id} is our own", "Say it in the object itself.")
    return row


def marking_about(row: ObjectRow) -> Marking:
    """What speaks of an object is under the marking of that object, and whoever sent it may be told."""
    named = row.marking.rel_to
    if named is None or row.origin == OWN:
        return row.marking
    return msgspec.structs.replace(row.marking, rel_to=named | {row.origin})


class Heard(msgspec.Struct, frozen=True):
    """Something said of an object. `by` is who said it, by our name for it, "" for us; `via` the partner that we have
    it from, if that is another. `word`: agree, disagree, …; "" for a note and a sighting. Times are seconds UTC."""

    id: str
    kind: str
    by: str
    via: str
    word: str
    text: str
    at: int
    first: int | None = None
    last: int | None = None
    count: int | None = None


def heard_of(node: Node, audience: str, object_id: str) -> tuple[Heard, ...]:
    """What was said of an object, as far as this audience may read it, oldest first. For our own staff only."""
    if audience != STAFF:
        return ()
    store, names = node.store, _names(node)
    found = (_heard(node, audience, row, names) for row in map(store.object, store.about(object_id, FEEDBACK)) if row)
    return tuple(sorted((one for one in found if one), key=lambda one: (one.at, one.id)))


def _names(node: Node) -> dict[str, str]:
    return {node.id: "", OWN: ""} | {one.id: one.name for one in node.store.partners()}


def _heard(node: Node, audience: str, row: ObjectRow, names: dict[str, str]) -> Heard | None:
    held = node.store.view(audience, row.id)
    seen = held and node.store.current_view(audience, held.view_id, node.clock.now_us())
    if not seen or row.status != "current":
        return None
    document, header = orjson.loads(seen.raw), peek(seen.raw)
    sender = names.get(row.origin, row.origin)
    by = names.get(header.created_by_ref, "") if header.created_by_ref in names else sender
    return Heard(
        id=held.view_id if held else row.id,
        kind=row.type,
        by=by,
        via=sender if sender != by else "",
        word=_word(document) if row.type == OPINION else "",
        text=str(document.get("content") or document.get("explanation") or ""),
        at=_at(header),
        first=_time(document.get("first_seen")),
        last=_time(document.get("last_seen")),
        count=document.get("count") if isinstance(document.get("count"), int) else None,
    )


def _word(document: dict[str, Any]) -> str:
    return str(document.get("opinion", ""))


def _at(header: Header) -> int:
    return int(parse_time(header.modified or header.created))


def _time(value: Any) -> int | None:
    return int(parse_time(value)) if isinstance(value, str) else None
