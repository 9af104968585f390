"""The archive: one writer at a time, any number of readers, in this process and in others."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec
import pyarrow as pa

from prasan.archive import disk
from prasan.archive.append import Batch, append
from prasan.archive.arriving import arrivals
from prasan.archive.binning import Area, BinsWanted, read_bins
from prasan.archive.compact import compact, rebuild_bins
from prasan.archive.expire import expire
from prasan.archive.ground import Ground
from prasan.archive.hot import drain, due_logs
from prasan.archive.manifest import Manifest, get_carry, put_carry, put_findings
from prasan.archive.reading import Wanted, choose, scan, settled
from prasan.archive.record import Record
from prasan.archive.recovery import recover, tending
from prasan.archive.summary import find_damage, read_findings, read_latest, read_sources, read_stats
from prasan.archive.tend import tend
from prasan.archive.values import (
    Appended,
    Carry,
    Damage,
    Kind,
    Recovered,
    SourceSummary,
    Stats,
    StoredFinding,
    Tended,
    Tuning,
)
from prasan.errors import UsageError
from prasan.picture.finding import Finding
from prasan.picture.position import POSITIONS, STATICS

MANIFEST = "archive.sqlite"
DEFAULT: Final = Tuning()


def batch_id(source: str, *content: str | bytes | int) -> str:
    """A batch's name: SHA-256 over the source and what says which content it is (a range, a hash).

    The same piece of the same source always gets the same id, which is what makes sending it again harmless.
    """
    digest = sha256()
    for item in (source, *content):
        raw = item if isinstance(item, bytes) else str(item).encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


class Archive(Record):
    """Positions and statics on disk with their manifest. Make it with `Archive.open`; close it, or use it in a `with`.

    All methods may be called from any thread. `recovered` says what opening had to tidy up.
    """

    def __init__(self, ground: Ground, recovered: Recovered) -> None:
        self.root = ground.root
        self.recovered = recovered
        self._ground = ground
        self._manifest = ground.manifest
        self._buckets = ground.manifest.buckets()
        self._latest: dict[tuple[str, ...] | None, pa.Table] = {}
        self._latest_version = (-1, -1)

    @classmethod
    def open(  # noqa: PLR0913  the world it asks can be replaced, piece by piece
        cls,
        root: Path | str,
        *,
        readonly: bool = False,
        buckets: int = 1,
        at: Callable[[str], None] = lambda _: None,
        tuning: Tuning = DEFAULT,
        now: Callable[[], float] = time.time,
        free: Callable[[Path], int] = disk.free_bytes,
    ) -> "Archive":
        """Open an archive, or make one if the folder has none.

        Opening for writing tidies up what an interrupted writer left. `buckets` counts for a new archive only: 1 for a
        country, 32 for a world feed (about 10 million rows a file). `at` is called with "ingest" when a batch's files
        are written and not yet committed, with "commit" when they are, and with "drain", "compact", "bins" and "expire"
        when files of these are written and not yet committed. `now` gives seconds since 1970, `free` the bytes free on
        a folder's disk. UsageError if there is nothing to read.
        """
        root = Path(root)
        ground = Ground(root, Manifest(root / MANIFEST, readonly=readonly), tuning, at, now, free)
        if readonly:
            if not (root / MANIFEST).is_file():
                raise UsageError(f"There is no archive in {root}.", "Ingest something first, or name another folder.")
            ground.manifest.check_version()
            return cls(ground, Recovered())
        if not 1 <= buckets <= 100:
            raise UsageError(f"An archive cannot have {buckets} buckets.", "Give a number from 1 to 100.")
        with disk.disk_errors():
            root.mkdir(parents=True, exist_ok=True)
        try:
            ground.manifest.prepare(buckets)
            return cls(ground, recover(ground))
        except BaseException:
            ground.manifest.close()
            raise

    def close(self) -> None:
        """Close the manifest for all threads."""
        self._manifest.close()

    def __enter__(self) -> "Archive":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # writing

    def append(  # noqa: PLR0913  a batch is these things, and they are committed together
        self,
        batch: str,
        source: str,
        positions: pa.Table,
        statics: pa.Table,
        *,
        findings: Iterable[Finding] = (),
        carry: Mapping[str, Carry] | None = None,
        hot: bool = False,
    ) -> Appended:
        """Store a batch; when this returns it survives a power cut. A batch stored before changes nothing at all.

        `positions` and `statics` have the schemas POSITIONS and STATICS, in any order; `findings` and `carry` (by
        name) are committed in the same transaction. `hot` is for live feeds: a batch of at most `Tuning.hot_rows` goes
        to the end of its source's log, which is cheaper than files; readers see it at once either way. UsageError if
        a table does not fit its schema; PrasanError if disk or manifest refuse, and then nothing was stored.
        """
        return append(
            self._ground, Batch(batch, source, positions, statics, _encoded(findings), dict(carry or {})), hot=hot
        )

    def put_findings(self, batch: str, findings: Iterable[Finding], carry: Mapping[str, Carry] | None = None) -> int:
        """Store findings and carry of a run over stored rows, in one transaction. The number of findings that are new.

        A finding is known by (batch, key); one that is known stays as it is.
        """
        with self._manifest.write() as connection:
            new = put_findings(connection, batch, _encoded(findings))
            put_carry(connection, carry or {})
        return new

    def drain(self) -> int:
        """Make Parquet files of all hot logs now; how many rows. `tend` does it when it is due."""
        return sum(drain(self._ground, source) for source in due_logs(self._manifest, 1, 0))

    def compact(self, at_least: int = 100) -> tuple[int, int]:
        """Merge the small files of every folder that has `at_least` of them (live feeds make one a minute).

        Answers stay the same, readers are not stopped, batches stay known. Files before and after in those folders.
        `tend` does it when it is due. PrasanError if another process is tending.
        """
        with tending(self._ground):
            return compact(self._ground, at_least)

    def tend(
        self, now: float, store_days: Mapping[str, int] | None = None, seconds: float = 20.0, *, at_rest: bool = False
    ) -> Tended:
        """Do what is due at `now` (seconds since 1970): to be called every minute or so, by any thread.

        Logs become files; rows of a source in `store_days` that are older than its days are deleted (a day at a time,
        bins and findings stay); small files are merged; past days become one sorted file a bucket with its bins, and
        closed; replaced files are deleted after their grace. No new merge is begun after `seconds`: the next call goes
        on. Appending and reading go on meanwhile. `at_rest`: no more is coming, so past days need not have been quiet
        for a while. PrasanError if disk or manifest refuse.
        """
        tuning = self._ground.tuning
        ground = msgspec.structs.replace(self._ground, tuning=msgspec.structs.replace(tuning, quiet_s=0))
        return tend(ground if at_rest else self._ground, now, store_days or {}, seconds)

    def expire(self, now: float, store_days: Mapping[str, int]) -> dict[str, int]:
        """Only the deletion of `tend`; rows deleted by source. PrasanError if another process is tending."""
        with tending(self._ground):
            return expire(msgspec.structs.replace(self._ground, now=lambda: now), now, store_days)

    def rebuild_bins(self, day: int) -> None:
        """Make the bins of a day (days since 1970) again from its positions; those of expired sources are kept."""
        with tending(self._ground):
            rebuild_bins(self._ground, day)

    # reading

    def read(  # noqa: PLR0913  each narrows the question by itself
        self,
        sources: Collection[str] | None = None,
        mmsis: Collection[int] | None = None,
        t_from: int | None = None,
        t_to: int | None = None,
        columns: Sequence[str] | None = None,
        *,
        ordered: bool = True,
    ) -> pa.Table:
        """Positions of the given sources and MMSIs with t_from <= t < t_to (seconds UTC); None asks for all.

        Sorted by (mmsi, t) unless `ordered` is False (then each file is, by date). Columns of POSITIONS in its order.
        """
        return self._scan("positions", POSITIONS, Wanted(sources, mmsis, t_from, t_to, columns, ordered))

    def read_statics(  # noqa: PLR0913
        self,
        sources: Collection[str] | None = None,
        mmsis: Collection[int] | None = None,
        t_from: int | None = None,
        t_to: int | None = None,
        columns: Sequence[str] | None = None,
        *,
        ordered: bool = True,
    ) -> pa.Table:
        """Static and voyage reports; as `read`, with the columns of STATICS."""
        return self._scan("statics", STATICS, Wanted(sources, mmsis, t_from, t_to, columns, ordered))

    def arrivals(self, after: int, sources: Collection[str]) -> tuple[pa.Table, int]:
        """Positions that these sources brought since batch number `after`, as they came, and the newest number."""
        return arrivals(self._manifest, self.root, after, sources)

    def read_quarantine(self, kind: Kind = "positions") -> pa.Table:
        """The rows kept without a usable date, in the order they came."""
        wanted = Wanted(None, None, None, None, None, False, quarantine=True)
        return self._scan(kind, POSITIONS if kind == "positions" else STATICS, wanted)

    def bins(
        self,
        t_from: int | None = None,
        t_to: int | None = None,
        area: Area | None = None,
        sources: Collection[str] | None = None,
        mmsis: Collection[int] | None = None,
    ) -> pa.Table:
        """Who was where, every ten minutes (schema `bins.BINS`), sorted by (bin, cell, mmsi, source).

        Times in seconds UTC are widened to whole bins. `area` is south, west, north, east in degrees, across 180° if
        west > east: the answer has the cells of a tenth of a degree that touch it. Days whose positions are deleted
        have their bins; rows that came a moment ago are in theirs. UsageError if the area is none.
        """
        return settled(lambda: read_bins(self._ground, BinsWanted(t_from, t_to, area, sources, mmsis)))

    def latest(self, sources: Collection[str] | None = None) -> pa.Table:
        """The last fix of each MMSI by each source, sorted by both (schema `values.LATEST`). Kept until a new batch."""
        key = None if sources is None else tuple(sorted(set(sources)))
        version = self._manifest.one(
            "SELECT ifnull(max(seq), 0), (SELECT ifnull(sum(rows), 0) FROM expired) FROM batches"
        )
        if self._latest_version != version:
            self._latest, self._latest_version = {}, version or (0, 0)
        if key not in self._latest:
            self._latest[key] = settled(lambda: read_latest(self._manifest, self.root, key))
        return self._latest[key]

    def sources(self) -> dict[str, SourceSummary]:
        """What each source has in date partitions and logs, by name."""
        return read_sources(self._manifest, self.latest())

    def findings(self, after: int = 0, limit: int = 10_000) -> list[StoredFinding]:
        """Up to `limit` findings stored after number `after`, oldest first. Tuples in evidence are lists now."""
        return read_findings(self._manifest, after, limit)

    def carry(self, name: str, upto: int | None = None) -> Carry | None:
        """The newest carry of this name; with `upto`, the newest that had seen no row from then on, to replay from."""
        return get_carry(self._manifest, name, 2**62 if upto is None else upto)

    def stats(self) -> Stats:
        """Rows, files and bytes."""
        return read_stats(self._manifest, self.root)

    def room(self) -> int:
        """Bytes that may still be stored before the disk counts as full; below zero if it does."""
        return self._ground.room()

    def check(self) -> list[Damage]:
        """Read every file and compare it with the manifest; what is missing or changed, by path."""
        return find_damage(self._manifest, self.root)

    def _scan(self, kind: Kind, schema: pa.Schema, wanted: Wanted) -> pa.Table:
        return settled(lambda: scan(self.root, choose(self._manifest, kind, wanted), schema, wanted))


def _encoded(findings: Iterable[Finding]) -> list[tuple[str, bytes]]:
    return [(finding.key, msgspec.json.encode(finding)) for finding in findings]
