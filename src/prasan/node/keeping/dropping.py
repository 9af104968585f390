"""What came from partners is dropped when its time is over: `expires` of its marking, or `store_days` of the accord.

The bytes go, and with them what was noted of their content; id, version and hash stay, so that the statement it came
under and the entry in the pair log still show what was here (docs/wire.md, section 8). So it is with what partners said
in requests for information: the history of a request stays, and the hashes of what it consisted of.
"""

from typing import Final

import msgspec

from prasan.errors import FormatError
from prasan.formats.stix import peek
from prasan.node.acts.requesting import drop_changes
from prasan.node.node import Node
from prasan.node.objects import KEPT, requeue
from prasan.node.record import DROPPED, note
from prasan.release.accord import parse_accord
from prasan.release.facts import Content
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.store import Reads
from prasan.stores.trust import OverdueObject

AT_ONCE: Final = 200
"""Versions in one transaction, so that nobody waits long for the store."""
DAY_US: Final = 86_400_000_000


def drop_overdue(node: Node) -> int:
    """Drop what is due now; how many versions of objects and changes of requests."""
    total, now_us = 0, node.clock.now_us()
    with node.store.write() as tx:
        tx.drop_views(now_us - DAY_US)  # those narrowed since the last time
    for partner in node.store.partners():
        while count := _some(node, partner.id):
            total += count
        total += _said(node, partner.id)
    return total


def _said(node: Node, partner: str) -> int:
    """What the partner said in requests, and what lies in its inbox."""
    with node.store.write() as tx:
        before_us = node.clock.now_us() - _days(tx, partner) * DAY_US
        tx.drop_inbox(partner, before_us)
        return drop_changes(node, tx, partner, before_us)


def _some(node: Node, partner: str) -> int:
    now_us = node.clock.now_us()
    with node.store.write() as tx:
        due = tx.overdue_objects(partner, now_us - _days(tx, partner) * DAY_US, now_us // 1_000_000, AT_ONCE)
        for row in due:
            _drop(node, tx, partner, row)
    return len(due)


def _days(store: Reads, partner: str) -> int:
    """The fewest days of any accord that we signed with this partner, also of one that has ended since."""
    accords = [parse_accord(row.raw) for row in store.accords() if row.state != "proposed"]
    return min((one.store_days for one in accords if one.party(partner)), default=36_525)


def _drop(node: Node, tx: Tx, partner: str, row: OverdueObject) -> None:
    found = tx.object(row.id, row.version)
    kept = KEPT(found.facts if found else b"")
    blank = msgspec.structs.replace(kept, content=Content(kept.content.kind))
    tx.drop_object(row, stub_of(row), msgspec.json.encode(blank), node.clock.now_us())
    why = "store_days" if row.kept_long else "expires"
    note(node, tx, partner, DROPPED, row.id, {"version": row.version, "sha256": row.sha256, "why": why})
    requeue(node, tx, row.id)


def stub_of(row: OverdueObject) -> bytes:
    """What is left in the place of an object: its type, id and times, as the version says them."""
    try:
        head = peek(row.raw)
        created = head.created
    except FormatError:
        created = row.version
    kind = row.id.partition("--")[0]
    head_only = {"type": kind, "spec_version": "2.1", "id": row.id, "created": created, "modified": row.version}
    return msgspec.json.encode(head_only)
