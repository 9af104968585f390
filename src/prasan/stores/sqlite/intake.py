"""What comes from partners: how far we read, what they vouched for, what was not taken."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from prasan.stores.sqlite.link import Link
from prasan.stores.traffic import Conflict, Cursor, Quarantined, ReceivedRow

_CURSOR: Final = "SELECT partner, lane, collection, added_after, seq, acked FROM cursors"
_QUARANTINE: Final = "SELECT partner, object_id, version, reason, bytes, at_us FROM quarantine"
_RECEIVED: Final = "SELECT partner, lane, seq, object_id, version, sha256, statement, received_us FROM received"


class IntakeReads(Link):
    """Reading it."""

    def cursor(self, partner: str, lane: str) -> Cursor:
        """How far a lane was applied; a fresh cursor if it never was."""
        row = self._one(f"{_CURSOR} WHERE partner = ? AND lane = ?", (partner, lane))
        return Cursor(partner, lane) if row is None else Cursor(*row)

    def received(self, partner: str, object_id: str) -> list[ReceivedRow]:
        """What a partner vouched for under an id, in order of arrival."""
        rows = self._all(f"{_RECEIVED} WHERE partner = ? AND object_id = ? ORDER BY n", (partner, object_id))
        return [ReceivedRow(*row) for row in rows]

    def received_built(self, partner: str) -> set[str]:
        """The ids that a partner sent as built views, by what its latest statement of each says."""
        sql = (
            "SELECT object_id, json_extract(CAST(statement AS TEXT), '$.form'), max(n) FROM received"
            " WHERE partner = ? GROUP BY object_id"
        )
        return {row[0] for row in self._all(sql, (partner,)) if row[1] == "sanitised"}

    def received_count(self, partner: str) -> int:
        """How many versions came from a partner."""
        return int(self._value("SELECT count(*) FROM received WHERE partner = ?", (partner,)))

    def quarantined(self, partner: str | None = None, limit: int = 1000) -> list[Quarantined]:
        """What was not taken, latest first."""
        rows = self._all(f"{_QUARANTINE} WHERE ?1 IS NULL OR partner = ?1 ORDER BY n DESC LIMIT ?2", (partner, limit))
        return [Quarantined(*row) for row in rows]

    def quarantine_rows(self, partner: str | None, reason: str | None, limit: int) -> list[tuple[int, Quarantined]]:
        """What was not taken, of one sender and for one reason if asked, each with its number, latest first."""
        sql = (
            "SELECT partner, object_id, version, reason, bytes, at_us, n FROM quarantine"
            " WHERE (?1 IS NULL OR partner = ?1) AND (?2 IS NULL OR reason = ?2) ORDER BY n DESC LIMIT ?3"
        )
        return [(row[6], Quarantined(*row[:6])) for row in self._all(sql, (partner, reason, limit))]

    def quarantine_row(self, number: int) -> Quarantined | None:
        """One of them by its number."""
        row = self._one(f"{_QUARANTINE} WHERE n = ?", (number,))
        return None if row is None else Quarantined(*row)

    def turned(self, partner: str, object_id: str) -> set[str]:
        """The versions of an id that came from a partner and were not taken."""
        sql = "SELECT version FROM quarantine WHERE partner = ? AND object_id = ?"
        return {row[0] for row in self._all(sql, (partner, object_id))}

    def quarantine_counts(self, partner: str) -> dict[str, int]:
        """How much was not taken, by reason."""
        sql = "SELECT reason, count(*) FROM quarantine WHERE partner = ? GROUP BY reason"
        return dict(self._all(sql, (partner,)))

    def conflicts(self) -> Sequence[Conflict]:
        """Versions that came twice with different bytes, in order of arrival."""
        sql = "SELECT partner, object_id, version, kept_sha256, other_sha256, bytes, at_us FROM conflicts ORDER BY n"
        return [Conflict(*row) for row in self._all(sql)]

    def acked(self, recipient: str, lane: str) -> int:
        """Up to which seq a partner has said that it read a lane of ours."""
        sql = "SELECT upto FROM acks WHERE recipient = ? AND lane = ?"
        return int(self._value(sql, (recipient, lane)) or 0)


class IntakeWrites(IntakeReads):
    """Recording it."""

    def set_cursor(self, row: Cursor) -> None:
        """Move a lane's cursor, in the transaction that applied what came before it."""
        self._do(
            "INSERT INTO cursors VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (partner, lane) DO UPDATE"
            " SET collection = excluded.collection, added_after = excluded.added_after, seq = excluded.seq,"
            " acked = excluded.acked",
            (row.partner, row.lane, row.collection, row.added_after, row.seq, row.acked),
        )

    def put_ack(self, recipient: str, lane: str, upto: int, now_us: int) -> bool:
        """Record that a partner read a lane up to a seq; False if it said so, or more, before."""
        sql = (
            "INSERT INTO acks VALUES (?, ?, ?, ?) ON CONFLICT (recipient, lane) DO UPDATE"
            " SET upto = excluded.upto, at_us = excluded.at_us WHERE excluded.upto > acks.upto"
        )
        return self._do(sql, (recipient, lane, upto, now_us)) == 1

    def first_use(self, issuer: str, nonce: str, until_us: int, now_us: int) -> bool:
        """Remember a nonce until a time; False if it is remembered already, so the request is a repeated one."""
        self._do("DELETE FROM nonces WHERE until_us <= ?", (now_us,))
        return self._do("INSERT OR IGNORE INTO nonces VALUES (?, ?, ?)", (issuer, nonce, until_us)) == 1

    def put_received(self, row: ReceivedRow) -> bool:
        """Keep a statement with what it was for; False if it was here already."""
        sql = (
            "INSERT OR IGNORE INTO received (partner, lane, seq, object_id, version, sha256, statement, received_us)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        values = (
            row.partner,
            row.lane,
            row.seq,
            row.object_id,
            row.version,
            row.sha256,
            row.statement,
            row.received_us,
        )
        return self._do(sql, values) == 1

    def put_quarantined(self, row: Quarantined) -> bool:
        """Keep what was not taken; False if the same was kept before."""
        sql = (
            "INSERT OR IGNORE INTO quarantine (partner, object_id, version, reason, sha256, bytes, at_us)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        digest = sha256(row.raw).hexdigest()
        return self._do(sql, (row.partner, row.object_id, row.version, row.reason, digest, row.raw, row.at_us)) == 1

    def put_conflict(self, row: Conflict) -> bool:
        """Record a conflict; False if it was recorded before."""
        sql = (
            "INSERT OR IGNORE INTO conflicts (partner, object_id, version, kept_sha256, other_sha256, bytes, at_us)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        values = (row.partner, row.object_id, row.version, row.kept_sha256, row.other_sha256, row.raw, row.at_us)
        return self._do(sql, values) == 1
