"""Revoking: an object of our own is wrong, for everybody and for good (docs/wire.md, section 8).

Who was told of it as the sources that it may know show it (see `finding.provenance`) is told the same of that, also
where that goes by another id.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from prasan.errors import UsageError
from prasan.formats.stix import peek
from prasan.ledger.entry import Detail
from prasan.node.finding.provenance import derived
from prasan.node.finding.register import Theirs
from prasan.node.node import Node
from prasan.node.objects import put, row_again
from prasan.node.record import NODE_LOG, note
from prasan.node.releasing.telling_apart import behind, told_instead
from prasan.stores.rows import OWN, ObjectRow
from prasan.stores.sqlite import Tx

COPY: Final = "Copy the id from its page."


class Revoked(msgspec.Struct, frozen=True):
    """What was revoked, in its last version; `told_instead` are the ids of what others were told in its place."""

    object_id: str
    version: str
    told_instead: tuple[str, ...] = ()


def revoke(node: Node, object_id: str) -> Revoked:
    """Make the last version of an object, or of what somebody was told in the place of one, and of its variants.

    UsageError if it is not ours, or was revoked before.
    """
    with node.store.write() as tx:
        row, variants = tx.object(object_id), [*_variants(node, tx, object_id)]
        if row is None and not variants:
            raise UsageError(f"there is no object {object_id}", COPY)
        if row is not None and row.origin != OWN:
            raise UsageError(f"{object_id} came from a partner", "Only its creator can revoke it.")
        found = [one for one in (row, *(variant for _, variant in variants)) if one is not None]
        if all(peek(one.raw).revoked for one in found if one.id == object_id):
            raise UsageError(f"{object_id} was revoked before", "Nothing follows that.")
        versions = [_revoke_ours(node, tx, row)] if row is not None else []
        versions += [_revoke_theirs(node, tx, theirs, one) for theirs, one in variants if not peek(one.raw).revoked]
        instead = tuple(sorted({one.id for _, one in variants} - {object_id}))
        detail: Detail = {"version": versions[0]} | ({"told_instead": instead} if instead else {})
        note(node, tx, NODE_LOG, "revoked", object_id, detail)
    return Revoked(object_id, versions[0], instead)


def _variants(node: Node, tx: Tx, object_id: str) -> Iterator[tuple[Theirs, ObjectRow]]:
    """What recipients are told of an object by their own sources, under its id or, of an event, under another."""
    event = behind(node, object_id)
    for recipient in sorted(derived(tx)):
        names = [object_id, *(told_instead(node, recipient, event) if event is not None else ())]
        rows = (tx.variant(recipient, name) for name in names)
        yield from ((Theirs(node, recipient), row) for row in rows if row is not None)


def _revoke_ours(node: Node, tx: Tx, row: ObjectRow) -> str:
    last = row_again(row, node.clock.now_us(), revoked=True)
    put(node, tx, last)
    return last.version


def _revoke_theirs(node: Node, tx: Tx, theirs: Theirs, row: ObjectRow) -> str:
    last = row_again(row, node.clock.now_us(), revoked=True)
    theirs.put(tx, last)
    return last.version
