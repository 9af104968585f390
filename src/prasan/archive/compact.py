"""Compaction: many small files of one folder become one sorted file, while others go on reading.

The manifest swaps old for new in one transaction, so a reader's list of files names each row once, before and after.
Files that were replaced stay named as such until they are deleted; a crash in between is made good when next opened.
"""

import sqlite3
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa

from prasan.archive import disk
from prasan.archive.manifest import Manifest
from prasan.archive.partition import Part
from prasan.archive.reading import read_files, sorted_rows
from prasan.archive.values import Kind
from prasan.archive.writing import Encoded, name_file
from prasan.picture.position import POSITIONS, STATICS


class _Group(msgspec.Struct, frozen=True):
    """The live files of one folder, oldest first."""

    folder: str
    kind: Kind
    day: int
    paths: list[str]
    sources: str


def compact(manifest: Manifest, root: Path, at_least: int, at: Callable[[str], None]) -> tuple[int, int]:
    """Merge each folder with `at_least` files or more. Files before and after, of the folders that were merged."""
    before = after = 0
    for folder in _folders(manifest, at_least):
        with manifest.write() as connection:
            group = _group(connection, folder)
            if group is None or len(group.paths) < at_least:
                continue  # another writer was quicker
            merged = _merge(root, group)
            disk.write_all(root, [(merged.path, merged.data)])
            at("compact")
            _swap(connection, group, merged)
        before, after = before + len(group.paths), after + 1
        drop_replaced(manifest, root)
    return before, after


def drop_replaced(manifest: Manifest, root: Path) -> None:
    """Delete the files that a compaction has replaced, then their names."""
    with manifest.write() as connection:
        paths = [path for (path,) in connection.execute("SELECT path FROM files WHERE state = 'replaced'")]
        with disk.disk_errors():
            for path in paths:
                (root / path).unlink(missing_ok=True)
        connection.execute("DELETE FROM files WHERE state = 'replaced'")


_FOLDER: Final = "rtrim(path, replace(path, '/', ''))"
"""SQL for a path up to its last slash: trim, from the right, every character that is not one."""


def _folders(manifest: Manifest, at_least: int) -> list[str]:
    sql = f"""SELECT {_FOLDER} AS folder FROM files WHERE state = 'live' AND quarantine = 0
              GROUP BY folder HAVING count(*) >= ? ORDER BY folder"""  # noqa: S608
    return [folder for (folder,) in manifest.all(sql, (max(at_least, 2),))]


def _group(connection: sqlite3.Connection, folder: str) -> _Group | None:
    sql = f"""SELECT path, kind, t_min / 86400, source FROM files
              WHERE state = 'live' AND quarantine = 0 AND {_FOLDER} = ? ORDER BY seq"""  # noqa: S608
    rows = connection.execute(sql, (folder,)).fetchall()
    if not rows:
        return None
    names = {source for *_, source in rows}
    return _Group(folder, rows[0][1], rows[0][2], [row[0] for row in rows], ", ".join(sorted(names)))


def _merge(root: Path, group: _Group) -> Encoded:
    schema = POSITIONS if group.kind == "positions" else STATICS
    table: pa.Table = sorted_rows(read_files(root, group.paths, schema)).combine_chunks()
    name = sha256("\n".join(group.paths).encode()).hexdigest()[:24]
    path = f"{group.folder}part-{name}.parquet"
    return Encoded(Part(group.kind, group.day, None, table), path, disk.encode(table))


def _swap(connection: sqlite3.Connection, group: _Group, merged: Encoded) -> None:
    old = [(path,) for path in group.paths]
    connection.executemany("UPDATE files SET state = 'replaced' WHERE path = ?", old)
    connection.executemany("DELETE FROM file_sources WHERE path = ?", old)
    name_file(connection, merged, batch="", source=group.sources)
