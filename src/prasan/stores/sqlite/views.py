"""View rows: what each recipient may read, in one dense order per recipient (docs/wire.md, section 5)."""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import takewhile
from typing import Any, Final

from prasan.errors import UsageError
from prasan.stores.rows import (
    OWN,
    CurrentView,
    NewView,
    Place,
    Sent,
    Shelved,
    ViewRow,
    Vouched,
    Wanted,
    version_key,
)  # fmt: skip
from prasan.stores.sqlite.link import Link, marks
from prasan.stores.sqlite.names import OBJECT, RECIPIENT, objects_in
from prasan.stores.sqlite.profiles import ProfileWrites

ROWS: Final = """SELECT p.id, v.seq, v.view_id, v.version, n.id, v.object_version, v.lane, v.form, v.sha256,
v.statement, v.date_added_us, v.status
FROM views v CROSS JOIN names n ON n.o = v.o CROSS JOIN recipients p ON p.r = v.r"""
"""The columns of a `ViewRow`. CROSS: in this order."""
_OWN_ROW: Final = f"{ROWS} WHERE v.o = {OBJECT} AND v.r = {RECIPIENT}"
_OF: Final = "FROM objects b WHERE b.o = v.o AND b.version = v.object_version"
_BYTES: Final = f"coalesce(v.bytes, (SELECT b.bytes {_OF}))"

_DUE: Final = """(SELECT CASE
WHEN EXISTS (SELECT 1 FROM pending p WHERE p.r = v.r AND p.profile = v.profile) THEN 0
ELSE (SELECT min(d.at_us) FROM due d WHERE d.o = v.o AND d.r IN (0, v.r)) END)"""
"""When a row's decision is due again (0: now), NULL if it stands whatever the clock says. 0: everybody."""
_LANE: Final = f"FROM views v WHERE v.r = {RECIPIENT} AND v.lane = ? AND v.status"
_PAGE: Final = f"""
SELECT {_DUE}, v.view_id, v.version, v.date_added_us, '2.1', {_BYTES} {_LANE} = 'current' AND v.date_added_us > ?"""
_NAMED: Final = _PAGE.replace("views v WHERE", "views v INDEXED BY views_object WHERE")
"""Of a page only some ids: their few rows are looked up, not the lane searched for them."""
_AFTER: Final = f"""v.date_added_us > coalesce((SELECT date_added_us FROM views
WHERE r = {RECIPIENT} AND seq <= ? ORDER BY seq DESC LIMIT 1), 0) ORDER BY v.date_added_us LIMIT ?"""  # noqa: S608
"""After a seq: a recipient's times rise with its seqs, so one index serves both orders."""
_STATEMENTS: Final = f"""
SELECT {_DUE}, v.seq, v.statement {_LANE} IN ('current', 'superseded') AND {_AFTER}"""
_PARCEL: Final = f"""
SELECT {_DUE}, v.seq, v.date_added_us, v.statement, {_BYTES} {_LANE} = 'current' AND {_AFTER}"""
_CURRENT: Final = f"""
SELECT v.view_id, v.form, coalesce((SELECT b.origin {_OF}), '{OWN}'), {_BYTES} FROM views v
WHERE v.r = {RECIPIENT} AND v.status = 'current' AND coalesce({_DUE} > ?, 1)"""  # noqa: S608
PUT_ROW: Final = """
INSERT INTO views (o, r, seq, date_added_us, lane, profile, form, type, view_id, version, vkey, object_version, sha256,
statement, bytes, status) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,'current')"""
_KEYWORDS: Final = {"first", "last", "all"}


