"""Consents to passing on: those we asked of partners, and those that partners asked of us."""

from collections.abc import Sequence
from typing import Final

from prasan.stores.rows import version_key
from prasan.stores.sqlite.link import Link, marks
from prasan.stores.traffic import ConsentRow

CONSENTS: Final = """
CREATE TABLE consents (
  side TEXT NOT NULL CHECK (side IN ('ours', 'theirs')), id TEXT NOT NULL, partner TEXT NOT NULL,
  object_id TEXT NOT NULL, state TEXT NOT NULL, body BLOB NOT NULL, asked_us INTEGER NOT NULL,
  changed_us INTEGER NOT NULL, answered_us INTEGER, vkey TEXT NOT NULL DEFAULT '', PRIMARY KEY (side, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX consents_object ON consents (object_id, side, state);
"""

_SELECT: Final = "SELECT side, id, partner, object_id, state, body, asked_us, changed_us, answered_us FROM consents"


class ConsentReads(Link):
    """Reading them."""

    def consent(self, side: str, consent_id: str) -> ConsentRow | None:
        """One by the id of the ask."""
        row = self._one(f"{_SELECT} WHERE side = ? AND id = ?", (side, consent_id))
        return None if row is None else ConsentRow(*row)

    def consents(self, side: str | None = None, partner: str | None = None) -> list[ConsentRow]:
        """Those of one side and partner, or of all, oldest first."""
        where = "WHERE (?1 IS NULL OR side = ?1) AND (?2 IS NULL OR partner = ?2) ORDER BY asked_us, id"
        return [ConsentRow(*row) for row in self._all(f"{_SELECT} {where}", (side, partner))]

    def consents_on(self, object_id: str, side: str, state: str = "given") -> list[ConsentRow]:
        """Those about one object that stand so."""
        where = "WHERE object_id = ? AND side = ? AND state = ? ORDER BY id"
        return [ConsentRow(*row) for row in self._all(f"{_SELECT} {where}", (object_id, side, state))]

    def consented(self, object_ids: Sequence[str], side: str, state: str = "given") -> set[str]:
        """Of these objects, those that there are such consents about."""
        sql = f"SELECT object_id FROM consents WHERE object_id IN ({marks(object_ids)}) AND side = ? AND state = ?"  # noqa: S608
        return {row[0] for row in self._all(sql, (*object_ids, side, state))}


class ConsentWrites(ConsentReads):
    """Recording them."""

    def put_consent(self, row: ConsentRow) -> bool:
        """Keep an ask; False if it was here already."""
        sql = (
            "INSERT OR IGNORE INTO consents (side, id, partner, object_id, state, body, asked_us, changed_us)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        values = (row.side, row.id, row.partner, row.object_id, row.state, row.body, row.asked_us, row.changed_us)
        return self._do(sql, values) == 1

    def change_consent(self, row: ConsentRow, version: str) -> bool:
        """Keep how it stands now, by an answer of this version; False if a later answer was kept before."""
        sql = (
            "UPDATE consents SET state = ?, body = ?, changed_us = ?, answered_us = coalesce(answered_us, ?), vkey = ?"
            " WHERE side = ? AND id = ? AND vkey < ?"
        )
        key = version_key(version)
        values = (row.state, row.body, row.changed_us, row.changed_us, key, row.side, row.id, key)
        return self._do(sql, values) == 1
