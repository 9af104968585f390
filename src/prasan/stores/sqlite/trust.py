"""Keys by node, ours included, and evidence against keepers of logs (docs/wire.md, sections 1 and 11)."""

from typing import Final

from prasan.stores.sqlite.link import Link
from prasan.stores.trust import EvidenceRow, KeyRow, OverdueObject

TRUST: Final = """
CREATE TABLE node_keys (
  node TEXT NOT NULL, thumbprint TEXT NOT NULL, x BLOB NOT NULL, since_us INTEGER NOT NULL, until_us INTEGER,
  state TEXT NOT NULL CHECK (state IN ('current', 'retired', 'revoked')), handover TEXT NOT NULL,
  confirmed_us INTEGER, PRIMARY KEY (node, thumbprint)
) STRICT, WITHOUT ROWID;
CREATE TABLE evidence (
  n INTEGER PRIMARY KEY, partner TEXT NOT NULL, kind TEXT NOT NULL, held TEXT NOT NULL, shown TEXT NOT NULL,
  at_us INTEGER NOT NULL, settled_us INTEGER
) STRICT;
CREATE UNIQUE INDEX evidence_once ON evidence (partner, held, shown);
CREATE TABLE dropped (n INTEGER PRIMARY KEY, why TEXT NOT NULL, at_us INTEGER NOT NULL) STRICT;
CREATE TABLE untrusted (
  partner TEXT NOT NULL, object_id TEXT NOT NULL, version TEXT NOT NULL, received_us INTEGER NOT NULL,
  PRIMARY KEY (partner, object_id, version)
) STRICT, WITHOUT ROWID;
"""

_KEY: Final = "SELECT node, thumbprint, x, since_us, until_us, state, handover, confirmed_us FROM node_keys"
_EVIDENCE: Final = "SELECT partner, kind, held, shown, at_us, settled_us FROM evidence"


class TrustReads(Link):
    """Reading it."""

    def node_keys(self, node: str) -> list[KeyRow]:
        """Every key that a node was known by, in the order they came into use."""
        return [KeyRow(*row) for row in self._all(f"{_KEY} WHERE node = ? ORDER BY since_us, thumbprint", (node,))]

    def evidence(self, partner: str | None = None, *, open_only: bool = False) -> list[EvidenceRow]:
        """What is held against a partner or against all, in the order it came."""
        sql = f"{_EVIDENCE} WHERE (?1 IS NULL OR partner = ?1) AND NOT (?2 AND settled_us IS NOT NULL) ORDER BY n"
        return [EvidenceRow(*row) for row in self._all(sql, (partner, open_only))]

    def untrusted(self, partner: str) -> list[tuple[str, str]]:
        """Id and version of what came under a key that others may have held, and was not vouched for again."""
        sql = (
            "SELECT object_id, version FROM untrusted u WHERE partner = ? AND NOT EXISTS (SELECT 1 FROM received r"
            " WHERE r.partner = u.partner AND r.object_id = u.object_id AND r.version = u.version) ORDER BY 1, 2"
        )
        return [(row[0], row[1]) for row in self._all(sql, (partner,))]

    def overdue_objects(self, partner: str, received_us: int, now: int, limit: int) -> list[OverdueObject]:
        """Versions from a partner that came before a time, or whose marking has expired, and that are still whole."""
        sql = (
            "SELECT n, id, version, sha256, bytes, received_us <= ?2 FROM objects WHERE origin = ?1"
            " AND (received_us <= ?2 OR json_extract(CAST(marking AS TEXT), '$.expires') <= ?3)"
            " AND NOT EXISTS (SELECT 1 FROM dropped d WHERE d.n = objects.n) ORDER BY n LIMIT ?4"
        )
        return [OverdueObject(*row) for row in self._all(sql, (partner, received_us, now, limit))]

    def dropped_count(self) -> int:
        """How many versions were dropped."""
        return int(self._value("SELECT count(*) FROM dropped"))


class TrustWrites(TrustReads):
    """Changing it."""

    def put_node_key(self, row: KeyRow) -> None:
        """Keep a key, or how it stands now."""
        self._do(
            "INSERT INTO node_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (node, thumbprint) DO UPDATE SET"
            " until_us = excluded.until_us, state = excluded.state, confirmed_us = excluded.confirmed_us",
            (row.node, row.thumbprint, row.x, row.since_us, row.until_us, row.state, row.handover, row.confirmed_us),
        )

    def distrust(self, partner: str, since_us: int) -> int:
        """What a partner vouched for since then must be vouched for again; how many versions that is."""
        sql = (
            "INSERT OR REPLACE INTO untrusted SELECT partner, object_id, version, received_us FROM received"
            " WHERE partner = ? AND received_us >= ?"
        )
        self._do(sql, (partner, since_us))
        return self._do("DELETE FROM received WHERE partner = ? AND received_us >= ?", (partner, since_us))

    def drop_object(self, row: OverdueObject, stub: bytes, facts: bytes, now_us: int) -> None:
        """Put a stub in the place of a version's bytes.

        Its id, version and hash stay, as they do in what its sender vouched for.
        """
        self._do("PRAGMA secure_delete = ON")  # the pages are overwritten, not only let go
        why = "store_days" if row.kept_long else "expires"
        self._do("INSERT INTO dropped VALUES (?, ?, ?)", (row.n, why, now_us))
        sql = "UPDATE objects SET bytes = ?, facts = ?, status = 'withdrawn' WHERE n = ?"
        self._do(sql, (stub, facts, row.n))
        for table in ("quarantine", "conflicts"):
            self._do(f"UPDATE {table} SET bytes = x'' WHERE object_id = ? AND version = ?", (row.id, row.version))  # noqa: S608

    def blank_quarantined(self, partner: str, object_id: str) -> None:
        """What a partner sent under this id and was set apart is dropped with the rest of it."""
        sql = "UPDATE quarantine SET bytes = x'' WHERE partner = ? AND object_id = ?"
        self._do(sql, (partner, object_id))

    def drop_views(self, since_us: int) -> int:
        """What was made of versions that were dropped since then and is shown to nobody any more; how many views."""
        sql = (
            "UPDATE views SET bytes = NULL WHERE status != 'current' AND bytes IS NOT NULL"
            " AND (o, object_version) IN (SELECT o, version FROM dropped JOIN objects USING (n) WHERE at_us >= ?)"
        )
        return self._do(sql, (since_us,))

    def put_evidence(self, row: EvidenceRow) -> bool:
        """Keep it; False if these two notes are held already."""
        sql = "INSERT OR IGNORE INTO evidence (partner, kind, held, shown, at_us, settled_us) VALUES (?, ?, ?, ?, ?, ?)"
        return self._do(sql, (row.partner, row.kind, row.held, row.shown, row.at_us, row.settled_us)) == 1

    def settle_evidence(self, partner: str, now_us: int) -> int:
        """What is held against a partner stops nothing any more; how many there were. It stays on record."""
        sql = "UPDATE evidence SET settled_us = ? WHERE partner = ? AND settled_us IS NULL"
        return self._do(sql, (now_us, partner))
