"""The one object that the public may read: counts of what this node made, in both languages."""

from collections import Counter

from prasan.formats.stix_build import PUBLIC_SUMMARY, Stamp, statistics_note
from prasan.formats.stix_ids import NOTE, object_id
from prasan.node.node import Node
from prasan.node.objects import keep_own
from prasan.picture.marking import PUBLIC
from prasan.stores.rows import OWN
from prasan.words import LANGUAGES, say

FLOOR = 5
"""Counts below this are not told apart: one event in a place is that event."""


def publish_counts(node: Node) -> bool:
    """Bring the public note up to date; False if the counts are as before."""
    counts = public_counts(node)
    texts: dict[str, str] = {lang: say("public.counts", counts, lang) for lang in LANGUAGES}

    def build(stamp: Stamp) -> bytes:
        return statistics_note(counts, texts, [node.id], stamp, PUBLIC)

    with node.store.write() as tx:
        return keep_own(node, tx, object_id(NOTE, node.id, PUBLIC_SUMMARY), build, PUBLIC)


def public_counts(node: Node) -> dict[str, int]:
    """Incidents and events of real data, by layer; small cells are suppressed."""
    counts = Counter[str]()
    for row in node.store.each_object():
        if row.origin == OWN and not row.marking.exercise and row.type in ("incident", "prasan-maritime-event"):
            counts["incidents" if row.type == "incident" else "events"] += 1
    return {name: counts[name] if counts[name] >= FLOOR else 0 for name in ("events", "incidents")}
