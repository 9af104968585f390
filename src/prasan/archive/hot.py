"""The hot log: small live batches, each an Arrow IPC stream at the end of its source's log, until they become files.

The manifest names every committed stream as `<log>@<start>`, in the transaction that commits the batch. So the bytes
behind a log's last name were never acknowledged (a torn tail): the next append writes over them, opening cuts them
off. Any Arrow library reads a log: it is one stream after the other. A log that was drained is not written to again.
"""

import sqlite3
from hashlib import sha256
from typing import Final

import pyarrow as pa

from prasan.archive import disk
from prasan.archive.ground import Ground
from prasan.archive.manifest import Manifest, retire
from prasan.archive.partition import cut, split
from prasan.archive.reading import LOGS, log_of, read_files, schema_of
from prasan.archive.values import Kind
from prasan.archive.writing import Encoded, encode_cut, keep_latest, name_file
from prasan.picture.position import POSITIONS, STATICS

_OPTIONS: Final = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)


def encode_hot(positions: pa.Table, statics: pa.Table) -> list[Encoded]:
    """The streams of a batch; their place in the log is not known yet. UsageError if a table does not fit."""
    parts = [*split("positions", positions, POSITIONS), *split("statics", statics, STATICS)]
    return [Encoded(part, "", _stream(part.table)) for part in parts]


def log_batch(connection: sqlite3.Connection, ground: Ground, source: str, files: list[Encoded]) -> list[Encoded]:
    """Write a batch durably at the end of its source's log; the streams with their places. Needs the write lock."""
    if not files:
        return []
    log, start = _end_of_log(connection, source)
    placed, stop = list[Encoded](), start
    for file in files:
        placed.append(Encoded(file.part, f"{log}@{stop}", file.data))
        stop += file.data.size
    disk.append_log(ground.root / log, start, (file.data for file in files))
    return placed


def log_lengths(connection: sqlite3.Connection) -> dict[str, int]:
    """Where the last committed stream of each log ends."""
    ends = dict[str, int]()
    for path, size in connection.execute("SELECT path, bytes FROM files WHERE path GLOB 'hot/*'"):
        log, start = log_of(path)
        ends[log] = max(ends.get(log, 0), start + size)
    return ends


def due_logs(manifest: Manifest, rows: int, added_before: float) -> list[str]:
    """Sources whose log holds at least so many rows, or a batch that was added before a time."""
    sql = """SELECT source FROM files WHERE state = 'live' AND path GLOB 'hot/*'
             GROUP BY source HAVING sum(rows) >= ? OR min(added) <= ? ORDER BY source"""
    return [source for (source,) in manifest.all(sql, (rows, added_before))]


def drain(ground: Ground, source: str) -> int:
    """Make sorted Parquet files of a source's log; how many rows. Readers see each row once, before and after."""
    with ground.manifest.write() as connection:
        rows = connection.execute(
            "SELECT path, kind, rows FROM files WHERE state = 'live' AND path GLOB 'hot/*' AND source = ? ORDER BY seq",
            (source,),
        ).fetchall()
        paths = [path for path, *_ in rows]
        made = [file for kind in ("positions", "statics") for file in _files(ground, kind, rows)]
        disk.write_all(ground.root, ((file.path, file.data) for file in made))
        ground.at("drain")
        retire(connection, paths, ground.now())
        for file in made:
            name_file(connection, file, batch="", source=source, added=int(ground.now()))
            keep_latest(connection, file.part)
    return sum(count for *_, count in rows)


def _files(ground: Ground, kind: Kind, rows: list[tuple[str, Kind, int]]) -> list[Encoded]:
    paths = [path for path, of_kind, _ in rows if of_kind == kind]
    if not paths:
        return []
    schema = schema_of(kind)
    buckets = ground.manifest.buckets() if kind == "positions" else 1
    return encode_cut(" ".join(paths), cut(kind, read_files(ground.root, paths, schema), schema, buckets))


def _end_of_log(connection: sqlite3.Connection, source: str) -> tuple[str, int]:
    """Where the next batch of a source goes: behind the last one of its log, or a log with a name never used before."""
    sql = """SELECT path, bytes FROM files WHERE state = 'live' AND path GLOB 'hot/*' AND source = ?
             ORDER BY seq DESC LIMIT 1"""
    last = connection.execute(sql, (source,)).fetchone()
    if last:
        log, start = log_of(last[0])
        return log, start + last[1]
    sql = "UPDATE settings SET value = value + 1 WHERE name = 'logs' RETURNING value"
    (number,) = connection.execute(sql).fetchone()
    return f"{LOGS}/{sha256(source.encode()).hexdigest()[:16]}/log-{number:08d}.arrows", 0


def _stream(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_OPTIONS) as writer:
        writer.write_table(table)
    return sink.getvalue()
