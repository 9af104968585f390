"""Storing a batch: encode it, write it durably, and name it in the manifest, or none of it."""

from contextlib import suppress
from typing import Any

import msgspec
import pyarrow as pa

from prasan.archive import disk
from prasan.archive.ground import Ground
from prasan.archive.hot import drain, encode_hot, log_batch
from prasan.archive.manifest import put_carry, put_findings
from prasan.archive.partition import cut, late
from prasan.archive.values import Appended, Backfill, Carry
from prasan.archive.writing import Encoded, encode_parts, name_batch
from prasan.errors import PrasanError
from prasan.picture.position import POSITIONS, STATICS


class Batch(msgspec.Struct, frozen=True):
    """What is committed together; findings are pairs of key and JSON."""

    id: str
    source: str
    positions: pa.Table
    statics: pa.Table
    findings: list[tuple[str, bytes]]
    carry: dict[str, Carry]


def append(ground: Ground, batch: Batch, *, hot: bool) -> Appended:
    """Store a batch unless it is stored; see `Archive.append`."""
    stored = known(ground, batch)
    if stored:
        return stored
    hot = hot and batch.positions.num_rows + batch.statics.num_rows <= ground.tuning.hot_rows
    ground.ensure_room(batch.positions.nbytes + batch.statics.nbytes)
    if hot:
        files = encode_hot(batch.positions, batch.statics)
    else:
        files = encode_parts(batch.id, batch.positions, batch.statics, ground.manifest.buckets())
    with ground.manifest.write() as connection:
        stored = known(ground, batch)  # another writer may have stored it while we waited for the lock
        if stored:
            return stored
        if hot:
            files = log_batch(connection, ground, batch.source, files)
        else:
            disk.write_all(ground.root, ((file.path, file.data) for file in files))
        ground.at("ingest")
        stored = name_batch(connection, batch.id, batch.source, files, _late(ground, files), added=int(ground.now()))
        put_findings(connection, batch.id, batch.findings)
        put_carry(connection, batch.carry)
    ground.at("commit")
    if hot:
        _drain_if_full(ground, batch.source)
    return stored


def known(ground: Ground, batch: Batch) -> Appended | None:
    """What was stored of this batch, or None. Its backfill is found again in the rows that were given again."""
    row = ground.manifest.one("SELECT positions, statics, quarantined, backfill FROM batches WHERE id = ?", (batch.id,))
    if row is None:
        return None
    days = [int(day) for day in row[3].split()]
    return Appended(row[0], True, row[1], row[2], _late_rows(batch, days) if days else ())


def _late_rows(batch: Batch, days: list[int]) -> tuple[Backfill, ...]:
    parts = [*cut("positions", batch.positions, POSITIONS, 1), *cut("statics", batch.statics, STATICS, 1)]
    return late(parts, days)


def _late(ground: Ground, files: list[Encoded]) -> tuple[Backfill, ...]:
    return late([file.part for file in files], [day for (day,) in ground.manifest.all("SELECT day FROM closed")])


def _drain_if_full(ground: Ground, source: str) -> None:
    row: Any = ground.manifest.one(
        "SELECT ifnull(sum(rows), 0) FROM files WHERE state = 'live' AND path GLOB 'hot/*' AND source = ?", (source,)
    )
    if row[0] >= ground.tuning.drain_rows:
        with suppress(PrasanError):  # the batch is stored; whatever this was, the next batch or tending meets it again
            drain(ground, source)
