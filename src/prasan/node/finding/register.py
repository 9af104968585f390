"""Where events and the objects made of them are kept: ours, or a recipient's own (see `provenance`).

Both have the same verbs, so that what a recipient is told is made by the very code that makes our own.
"""

from collections.abc import Iterator
from typing import Final, Protocol

import msgspec

from prasan.formats.stix import peek
from prasan.formats.stix_build import event_id
from prasan.ledger.entry import Detail
from prasan.node.node import Node
from prasan.node.objects import Made, due_at, keep_made, next_version, note_refs, taken_back
from prasan.node.record import NODE_LOG, note
from prasan.picture.event import Event
from prasan.stores.rows import OWN, EventRow, ObjectRow
from prasan.stores.sqlite import Tx

_EVENT: Final = msgspec.json.Decoder(Event)
_ENCODE: Final = msgspec.json.Encoder().encode


class Register(Protocol):
    """The events that one reader is told of, with their objects."""

    def events(self) -> Iterator[Event]:
        """The latest revision of every event."""

    def object(self, tx: Tx, object_id: str) -> ObjectRow | None:
        """The latest version of an object."""

    def keep(self, tx: Tx, made: Made) -> bool:
        """Keep a new version of an object and have it decided; False if its bytes are as before."""

    def keep_event(self, tx: Tx, event: Event, made: Made) -> bool:
        """Keep a revision with its object."""

    def note(self, tx: Tx, clock: str, changed: list[Event]) -> None:
        """Put on record that these events of a clock changed."""


class Ours:
    """What this node itself holds to be so."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def events(self) -> Iterator[Event]:
        """The latest revision of every event."""
        return (_EVENT.decode(row.body) for row in self._node.store.events())

    def object(self, tx: Tx, object_id: str) -> ObjectRow | None:
        """The latest version of an object."""
        return tx.object(object_id)

    def keep(self, tx: Tx, made: Made) -> bool:
        """Keep a new version of an object and have it decided by everybody; False if its bytes are as before."""
        return keep_made(self._node, tx, made)

    def keep_event(self, tx: Tx, event: Event, made: Made) -> bool:
        """Keep a revision with its object."""
        tx.put_event(EventRow(event.id, event.revision, event.finding.kind, event.state, _ENCODE(event)))
        return self.keep(tx, made)

    def note(self, tx: Tx, clock: str, changed: list[Event]) -> None:
        """Put on record how many events changed, and which were withdrawn and why."""
        for event in changed:
            if event.state == "withdrawn":
                detail: Detail = {"revision": event.revision, "why": event.reason}
                note(self._node, tx, NODE_LOG, "withdrawn", event.id, detail)
        note(self._node, tx, NODE_LOG, "events", clock, {"changed": len(changed)})


class Theirs:
    """What one recipient is told: events found in the rows of the sources that it may know, and nothing else."""

    def __init__(self, node: Node, recipient: str) -> None:
        self._node, self.recipient = node, recipient

    def events(self) -> Iterator[Event]:
        """The latest revision of every event."""
        return map(_EVENT.decode, self._node.store.variant_events(self.recipient))

    def object(self, tx: Tx, object_id: str) -> ObjectRow | None:
        """The latest variant of an object."""
        return tx.variant(self.recipient, object_id)

    def keep(self, tx: Tx, made: Made) -> bool:
        """Keep a new variant and have it decided for this recipient; False if its bytes are as before."""
        return self._keep(tx, made, b"")

    def keep_event(self, tx: Tx, event: Event, made: Made) -> bool:
        """Keep a revision with its object."""
        return self._keep(tx, made, _ENCODE(event))

    def _keep(self, tx: Tx, made: Made, event: bytes) -> bool:
        before, after = tx.variant(self.recipient, made.id), 0.0
        if before is None and (claim := tx.object(made.id)) is not None:
            after = taken_back(self._node, tx, claim)
            if after:  # nothing of it is left for anybody else
                tx.bring_due_for_all(made.id, self._node.clock.now_us())
        row = next_version(self._node, before, made, after)
        if row is not None:
            self.put(tx, row, event)
        return row is not None

    def put(self, tx: Tx, row: ObjectRow, event: bytes = b"") -> None:
        """Keep a variant as it is and have it decided for this recipient."""
        tx.put_variant(self.recipient, row, event)
        tx.set_speaker(row.id, OWN, self._node.clock.now_us())
        note_refs(self._node, tx, [row])
        tx.bring_due([self.recipient], row.id, due_at(self._node.clock.now_us(), row.type))

    def revoked(self, event: Event) -> bool:
        """True if what the recipient was told of it was revoked: nothing follows that."""
        row = self._node.store.variant(self.recipient, event_id(self._node.id, event.id))
        return row is not None and peek(row.raw).revoked

    def drop(self, tx: Tx, event: Event) -> None:
        """It rests on what the recipient may not know any more: it is withheld, and nothing is said."""
        object_id = event_id(self._node.id, event.id)
        tx.drop_variant(self.recipient, object_id)
        tx.bring_due([self.recipient], object_id, self._node.clock.now_us())

    def note(self, tx: Tx, clock: str, changed: list[Event]) -> None:
        """Put on record how many of this recipient's events changed."""
        if changed:
            note(self._node, tx, NODE_LOG, "derived", self.recipient, {"clock": clock, "changed": len(changed)})
