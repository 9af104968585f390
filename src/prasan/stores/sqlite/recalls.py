"""Recalls in both directions, and what waits to be posted to partners."""

from collections.abc import Sequence
from typing import Final

from prasan.stores.rows import version_key
from prasan.stores.sqlite.link import Link, marks
from prasan.stores.sqlite.names import RECIPIENT, NameWrites
from prasan.stores.traffic import Outgoing, RecallIn, RecallOut

ONWARD: Final = """
ALTER TABLE recalls_out ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
CREATE TABLE onward (
  partner TEXT NOT NULL, recall_in TEXT NOT NULL, recall_out TEXT NOT NULL, PRIMARY KEY (partner, recall_in, recall_out)
) STRICT, WITHOUT ROWID;
CREATE INDEX onward_out ON onward (recall_out);
CREATE INDEX objects_revoked ON objects (id) WHERE status = 'revoked';
CREATE TABLE resting_on (
  partner TEXT NOT NULL, recall_in TEXT NOT NULL, object_id TEXT NOT NULL, looked_us INTEGER,
  PRIMARY KEY (partner, recall_in, object_id)
) STRICT, WITHOUT ROWID;
"""
"""Recalls we sent on for a partner's; what of ours rests on what it recalled; and what was revoked."""

_OUT: Final = (
    "SELECT id, object_id, view_id, recipient, reason, deadline_us, issued_us, receipt, answered_us, pending,"
    " allowed_us FROM recalls_out"
)
_IN: Final = "SELECT id, partner, target_id, reason, deadline_us, received_us, answered_us FROM recalls_in"

_LATE_IN: Final = f"""{_IN} AS r WHERE deadline_us < ? AND (answered_us IS NULL OR EXISTS (
SELECT 1 FROM onward o, recalls_out x WHERE o.partner = r.partner AND o.recall_in = r.id AND x.id = o.recall_out
AND (x.answered_us IS NULL OR x.pending > 0))) ORDER BY deadline_us"""  # noqa: S608

STANDING: Final = "allowed_us IS NULL AND reason NOT IN ('replaced', 'onward')"
"""An officer's recall that holds. `replaced` only takes back a form for which another was sent, `onward` what the
object's own sender has recalled: what it sends later is decided anew."""


