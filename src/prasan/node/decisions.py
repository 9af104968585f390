"""From an object in the store to a decision about it."""

from functools import lru_cache

import msgspec

from prasan.formats.stix import parse_time, peek
from prasan.node.objects import KEPT, PUBLIC, STAFF
from prasan.release.facts import Facts
from prasan.stores.rows import OWN, ObjectRow
from prasan.stores.sqlite.store import Reads


def facts_of(store: Reads, node_id: str, row: ObjectRow, recipient_id: str) -> Facts:
    """The facts about an object as one recipient's decision needs them."""
    origin_name = OWN
    if row.origin != OWN:
        sender = store.partner(row.origin)
        origin_name = sender.name if sender else row.origin
    facts = _facts(node_id, row, origin_name)
    if recipient_id in (STAFF, PUBLIC) or not store.is_recalled(recipient_id, row.id):
        return facts
    return msgspec.structs.replace(facts, recalled_from=frozenset({recipient_id}))


@lru_cache(64)
def _facts(node_id: str, row: ObjectRow, origin_name: str) -> Facts:
    """What is the same for every recipient: an object is decided for all of them one after the other."""
    kept = KEPT(row.facts)
    return Facts(
        id=row.id,
        version=row.version,
        type=row.type,
        kind=kept.content.kind,
        marking=row.marking,
        node=node_id,
        known_at=kept.known_at,
        labels=kept.tags.union(peek(row.raw).labels),
        origin=row.origin,
        origin_name=origin_name,
        onward=kept.onward,
        places=kept.content.places,
        when=parse_time(kept.content.when) if kept.content.when else None,
        terms=kept.terms,
        unread_text=kept.unread_text,
    )
