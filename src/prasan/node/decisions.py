"""From an object in the store to a decision about it."""

from prasan.formats.stix import parse_time, peek
from prasan.node.objects import KEPT
from prasan.release.facts import Facts
from prasan.stores.rows import OWN, ObjectRow
from prasan.stores.sqlite.store import Reads


def facts_of(store: Reads, node_id: str, row: ObjectRow, recipient_id: str) -> Facts:
    """The facts about an object as one recipient's decision needs them."""
    kept = KEPT(row.facts)
    origin_name = OWN
    if row.origin != OWN:
        sender = store.partner(row.origin)
        origin_name = sender.name if sender else row.origin
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
        recalled_from=frozenset({recipient_id}) if store.is_recalled(recipient_id, row.id) else frozenset(),
    )
