"""Ids as numbers: of what is spoken of (`names`), and of those who read (`recipients`).

An id is a long text in no order; as a number, given in order of arrival, it makes the rows small and lets those that
are written together lie together. Only what is here gets a number: in whose order others are decided must not hang on
what some object, which they may not know of, refers to.
"""

from collections.abc import Collection, Iterable
from typing import Final

from prasan.stores.sqlite.link import Link, marks

NAMES: Final = """
CREATE TABLE names (o INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
"""
RECIPIENT: Final = "(SELECT r FROM recipients WHERE id = ?)"
"""In a statement: the number of a recipient given by its id."""
OBJECT: Final = "(SELECT o FROM names WHERE id = ?)"
"""In a statement: the number of an object given by its id."""


def objects_in(object_ids: Collection[str]) -> str:
    """In a statement: the numbers of so many objects given by their ids."""
    return f"(SELECT o FROM names WHERE id IN ({marks(object_ids)}))"  # noqa: S608


class NameWrites(Link):
    """Giving numbers."""

    _objects: dict[str, int]
    _recipients: dict[str, int]
    """Numbers found in this transaction."""

    def number_names(self, object_ids: Iterable[str]) -> None:
        """Have a number for each of these ids."""
        new = [name for name in dict.fromkeys(object_ids) if name not in self._objects]
        if new:
            self._each_of("INSERT OR IGNORE INTO names (id) VALUES (?)", [(name,) for name in new])
            self.look_up_names(new)

    def look_up_names(self, object_ids: Collection[str]) -> None:
        """Have at hand the numbers that these ids have."""
        sql = f"SELECT id, o FROM names WHERE id IN ({marks(object_ids)})"  # noqa: S608
        self._objects.update(self._all(sql, [*object_ids]))

    def renumber(self, object_id: str) -> None:
        """Let an id have the next number instead of the one it has."""
        before, after = self.object_number(object_id), self._value("SELECT max(o) + 1 FROM names")
        for table in ("names", "views", "id_map", "due", "turned", "refs"):
            self._do(f"UPDATE {table} SET o = ? WHERE o = ?", (after, before))  # noqa: S608
        self._objects[object_id] = after

    def object_number(self, object_id: str) -> int:
        """The number of an id."""
        if object_id not in self._objects:
            self.number_names([object_id])
        return self._objects[object_id]

    def recipient_number(self, recipient: str) -> int:
        """The number of a recipient, given to it when it is first spoken of."""
        found = self._recipients.get(recipient)
        if found is None:
            found = self._value("SELECT r FROM recipients WHERE id = ?", (recipient,))
            if found is None:
                sql = "INSERT INTO recipients (id, seq, date_added_us) VALUES (?, 0, 0) RETURNING r"
                found = self._value(sql, (recipient,))
            self._recipients[recipient] = found
        return int(found)
