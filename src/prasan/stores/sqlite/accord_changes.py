"""What parties said to their accords by themselves: each made it stricter, or ended it."""

from typing import Final

from prasan.stores.sqlite.link import Link
from prasan.stores.traffic import AccordChange

ACCORD_CHANGES: Final = """
CREATE TABLE accord_changes (
  accord TEXT NOT NULL, party TEXT NOT NULL, at_us INTEGER NOT NULL, body BLOB NOT NULL, jws TEXT NOT NULL,
  PRIMARY KEY (accord, party, at_us)
) STRICT, WITHOUT ROWID;
"""

_SELECT: Final = "SELECT accord, party, at_us, body, jws FROM accord_changes"


class AccordChangeReads(Link):
    """Reading them."""

    def accord_changes(self, accord: str | None = None) -> list[AccordChange]:
        """Those to one accord or to all, in the order in which they were said."""
        rows = self._all(f"{_SELECT} WHERE ?1 IS NULL OR accord = ?1 ORDER BY at_us, party", (accord,))
        return [AccordChange(*row) for row in rows]


class AccordChangeWrites(AccordChangeReads):
    """Keeping them."""

    def put_accord_change(self, row: AccordChange) -> bool:
        """Keep one; False if it is here already. What a party said at one moment is said once."""
        sql = "INSERT OR IGNORE INTO accord_changes VALUES (?, ?, ?, ?, ?)"
        return self._do(sql, (row.accord, row.party, row.at_us, row.body, row.jws)) == 1
