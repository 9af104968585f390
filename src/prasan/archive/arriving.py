"""Live rows as they come, batch after batch: for who passes them on and does not look back."""

from collections.abc import Collection
from pathlib import Path

import pyarrow as pa

from prasan.archive.manifest import Manifest
from prasan.archive.reading import read_files
from prasan.errors import IntegrityError
from prasan.picture.position import POSITIONS

AT_ONCE = 256
"""Files read at once; who is further behind asks again."""


def arrivals(manifest: Manifest, root: Path, after: int, sources: Collection[str]) -> tuple[pa.Table, int]:
    """Positions of these sources' live batches after number `after`, as they came, and the newest number among them.

    Live is what went to a hot log, not files that were taken in. A batch is there until the grace of its log is over
    (`Tuning.grace_s`), also when that was drained; what is older is passed over.
    """
    marks = ",".join("?" * len(sources))
    live = "f.batch = b.id AND f.kind = 'positions' AND f.quarantine = 0 AND f.path GLOB 'hot/*'"
    wanted = f"b.seq > ? AND b.source IN ({marks})"
    sql = f"SELECT b.seq, f.path FROM batches b JOIN files f ON {live} WHERE {wanted} ORDER BY b.seq, f.seq LIMIT ?"  # noqa: S608
    rows = manifest.all(sql, (after, *sources, AT_ONCE))
    if len(rows) == AT_ONCE and rows[0][0] != rows[-1][0]:
        rows = [row for row in rows if row[0] != rows[-1][0]]  # the last batch may go on behind the limit
    if not rows:
        return POSITIONS.empty_table(), after
    try:
        return read_files(root, [path for _, path in rows], POSITIONS), rows[-1][0]
    except IntegrityError:
        parts = [_one(root, path) for _, path in rows]
        return pa.concat_tables(parts).unify_dictionaries(), rows[-1][0]


def _one(root: Path, path: str) -> pa.Table:
    try:
        return read_files(root, [path], POSITIONS)
    except IntegrityError:
        return POSITIONS.empty_table()
