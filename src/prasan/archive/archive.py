"""The archive: one writer at a time, any number of readers, in this process and in others."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import TracebackType

import msgspec
import pyarrow as pa

from prasan.archive import disk
from prasan.archive.compact import compact, drop_replaced
from prasan.archive.manifest import Manifest, put_carry, put_findings
from prasan.archive.reading import Wanted, choose, read_latest, scan
from prasan.archive.values import (
    Appended,
    Damage,
    Kind,
    Recovered,
    SourceSummary,
    Stats,
    StoredFinding,
)
from prasan.archive.writing import encode_parts, name_batch
from prasan.errors import IntegrityError, UsageError
from prasan.picture.finding import Finding
from prasan.picture.position import POSITIONS, STATICS

MANIFEST = "archive.sqlite"
_FINDING = msgspec.json.Decoder(Finding)


def batch_id(source: str, *content: str | bytes | int) -> str:
    """A batch's name: SHA-256 over the source and what says which content it is (a range, a hash).

    The same piece of the same source always gets the same id, which is what makes sending it again harmless.
    """
    digest = sha256()
    for item in (source, *content):
        raw = item if isinstance(item, bytes) else str(item).encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


class Archive:
    """Positions and statics on disk with their manifest. Make it with `Archive.open`; close it, or use it in a `with`.

    All methods may be called from any thread. `recovered` says what opening had to tidy up.
    """

    def __init__(
        self, root: Path, manifest: Manifest, buckets: int, recovered: Recovered, at: Callable[[str], None]
    ) -> None:
        self.root = root
        self.recovered = recovered
        self._manifest = manifest
        self._buckets = buckets
        self._at = at
        self._latest: dict[tuple[str, ...] | None, pa.Table] = {}
        self._latest_version = -1

    @classmethod
    def open(
        cls, root: Path | str, *, readonly: bool = False, buckets: int = 1, at: Callable[[str], None] = lambda _: None
    ) -> "Archive":
        """Open an archive, or make one if the folder has none.

        Opening for writing tidies up what an interrupted writer left. `buckets` counts for a new archive only: 1 for a
        country, 32 for a world feed (about 10 million rows a file). `at` is called with "ingest" when a batch's files
        are written and not yet committed, with "commit" when they are, and with "compact" when a merged file is
        written and not yet committed. UsageError if there is nothing to read.
        """
        root = Path(root)
        manifest = Manifest(root / MANIFEST, readonly=readonly)
        if readonly:
            if not (root / MANIFEST).is_file():
                raise UsageError(f"There is no archive in {root}.", "Ingest something first, or name another folder.")
            return cls(root, manifest, manifest.buckets(), Recovered(), at)
        if not 1 <= buckets <= 100:
            raise UsageError(f"An archive cannot have {buckets} buckets.", "Give a number from 1 to 100.")
        with disk.disk_errors():
            root.mkdir(parents=True, exist_ok=True)
        try:
            found = manifest.prepare(buckets)
            drop_replaced(manifest, root)
            with manifest.write() as connection:  # the lock: no other writer is half-way through a batch now
                known = {path for (path,) in connection.execute("SELECT path FROM files")}
                recovered = disk.recover(root, known)
        except BaseException:
            manifest.close()
            raise
        return cls(root, manifest, found, recovered, at)

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
        carry: Mapping[str, bytes] | None = None,
    ) -> Appended:
        """Store a batch; when this returns it survives a power cut. A batch stored before changes nothing at all.

        `positions` and `statics` have the schemas POSITIONS and STATICS, in any order; `findings` and `carry` (opaque
        bytes by kernel) are committed in the same transaction. UsageError if a table does not fit its schema;
        PrasanError if disk or manifest refuse, and then nothing was stored.
        """
        known = self._known(batch)
        if known:
            return known
        files = encode_parts(batch, positions, statics, self._buckets)
        with self._manifest.write() as connection:
            known = self._known(batch)  # another writer may have stored it while we waited for the lock
            if known:
                return known
            disk.write_all(self.root, ((file.path, file.data) for file in files))
            self._at("ingest")
            stored = name_batch(connection, batch, source, files)
            put_findings(connection, batch, _encoded(findings))
            put_carry(connection, carry or {})
        self._at("commit")
        return stored

    def put_findings(self, batch: str, findings: Iterable[Finding], carry: Mapping[str, bytes] | None = None) -> int:
        """Store findings and carry of a run over stored rows, in one transaction. The number of findings that are new.

        A finding is known by (batch, key); one that is known stays as it is.
        """
        with self._manifest.write() as connection:
            new = put_findings(connection, batch, _encoded(findings))
            put_carry(connection, carry or {})
        return new

    def compact(self, at_least: int = 100) -> tuple[int, int]:
        """Merge the small files of every folder that has `at_least` of them (live feeds make one a batch).

        Answers stay the same, readers are not stopped, batches stay known. Files before and after in those folders.
        """
        return compact(self._manifest, self.root, at_least, self._at)

    # reading

    def has_batch(self, batch: str) -> bool:
        """True if this batch is stored."""
        return self._known(batch) is not None

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

    def read_quarantine(self, kind: Kind = "positions") -> pa.Table:
        """The rows kept without a usable date, in the order they came."""
        wanted = Wanted(None, None, None, None, None, False, quarantine=True)
        return self._scan(kind, POSITIONS if kind == "positions" else STATICS, wanted)

    def latest(self, sources: Collection[str] | None = None) -> pa.Table:
        """The last fix of each MMSI by each source, sorted by both (schema `values.LATEST`). Kept until a new batch."""
        key = None if sources is None else tuple(sorted(set(sources)))
        (version,) = self._manifest.one("SELECT ifnull(max(seq), 0) FROM batches") or (0,)
        if self._latest_version != version:
            self._latest, self._latest_version = {}, version
        if key not in self._latest:
            self._latest[key] = read_latest(self._manifest, key)
        return self._latest[key]

    def sources(self) -> dict[str, SourceSummary]:
        """What each source has in date partitions, by name."""
        rows = self._manifest.all(
            """SELECT s.source, sum(s.rows), min(s.t_min), max(s.t_max),
                      (SELECT count(*) FROM latest l WHERE l.source = s.source)
               FROM file_sources s JOIN files f ON f.path = s.path
               WHERE f.kind = 'positions' AND f.quarantine = 0 AND f.state = 'live' GROUP BY s.source"""
        )
        return {source: SourceSummary(*numbers) for source, *numbers in rows}

    def findings(self, after: int = 0, limit: int = 10_000) -> list[StoredFinding]:
        """Up to `limit` findings stored after number `after`, oldest first. Tuples in evidence are lists now."""
        rows = self._manifest.all(
            "SELECT seq, batch, json FROM findings WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
        )
        return [StoredFinding(seq, batch, _FINDING.decode(json)) for seq, batch, json in rows]

    def carry(self, kernel: str) -> bytes | None:
        """What this kernel last asked to be remembered."""
        row = self._manifest.one("SELECT bytes FROM carry WHERE kernel = ?", (kernel,))
        return None if row is None else bytes(row[0])

    def stats(self) -> Stats:
        """Rows, files and bytes."""
        totals: dict[tuple[str, int], tuple[int, int, int]] = {
            (kind, quarantine): (files, rows, size)
            for kind, quarantine, files, rows, size in self._manifest.all(
                "SELECT kind, quarantine, count(*), sum(rows), sum(bytes) FROM files WHERE state = 'live' GROUP BY 1, 2"
            )
        }
        none = (0, 0, 0)
        _, positions, size = totals.get(("positions", 0), none)
        (batches,) = self._manifest.one("SELECT count(*) FROM batches") or (0,)
        (findings,) = self._manifest.one("SELECT count(*) FROM findings") or (0,)
        return Stats(
            positions=positions,
            statics=totals.get(("statics", 0), none)[1],
            quarantined=sum(rows for (_, quarantine), (_, rows, _) in totals.items() if quarantine),
            batches=batches,
            findings=findings,
            files=sum(files for files, _, _ in totals.values()),
            bytes=sum(size for _, _, size in totals.values()),
            bytes_per_position=size / positions if positions else 0.0,
            lost_files=disk.count_lost(self.root),
        )

    def check(self) -> list[Damage]:
        """Read every file and compare it with the manifest; what is missing or changed, by path."""
        found = list[Damage]()
        for path, expected in self._manifest.all("SELECT path, sha256 FROM files WHERE state = 'live' ORDER BY path"):
            actual = disk.file_hash(self.root / path)
            if actual != expected:
                found.append(Damage(path, "missing" if actual is None else "changed"))
        return found

    def _scan(self, kind: Kind, schema: pa.Schema, wanted: Wanted) -> pa.Table:
        paths = choose(self._manifest, kind, wanted)
        while True:
            try:
                return scan(self.root, paths, schema, wanted)
            except IntegrityError:
                again = choose(self._manifest, kind, wanted)
                if again == paths:
                    raise
                paths = again  # a compaction had replaced files of the first list

    def _known(self, batch: str) -> Appended | None:
        row = self._manifest.one("SELECT positions, statics, quarantined FROM batches WHERE id = ?", (batch,))
        return None if row is None else Appended(row[0], True, row[1], row[2])


def _encoded(findings: Iterable[Finding]) -> list[tuple[str, bytes]]:
    return [(finding.key, msgspec.json.encode(finding)) for finding in findings]
