"""What the manifest alone answers: what is stored, what came since, what was deleted."""

from collections.abc import Collection

from prasan.archive.manifest import Manifest
from prasan.archive.values import News

DAY_S = 86_400


class Record:
    """The part of an archive that opens no data file. May be called from any thread."""

    _manifest: Manifest

    def has_batch(self, batch: str) -> bool:
        """True if this batch is stored."""
        return self._manifest.one("SELECT 1 FROM batches WHERE id = ?", (batch,)) is not None

    def news(self, after: int, sources: Collection[str]) -> News:
        """What these sources brought since batch number `after`: the newest number, and their earliest dated row.

        A batch's files are asked for by its name, also after they were merged into others, until their grace is over
        (`Tuning.grace_s`): ask more often than that.
        """
        marks = ",".join("?" * len(sources))
        sql = f"""SELECT max(b.seq), min(CASE WHEN f.quarantine = 0 AND f.kind != 'bins' THEN f.t_min END)
                  FROM batches b LEFT JOIN files f ON f.batch = b.id WHERE b.seq > ? AND b.source IN ({marks})"""  # noqa: S608
        newest, earliest = self._manifest.one(sql, (after, *sources)) or (None, None)
        return News(after if newest is None else newest, earliest)

    def kept_since(self, sources: Collection[str]) -> int:
        """The first second of which no row of these sources was deleted for its age; 0 if none was."""
        sql = f"SELECT max(day) FROM expired WHERE source IN ({','.join('?' * len(sources))})"  # noqa: S608
        (day,) = self._manifest.one(sql, tuple(sources)) or (None,)
        return 0 if day is None else (int(day) + 1) * DAY_S
