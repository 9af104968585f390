"""View rows: what each recipient may read, in one dense order per recipient (docs/wire.md, section 5)."""

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import Any, Final

from prasan.errors import UsageError
from prasan.stores.rows import (
    EVERYBODY,
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
from prasan.stores.sqlite.profiles import ProfileWrites

COLUMNS: Final = ViewRow.__struct_fields__
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM views"  # noqa: S608 - constants only
_BYTES: Final = (
    "coalesce(v.bytes, (SELECT o.bytes FROM objects o WHERE o.id = v.object_id AND o.version = v.object_version))"
)

_DUE: Final = f"""(SELECT CASE
WHEN EXISTS (SELECT 1 FROM pending p WHERE p.recipient = v.recipient AND p.profile = v.profile) THEN 0
ELSE (SELECT min(d.at_us) FROM due d WHERE d.recipient IN (v.recipient, '{EVERYBODY}') AND d.object_id = v.object_id)
END)"""  # noqa: S608
"""When a row's decision is due again (0: now), NULL if it stands whatever the clock says."""
_PAGE: Final = f"""
SELECT {_DUE}, v.view_id, v.version, v.date_added_us, '2.1', {_BYTES} FROM views v
WHERE v.recipient = ? AND v.lane = ? AND v.status = 'current' AND v.date_added_us > ?"""  # noqa: S608
_STATEMENTS: Final = f"""
SELECT {_DUE}, v.seq, v.statement FROM views v
WHERE v.recipient = ? AND v.lane = ? AND v.status IN ('current', 'superseded') AND v.seq > ? ORDER BY v.seq LIMIT ?"""  # noqa: S608
_PARCEL: Final = f"""
SELECT {_DUE}, v.seq, v.date_added_us, v.statement, {_BYTES} FROM views v
WHERE v.recipient = ? AND v.lane = ? AND v.status = 'current' AND v.seq > ? ORDER BY v.seq LIMIT ?"""  # noqa: S608
_CURRENT: Final = f"""
SELECT v.view_id, v.form, coalesce((SELECT o.origin FROM objects o WHERE o.id = v.object_id
AND o.version = v.object_version), '{OWN}'), {_BYTES} FROM views v
WHERE v.recipient = ? AND v.status = 'current'"""  # noqa: S608
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
        for column, among in (("view_id", wanted.ids), ("type", wanted.types), ("vkey", exact)):
            if among is not None:
                where += f" AND v.{column} IN ({marks([*among])})"
                values += among
        sql = f"{_PAGE}{where} ORDER BY v.date_added_us LIMIT ?"
        return [Shelved(*row) for row in _settled(self._all(sql, (*values, wanted.limit)), now_us)]

    def statements(self, recipient: str, lane: str, after: int, limit: int, now_us: int) -> list[Sent]:
        """Statements after a seq, in order; those of superseded rows too, so that a reader in between misses none."""
        if lane != "control" and self.is_stale(recipient, now_us):
            return []
        rows = self._all(_STATEMENTS, (recipient, lane, after, limit))
        return [Sent(*row) for row in _settled(rows, now_us)]

    def parcel_rows(self, recipient: str, lane: str, after: int, limit: int, now_us: int) -> list[Vouched]:
        """What a recipient can read now of a lane after a seq, each with its statement; it ends as a page does."""
        if lane != "control" and self.is_stale(recipient, now_us):
            return []
        rows = self._all(_PARCEL, (recipient, lane, after, limit))
        return [Vouched(*row) for row in _settled(rows, now_us)]

    def last_seq(self, recipient: str, lane: str) -> int:
        """The highest seq that was ever given in a lane; 0 before the first."""
        sql = "SELECT coalesce(max(seq), 0) FROM views WHERE recipient = ? AND lane = ?"
        return int(self._value(sql, (recipient, lane)))

    def view(self, recipient: str, object_id: str) -> ViewRow | None:
        """The row of an object that a recipient can read now."""
        row = self._one(
            f"{_SELECT} WHERE object_id = ? AND recipient = ? AND status = 'current'", (object_id, recipient)
        )
        return None if row is None else ViewRow(*row)

    def views_of(self, object_id: str) -> list[ViewRow]:
        """Every row ever made of an object, for all recipients: who was sent what, and when."""
        rows = self._all(f"{_SELECT} WHERE object_id = ? ORDER BY recipient, seq", (object_id,))
        return [ViewRow(*row) for row in rows]

    def held_views(self, recipient: str, object_id: str) -> list[ViewRow]:
        """Every row of an object that a recipient was sent and that was not recalled, in order."""
        # The plus keeps SQLite from walking the recipient's whole order instead of the object's few rows.
        sql = f"{_SELECT} WHERE object_id = ? AND recipient = ? AND status != 'recalled' ORDER BY +seq"
        return [ViewRow(*row) for row in self._all(sql, (object_id, recipient))]

    def view_bytes(self, recipient: str, seq: int) -> bytes | None:
        """The bytes of one row, as they are sent."""
        sql = f"SELECT {_BYTES} FROM views v WHERE v.recipient = ? AND v.seq = ?"  # noqa: S608
        found: bytes | None = self._value(sql, (recipient, seq))
        return found

    def current_views(self, recipient: str, now_us: int) -> Iterator[CurrentView]:
        """All that a recipient can read now, in its order; rows whose decision is due again are left out."""
        if self.is_stale(recipient, now_us):
            return iter(())
        sql = f"{_CURRENT} AND coalesce({_DUE} > ?, 1) ORDER BY v.date_added_us"
        return (CurrentView(*row) for row in self._each(sql, (recipient, now_us)))

    def current_view(self, recipient: str, view_id: str, now_us: int) -> CurrentView | None:
        """What a recipient can read now under one id."""
        sql = f"{_CURRENT} AND coalesce({_DUE} > ?, 1) AND v.view_id = ?"
        row = None if self.is_stale(recipient, now_us) else self._one(sql, (recipient, now_us, view_id))
        return None if row is None else CurrentView(*row)

    def is_stale(self, recipient: str, now_us: int) -> bool:
        """True if the clock has passed the moment until which a recipient's decisions stood: nothing is read then."""
        return self._one("SELECT 1 FROM bases WHERE recipient = ? AND until_us <= ?", (recipient, now_us)) is not None

    def visible(self, object_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """By which id each recipient that knows one of these objects knows it: object -> recipient -> id.

        A recipient knows what it can read now, and what it sent itself.
        """
        among = f"IN ({marks(object_ids)})"
        sql = (
            f"SELECT id, origin, id FROM objects WHERE id {among} AND origin != '{OWN}'"  # noqa: S608
            f" UNION ALL SELECT object_id, recipient, view_id FROM views WHERE status = 'current' AND object_id {among}"
        )
        found: dict[str, dict[str, str]] = {}
        for object_id, recipient, view_id in self._all(sql, (*object_ids, *object_ids)):
            found.setdefault(object_id, {})[recipient] = view_id
        return found

    def view_counts(self, recipient: str) -> dict[str, int]:
        """How many objects the recipient can read now, by form; recalls and the like are not counted."""
        sql = "SELECT form, count(*) FROM views WHERE recipient = ? AND status = 'current' AND lane != 'control'"
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
            self._do(
                "INSERT INTO recipients VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE"
                " SET seq = excluded.seq, date_added_us = excluded.date_added_us",
                (recipient, place.seq, place.date_added_us),
            )

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
        sql = "SELECT max(vkey) FROM views WHERE recipient = ? AND view_id = ? AND status IN ('current', 'superseded')"
        sent = None if first else self._value(sql, (recipient, view.view_id))
        if sent is not None and sent >= key:
            raise UsageError(
                f"{view.view_id} was sent in version {sent} or later.", "Give the view a later 'modified'."
            )
        if sent is not None:
            sql = "UPDATE views SET status = 'superseded' WHERE recipient = ? AND view_id = ? AND status = 'current'"
            self._do(sql, (recipient, view.view_id))
        self._do(
            "INSERT INTO views (recipient, seq, view_id, version, vkey, type, object_id, object_version, lane, form,"
            " sha256, bytes, statement, date_added_us, profile, status) VALUES"
            " (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,'current')",
            (recipient, place.seq, view.view_id, view.version, key, view.view_id.partition("--")[0], view.object_id,
             view.object_version, view.lane, view.form, view.sha256, view.raw, state(place), place.date_added_us,
             self.profile_number(view.profile)),
        )  # fmt: skip
        self._places[recipient] = place
        return place

    def narrow(self, recipient: str, object_id: str) -> int:
        """Take an object's rows out of a recipient's pages and send nothing; how many left."""
        return self._leave("narrowed", recipient, object_id, "('current')")

    def recall_views(self, recipient: str, object_id: str) -> int:
        """Mark every row of an object that the recipient may hold as recalled; how many there were."""
        return self._leave("recalled", recipient, object_id, "('current', 'superseded', 'narrowed')")

    def _leave(self, status: str, recipient: str, object_id: str, held: str) -> int:
        sql = f"UPDATE views SET status = ? WHERE recipient = ? AND object_id = ? AND status IN {held}"  # noqa: S608
        return self._do(sql, (status, recipient, object_id))


def _settled(rows: list[Any], now_us: int) -> Iterator[Any]:
    """The rows, without their first column, up to the first whose decision is due again by now."""
    return (row[1:] for row in takewhile(lambda row: row[0] is None or row[0] > now_us, rows))
