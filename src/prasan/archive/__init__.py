"""Everything columnar: positions and statics in Parquet files, and the manifest that says which files count.

    <dir>/archive.sqlite                                            manifest, batches, carry, findings, latest fixes
    <dir>/positions/date=YYYY-MM-DD/bucket=NN/part-<id>.parquet     sorted by MMSI and time
    <dir>/statics/date=YYYY-MM-DD/part-<id>.parquet
    <dir>/quarantine/part-<id>-<kind>.parquet                       rows without a usable date
    <dir>/lost/…                                                    files that no commit knows, moved here when opened

The folders follow Hive's naming, so that DuckDB, Spark and pandas read them as they are. A file is part of the archive
only once the manifest says so: readers take the list of files from there and never list a folder.
"""

from prasan.archive.archive import Archive, batch_id
from prasan.archive.values import Appended, Damage, Recovered, SourceSummary, Stats, StoredFinding

__all__ = ["Appended", "Archive", "Damage", "Recovered", "SourceSummary", "Stats", "StoredFinding", "batch_id"]
