"""How each object stands with each recipient: its id there, what it may hold, and when to decide again."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from prasan.stores.rows import EVERYBODY, Due, Mapped, Settled, Standing, ViewRow
from prasan.stores.sqlite.link import Link, marks
from prasan.stores.sqlite.recalls import STANDING
from prasan.stores.sqlite.views import COLUMNS

_CODES: Final = msgspec.json.Decoder(tuple[str, ...]).decode
_BRING_DUE: Final = (
    "INSERT INTO due VALUES (?, ?, ?) ON CONFLICT (recipient, object_id) DO UPDATE"
    " SET at_us = min(at_us, excluded.at_us)"
)
_NOT_DUE: Final = "DELETE FROM due WHERE recipient = ? AND object_id = ?"
_HELD: Final = f"SELECT {', '.join(COLUMNS)} FROM views WHERE status != 'recalled' AND object_id"  # noqa: S608


class Standings:
    """How some objects stand with everybody."""

    def __init__(
        self,
        rows: Iterable[ViewRow],
        recalled: Iterable[tuple[str, str]],
        turned: Iterable[tuple[str, str, bytes]],
    ) -> None:
        self._rows: dict[tuple[str, str], list[ViewRow]] = {}
        for row in rows:
            self._rows.setdefault((row.recipient, row.object_id), []).append(row)
        self._recalled = frozenset(recalled)
        self._turned = {(recipient, name): _CODES(codes) for recipient, name, codes in turned}
        self._named = {name for _, name in (*self._rows, *self._recalled, *self._turned)}

    def has(self, object_id: str) -> bool:
        """True if there is anything to say of an object."""
        return object_id in self._named

    def of(self, recipient: str, object_id: str) -> Standing:
        """How one of them stands with one recipient."""
        pair = recipient, object_id
        rows = tuple(self._rows.get(pair, ()))
        return Standing(recipient, object_id, rows, pair in self._recalled, self._turned.get(pair, ()))


class StandingReads(Link):
    """Reading it."""

    def mapped(self, recipient: str, object_id: str) -> Mapped | None:
        """The object's own id with that recipient, if a view was ever built."""
        row = self._one("SELECT * FROM id_map WHERE recipient = ? AND object_id = ?", (recipient, object_id))
        return None if row is None else Mapped(*row)

    def mapped_back(self, recipient: str, view_id: str) -> str | None:
        """The object behind a recipient's view id: the way back for feedback."""
        sql = "SELECT object_id FROM id_map WHERE recipient = ? AND view_id = ?"
        found: str | None = self._value(sql, (recipient, view_id))
        return found

    def mapped_back_all(self, recipient: str, view_ids: Sequence[str]) -> dict[str, str]:
        """Of these ids, those that a recipient knows an object of ours by, each with the object's own."""
        sql = f"SELECT view_id, object_id FROM id_map WHERE recipient = ? AND view_id IN ({marks(view_ids)})"  # noqa: S608
        return dict(self._all(sql, (recipient, *view_ids)))

    def given_views(self, view_ids: Sequence[str]) -> set[str]:
        """Of these ids, those that any partner knows an object by that is under another id here."""
        sql = (
            "SELECT m.view_id FROM partners p CROSS JOIN id_map m ON m.recipient = p.id"  # noqa: S608
            f" WHERE m.view_id IN ({marks(view_ids)})"
        )
        return {row[0] for row in self._all(sql, view_ids)}

    def due(self, now_us: int, limit: int = 1000, only: str | None = None) -> list[Due]:
        """What must be decided again by now, the longest overdue first; `only`: what concerns this recipient."""
        whose = () if only is None else (only, EVERYBODY)
        among = f"AND recipient IN ({marks(whose)})" if whose else ""
        sql = f"SELECT recipient, object_id, at_us FROM due WHERE at_us <= ? {among} ORDER BY at_us LIMIT ?"  # noqa: S608
        return [Due(*row) for row in self._all(sql, (now_us, *whose, limit))]

    def due_count(self, now_us: int) -> int:
        """How many decisions are due by now, of one object for one recipient or for everybody."""
        return int(self._value("SELECT count(*) FROM due WHERE at_us <= ?", (now_us,)))

    def next_due(self) -> int | None:
        """When the next decision is due, in µs; None if none is."""
        found: int | None = self._value("SELECT min(at_us) FROM due")
        return found

    def standings(self, object_ids: Sequence[str]) -> Standings:
        """How these objects stand with everybody."""
        among = f"IN ({marks(object_ids)})"
        recalled = f"SELECT recipient, object_id FROM recalls_out WHERE object_id {among} AND {STANDING}"  # noqa: S608
        turned = f"SELECT recipient, object_id, codes FROM turned WHERE object_id {among}"  # noqa: S608
        rows: Iterator[ViewRow] = (ViewRow(*row) for row in self._all(f"{_HELD} {among} ORDER BY +seq", object_ids))
        return Standings(rows, self._all(recalled, object_ids), self._all(turned, object_ids))


class StandingWrites(StandingReads):
    """Changing it."""

    def put_settled(self, rows: Sequence[Settled]) -> None:
        """Record what came of decisions: when to decide again."""
        later = [(one.recipient, one.object_id, one.again_us) for one in rows if one.again_us is not None]
        self._each_of(_BRING_DUE, later)

    def not_due(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Take these off the queue."""
        self._each_of(_NOT_DUE, pairs)

    def set_mapped(self, row: Mapped) -> None:
        """Keep a recipient's id of an object. The id and its birth stay; only what is sticky may change."""
        self._do(
            "INSERT INTO id_map VALUES (?, ?, ?, ?, ?) ON CONFLICT (recipient, object_id) DO UPDATE"
            " SET sticky = excluded.sticky",
            (row.recipient, row.object_id, row.view_id, row.created_us, row.sticky),
        )

    def bring_forward(self, now_us: int) -> None:
        """What was to be decided later is decided now."""
        self._do("UPDATE due SET at_us = ?1 WHERE at_us > ?1", (now_us,))

    def bring_due(self, recipients: Iterable[str], object_id: str, at_us: int) -> None:
        """Decide at `at_us`, or earlier if that is due already: what others refer to keeps its place before them."""
        self._each_of(_BRING_DUE, [(recipient, object_id, at_us) for recipient in recipients])

    def bring_due_for_all(self, object_id: str, at_us: int) -> None:
        """`bring_due` for every recipient but the one that the object came from."""
        self.bring_all_due([(object_id, at_us)])

    def bring_all_due(self, rows: Sequence[tuple[str, int]]) -> None:
        """(object, time): `bring_due_for_all` for each."""
        self._each_of(_BRING_DUE, [(EVERYBODY, *row) for row in rows])
