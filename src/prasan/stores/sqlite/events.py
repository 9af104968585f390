"""The register of published events."""

from typing import Final

from prasan.stores.rows import EventRow
from prasan.stores.sqlite.link import Link

_EVENT: Final = "SELECT id, revision, kind, state, body FROM events"


class EventReads(Link):
    """Reading it."""

    def event(self, event_id: str, revision: int | None = None) -> EventRow | None:
        """One revision of an event, or the latest."""
        which = "latest = 1" if revision is None else "revision = ?2"
        values = (event_id,) if revision is None else (event_id, revision)
        row = self._one(f"{_EVENT} WHERE id = ?1 AND {which}", values)
        return None if row is None else EventRow(*row)

    def events(self, kind: str | None = None) -> list[EventRow]:
        """The latest revision of every event, in order of publication, of one kind or of all."""
        rows = self._all(f"{_EVENT} WHERE latest = 1 AND (?1 IS NULL OR kind = ?1) ORDER BY n", (kind,))
        return [EventRow(*row) for row in rows]

    def event_life(self, event_id: str) -> list[EventRow]:
        """All revisions of an event, oldest first."""
        return [EventRow(*row) for row in self._all(f"{_EVENT} WHERE id = ? ORDER BY revision", (event_id,))]


class EventWrites(EventReads):
    """Changing it."""

    def put_event(self, row: EventRow) -> bool:
        """Keep a new revision; False if it, or a later one, is here already."""
        latest = self._value("SELECT max(revision) FROM events WHERE id = ?", (row.id,))
        if latest is not None and latest >= row.revision:
            return False
        self._do("UPDATE events SET latest = 0 WHERE id = ? AND latest = 1", (row.id,))
        self._do(
            "INSERT INTO events (id, revision, kind, state, body, latest) VALUES (?, ?, ?, ?, ?, 1)",
            (row.id, row.revision, row.kind, row.state, row.body),
        )
        return True
