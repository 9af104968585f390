"""Compaction: the files of one folder become one sorted file and bins, while others append and read.

Merging happens in `work/` under the tending lock, without the write lock; then one transaction gives the new files
their names and retires the old ones, so a reader's list of files names each row once, before and after. Replaced files
stay on disk for their grace; a crash leaves at most a file in `work/` or one that no commit knows.
"""

import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from typing import Final

import msgspec
import pyarrow as pa

from prasan.archive import disk
from prasan.archive.binning import BinsFile, add_bins, name_bins, remake_bins
from prasan.archive.bins import NEEDED, nearly_bins
from prasan.archive.disk import WORK, Written
from prasan.archive.ground import Ground
from prasan.archive.manifest import put_file, put_sources, retire
from prasan.archive.merge import MOST_FILES, ahead, merged
from prasan.archive.reading import FOLDER, schema_of
from prasan.archive.recovery import drop_replaced
from prasan.archive.values import Kind
from prasan.errors import IntegrityError


class Group(msgspec.Struct, frozen=True):
    """Live files of one folder, oldest first; `unbinned` are those whose rows are in no bins yet."""

    folder: str
    kind: Kind
    paths: list[str]
    unbinned: list[str]
    bytes: int


def compact(ground: Ground, at_least: int) -> tuple[int, int]:
    """Merge each folder with `at_least` small files or more. Files before and after, of the folders merged."""
    before = after = 0
    for folder in small_folders(ground, at_least, -1):
        group = group_of(ground, folder, ground.tuning.small_rows)
        merge_group(ground, group)
        before, after = before + len(group.paths), after + 1
    drop_replaced(ground)
    return before, after


def small_folders(ground: Ground, at_least: int, added_before: float) -> list[str]:
    """Folders with so many small files, or with two when one of them was added before a time."""
    sql = f"""SELECT {FOLDER} AS folder FROM files
              WHERE state = 'live' AND quarantine = 0 AND kind != 'bins' AND path NOT GLOB 'hot/*' AND rows < ?
              GROUP BY folder HAVING count(*) >= ? OR (count(*) > 1 AND min(added) <= ?) ORDER BY folder"""  # noqa: S608
    rows = ground.manifest.all(sql, (ground.tuning.small_rows, max(at_least, 2), added_before))
    return [folder for (folder,) in rows]


def group_of(ground: Ground, folder: str, below: int = 2**62) -> Group:
    """The live files of a folder with fewer rows than `below`, at most MOST_FILES."""
    sql = f"""SELECT path, kind, binned, bytes FROM files
              WHERE state = 'live' AND quarantine = 0 AND {FOLDER} = ? AND rows < ? ORDER BY seq LIMIT ?"""  # noqa: S608
    rows = ground.manifest.all(sql, (folder, below, MOST_FILES))
    kind: Kind = rows[0][1]
    unbinned = [path for path, _, binned, _ in rows if kind == "positions" and not binned]
    return Group(folder, kind, [path for path, *_ in rows], unbinned, sum(row[3] for row in rows))


def merge_group(ground: Ground, group: Group) -> int:
    """One file and bins in place of a group; how many files it replaces. Only for who holds the tending lock."""
    ground.ensure_room(2 * group.bytes)
    if len(group.paths) == 1:
        bins = add_bins(ground, group.folder, group.unbinned)
        with ground.manifest.write() as connection:
            name_bins(connection, ground, bins)
        return 0
    made = list[pa.Table]()
    once = group.unbinned == group.paths  # nearly always: then the rows are read once for both
    name = sha256("\n".join(group.paths).encode()).hexdigest()[:24]
    work = ground.root / WORK / f"part-{name}.parquet"
    schema = schema_of(group.kind)
    rows = merged(ground.root, group.paths, schema)
    try:
        written = disk.write_stream(work, schema, ahead(_binned(rows, made) if once else rows))
    except IntegrityError:  # a file is damaged: what there was before it is not needed
        work.unlink(missing_ok=True)
        raise
    ground.at("compact")
    bins = add_bins(ground, group.folder, group.unbinned, made if once else None)
    with ground.manifest.write() as connection:
        path = f"{group.folder}{work.name}"
        disk.move(ground.root, [(work, path)])
        _swap(connection, ground, group, path, written)
        name_bins(connection, ground, bins)
    return len(group.paths)


def _binned(tables: Iterator[pa.Table], made: list[pa.Table]) -> Iterator[pa.Table]:
    """The same tables; what their bins are folded of is added to `made`."""
    for table in tables:
        made.append(nearly_bins(table.select(NEEDED)))
        yield table


def rebuild_bins(ground: Ground, day: int) -> None:
    """Make the bins of every bucket of a day again from its positions. Only for who holds the tending lock."""
    sql = f"""SELECT DISTINCT {FOLDER} FROM files WHERE state = 'live' AND kind = 'positions' AND quarantine = 0
              AND path NOT GLOB 'hot/*' AND t_min / 86400 = ?"""  # noqa: S608
    for (folder,) in ground.manifest.all(sql, (day,)):
        for make in (_unbinned_bins, remake_bins):
            bins = make(ground, folder)
            with ground.manifest.write() as connection:
                name_bins(connection, ground, bins)


def _unbinned_bins(ground: Ground, folder: str) -> BinsFile | None:
    sql = f"""SELECT path FROM files WHERE state = 'live' AND kind = 'positions' AND binned = 0 AND {FOLDER} = ?
              ORDER BY seq"""  # noqa: S608
    return add_bins(ground, folder, [path for (path,) in ground.manifest.all(sql, (folder,))])


_SUMMED: Final = """SELECT min(t_min), max(t_max), min(mmsi_min), max(mmsi_max), min(lat_min), max(lat_max),
    min(lon_min), max(lon_max), max(added) FROM files WHERE path IN ({})"""
_NAMES: Final = ("t_min", "t_max", "mmsi_min", "mmsi_max", "lat_min", "lat_max", "lon_min", "lon_max", "added")


def _swap(connection: sqlite3.Connection, ground: Ground, group: Group, path: str, written: Written) -> None:
    """The new file takes the place of the old ones; what the manifest says of it is the sum of what it said of them."""
    marks = ",".join("?" * len(group.paths))
    bounds = dict(zip(_NAMES, connection.execute(_SUMMED.format(marks), group.paths).fetchone(), strict=True))
    spans = connection.execute(
        f"SELECT source, sum(rows), min(t_min), max(t_max) FROM file_sources WHERE path IN ({marks}) GROUP BY source",  # noqa: S608
        group.paths,
    ).fetchall()
    retire(connection, group.paths, ground.now())
    put_file(connection, {
        "path": path, "kind": group.kind, "quarantine": 0, "rows": written.rows, "bytes": written.bytes, **bounds,
        "sha256": written.sha256, "state": "live", "batch": "", "source": ", ".join(sorted(s for s, *_ in spans)),
        "binned": int(group.kind == "positions"),
    })  # fmt: skip
    put_sources(connection, path, spans)
