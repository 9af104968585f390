"""Revoking: an object of our own is wrong, for everybody and for good (docs/wire.md, section 8)."""

import msgspec
import orjson

from prasan.errors import UsageError
from prasan.formats.stix import format_time, parse_time, peek
from prasan.formats.stix_build import encode
from prasan.node.node import Node
from prasan.node.objects import KEPT, STEP_S, object_row, put
from prasan.node.record import NODE_LOG, note
from prasan.stores.rows import OWN


class Revoked(msgspec.Struct, frozen=True):
    """What was revoked, in its last version."""

    object_id: str
    version: str


def revoke(node: Node, object_id: str) -> Revoked:
    """Make the last version of an object. UsageError if it is not ours, or was revoked before."""
    with node.store.write() as tx:
        row = tx.object(object_id)
        if row is None:
            raise UsageError(f"there is no object {object_id}", "Copy the id from its page.")
        if row.origin != OWN:
            raise UsageError(f"{object_id} came from a partner", "Only its creator can revoke it.")
        if row.status == "revoked":
            raise UsageError(f"{object_id} was revoked before", "Nothing follows that.")
        document = orjson.loads(row.raw)
        modified = format_time(max(node.clock.now_us() / 1e6, parse_time(document["modified"]) + STEP_S))
        raw = encode(document | {"modified": modified, "revoked": True})
        put(node, tx, object_row(raw, peek(raw), OWN, row.marking, KEPT(row.facts), node.clock.now_us()))
        note(node, tx, NODE_LOG, "revoked", object_id, {"version": modified})
    return Revoked(object_id, modified)
