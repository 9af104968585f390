"""Writing: a batch as encoded files, and the rows of the manifest that make those files count."""

import sqlite3
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from prasan.archive import disk
from prasan.archive.manifest import put_file, put_latest, put_sources
from prasan.archive.partition import Part, by_source, cut, last_fixes
from prasan.archive.reading import is_hot
from prasan.archive.values import LATEST, Appended, Backfill
from prasan.picture.position import POSITIONS, STATICS


class Encoded(msgspec.Struct, frozen=True):
    """One part with its path below the archive's folder and its bytes."""

    part: Part
    path: str
    data: pa.Buffer


def encode_parts(batch: str, positions: pa.Table, statics: pa.Table, buckets: int) -> list[Encoded]:
    """The files of a batch. UsageError if a table does not fit its schema."""
    return encode_cut(batch, [*cut("positions", positions, POSITIONS, buckets), *cut("statics", statics, STATICS, 1)])


def encode_cut(name: str, parts: Iterable[Part]) -> list[Encoded]:
    """Parts as files called after `name`."""
    return [Encoded(part, part.path(name), disk.encode(part.table)) for part in parts]


def name_batch(  # noqa: PLR0913  a batch is these things
    connection: sqlite3.Connection,
    batch: str,
    source: str,
    files: Sequence[Encoded],
    backfill: Iterable[Backfill],
    *,
    added: int,
) -> Appended:
    """Put a batch and its files into the manifest and its newest fixes into `latest`, in the caller's transaction.

    Rows in a hot log are not put into `latest`: who asks for it reads them there, and draining does it once for many.
    """
    for file in files:
        name_file(connection, file, batch=batch, source=source, added=added)
        if not is_hot(file.path):
            keep_latest(connection, file.part)
    stored = msgspec.structs.replace(_count(file.part for file in files), backfill=tuple(backfill))
    connection.execute(
        "INSERT INTO batches (id, source, positions, statics, quarantined, backfill) VALUES (?,?,?,?,?,?)",
        (batch, source, stored.rows, stored.statics, stored.quarantined, " ".join(str(b.day) for b in stored.backfill)),
    )
    return stored


def name_file(connection: sqlite3.Connection, file: Encoded, *, batch: str, source: str, added: int) -> None:
    """Put one file into the manifest, with what each source has in it."""
    put_file(connection, {**_describe(file), "batch": batch, "source": source, "added": added})
    put_sources(connection, file.path, by_source(file.part))


def keep_latest(connection: sqlite3.Connection, part: Part) -> None:
    """Put the newest fixes of a dated position part into `latest`."""
    if part.kind == "positions" and part.day is not None:
        put_latest(connection, _rows(last_fixes(part).select(LATEST.names)))


def bounds_of(table: pa.Table) -> dict[str, Any]:
    """Least and greatest time, MMSI, latitude and longitude, as the manifest names them."""
    bounds, given = dict[str, Any](), set(table.column_names)
    for name in ("t", "mmsi", "lat", "lon"):
        least, most = _ends(table[name]) if name in given else (None, None)
        bounds |= {f"{name}_min": least, f"{name}_max": most}
    return bounds


def _ends(column: Any) -> tuple[Any, Any]:
    """Least and greatest value; NumPy is far quicker with a few thousand, where it can be asked."""
    if column.null_count or not len(column):
        known: Any = pc.min_max(column).as_py()
        return known["min"], known["max"]
    values = column.to_numpy()
    return values.min().item(), values.max().item()


def _describe(file: Encoded) -> dict[str, Any]:
    """A file's row in the manifest, without batch and source."""
    return {
        "path": file.path,
        "kind": file.part.kind,
        "quarantine": int(file.part.day is None),
        "rows": file.part.table.num_rows,
        "bytes": file.data.size,
        **bounds_of(file.part.table),
        "sha256": sha256(memoryview(file.data)).hexdigest(),
        "state": "live",
    }


def _count(parts: Iterable[Part]) -> Appended:
    rows = {"positions": 0, "statics": 0, "quarantine": 0}
    for part in parts:
        rows["quarantine" if part.day is None else part.kind] += part.table.num_rows
    return Appended(rows["positions"], False, rows["statics"], rows["quarantine"])


def _rows(table: pa.Table) -> list[tuple[object, ...]]:
    return list(zip(*(_plain(column.combine_chunks()) for column in table.columns), strict=True))


def _plain(column: Any) -> list[object]:
    """The values as Python's own: through NumPy, which makes them five times as fast as Arrow does."""
    if pa.types.is_dictionary(column.type):
        names = column.dictionary.to_pylist()
        return [names[code] for code in column.indices.to_pylist()]
    if not column.null_count:
        return list(column.to_numpy().tolist())
    values = column.fill_null(0).to_numpy().astype(object)
    values[column.is_null().to_numpy(zero_copy_only=False)] = None
    return list(values.tolist())
