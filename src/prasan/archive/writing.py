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
from prasan.archive.values import LATEST, Appended
from prasan.picture.position import POSITIONS, STATICS


class Encoded(msgspec.Struct, frozen=True):
    """One part with its path below the archive's folder and its bytes."""

    part: Part
    path: str
    data: pa.Buffer


def encode_parts(batch: str, positions: pa.Table, statics: pa.Table, buckets: int) -> list[Encoded]:
    """The files of a batch. UsageError if a table does not fit its schema."""
    parts = [*cut("positions", positions, POSITIONS, buckets), *cut("statics", statics, STATICS, 1)]
    return [Encoded(part, part.path(batch), disk.encode(part.table)) for part in parts]


def name_batch(connection: sqlite3.Connection, batch: str, source: str, files: Sequence[Encoded]) -> Appended:
    """Put a batch and its files into the manifest and its newest fixes into `latest`, in the caller's transaction."""
    for file in files:
        name_file(connection, file, batch=batch, source=source)
        if file.part.kind == "positions" and file.part.day is not None:
            put_latest(connection, _rows(last_fixes(file.part).select(LATEST.names)))
    stored = _count(file.part for file in files)
    connection.execute(
        "INSERT INTO batches (id, source, positions, statics, quarantined) VALUES (?,?,?,?,?)",
        (batch, source, stored.rows, stored.statics, stored.quarantined),
    )
    return stored


def name_file(connection: sqlite3.Connection, file: Encoded, *, batch: str, source: str) -> None:
    """Put one file into the manifest, with what each source has in it."""
    put_file(connection, {**_describe(file), "batch": batch, "source": source})
    put_sources(connection, file.path, by_source(file.part))


def _describe(file: Encoded) -> dict[str, Any]:
    """A file's row in the manifest, without batch and source."""
    table, bounds = file.part.table, dict[str, Any]()
    for name in ("t", "mmsi", "lat", "lon"):
        known: Any = pc.min_max(table[name]).as_py() if name in table.column_names else {"min": None, "max": None}
        bounds |= {f"{name}_min": known["min"], f"{name}_max": known["max"]}
    return {
        "path": file.path,
        "kind": file.part.kind,
        "quarantine": int(file.part.day is None),
        "rows": table.num_rows,
        "bytes": file.data.size,
        **bounds,
        "sha256": sha256(memoryview(file.data)).hexdigest(),
        "state": "live",
    }


def _count(parts: Iterable[Part]) -> Appended:
    rows = {"positions": 0, "statics": 0, "quarantine": 0}
    for part in parts:
        rows["quarantine" if part.day is None else part.kind] += part.table.num_rows
    return Appended(rows["positions"], False, rows["statics"], rows["quarantine"])


def _rows(table: pa.Table) -> list[tuple[object, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))