class RecallReads(Link):
    """Reading them."""

    def recalls_out(self, recipient: str | None = None) -> list[RecallOut]:
        """Recalls we sent, oldest first."""
        rows = self._all(f"{_OUT} WHERE ?1 IS NULL OR recipient = ?1 ORDER BY issued_us, id", (recipient,))
        return [RecallOut(*row) for row in rows]

    def recall_out(self, recall_id: str) -> RecallOut | None:
        """One of them."""
        row = self._one(f"{_OUT} WHERE id = ?", (recall_id,))
        return None if row is None else RecallOut(*row)

    def is_recalled(self, recipient: str, object_id: str) -> bool:
        """True if this object was recalled from this recipient and nobody has allowed it again since."""
        sql = f"SELECT 1 FROM recalls_out WHERE recipient = ? AND object_id = ? AND {STANDING}"  # noqa: S608
        return self._one(sql, (recipient, object_id)) is not None

    def recalled_ids(self, recipient: str) -> list[str]:
        """Objects that were recalled from this recipient, and that nobody has allowed it again since."""
        sql = f"SELECT DISTINCT object_id FROM recalls_out WHERE recipient = ? AND {STANDING}"  # noqa: S608
        return [row[0] for row in self._all(sql, (recipient,))]

    def overdue(self, now_us: int) -> list[RecallOut]:
        """Recalls whose deadline passed without a receipt, or with one that still waits for others."""
        where = (
            "WHERE (answered_us IS NULL OR pending > 0) AND allowed_us IS NULL AND deadline_us < ? ORDER BY deadline_us"
        )
        return [RecallOut(*row) for row in self._all(f"{_OUT} {where}", (now_us,))]

    def overdue_in(self, now_us: int) -> list[RecallIn]:
        """Recalls of partners' that we owe an answer to after their deadline: the first, or that all others have."""
        return [RecallIn(*row) for row in self._all(_LATE_IN, (now_us,))]

    def recalls_in(self, partner: str | None = None) -> list[RecallIn]:
        """Recalls that came to us, oldest first."""
        rows = self._all(f"{_IN} WHERE ?1 IS NULL OR partner = ?1 ORDER BY received_us, id", (partner,))
        return [RecallIn(*row) for row in rows]

    def recall_in(self, partner: str, recall_id: str) -> RecallIn | None:
        """One of them."""
        row = self._one(f"{_IN} WHERE partner = ? AND id = ?", (partner, recall_id))
        return None if row is None else RecallIn(*row)

    def sent_on(self, partner: str, recall_id: str) -> list[RecallOut]:
        """The recalls that we sent on because of a partner's recall."""
        where = "WHERE id IN (SELECT recall_out FROM onward WHERE partner = ? AND recall_in = ?) ORDER BY id"
        return [RecallOut(*row) for row in self._all(f"{_OUT} {where}", (partner, recall_id))]

    def sent_on_for(self, recall_out: str) -> list[RecallIn]:
        """The recalls of partners that a recall of ours was sent on for."""
        where = "WHERE (partner, id) IN (SELECT partner, recall_in FROM onward WHERE recall_out = ?) ORDER BY id"
        return [RecallIn(*row) for row in self._all(f"{_IN} {where}", (recall_out,))]

    def resting_on(self, partner: str, recall_id: str) -> list[str]:
        """Objects of ours that refer to what a partner recalled and that no officer has looked at since."""
        sql = "SELECT object_id FROM resting_on WHERE partner = ? AND recall_in = ? AND looked_us IS NULL ORDER BY 1"
        return [row[0] for row in self._all(sql, (partner, recall_id))]

    def referring(self, object_id: str) -> list[str]:
        """Objects of ours that refer to this one as they stand now."""
        sql = (
            "SELECT DISTINCT o.id FROM refs f JOIN objects o USING (o) WHERE f.ref = ?1"
            " AND o.origin = 'own' AND o.status = 'current' AND instr(CAST(o.bytes AS TEXT), ?1) > 0 ORDER BY 1"
        )
        return [row[0] for row in self._all(sql, (object_id,))]

    def revoked_held(self, recipient: str) -> list[str]:
        """Objects that were revoked and of which this recipient holds a view that was not recalled."""
        sql = (
            "SELECT id FROM objects o WHERE status = 'revoked' AND EXISTS (SELECT 1 FROM views v"  # noqa: S608
            f" WHERE v.o = o.o AND v.r = {RECIPIENT} AND v.status != 'recalled')"
        )
        return [row[0] for row in self._all(sql, (recipient,))]

    def queued(self, partner: str, outgoing_id: str) -> Outgoing | None:
        """What was queued for a partner's inbox under an id, posted or not."""
        sql = "SELECT id, partner, bytes, queued_us FROM outbox WHERE partner = ? AND id = ?"
        row = self._one(sql, (partner, outgoing_id))
        return None if row is None else Outgoing(*row)

    def outgoing(self, partner: str) -> list[Outgoing]:
        """What waits for a partner's inbox, in order."""
        sql = "SELECT id, partner, bytes, queued_us FROM outbox WHERE partner = ? AND posted_us IS NULL ORDER BY n"
        return [Outgoing(*row) for row in self._all(sql, (partner,))]


