"""The releasing desk of one transaction: who the recipients are, what is decided, and how a row gets its place."""

from prasan.exchange.statements import Handling, statement
from prasan.formats.stix_ids import EVENT
from prasan.ledger.entry import Detail
from prasan.node.decisions import facts_of
from prasan.node.node import Node
from prasan.node.recipients import policy_in_force, recipients
from prasan.node.record import note
from prasan.picture.finding import ALERTING
from prasan.picture.marking import Marking
from prasan.release.decide import Case, Decision, judge, prepare
from prasan.stores.rows import Lane, NewView, ObjectRow, Place
from prasan.stores.sqlite import Tx


class Desk:
    """Cases are made ready once; objects then pass one by one."""

    def __init__(self, node: Node, tx: Tx) -> None:
        self.node, self.tx = node, tx
        self.now_us = node.clock.now_us()
        self._last: tuple[str, ObjectRow | None] | None = None
        policy = policy_in_force(tx)
        self.cases = {key: prepare(one, policy, self.now_us / 1e6) for key, one in recipients(tx).items()}

    def object(self, object_id: str) -> ObjectRow | None:
        """An object's latest version. The last one is remembered: it is decided for one recipient after the other."""
        if self._last is None or self._last[0] != object_id:
            self._last = object_id, self.tx.object(object_id)
        return self._last[1]

    def judge(self, case: Case, row: ObjectRow) -> Decision:
        """The decision about an object as it stands."""
        return judge(facts_of(self.tx, self.node.id, row, case.recipient.id), case)

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
