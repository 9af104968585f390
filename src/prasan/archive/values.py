"""What the archive answers with."""

from typing import Final, Literal

import msgspec
import pyarrow as pa

from prasan.picture.finding import Finding
from prasan.picture.position import POSITIONS

Kind = Literal["positions", "statics", "bins"]

LATEST: Final = pa.schema(
    [
        POSITIONS.field(name)
        for name in (
            "source", "mmsi", "t", "lat", "lon", "sog", "cog", "heading", "nav_status", "ais_class", "flags",
        )
    ]
)  # fmt: skip
"""The last fix of each vessel by each source: the columns of POSITIONS that a map needs, on the same scales."""


class Tuning(msgspec.Struct, frozen=True):
    """When the archive does what; the defaults suit one node on one machine. Times in seconds unless named otherwise.

    `hot_rows`     a batch for the log that has more rows becomes files at once
    `drain_rows`, `drain_s`      a log becomes files at so many rows, or when its oldest batch is so old
    `compact_files`, `compact_s` files of less than `small_rows` rows are merged when a folder has so many of them, or
                                 two and the oldest is so old
    `close_days`, `quiet_s`      a day is closed so many days after its midnight, if no row came for it for `quiet_s`
    `grace_s`      a file that was replaced stays on disk for so long: readers that hold its name finish undisturbed
    `lost_days`    files of interrupted writers are kept in `lost/` for so long
    `free_bytes`   the disk keeps so much free: appending refuses before it would go below
    """

    hot_rows: int = 50_000
    drain_rows: int = 200_000
    drain_s: int = 60
    small_rows: int = 1_000_000
    compact_files: int = 100
    compact_s: int = 3_600
    close_days: int = 2
    quiet_s: int = 600
    grace_s: int = 600
    lost_days: int = 30
    free_bytes: int = 256 << 20


class Carry(msgspec.Struct, frozen=True):
    """What a run asks to be remembered: it had seen all rows before `upto` (seconds UTC); `data` is its own."""

    upto: int
    data: bytes


class News(msgspec.Struct, frozen=True):
    """The number of the newest batch, and the earliest second of those asked about; None if they have no dated row."""

    batch: int
    t_min: int | None


class Backfill(msgspec.Struct, frozen=True):
    """A closed day that got late rows: days since 1970 (UTC), and the MMSIs of those rows, ascending."""

    day: int
    mmsis: tuple[int, ...]


class Appended(msgspec.Struct, frozen=True):
    """What an append stored: position rows in date partitions, static rows, and rows of both without a usable date.

    `duplicate` is True if the batch had been stored before: nothing was written, and the counts are those of then.
    `backfill` names the days that were closed when the batch was first stored, in both cases: who was stopped between
    storing and replaying them sends the batch again and is told again.
    """

    rows: int
    duplicate: bool
    statics: int = 0
    quarantined: int = 0
    backfill: tuple[Backfill, ...] = ()


class Recovered(msgspec.Struct, frozen=True):
    """What an interrupted writer had left behind.

    `temporary` unfinished files deleted, `moved` finished but uncommitted ones moved to `lost/`, `torn` logs cut back
    to their last committed batch.
    """

    temporary: int = 0
    moved: int = 0
    torn: int = 0


class Tended(msgspec.Struct, frozen=True):
    """What one call of `tend` did.

    `drained` rows from logs to files; `merged` files that became `made` files; `closed` days since 1970; `expired` rows
    deleted by source; `removed` files deleted after their grace; `damaged` folders left as they are because a file
    cannot be read (`check` names it); `low` True if the disk had no room for merging; `busy` True if another process is
    tending; `more` True if something is left to do.
    """

    drained: int = 0
    merged: int = 0
    made: int = 0
    closed: tuple[int, ...] = ()
    expired: dict[str, int] = {}
    removed: int = 0
    damaged: tuple[str, ...] = ()
    low: bool = False
    busy: bool = False
    more: bool = False


class SourceSummary(msgspec.Struct, frozen=True):
    """One source's dated positions: rows, first and last time (seconds UTC), MMSIs with at least one fix."""

    rows: int
    t_min: int
    t_max: int
    vessels: int


class Stats(msgspec.Struct, frozen=True):
    """The size of the archive. `bytes` and `files` count the files of all kinds, a batch in a hot log as one.

    `hot` rows of all kinds are in the logs; `bins` rows in bins. `let_go` last fixes are not kept, as there were too
    many numbers.
    """

    positions: int
    statics: int
    quarantined: int
    batches: int
    findings: int
    files: int
    bytes: int
    bytes_per_position: float
    lost_files: int
    hot: int = 0
    bins: int = 0
    let_go: int = 0


class StoredFinding(msgspec.Struct, frozen=True):
    """A finding with its place in the archive: ask for `findings(after=seq)` to go on from here."""

    seq: int
    batch: str
    finding: Finding


class Damage(msgspec.Struct, frozen=True):
    """A file of the manifest that is `missing` or whose bytes have `changed`."""

    path: str
    what: Literal["missing", "changed"]
