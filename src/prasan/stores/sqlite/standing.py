"""How each object stands with each recipient: its id there, what it may hold, and when to decide again."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from prasan.stores.rows import EVERYBODY, Due, Mapped, Settled, Standing, ViewRow
from prasan.stores.sqlite.link import LaterWrites, Link, marks
from prasan.stores.sqlite.names import OBJECT, RECIPIENT, NameWrites, objects_in
from prasan.stores.sqlite.recalls import STANDING
from prasan.stores.sqlite.views import ROWS

_CODES: Final = msgspec.json.Decoder(tuple[str, ...]).decode
_BRING_DUE: Final = (
    "INSERT INTO due VALUES (?, ?, ?) ON CONFLICT (o, r) DO UPDATE SET at_us = min(at_us, excluded.at_us)"
)
PUT_MAPPED: Final = (
    "INSERT INTO id_map VALUES (?, ?, ?, ?, ?) ON CONFLICT (o, r) DO UPDATE SET sticky = excluded.sticky"
)
_NOT_DUE: Final = "DELETE FROM due WHERE o = ? AND r = ?"
_MAPPED: Final = """SELECT p.id, n.id, m.view_id, m.created_us, m.sticky
FROM id_map m CROSS JOIN names n ON n.o = m.o CROSS JOIN recipients p ON p.r = m.r WHERE m.o"""


class Standings:
    """How some objects stand with everybody."""

    def __init__(
        self,
        rows: Iterable[ViewRow],
        recalled: Iterable[tuple[str, str]],
        turned: Iterable[tuple[str, str, bytes]],
        mapped: Iterable[Mapped],
    ) -> None:
        self._rows: dict[tuple[str, str], list[ViewRow]] = {}
        for row in rows:
            self._rows.setdefault((row.recipient, row.object_id), []).append(row)
        self._recalled = frozenset(recalled)
        self._turned = {(recipient, name): _CODES(codes) for recipient, name, codes in turned}
        self._mapped = {(one.recipient, one.object_id): one for one in mapped}
        self._named = {name for _, name in (*self._rows, *self._recalled, *self._turned)}

    def has(self, object_id: str) -> bool:
        """True if there is anything to say of an object."""
        return object_id in self._named

    def of(self, recipient: str, object_id: str) -> Standing:
        """How one of them stands with one recipient."""
        pair = recipient, object_id
        rows = tuple(self._rows.get(pair, ()))
        recalled, turned = pair in self._recalled, self._turned.get(pair, ())
        return Standing(recipient, object_id, rows, recalled, turned, self._mapped.get(pair))


class StandingReads(Link):
    """Reading it."""

    def mapped(self, recipient: str, object_id: str) -> Mapped | None:
        """The object's own id with that recipient, if a view was ever built."""
        row = self._one(f"{_MAPPED} = {OBJECT} AND m.r = {RECIPIENT}", (object_id, recipient))
        return None if row is None else Mapped(*row)

    def mapped_back(self, recipient: str, view_id: str) -> str | None:
        """The object behind a recipient's view id: the way back for feedback."""
        return self.mapped_back_all(recipient, [view_id]).get(view_id)

    def mapped_back_all(self, recipient: str, view_ids: Sequence[str]) -> dict[str, str]:
        """Of these ids, those that a recipient knows an object of ours by, each with the object's own."""
        sql = (
            "SELECT m.view_id, n.id FROM id_map m JOIN names n USING (o)"  # noqa: S608
            f" WHERE m.r = {RECIPIENT} AND m.view_id IN ({marks(view_ids)})"
        )
        return dict(self._all(sql, (recipient, *view_ids)))

    def given_views(self, view_ids: Sequence[str]) -> set[str]:
        """Of these ids, those that any partner knows an object by that is under another id here."""
        sql = (
            "SELECT m.view_id FROM id_map m JOIN recipients a USING (r) JOIN partners p ON p.id = a.id"  # noqa: S608
            f" WHERE m.view_id IN ({marks(view_ids)})"
        )
        return {row[0] for row in self._all(sql, view_ids)}

    def due(self, now_us: int, limit: int = 1000, only: str | None = None) -> list[Due]:
        """What must be decided again by now, the longest overdue first; `only`: what concerns this recipient."""
        whose = () if only is None else (only, EVERYBODY)
        among = f"AND p.id IN ({marks(whose)})" if whose else ""
        sql = (
            "SELECT p.id, n.id, d.at_us FROM due d CROSS JOIN recipients p USING (r) CROSS JOIN names n USING (o)"  # noqa: S608
            f" WHERE d.at_us <= ? {among} ORDER BY d.at_us, d.o, d.r LIMIT ?"
        )
        return [Due(*row) for row in self._all(sql, (now_us, *whose, limit))]

    def on_queue(self, object_ids: Sequence[str]) -> set[tuple[str, str]]:
        """(recipient, object) of all that is on the queue of these objects, whenever it is due."""
        sql = (
            "SELECT p.id, n.id FROM due d CROSS JOIN names n USING (o) CROSS JOIN recipients p USING (r)"  # noqa: S608
            f" WHERE d.o IN {objects_in(object_ids)}"
        )
        return set(self._all(sql, object_ids))

    def due_count(self, now_us: int) -> int:
        """How many decisions are due by now, of one object for one recipient or for everybody."""
        return int(self._value("SELECT count(*) FROM due WHERE at_us <= ?", (now_us,)))

    def next_due(self) -> int | None:
        """When the next decision is due, in µs; None if none is."""
        found: int | None = self._value("SELECT min(at_us) FROM due")
        return found

    def standings(self, object_ids: Sequence[str]) -> Standings:
        """How these objects stand with everybody."""
        among = objects_in(object_ids)
        recalled = (
            f"SELECT recipient, object_id FROM recalls_out WHERE object_id IN ({marks(object_ids)}) AND {STANDING}"  # noqa: S608
        )
        turned = (
            "SELECT p.id, n.id, t.codes FROM turned t JOIN names n USING (o) JOIN recipients p USING (r)"  # noqa: S608
            f" WHERE t.o IN {among}"
        )
        held = f"{ROWS} WHERE v.status != 'recalled' AND v.o IN {among} ORDER BY +v.seq"
        rows: Iterator[ViewRow] = (ViewRow(*row) for row in self._all(held, object_ids))
        mapped = (Mapped(*row) for row in self._all(f"{_MAPPED} IN {among}", object_ids))
        return Standings(rows, self._all(recalled, object_ids), self._all(turned, object_ids), mapped)


