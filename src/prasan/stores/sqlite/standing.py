"""How each object stands with each recipient: its state, its id there, and when to decide again."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from prasan.stores.rows import Due, Mapped, Settled, Standing, StateName, StateRow, ViewRow
from prasan.stores.sqlite.link import Link
from prasan.stores.sqlite.recalls import STANDING
from prasan.stores.sqlite.views import COLUMNS

_CODES: Final = msgspec.json.Decoder(tuple[str, ...])
_ENCODE: Final = msgspec.json.Encoder().encode

_STAND: Final = f"""
SELECT d.recipient, d.object_id, s.state,
EXISTS (SELECT 1 FROM recalls_out r WHERE r.recipient = d.recipient AND r.object_id = d.object_id AND {STANDING}),
{", ".join(f"v.{name}" for name in COLUMNS)}
FROM (%s) d
LEFT JOIN states s ON s.recipient = d.recipient AND s.object_id = d.object_id
LEFT JOIN views v ON v.object_id = d.object_id AND v.recipient = d.recipient AND v.status = 'current'"""  # noqa: S608
_OF_ONE: Final = _STAND % "SELECT ? AS recipient, ? AS object_id"
_OF_DUE: Final = _STAND % "SELECT * FROM due WHERE at_us <= ? ORDER BY at_us LIMIT ?" + " ORDER BY d.at_us"  # noqa: S608

_SET_STATE: Final = (
    "INSERT INTO states VALUES (?, ?, ?, ?, ?) ON CONFLICT (recipient, object_id) DO UPDATE"
    " SET state = excluded.state, codes = excluded.codes, decided_us = excluded.decided_us"
)
_SET_DUE: Final = (
    "INSERT INTO due VALUES (?, ?, ?) ON CONFLICT (recipient, object_id) DO UPDATE SET at_us = excluded.at_us"
)
_NOT_DUE: Final = "DELETE FROM due WHERE recipient = ? AND object_id = ?"


class StandingReads(Link):
    """Reading it."""

    def state(self, recipient: str, object_id: str) -> StateRow | None:
        """The last decision; None if there was never one."""
        sql = "SELECT recipient, object_id, state, codes, decided_us FROM states WHERE recipient = ? AND object_id = ?"
        row = self._one(sql, (recipient, object_id))
        return None if row is None else StateRow(row[0], row[1], row[2], _CODES.decode(row[3]), row[4])

    def state_counts(self, recipient: str) -> dict[str, dict[str, int]]:
        """Objects by state and by the first code of the decision."""
        sql = (
            "SELECT state, coalesce(json_extract(CAST(codes AS TEXT), '$[0]'), ''), count(*) FROM states"
            " WHERE recipient = ? GROUP BY 1, 2"
        )
        counts: dict[str, dict[str, int]] = {}
        for state, code, count in self._all(sql, (recipient,)):
            counts.setdefault(state, {})[code] = count
        return counts

    def mapped(self, recipient: str, object_id: str) -> Mapped | None:
        """The object's own id with that recipient, if a view was ever built."""
        row = self._one("SELECT * FROM id_map WHERE recipient = ? AND object_id = ?", (recipient, object_id))
        return None if row is None else Mapped(*row)

    def mapped_back(self, recipient: str, view_id: str) -> str | None:
        """The object behind a recipient's view id: the way back for feedback."""
        sql = "SELECT object_id FROM id_map WHERE recipient = ? AND view_id = ?"
        found: str | None = self._value(sql, (recipient, view_id))
        return found

    def due(self, now_us: int, limit: int = 1000) -> list[Due]:
        """What must be decided again by now, the longest overdue first."""
        sql = "SELECT recipient, object_id, at_us FROM due WHERE at_us <= ? ORDER BY at_us LIMIT ?"
        return [Due(*row) for row in self._all(sql, (now_us, limit))]

    def due_count(self, now_us: int) -> int:
        """How many decisions are due by now."""
        return int(self._value("SELECT count(*) FROM due WHERE at_us <= ?", (now_us,)))

    def due_standings(self, now_us: int, limit: int) -> list[Standing]:
        """What must be decided again by now, the longest overdue first, with how each stands."""
        return [_standing(row) for row in self._all(_OF_DUE, (now_us, limit))]

    def standing(self, recipient: str, object_id: str) -> Standing:
        """How one object stands with one recipient."""
        return _standing(self._one(_OF_ONE, (recipient, object_id)))

    def next_due(self) -> int | None:
        """When the next decision is due, in µs; None if none is."""
        found: int | None = self._value("SELECT min(at_us) FROM due")
        return found


class StandingWrites(StandingReads):
    """Changing it."""

    def set_state(self, recipient: str, object_id: str, state: StateName, codes: tuple[str, ...], now_us: int) -> None:
        """Record a decision."""
        self._do(_SET_STATE, (recipient, object_id, state, _ENCODE(codes), now_us))

    def put_settled(self, rows: Sequence[Settled], now_us: int) -> None:
        """Record decisions, and take each off the queue or give it its next time."""
        states = [(one.recipient, one.object_id, one.state, _ENCODE(one.codes), now_us) for one in rows if one.state]
        self._each_of(_SET_STATE, states)
        self._each_of(_NOT_DUE, [(one.recipient, one.object_id) for one in rows if one.again_us is None])
        later = [(one.recipient, one.object_id, one.again_us) for one in rows if one.again_us is not None]
        self._each_of(_SET_DUE, later)

    def set_mapped(self, row: Mapped) -> None:
        """Keep a recipient's id of an object. The id and its birth stay; only what is sticky may change."""
        self._do(
            "INSERT INTO id_map VALUES (?, ?, ?, ?, ?) ON CONFLICT (recipient, object_id) DO UPDATE"
            " SET sticky = excluded.sticky",
            (row.recipient, row.object_id, row.view_id, row.created_us, row.sticky),
        )

    def set_due(self, recipient: str, object_id: str, at_us: int | None) -> None:
        """Decide again at `at_us`; None takes it off the queue."""
        if at_us is None:
            self._do(_NOT_DUE, (recipient, object_id))
        else:
            self._do(_SET_DUE, (recipient, object_id, at_us))

    def bring_due(self, recipients: Iterable[str], object_id: str, at_us: int) -> None:
        """Decide at `at_us`, or earlier if that is due already: what others refer to keeps its place before them."""
        self._each_of(
            "INSERT INTO due VALUES (?, ?, ?) ON CONFLICT (recipient, object_id) DO UPDATE"
            " SET at_us = min(at_us, excluded.at_us)",
            [(recipient, object_id, at_us) for recipient in recipients],
        )

    def set_all_due(self, recipient: str, at_us: int) -> int:
        """Decide every object that is not the recipient's own anew, what others refer to first; how many there are."""
        return self._do(
            "INSERT INTO due SELECT ?1, id, ?2 - (type = 'identity') * 2 - (type = 'prasan-vessel') FROM"
            " (SELECT id, type FROM objects WHERE status IN ('current', 'revoked', 'withdrawn') AND origin != ?1"
            " UNION SELECT object_id, type FROM variants WHERE recipient = ?1) WHERE true GROUP BY id"
            " ON CONFLICT (recipient, object_id) DO UPDATE SET at_us = min(at_us, excluded.at_us)",
            (recipient, at_us),
        )


def _standing(row: tuple[Any, ...]) -> Standing:
    recipient, object_id, state, recalled, *view = row
    return Standing(recipient, object_id, ViewRow(*view) if view[0] is not None else None, state, bool(recalled))
