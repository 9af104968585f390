"""Everything columnar: positions, statics and bins in Parquet files, and the manifest that says which files count.

    <dir>/archive.sqlite                                            manifest, batches, carry, findings, latest fixes
    <dir>/positions/date=YYYY-MM-DD/bucket=NN/part-<id>.parquet     sorted by MMSI and time
    <dir>/statics/date=YYYY-MM-DD/part-<id>.parquet
    <dir>/bins/date=YYYY-MM-DD/bucket=NN/part-<id>.parquet          ten-minute bins, kept for ever
    <dir>/quarantine/part-<id>-<kind>.parquet                       rows without a usable date
    <dir>/hot/<source>/log-NNNNNNNN.arrows                          small live batches until they become files
    <dir>/work/…                                                    being merged; counts for nothing
    <dir>/lost/…                                                    files that no commit knows, moved here when opened

The folders follow Hive's naming, so that DuckDB, Spark and pandas read them as they are. A file is part of the archive
only once the manifest says so: readers take the list of files from there and never list a folder.

What is stored: every hearing. A transmission heard by two stations or feeds is two rows, each with its `source`,
`station` and `lag_s` (received minus sent, where the feed says). Who heard what is put together when tracks are read;
only an identical batch is stored once.
"""

from prasan.archive.archive import Archive, batch_id
from prasan.archive.values import (
    Appended,
    Backfill,
    Carry,
    Damage,
    Recovered,
    SourceSummary,
    Stats,
    StoredFinding,
    Tended,
    Tuning,
)

__all__ = [
    "Appended",
    "Archive",
    "Backfill",
    "Carry",
    "Damage",
    "Recovered",
    "SourceSummary",
    "Stats",
    "StoredFinding",
    "Tended",
    "Tuning",
    "batch_id",
]
