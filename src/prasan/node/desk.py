"""The releasing desk of one transaction: who the recipients are, what they know, and how a row gets its place."""

from collections.abc import Collection

from prasan.exchange.statements import Handling, statement
from prasan.formats.stix_ids import EVENT, type_of
from prasan.ledger.entry import Detail
from prasan.node.consented import consents_on
from prasan.node.decisions import Subject
from prasan.node.node import Node
from prasan.node.provenance import DERIVED_TYPES as DERIVED
from prasan.node.provenance import hidden_clocks
from prasan.node.recipients import policy_in_force, recipients
from prasan.node.record import note
from prasan.picture.finding import ALERTING
from prasan.picture.marking import Marking
from prasan.release.decide import Case, prepare
from prasan.stores.rows import OWN, Lane, NewView, ObjectRow, Place
from prasan.stores.sqlite import Tx


class Desk:
    """Cases are made ready once; objects then pass one by one."""

    def __init__(self, node: Node, tx: Tx) -> None:
        self.node, self.tx = node, tx
        self.now_us = node.clock.now_us()
        policy = policy_in_force(tx)
        self.cases = {key: prepare(one, policy, self.now_us / 1e6) for key, one in recipients(tx).items()}
        self.hidden = hidden_clocks(node, tx, self.cases)
        self._last: tuple[str, Subject | None] | None = None
        self._known: dict[tuple[str, str], str | None] = {}

    def subject(self, object_id: str, recipient: str) -> Subject | None:
        """An object's latest version, as far as a recipient may be told of what it is made of."""
        main, clocks = self._main(object_id), self.hidden.get(recipient)
        if not clocks or type_of(object_id) not in DERIVED:
            return main
        if main is not None and (main.row.origin != OWN or main.kept.clock not in clocks):
            return main
        variant = self.tx.variant(recipient, object_id)
        if variant is not None:
            return Subject(variant, self.node.id, OWN, "variant")
        return Subject(main.row, self.node.id, OWN, "untold") if main is not None else None

    def _main(self, object_id: str) -> Subject | None:
        """The object itself. The last one is remembered: it is decided for one recipient after the other."""
        if self._last is None or self._last[0] != object_id:
            row = self.tx.object(object_id)
            self._last = object_id, self._ready(row) if row else None
        return self._last[1]

    def _ready(self, row: ObjectRow) -> Subject:
        if row.origin == OWN:
            return Subject(row, self.node.id, OWN)
        sender, consents = self.cases.get(row.origin), consents_on(self.tx, row.id)
        return Subject(row, self.node.id, sender.recipient.name if sender else row.origin, consents=consents)

    def known(self, recipient: str, object_ids: Collection[str]) -> dict[str, str]:
        """Of these objects, those that the recipient can read now, each with the id it has there."""
        unasked = [name for name in object_ids if (recipient, name) not in self._known]
        if unasked:
            found = self.tx.visible(recipient, unasked)
            self._known.update({(recipient, name): found.get(name) for name in unasked})
        asked = {name: self._known[recipient, name] for name in object_ids}
        return {name: view_id for name, view_id in asked.items() if view_id is not None}

    def forget(self, recipient: str, object_id: str) -> None:
        """What the recipient can read of this object is no longer what it was."""
        self._known.pop((recipient, object_id), None)

    def put_view(self, case: Case, new: NewView, marking: Marking, origin: str | None) -> Place:
        """One row at the end of a recipient's order; for a partner with the statement and the leaf of the pair log.

        `origin` is the hash of the originator's bytes for a verbatim copy.
        """
        tx, recipient = self.tx, case.recipient
        if recipient.kind != "partner":
            return tx.put_view(recipient.id, new, self.now_us, lambda _: b"")
        accords = sorted(accord.hash for accord in recipient.accords if accord.in_force(self.now_us / 1e6))
        handling = Handling.of(marking, recipient.id, self.node.id)

        def stated(place: Place) -> bytes:
            return statement(new, place, recipient.id, handling, accords, origin)

        place = tx.put_view(recipient.id, new, self.now_us, stated)
        detail: Detail = {"seq": place.seq, "version": new.version, "sha256": new.sha256}
        note(self.node, tx, recipient.id, "view", new.view_id, detail)
        return place


def lane_of(row: ObjectRow) -> Lane:
    """Events of alerting kinds travel in `alerts`, so that bulk never delays them."""
    return "alerts" if row.type == EVENT and row.kind in ALERTING else "objects"