class ViewReads(Link):
    """Pages and the record."""

    def view_page(self, recipient: str, lane: str, wanted: Wanted, now_us: int) -> list[Shelved]:
        """Current rows of one lane, oldest first; a superseded version is not served, so every keyword means this one.

        Reading never decides: a row whose decision is due again is held back, and the page ends before it.
        """
        if wanted.spec_versions is not None and "2.1" not in wanted.spec_versions:
            return []
        if lane != "control" and self.is_stale(recipient, now_us):
            return []
        exact = None if _KEYWORDS & {*wanted.versions} else [version_key(version) for version in wanted.versions]
        where, values = "", list[Any]([recipient, lane, wanted.after_us])
        if wanted.ids is not None:
            where, values = f" AND {_named(wanted.ids)}", [*values, *wanted.ids, *wanted.ids, recipient, *wanted.ids]
        for column, among in (("type", wanted.types), ("vkey", exact)):
            if among is not None:
                where += f" AND v.{column} IN ({marks([*among])})"
                values += among
        sql = f"{_PAGE if wanted.ids is None else _NAMED}{where} ORDER BY v.date_added_us LIMIT ?"
        return [Shelved(*row) for row in _settled(self._all(sql, (*values, wanted.limit)), now_us)]

    def statements(self, recipient: str, lane: str, after: int, limit: int, now_us: int) -> list[Sent]:
        """Statements after a seq, in order; those of superseded rows too, so that a reader in between misses none."""
        if lane != "control" and self.is_stale(recipient, now_us):
            return []
        rows = self._all(_STATEMENTS, (recipient, lane, recipient, after, limit))
        return [Sent(*row) for row in _settled(rows, now_us)]

    def parcel_rows(self, recipient: str, lane: str, after: int, limit: int, now_us: int) -> list[Vouched]:
        """What a recipient can read now of a lane after a seq, each with its statement; it ends as a page does."""
        if lane != "control" and self.is_stale(recipient, now_us):
            return []
        rows = self._all(_PARCEL, (recipient, lane, recipient, after, limit))
        return [Vouched(*row) for row in _settled(rows, now_us)]

    def last_seq(self, recipient: str, lane: str) -> int:
        """The highest seq that was ever given in a lane; 0 before the first."""
        sql = (
            f"SELECT seq FROM views WHERE r = {RECIPIENT} AND lane = ? AND date_added_us = (SELECT max(date_added_us)"  # noqa: S608
            f" FROM views WHERE r = {RECIPIENT} AND lane = ?)"
        )
        return int(self._value(sql, (recipient, lane, recipient, lane)) or 0)

    def view(self, recipient: str, object_id: str) -> ViewRow | None:
        """The row of an object that a recipient can read now."""
        row = self._one(f"{_OWN_ROW} AND v.status = 'current'", (object_id, recipient))
        return None if row is None else ViewRow(*row)

    def views_of(self, object_id: str) -> list[ViewRow]:
        """Every row ever made of an object, for all recipients: who was sent what, and when."""
        rows = self._all(f"{ROWS} WHERE v.o = {OBJECT} ORDER BY p.id, v.seq", (object_id,))
        return [ViewRow(*row) for row in rows]

    def held_views(self, recipient: str, object_id: str) -> list[ViewRow]:
        """Every row of an object that a recipient was sent and that was not recalled, in order."""
        # The plus keeps SQLite from walking the recipient's whole order instead of the object's few rows.
        sql = f"{_OWN_ROW} AND v.status != 'recalled' ORDER BY +v.seq"
        return [ViewRow(*row) for row in self._all(sql, (object_id, recipient))]

    def view_bytes(self, recipient: str, seq: int) -> bytes | None:
        """The bytes of one row, as they are sent."""
        sql = f"SELECT {_BYTES} FROM views v WHERE v.r = {RECIPIENT} AND v.seq = ?"  # noqa: S608
        found: bytes | None = self._value(sql, (recipient, seq))
        return found

    def current_views(self, recipient: str, now_us: int) -> Iterator[CurrentView]:
        """All that a recipient can read now, in its order; rows whose decision is due again are left out."""
        if self.is_stale(recipient, now_us):
            return iter(())
        sql = f"{_CURRENT} ORDER BY v.seq"
        return (CurrentView(*row) for row in self._each(sql, (recipient, now_us)))

    def current_view(self, recipient: str, view_id: str, now_us: int) -> CurrentView | None:
        """What a recipient can read now under one id."""
        sql, values = f"{_CURRENT} AND {_named([view_id])}", (recipient, now_us, view_id, view_id, recipient, view_id)
        row = None if self.is_stale(recipient, now_us) else self._one(sql, values)
        return None if row is None else CurrentView(*row)

    def is_stale(self, recipient: str, now_us: int) -> bool:
        """True if the clock has passed the moment until which a recipient's decisions stood: nothing is read then."""
        return self._one("SELECT 1 FROM bases WHERE recipient = ? AND until_us <= ?", (recipient, now_us)) is not None

    def visible(self, object_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """By which id each recipient that knows one of these objects knows it: object -> recipient -> id.

        A recipient knows what it can read now, and what it sent itself.
        """
        among = f"IN {objects_in(object_ids)}"
        sql = (
            f"SELECT id, origin, id FROM objects WHERE o {among} AND origin != '{OWN}' UNION ALL"  # noqa: S608
            " SELECT n.id, p.id, v.view_id FROM views v CROSS JOIN names n USING (o) CROSS JOIN recipients p USING (r)"
            f" WHERE v.status = 'current' AND v.o {among}"
        )
        found: dict[str, dict[str, str]] = {}
        for object_id, recipient, view_id in self._all(sql, (*object_ids, *object_ids)):
            found.setdefault(object_id, {})[recipient] = view_id
        return found

    def view_counts(self, recipient: str) -> dict[str, int]:
        """How many objects the recipient can read now, by form; recalls and the like are not counted."""
        sql = f"SELECT form, count(*) FROM views WHERE r = {RECIPIENT} AND status = 'current' AND lane != 'control'"  # noqa: S608
        return dict(self._all(f"{sql} GROUP BY form", (recipient,)))

    def last_place(self, recipient: str) -> Place:
        """The place of the recipient's latest row; zeros before the first."""
        row = self._one("SELECT seq, date_added_us FROM recipients WHERE id = ?", (recipient,))
        return Place(0, 0) if row is None else Place(*row)


class ViewWrites(ViewReads, ProfileWrites):
    """Giving places, and taking rows out of pages."""

    _places: dict[str, Place]
    """Where each recipient's order stands; written once, at the end of the transaction."""

    def last_place(self, recipient: str) -> Place:
        """As for readers, with what this transaction has given."""
        return self._places.get(recipient) or super().last_place(recipient)

    def write_places(self) -> None:
        """Store where the orders stand. Called when the transaction ends."""
        for recipient, place in self._places.items():
            sql = "UPDATE recipients SET seq = ?, date_added_us = ? WHERE r = ?"
            self._do(sql, (place.seq, place.date_added_us, self.recipient_number(recipient)))

    def put_view(
        self, recipient: str, view: NewView, now_us: int, state: Callable[[Place], bytes], *, first: bool = False
    ) -> Place:
        """Add one row at the end of the recipient's order, visible when this transaction commits.

        The row's current predecessor (same view id) is superseded. `state` makes the statement's bytes, which name
        the seq. `date_added` is max(clock, last + 1 µs). UsageError if the view's version was sent before. `first`: the
        caller knows that the recipient can hold no row of the object.
        """
        last = self.last_place(recipient)
        place = Place(last.seq + 1, max(now_us, last.date_added_us + 1))
        key = version_key(view.version)
        pair = self.object_number(view.object_id), self.recipient_number(recipient)
        if not first:
            self._supersede(*pair, view, key)
        row = (
            *pair, place.seq, place.date_added_us, view.lane, self.profile_number(view.profile), view.form,
            view.view_id.partition("--")[0], view.view_id, view.version, key, view.object_version, view.sha256,
            state(place), view.raw,
        )  # fmt: skip
        self._later[PUT_ROW].append(row)
        self._places[recipient] = place
        return place

    def _supersede(self, o: int, r: int, view: NewView, key: str) -> None:
        """The row that a view had until now is history. UsageError if it is not older."""
        among = "o = ? AND r = ? AND view_id = ? AND status"
        sql = f"SELECT max(vkey) FROM views WHERE {among} IN ('current', 'superseded')"  # noqa: S608
        sent = self._value(sql, (o, r, view.view_id))
        if sent is not None and sent >= key:
            raise UsageError(
                f"{view.view_id} was sent in version {sent} or later.", "Give the view a later 'modified'."
            )
        if sent is not None:
            self._do(f"UPDATE views SET status = 'superseded' WHERE {among} = 'current'", (o, r, view.view_id))  # noqa: S608

    def narrow(self, recipient: str, object_id: str) -> int:
        """Take an object's rows out of a recipient's pages and send nothing; how many left."""
        return self._leave("narrowed", recipient, object_id, "('current')")

    def recall_views(self, recipient: str, object_id: str) -> int:
        """Mark every row of an object that the recipient may hold as recalled; how many there were."""
        return self._leave("recalled", recipient, object_id, "('current', 'superseded', 'narrowed')")

    def _leave(self, status: str, recipient: str, object_id: str, held: str) -> int:
        sql = f"UPDATE views SET status = ? WHERE o = {OBJECT} AND r = {RECIPIENT} AND status IN {held}"  # noqa: S608
        return self._do(sql, (status, object_id, recipient))


def _named(view_ids: Collection[str]) -> str:
    """Rows by the ids that a recipient knows them by. A view has its object's id, or one that the id map leads back."""
    among = f"IN ({marks(view_ids)})"
    return (
        f"v.view_id {among} AND v.o IN (SELECT o FROM names WHERE id {among}"  # noqa: S608
        f" UNION SELECT o FROM id_map WHERE r = {RECIPIENT} AND view_id {among})"
    )


def _settled(rows: list[Any], now_us: int) -> Iterator[Any]:
    """The rows, without their first column, up to the first whose decision is due again by now."""
    return (row[1:] for row in takewhile(lambda row: row[0] is None or row[0] > now_us, rows))