class RecallWrites(RecallReads, NameWrites):
    """Recording them."""

    def put_recall_out(self, row: RecallOut) -> bool:
        """Keep a recall that we send; False if it stands already. One that was allowed again stands anew."""
        sql = (
            "INSERT INTO recalls_out (id, object_id, view_id, recipient, reason, deadline_us, issued_us,"
            " receipt, answered_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET allowed_us = NULL WHERE allowed_us IS NOT NULL"
        )
        values = (row.id, row.object_id, row.view_id, row.recipient, row.reason, row.deadline_us, row.issued_us)
        return self._do(sql, (*values, row.receipt, row.answered_us)) == 1

    def answer_recall(  # noqa: PLR0913, PLR0917 - the columns of an answer
        self, recall_id: str, recipient: str, receipt: bytes, version: str, now_us: int, pending: int = 0
    ) -> bool:
        """Keep a recipient's receipt; a later version replaces it. False if it is no news, or never got that recall.

        The time of the first answer stays: it is what the deadline is held against.
        """
        sql = (
            "UPDATE recalls_out SET receipt = ?, receipt_vkey = ?, answered_us = coalesce(answered_us, ?), pending = ?"
            " WHERE id = ? AND recipient = ? AND receipt_vkey < ?"
        )
        key = version_key(version)
        return self._do(sql, (receipt, key, now_us, pending, recall_id, recipient, key)) == 1

    def allow_again(self, recipient: str, object_id: str, now_us: int) -> int:
        """An officer lets a recalled object go to the recipient again, which is decided; how many recalls that ends."""
        pair = self.object_number(object_id), self.recipient_number(recipient)
        self._do("INSERT OR REPLACE INTO due VALUES (?, ?, ?)", (*pair, now_us))
        sql = f"UPDATE recalls_out SET allowed_us = ? WHERE recipient = ? AND object_id = ? AND {STANDING}"  # noqa: S608
        return self._do(sql, (now_us, recipient, object_id))

    def recall_rows(self, recipient: str, seqs: Sequence[int]) -> int:
        """Mark some of a recipient's view rows as recalled; how many there were."""
        sql = f"UPDATE views SET status = 'recalled' WHERE r = {RECIPIENT} AND seq IN ({marks(seqs)})"  # noqa: S608
        return self._do(sql, (recipient, *seqs))

    def put_recall_in(self, row: RecallIn) -> bool:
        """Keep a recall that came; False if it was here already."""
        sql = "INSERT OR IGNORE INTO recalls_in VALUES (?, ?, ?, ?, ?, ?, ?)"
        values = (row.id, row.partner, row.target_id, row.reason, row.deadline_us, row.received_us, row.answered_us)
        return self._do(sql, values) == 1

    def put_sent_on(self, partner: str, recall_in: str, recall_out: str) -> None:
        """Record that a recall of ours was sent on because of a partner's."""
        self._do("INSERT OR IGNORE INTO onward VALUES (?, ?, ?)", (partner, recall_in, recall_out))

    def put_resting_on(self, partner: str, recall_in: str, object_id: str) -> None:
        """An officer is to look at an object of ours: it refers to what a partner recalled."""
        self._do("INSERT OR IGNORE INTO resting_on VALUES (?, ?, ?, NULL)", (partner, recall_in, object_id))

    def looked_at(self, object_id: str, now_us: int) -> int:
        """An officer has looked at an object of ours; for how many recalls that was asked."""
        sql = "UPDATE resting_on SET looked_us = ? WHERE object_id = ? AND looked_us IS NULL"
        return self._do(sql, (now_us, object_id))

    def recall_answered(self, recall_id: str, partner: str, now_us: int) -> bool:
        """Our receipt for a partner's recall has reached it; False if that was known or no such recall came."""
        sql = "UPDATE recalls_in SET answered_us = ? WHERE id = ? AND partner = ? AND answered_us IS NULL"
        return self._do(sql, (now_us, recall_id, partner)) == 1

    def queue_outgoing(self, row: Outgoing) -> bool:
        """Queue an object for a partner's inbox, in place of what waited or was posted under its id; False for what
        was queued before with the same bytes."""
        sql = (
            "INSERT INTO outbox (id, partner, bytes, queued_us) VALUES (?, ?, ?, ?) ON CONFLICT (partner, id)"
            " DO UPDATE SET bytes = excluded.bytes, queued_us = excluded.queued_us, posted_us = NULL"
            " WHERE bytes != excluded.bytes"
        )
        return self._do(sql, (row.id, row.partner, row.raw, row.queued_us)) == 1

    def requote_outgoing(self, row: Outgoing) -> None:
        """Other bytes for what was queued under an id, which stays as it is: posted, or waiting."""
        self._do("UPDATE outbox SET bytes = ? WHERE partner = ? AND id = ?", (row.raw, row.partner, row.id))

    def posted(self, outgoing_id: str, partner: str, now_us: int, raw: bytes | None = None) -> bool:
        """The partner's node has said that it holds it; False if that was known, or if other bytes (`raw` are those
        that were posted) have taken its place."""
        sql = (
            "UPDATE outbox SET posted_us = ?1 WHERE id = ?2 AND partner = ?3 AND posted_us IS NULL"
            " AND (?4 IS NULL OR bytes = ?4)"
        )
        return self._do(sql, (now_us, outgoing_id, partner, raw)) == 1
