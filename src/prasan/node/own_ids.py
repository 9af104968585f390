"""Ids that are ours by how they are made, though somebody else spoke for them first (docs/wire.md, section 9).

The id of what a node makes is made of its identity id, so nobody else comes by it by right; but whoever knows the rule
can work it out before the object is made, and send something under it. Such a claim ends when we make the object.
"""

from typing import Final

from prasan.formats.stix import parse_time
from prasan.node.node import Node
from prasan.node.record import NODE_LOG, note
from prasan.stores.rows import OWN, ObjectRow
from prasan.stores.sqlite import Tx
from prasan.stores.traffic import Quarantined

SOURCE: Final = "source:"
"""How the tag begins that says of which foreign source an object is."""


def claimed_by(row: ObjectRow, tags: frozenset[str]) -> str:
    """Who holds an id of ours: a partner's identity id, `source/NAME` for a foreign source, "" if we do."""
    if row.origin != OWN:
        return row.origin
    names = sorted(tag.removeprefix(SOURCE) for tag in tags if tag.startswith(SOURCE))
    return f"source/{names[0]}" if names else ""


def reclaim(node: Node, tx: Tx, object_id: str, who: str) -> float:
    """Put all that was sent under an id of ours into quarantine; it is ours again. The time of its latest version.

    Whoever was passed it on is decided anew when our own version is kept.
    """
    rows = tx.object_versions(object_id)
    for row in rows:
        if row.raw:
            now_us = node.clock.now_us()
            tx.put_quarantined(Quarantined(who, object_id, row.version, "may_not_speak", row.raw, now_us))
    tx.remove_object(object_id)
    if tx.partner(who) is not None:  # what of ours names it meant theirs, to them
        tx.bring_referrers([(who, object_id)], node.clock.now_us())
    note(node, tx, NODE_LOG, "reclaimed", object_id, {"from": who, "versions": len(rows)})
    return max(parse_time(row.version) for row in rows)
