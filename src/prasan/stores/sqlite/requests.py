"""Requests for information, ours and partners', as the signed changes that they consist of."""

from typing import Final

from prasan.stores.sqlite.link import Link
from prasan.stores.traffic import ChangeRow, RequestRow

REQUESTS: Final = """
CREATE TABLE requests (
  partner TEXT NOT NULL, id TEXT NOT NULL, side TEXT NOT NULL CHECK (side IN ('ours', 'theirs')),
  opened_us INTEGER NOT NULL, changed_us INTEGER NOT NULL, PRIMARY KEY (partner, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE request_changes (
  partner TEXT NOT NULL, request TEXT NOT NULL, sha256 TEXT NOT NULL, by TEXT NOT NULL, text TEXT NOT NULL,
  taken_us INTEGER NOT NULL, PRIMARY KEY (partner, request, sha256)
) STRICT, WITHOUT ROWID;
"""

_SELECT: Final = "SELECT partner, id, side, opened_us, changed_us FROM requests"


class RequestReads(Link):
    """Reading them."""

    def request(self, partner: str, request_id: str) -> RequestRow | None:
        """One of those between us and a partner."""
        row = self._one(f"{_SELECT} WHERE partner = ? AND id = ?", (partner, request_id))
        return None if row is None else RequestRow(*row)

    def requests(self, partner: str | None = None) -> list[RequestRow]:
        """Those with one partner, or all, oldest first."""
        rows = self._all(f"{_SELECT} WHERE ?1 IS NULL OR partner = ?1 ORDER BY opened_us, id", (partner,))
        return [RequestRow(*row) for row in rows]

    def request_changes(self, partner: str, request_id: str) -> list[ChangeRow]:
        """The changes of one, in no particular order."""
        sql = "SELECT sha256, by, text, taken_us FROM request_changes WHERE partner = ? AND request = ?"
        return [ChangeRow(*row) for row in self._all(sql, (partner, request_id))]

    def overdue_changes(self, partner: str, taken_us: int) -> list[tuple[str, ChangeRow]]:
        """The changes that a partner made, that came before a time and are still whole, each with its request."""
        sql = (
            "SELECT c.request, c.sha256, c.by, c.text, c.taken_us FROM request_changes c"
            " JOIN requests r ON r.partner = c.partner AND r.id = c.request WHERE c.partner = ? AND c.taken_us <= ?"
            " AND c.by = iif(r.side = 'theirs', 'asker', 'asked') AND c.text NOT LIKE '{%' ORDER BY c.request, c.sha256"
        )
        return [(row[0], ChangeRow(*row[1:])) for row in self._all(sql, (partner, taken_us))]


class RequestWrites(RequestReads):
    """Recording them."""

    def drop_change(self, partner: str, request_id: str, name: str, rest: str) -> None:
        """Put what is left in the place of a change's signed text; its hash stays."""
        self._do("PRAGMA secure_delete = ON")
        sql = "UPDATE request_changes SET text = ? WHERE partner = ? AND request = ? AND sha256 = ?"
        self._do(sql, (rest, partner, request_id, name))

    def put_request(self, row: RequestRow) -> None:
        """Keep a request, or when it last changed."""
        self._do(
            "INSERT INTO requests VALUES (?, ?, ?, ?, ?) ON CONFLICT (partner, id) DO UPDATE"
            " SET changed_us = excluded.changed_us",
            (row.partner, row.id, row.side, row.opened_us, row.changed_us),
        )

    def put_change(self, partner: str, request_id: str, row: ChangeRow) -> bool:
        """Keep a change that was checked; False if it was here already."""
        sql = "INSERT OR IGNORE INTO request_changes VALUES (?, ?, ?, ?, ?, ?)"
        return self._do(sql, (partner, request_id, row.sha256, row.by, row.text, row.taken_us)) == 1
