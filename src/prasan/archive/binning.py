"""Bins on disk: one file beside each day and bucket of positions, grown with the rows that are not in it yet."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from prasan.archive import disk
from prasan.archive.bins import BIN_S, BINS, CELL_COLUMNS, NEEDED, cell_of, fold, make_bins, nearly_bins
from prasan.archive.disk import WORK
from prasan.archive.ground import Ground
from prasan.archive.manifest import put_file, put_sources, retire
from prasan.archive.partition import Part, by_source, day_of
from prasan.archive.reading import FOLDER, all_of, filter_of, read_files, unreadable
from prasan.archive.writing import bounds_of
from prasan.errors import UsageError
from prasan.picture.position import POSITIONS, units

STEP: Final = 262_144
"""Rows binned at a time."""
Area = tuple[float, float, float, float]
"""South, west, north, east in degrees; west > east means across 180°."""


class BinsFile(msgspec.Struct, frozen=True):
    """New bins of a folder in `work/`, the files they stand for, and the bins they replace."""

    work: Path
    path: str
    table: pa.Table
    of: Sequence[str]
    replaces: Sequence[str]


class BinsWanted(msgspec.Struct, frozen=True):
    """A question to the bins; None asks for everything. Times in seconds UTC, widened to whole bins."""

    t_from: int | None
    t_to: int | None
    area: Area | None
    sources: Collection[str] | None
    mmsis: Collection[int] | None


def add_bins(
    ground: Ground, folder: str, paths: Sequence[str], made: Iterable[pa.Table] | None = None
) -> BinsFile | None:
    """The bins of a folder of positions with the rows of some of its files added, in `work/`; None without files.

    `made` are the bins of these files, or what they are folded of, if somebody has read their rows already.
    """
    if not paths:
        return None
    home = folder.replace("positions/", "bins/", 1)
    sql = f"SELECT path FROM files WHERE state = 'live' AND kind = 'bins' AND {FOLDER} = ? ORDER BY seq"  # noqa: S608
    old = [path for (path,) in ground.manifest.all(sql, (home,))]
    made = map(nearly_bins, _rows(ground.root, paths)) if made is None else made
    return _write(ground, home, read_files(ground.root, old, BINS), made, paths, old)


def _write(  # noqa: PLR0913, PLR0917
    ground: Ground, home: str, kept: pa.Table, made: Iterable[pa.Table], paths: Sequence[str], old: Sequence[str]
) -> BinsFile:
    table = fold(pa.concat_tables([kept, *made]))
    name = sha256("\n".join([*old, "+", *paths]).encode()).hexdigest()[:24]
    work = ground.root / WORK / f"bins-{name}.parquet"
    disk.write_stream(work, BINS, [table])
    ground.at("bins")
    return BinsFile(work, f"{home}part-{name}.parquet", table, paths, old)


def name_bins(connection: sqlite3.Connection, ground: Ground, bins: BinsFile | None) -> None:
    """Give new bins their name in place of the old ones, in the caller's transaction."""
    if bins is None:
        return
    connection.executemany("UPDATE files SET binned = 1 WHERE path = ?", [(path,) for path in bins.of])
    retire(connection, bins.replaces, ground.now())
    if not bins.table.num_rows:
        bins.work.unlink(missing_ok=True)
        return
    disk.move(ground.root, [(bins.work, bins.path)])
    target = ground.root / bins.path
    put_file(connection, {
        "path": bins.path, "kind": "bins", "quarantine": 0, "rows": bins.table.num_rows, "bytes": target.stat().st_size,
        **bounds_of(bins.table), "sha256": disk.file_hash(target), "state": "live", "batch": "", "source": "",
        "added": int(ground.now()),
    })  # fmt: skip
    put_sources(connection, bins.path, by_source(Part("bins", None, None, bins.table)))


