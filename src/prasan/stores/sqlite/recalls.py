"""Recalls in both directions, and what waits to be posted to partners."""

from typing import Final

from prasan.stores.rows import version_key
from prasan.stores.sqlite.link import Link
from prasan.stores.traffic import Outgoing, RecallIn, RecallOut

_OUT: Final = (
    "SELECT id, object_id, view_id, recipient, reason, deadline_us, issued_us, receipt, answered_us FROM recalls_out"
)
_IN: Final = "SELECT id, partner, target_id, reason, deadline_us, received_us, answered_us FROM recalls_in"

STANDING: Final = "allowed_us IS NULL AND reason != 'replaced'"
"""An officer's recall that holds; `replaced` only takes back a form for which another was sent."""


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

    def overdue(self, now_us: int) -> list[RecallOut]:
        """Recalls whose deadline passed without a receipt."""
        rows = self._all(f"{_OUT} WHERE answered_us IS NULL AND deadline_us < ? ORDER BY deadline_us", (now_us,))
        return [RecallOut(*row) for row in rows]

    def recalls_in(self, partner: str | None = None) -> list[RecallIn]:
        """Recalls that came to us, oldest first."""
        rows = self._all(f"{_IN} WHERE ?1 IS NULL OR partner = ?1 ORDER BY received_us, id", (partner,))
        return [RecallIn(*row) for row in rows]

    def outgoing(self, partner: str) -> list[Outgoing]:
        """What waits for a partner's inbox, in order."""
        sql = "SELECT id, partner, bytes, queued_us FROM outbox WHERE partner = ? AND posted_us IS NULL ORDER BY n"
        return [Outgoing(*row) for row in self._all(sql, (partner,))]


class RecallWrites(RecallReads):
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

    def answer_recall(self, recall_id: str, recipient: str, receipt: bytes, version: str, now_us: int) -> bool:
        """Keep a recipient's receipt; a later version replaces it. False if it is no news, or never got that recall.

        The time of the first answer stays: it is what the deadline is held against.
        """
        sql = (
            "UPDATE recalls_out SET receipt = ?, receipt_vkey = ?, answered_us = coalesce(answered_us, ?)"
            " WHERE id = ? AND recipient = ? AND receipt_vkey < ?"
        )
        key = version_key(version)
        return self._do(sql, (receipt, key, now_us, recall_id, recipient, key)) == 1

    def allow_again(self, recipient: str, object_id: str, now_us: int) -> int:
        """An officer lets a recalled object go to the recipient again; how many recalls that ends."""
        sql = f"UPDATE recalls_out SET allowed_us = ? WHERE recipient = ? AND object_id = ? AND {STANDING}"  # noqa: S608
        return self._do(sql, (now_us, recipient, object_id))

    def put_recall_in(self, row: RecallIn) -> bool:
        """Keep a recall that came; False if it was here already."""
        sql = "INSERT OR IGNORE INTO recalls_in VALUES (?, ?, ?, ?, ?, ?, ?)"
        values = (row.id, row.partner, row.target_id, row.reason, row.deadline_us, row.received_us, row.answered_us)
        return self._do(sql, values) == 1

    def recall_answered(self, recall_id: str, partner: str, now_us: int) -> bool:
        """Our receipt for a partner's recall has reached it; False if that was known or no such recall came."""
        sql = "UPDATE recalls_in SET answered_us = ? WHERE id = ? AND partner = ? AND answered_us IS NULL"
        return self._do(sql, (now_us, recall_id, partner)) == 1

    def queue_outgoing(self, row: Outgoing) -> bool:
        """Queue an object for a partner's inbox; False if that id was queued before."""
        sql = "INSERT OR IGNORE INTO outbox (id, partner, bytes, queued_us) VALUES (?, ?, ?, ?)"
        return self._do(sql, (row.id, row.partner, row.raw, row.queued_us)) == 1

    def posted(self, outgoing_id: str, partner: str, now_us: int) -> bool:
        """The partner's node has said that it holds it; False if that was known."""
        sql = "UPDATE outbox SET posted_us = ? WHERE id = ? AND partner = ? AND posted_us IS NULL"
        return self._do(sql, (now_us, outgoing_id, partner)) == 1
