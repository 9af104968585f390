"""An officer reads what people wrote into an object, and says that it may be decided like the rest of it."""

from collections.abc import Iterator
from typing import Any

import msgspec
import orjson

from prasan.errors import UsageError
from prasan.formats.stix import free_text
from prasan.node.node import Node
from prasan.node.objects import KEPT, PROFILE, requeue
from prasan.node.record import NODE_LOG, note
from prasan.release.facts import Profile
from prasan.stores.rows import ObjectRow
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.store import Reads

_PROFILE = msgspec.json.Decoder(Profile).decode


class Text(msgspec.Struct, frozen=True):
    """What stands in the latest version of an object in words of people: by property, every text."""

    object_id: str
    version: str
    origin: str
    read: bool
    texts: dict[str, list[str]]


def texts_of(store: Reads, object_id: str) -> Text:
    """The free text of an object. UsageError if it is not here or has none."""
    row = store.object(object_id)
    names = free_text(row.raw) if row is not None else frozenset[str]()
    if row is None or not names:
        raise UsageError(
            f"there is no object {object_id} with free text",
            "'prasan release text' lists those that wait.",
            code="text_none",
        )
    found: dict[str, list[str]] = {}
    for name, text in _texts(orjson.loads(row.raw), names):
        found.setdefault(name, []).append(text)
    return Text(row.id, row.version, row.origin, not KEPT(row.facts).unread_text, found)


def unread(store: Reads) -> Iterator[str]:
    """Ids of the objects whose free text nobody has read yet, by profile and in order of arrival."""
    for number, body in store.profiles().items():
        if body and _PROFILE(body).unread_text:
            yield from (name for name, _, _ in store.profile_rows(number))


def mark_read(node: Node, object_id: str, by: str, version: str = "") -> Text:
    """An officer has read the latest version: from now on its text holds nothing back. Later versions wait again.

    UsageError if the object is not here or has no free text; where the `version` that was read is given, also if there
    is another by now, or somebody has read it before.
    """
    with node.store.write() as tx:
        text = texts_of(tx, object_id)
        if version and version != text.version:
            raise UsageError("there is another version by now", "Read that one.", code="text_newer")
        if version and text.read:
            raise UsageError("somebody has read it before", "Nothing more is needed.", code="text_read")
        row = tx.object(object_id)
        if row is not None and not text.read:
            _mark(tx, row)
            note(node, tx, NODE_LOG, "text_read", object_id, {"version": row.version, "sha256": row.sha256, "by": by})
            requeue(node, tx, object_id)
        return msgspec.structs.replace(text, read=True)


def _mark(tx: Tx, row: ObjectRow) -> None:
    facts = msgspec.structs.replace(KEPT(row.facts), unread_text=False)
    profile = msgspec.structs.replace(_PROFILE(row.profile), unread_text=False) if row.profile else None
    tx.set_object_facts(row.id, row.version, msgspec.json.encode(facts), PROFILE(profile) if profile else b"")


def _texts(value: Any, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            if name in names and isinstance(item, str):
                yield name, item
            yield from _texts(item, names)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, names)
