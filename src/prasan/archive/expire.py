"""Retention: what a source's owner lets us keep for so many days goes after them; bins and findings stay.

A day goes whole, once its last second is older than the limit. Its rows are in bins before they go.
"""

import sqlite3
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from prasan.archive import disk
from prasan.archive.binning import add_bins, name_bins
from prasan.archive.disk import WORK, Written
from prasan.archive.ground import Ground
from prasan.archive.hot import drain
from prasan.archive.manifest import put_file, retire
from prasan.archive.partition import DAY_S
from prasan.archive.reading import schema_of, unreadable
from prasan.archive.values import Kind


class _File(msgspec.Struct, frozen=True):
    """A live file that holds expired rows: how many of which sources; `day` is None in quarantine."""

    path: str
    kind: Kind
    day: int | None
    rows: int
    bytes: int
    sources: dict[str, int]

    @property
    def left(self) -> int:
        """Rows that stay."""
        return self.rows - sum(self.sources.values())


def expire(ground: Ground, now: float, store_days: Mapping[str, int]) -> dict[str, int]:
    """Delete the rows of each source that are older than its days; rows deleted by source.

    One transaction a folder. Only for who holds the tending lock.
    """
    limits = {source: int(now) // DAY_S - days for source, days in store_days.items()}
    _drain_old(ground, limits)
    counted = dict[str, int]()
    for folder, files in _due(ground, limits).items():
        _expire_folder(ground, folder, files, now)
        for file in files:
            for source, rows in file.sources.items():
                counted[source] = counted.get(source, 0) + rows
    with ground.manifest.write() as connection:
        old = [(source, day * DAY_S) for source, day in limits.items()]
        connection.executemany("DELETE FROM latest WHERE source = ? AND t < ?", old)
    return counted


def _drain_old(ground: Ground, limits: Mapping[str, int]) -> None:
    """Rows in logs are looked at as files are: those that may hold old rows become files first."""
    sql = """SELECT DISTINCT f.source, s.source, s.t_min, f.added, f.quarantine FROM files f
             JOIN file_sources s ON s.path = f.path WHERE f.state = 'live' AND f.path GLOB 'hot/*'"""
    old = {
        log
        for log, source, t, added, undated in ground.manifest.all(sql)
        if source in limits and (added if undated else t) < limits[source] * DAY_S
    }
    for log in sorted(old):
        drain(ground, log)


_OLD: Final = """SELECT f.path, f.kind, CASE f.quarantine WHEN 0 THEN f.t_min / 86400 END, f.rows, f.bytes,
        s.source, s.rows
    FROM files f JOIN file_sources s ON s.path = f.path
    WHERE f.state = 'live' AND f.kind != 'bins' AND f.path NOT GLOB 'hot/*' AND s.source = ?
    AND CASE f.quarantine WHEN 0 THEN f.t_min ELSE f.added END < ? ORDER BY f.path"""


def _due(ground: Ground, limits: Mapping[str, int]) -> dict[str, list[_File]]:
    """The files with expired rows, by folder. Undated rows count from when they came."""
    found = dict[str, _File]()
    folders = dict[str, list[str]]()
    for source, limit in limits.items():
        for path, kind, day, rows, size, name, count in ground.manifest.all(_OLD, (source, limit * DAY_S)):
            if path not in found:
                found[path] = _File(path, kind, day, rows, size, {})
                folders.setdefault(path[: path.rindex("/") + 1], []).append(path)
            found[path].sources[name] = count
    return {folder: [found[path] for path in paths] for folder, paths in sorted(folders.items())}


def _expire_folder(ground: Ground, folder: str, files: list[_File], now: float) -> None:
    unbinned = [file.path for file in files if file.kind == "positions" and file.day is not None]
    if unbinned:
        marks = ",".join("?" * len(unbinned))
        sql = f"SELECT path FROM files WHERE binned = 0 AND path IN ({marks}) ORDER BY seq"  # noqa: S608
        unbinned = [path for (path,) in ground.manifest.all(sql, unbinned)]
    ground.ensure_room(sum(file.bytes for file in files if file.left))
    bins = add_bins(ground, folder, unbinned)
    rest = {file.path: _rewrite(ground, file) for file in files if file.left}
    ground.at("expire")
    with ground.manifest.write() as connection:
        name_bins(connection, ground, bins)
        for file in files:
            written = rest.get(file.path)
            if written is not None:
                _name_rest(connection, ground, file, *written)
            _count(connection, file, now)
        retire(connection, [file.path for file in files], ground.now())


def _rewrite(ground: Ground, file: _File) -> tuple[str, Written]:
    """The rows that stay, in `work/`; the new file's name."""
    name = sha256("\n".join([file.path, *sorted(file.sources)]).encode()).hexdigest()[:24]
    suffix = "" if file.day is not None else f"-{file.kind}"
    new = f"part-{name}{suffix}.parquet"
    gone = pc.field("source").cast(pa.string()).isin(pa.array(sorted(file.sources), pa.string()))
    schema = schema_of(file.kind)
    try:
        with pq.ParquetFile(ground.root / file.path) as source:
            tables = (
                pa.Table.from_batches([batch]).cast(schema).filter(~gone)
                for batch in source.iter_batches(disk.ROW_GROUP)
            )
            written = disk.write_stream(ground.root / WORK / new, schema, tables)
    except pa.ArrowException as error:
        raise unreadable(error) from error
    return new, written


def _name_rest(connection: sqlite3.Connection, ground: Ground, file: _File, new: str, written: Written) -> None:
    """The new file has the old one's row in the manifest but for what differs; its bounds may be too wide."""
    path = file.path[: file.path.rindex("/") + 1] + new
    disk.move(ground.root, [(ground.root / WORK / new, path)])
    cursor = connection.execute("SELECT * FROM files WHERE path = ?", (file.path,))
    row = dict(zip((name for name, *_ in cursor.description), cursor.fetchone(), strict=True))
    del row["seq"]
    put_file(connection, {**row, "path": path, "rows": written.rows, "bytes": written.bytes, "sha256": written.sha256})
    marks = ",".join("?" * len(file.sources))
    connection.execute(
        f"""INSERT INTO file_sources SELECT source, ?, rows, t_min, t_max FROM file_sources
            WHERE path = ? AND source NOT IN ({marks})""",  # noqa: S608
        (path, file.path, *file.sources),
    )


def _count(connection: sqlite3.Connection, file: _File, now: float) -> None:
    rows = [(s, -1 if file.day is None else file.day, file.kind, n, int(now)) for s, n in file.sources.items()]
    connection.executemany(
        """INSERT INTO expired VALUES (?,?,?,?,?) ON CONFLICT DO UPDATE
           SET rows = rows + excluded.rows, at = excluded.at""",
        rows,
    )