def remake_bins(ground: Ground, folder: str) -> BinsFile | None:
    """The bins of a folder made again of the positions that are there; those of expired sources are kept.

    Every row of the folder must be in bins already.
    """
    home, day = folder.replace("positions/", "bins/", 1), day_of(folder)
    sql = f"SELECT kind, path FROM files WHERE state = 'live' AND quarantine = 0 AND {FOLDER} IN (?, ?)"  # noqa: S608
    rows = ground.manifest.all(sql, (home, folder))
    old, paths = ([path for of, path in rows if of == kind] for kind in ("bins", "positions"))
    expired = [s for (s,) in ground.manifest.all("SELECT source FROM expired WHERE day = ?", (day,))]
    gone = pc.field("source").cast(pa.string()).isin(pa.array(expired, pa.string()))
    made = (nearly_bins(rows.filter(~gone)) for rows in _rows(ground.root, paths))
    return _write(ground, home, read_files(ground.root, old, BINS, None, gone), made, paths, old)


def read_bins(ground: Ground, wanted: BinsWanted) -> pa.Table:
    """The bins of the answer, sorted by (bin, cell, mmsi, source): those on disk and those of rows not in them yet."""
    low = None if wanted.t_from is None else wanted.t_from // BIN_S
    high = None if wanted.t_to is None else -(-wanted.t_to // BIN_S)
    sql = """SELECT kind, path FROM files WHERE state = 'live' AND quarantine = 0
             AND (kind = 'bins' OR kind = 'positions' AND binned = 0) AND t_max >= ? AND t_min < ? ORDER BY seq"""
    span = (-(2**62) if low is None else low * BIN_S, 2**62 if high is None else high * BIN_S)
    rows = ground.manifest.all(sql, span)
    stored, fresh = ([path for of, path in rows if of == kind] for kind in ("bins", "positions"))
    question = filter_of(wanted.sources, wanted.mmsis, span[0], span[1])
    table = read_files(ground.root, stored, BINS, None, _filter(wanted, low, high))
    if fresh:
        more = make_bins(read_files(ground.root, fresh, POSITIONS, list(NEEDED), question))
        table = pa.concat_tables([table, more])
    if len(stored) + len(fresh) > 1:
        table = fold(table)
    return table if wanted.area is None else table.filter(pa.array(_inside(table, wanted.area)))


def _filter(wanted: BinsWanted, low: int | None, high: int | None) -> pc.Expression | None:
    terms = [filter_of(wanted.sources, wanted.mmsis, None, None)]
    if low is not None:
        terms.append(pc.field("bin") >= low)
    if high is not None:
        terms.append(pc.field("bin") < high)
    if wanted.area is not None:
        south, north = _corners(wanted.area)[:2] // CELL_COLUMNS
        terms += [pc.field("cell") >= int(south) * CELL_COLUMNS, pc.field("cell") < int(north + 1) * CELL_COLUMNS]
    return all_of([term for term in terms if term is not None])


def _corners(area: Area) -> NDArray[np.int64]:
    """The cells of the south-western and north-eastern corner. UsageError if there is no such area."""
    south, west, north, east = area
    if not (-90 <= south <= north <= 90 and -180 <= west <= 180 and -180 <= east <= 180):
        raise UsageError(f"{area} is no area.", "Give south, west, north and east in degrees.")
    return cell_of(np.array([units(south), units(north)]), np.array([units(west), units(east)]))


def _inside(table: pa.Table, area: Area) -> NDArray[np.bool_]:
    """Which cells touch the area."""
    (south, west), (north, east) = (divmod(int(corner), CELL_COLUMNS) for corner in _corners(area))
    row, column = np.divmod(table["cell"].to_numpy(), CELL_COLUMNS)
    across = (column >= west) | (column <= east) if area[1] > area[3] else (column >= west) & (column <= east)
    inside: NDArray[np.bool_] = (row >= south) & (row <= north) & across
    return inside


def _rows(root: Path, paths: Sequence[str]) -> Iterator[pa.Table]:
    for path in paths:
        try:
            with pq.ParquetFile(root / path) as file:
                for batch in file.iter_batches(STEP, columns=list(NEEDED)):
                    yield pa.Table.from_batches([batch])
        except (OSError, pa.ArrowException) as error:
            raise unreadable(error) from error
