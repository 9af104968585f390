"""What the archive answers with."""

from typing import Final, Literal

import msgspec
import pyarrow as pa

from prasan.picture.finding import Finding
from prasan.picture.position import POSITIONS

Kind = Literal["positions", "statics"]

LATEST: Final = pa.schema(
    [
        POSITIONS.field(name)
        for name in (
            "source", "mmsi", "t", "lat", "lon", "sog", "cog", "heading", "nav_status", "ais_class", "flags",
        )
    ]
)  # fmt: skip
"""The last fix of each vessel by each source: the columns of POSITIONS that a map needs, on the same scales."""


class Appended(msgspec.Struct, frozen=True):
    """What an append stored: position rows in date partitions, static rows, and rows of both without a usable date.

    `duplicate` is True if the batch had been stored before: nothing was written, and the counts are those of then.
    """

    rows: int
    duplicate: bool
    statics: int = 0
    quarantined: int = 0


class Recovered(msgspec.Struct, frozen=True):
    """What an interrupted writer had left behind: unfinished files deleted, finished but uncommitted ones moved."""

    temporary: int = 0
    moved: int = 0


class SourceSummary(msgspec.Struct, frozen=True):
    """One source's dated positions: rows, first and last time (seconds UTC), MMSIs with at least one fix."""

    rows: int
    t_min: int
    t_max: int
    vessels: int


class Stats(msgspec.Struct, frozen=True):
    """The size of the archive. `bytes` and `files` count the Parquet files of all kinds."""

    positions: int
    statics: int
    quarantined: int
    batches: int
    findings: int
    files: int
    bytes: int
    bytes_per_position: float
    lost_files: int


class StoredFinding(msgspec.Struct, frozen=True):
    """A finding with its place in the archive: ask for `findings(after=seq)` to go on from here."""

    seq: int
    batch: str
    finding: Finding


class Damage(msgspec.Struct, frozen=True):
    """A file of the manifest that is `missing` or whose bytes have `changed`."""

    path: str
    what: Literal["missing", "changed"]