class StandingWrites(StandingReads, NameWrites, LaterWrites):
    """Changing it."""

    def put_settled(self, rows: Sequence[Settled]) -> None:
        """Record what came of decisions: when to decide again."""
        self._bring_due([(one.recipient, one.object_id, one.again_us) for one in rows if one.again_us is not None])

    def not_due(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Take these off the queue."""
        self.number_names(name for _, name in pairs)
        self._each_of(_NOT_DUE, [(self.object_number(name), self.recipient_number(to)) for to, name in pairs])

    def set_mapped(self, row: Mapped) -> None:
        """Keep a recipient's id of an object. The id and its birth stay; only what is sticky may change."""
        pair = self.object_number(row.object_id), self.recipient_number(row.recipient)
        self._later[PUT_MAPPED].append((*pair, row.view_id, row.created_us, row.sticky))

    def bring_forward(self, now_us: int) -> None:
        """What was to be decided later is decided now."""
        self._do("UPDATE due SET at_us = ?1 WHERE at_us > ?1", (now_us,))

    def bring_due(self, recipients: Iterable[str], object_id: str, at_us: int) -> None:
        """Decide at `at_us`, or earlier if that is due already: what others refer to keeps its place before them."""
        self._bring_due([(recipient, object_id, at_us) for recipient in recipients])

    def bring_due_for_all(self, object_id: str, at_us: int) -> None:
        """`bring_due` for every recipient but the one that the object came from."""
        self.bring_all_due([(object_id, at_us)])

    def bring_all_due(self, rows: Sequence[tuple[str, int]]) -> None:
        """(object, time): `bring_due_for_all` for each."""
        self._bring_due([(EVERYBODY, *row) for row in rows])

    def _bring_due(self, rows: Sequence[tuple[str, str, int]]) -> None:
        """(recipient, object, time) of each."""
        self.number_names(name for _, name, _ in rows)
        every = [(self.object_number(name), self.recipient_number(to), at_us) for to, name, at_us in rows]
        self._each_of(_BRING_DUE, every)
