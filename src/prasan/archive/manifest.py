"""The manifest: one SQLite file that says which files, batches, carries and findings count.

WAL with synchronous=FULL: what a commit has acknowledged survives a power cut, and readers never wait for the writer.
`BEGIN IMMEDIATE` is also the lock that keeps writers, of this process or another, one at a time.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from prasan.archive.values import Carry
from prasan.errors import IntegrityError, PrasanError, UsageError

BUSY_MS: Final = 30_000

_FIRST: Final = (
    """CREATE TABLE settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT""",
    """CREATE TABLE batches (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL,
        positions INTEGER NOT NULL, statics INTEGER NOT NULL, quarantined INTEGER NOT NULL) STRICT""",
    """CREATE TABLE files (
        seq INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, quarantine INTEGER NOT NULL,
        rows INTEGER NOT NULL, bytes INTEGER NOT NULL, t_min INTEGER NOT NULL, t_max INTEGER NOT NULL,
        mmsi_min INTEGER NOT NULL, mmsi_max INTEGER NOT NULL,
        lat_min INTEGER, lat_max INTEGER, lon_min INTEGER, lon_max INTEGER,
        sha256 TEXT NOT NULL, batch TEXT NOT NULL, source TEXT NOT NULL, state TEXT NOT NULL) STRICT""",
    """CREATE INDEX files_by_time ON files (kind, quarantine, t_max)""",
    """CREATE TABLE file_sources (
        source TEXT NOT NULL, path TEXT NOT NULL, rows INTEGER NOT NULL, t_min INTEGER NOT NULL, t_max INTEGER NOT NULL,
        PRIMARY KEY (source, path)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE latest (
        source TEXT NOT NULL, mmsi INTEGER NOT NULL, t INTEGER NOT NULL, lat INTEGER NOT NULL, lon INTEGER NOT NULL,
        sog INTEGER, cog INTEGER, heading INTEGER, nav_status INTEGER, ais_class INTEGER, flags INTEGER NOT NULL,
        PRIMARY KEY (source, mmsi)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE carry (kernel TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT""",
    """CREATE TABLE findings (
        seq INTEGER PRIMARY KEY, batch TEXT NOT NULL, key TEXT NOT NULL, json BLOB NOT NULL,
        UNIQUE (batch, key)) STRICT""",
)

_SECOND: Final = (
    # path is `log@start` for rows in a hot log; `gone` is when the file was replaced; `binned`: its rows are in bins
    """ALTER TABLE files ADD COLUMN added INTEGER NOT NULL DEFAULT 0""",
    """ALTER TABLE files ADD COLUMN gone INTEGER NOT NULL DEFAULT 0""",
    """ALTER TABLE files ADD COLUMN binned INTEGER NOT NULL DEFAULT 0""",
    """ALTER TABLE batches ADD COLUMN backfill TEXT NOT NULL DEFAULT ''""",
    """CREATE TABLE closed (day INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT""",
    """CREATE TABLE expired (
        source TEXT NOT NULL, day INTEGER NOT NULL, kind TEXT NOT NULL, rows INTEGER NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (source, day, kind)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE carries (
        name TEXT NOT NULL, upto INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (name, upto)) STRICT""",
    """INSERT INTO carries SELECT kernel, 0, bytes FROM carry""",
    """DROP TABLE carry""",
    """INSERT INTO settings VALUES ('logs', 0)""",
)

_STEPS: Final = (_FIRST, _SECOND)
VERSION: Final = len(_STEPS)

_UPSERT_LATEST: Final = """INSERT INTO latest VALUES (?,?,?,?,?,?,?,?,?,?,?)
    ON CONFLICT (source, mmsi) DO UPDATE SET t = excluded.t, lat = excluded.lat, lon = excluded.lon,
        sog = excluded.sog, cog = excluded.cog, heading = excluded.heading, nav_status = excluded.nav_status,
        ais_class = excluded.ais_class, flags = excluded.flags
    WHERE excluded.t >= latest.t"""

MAX_LATEST: Final = 1_000_000
"""Last fixes that are kept, one for each source and MMSI: with more, made-up numbers would fill pages and memory."""
_DROP_LATEST: Final = """DELETE FROM latest WHERE (source, mmsi) IN
    (SELECT source, mmsi FROM latest ORDER BY t, source, mmsi LIMIT ?)"""
_COUNT_LET_GO: Final = """INSERT INTO settings VALUES ('let_go', ?)
    ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"""


class Manifest:
    """The archive's database: a connection per thread, one writing transaction at a time."""

    def __init__(self, path: Path, *, readonly: bool) -> None:
        self._path = path
        self._readonly = readonly
        self._local = threading.local()
        self._opened: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._guard = threading.Lock()

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection, opened at first use."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = _connect(self._path, readonly=self._readonly)
            self._local.connection = found
            with self._guard:
                self._let_go(lambda thread: not thread.is_alive())
                self._opened.append((threading.current_thread(), found))
        return found

    def _let_go(self, over: Callable[[threading.Thread], bool]) -> None:
        """Close the connections of these threads: a server's come and go."""
        for _, connection in (gone := [one for one in self._opened if over(one[0])]):
            connection.close()
        self._opened = [one for one in self._opened if one not in gone]

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._guard:
            self._let_go(lambda _: True)
        self._local = threading.local()

    def prepare(self, buckets: int) -> int:
        """Make the tables in a new file; the number of buckets in force. UsageError if a newer Prasan wrote it."""
        with self.write() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > VERSION:
                raise UsageError("A newer version of Prasan wrote this archive.", "Update Prasan on this machine.")
            for step in _STEPS[version:]:
                for statement in step:
                    connection.execute(statement)
            if version == 0:
                connection.execute("INSERT INTO settings VALUES ('buckets', ?)", (buckets,))
            connection.execute(f"PRAGMA user_version = {VERSION}")
        return self.buckets()

    def check_version(self) -> None:
        """UsageError unless this version of Prasan, or a writer of it, made the tables as they are now."""
        (version,) = self.one("PRAGMA user_version") or (0,)
        if version != VERSION:
            remedy = "Open it once for writing with this version of Prasan, or update Prasan on this machine."
            raise UsageError("The archive was written by another version of Prasan.", remedy)

    def buckets(self) -> int:
        """Into how many files a day's vessels are spread; fixed when the archive was made."""
        (value,) = self.one("SELECT value FROM settings WHERE name = 'buckets'") or (1,)
        return int(value)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One writing transaction: committed at the end, undone by any exception."""
        if self._readonly:
            raise UsageError("This archive was opened for reading only.", "Open it without readonly to write.")
        with database_errors(self._path):
            connection = self.connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def all(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Every row of a query."""
        with database_errors(self._path):
            return self.connection.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        with database_errors(self._path):
            row: tuple[Any, ...] | None = self.connection.execute(sql, values).fetchone()
            return row


def put_file(connection: sqlite3.Connection, file: Mapping[str, object]) -> None:
    """Name one file; the keys are the columns of `files` without seq."""
    marks = ",".join("?" * len(file))
    connection.execute(f"INSERT INTO files ({','.join(file)}) VALUES ({marks})", tuple(file.values()))  # noqa: S608


def put_sources(connection: sqlite3.Connection, path: str, spans: Iterable[tuple[str, int, int, int]]) -> None:
    """Say what each source has in a file: (source, rows, t_min, t_max)."""
    rows = [(source, path, *numbers) for source, *numbers in spans]
    connection.executemany("INSERT INTO file_sources VALUES (?,?,?,?,?)", rows)


def retire(connection: sqlite3.Connection, paths: Iterable[str], now: float) -> None:
    """Files count no more from this commit on; they stay on disk for readers that hold their names."""
    old = [(int(now), path) for path in paths]
    connection.executemany("UPDATE files SET state = 'replaced', gone = ? WHERE path = ?", old)
    connection.executemany("DELETE FROM file_sources WHERE path = ?", [(path,) for _, path in old])


def put_latest(connection: sqlite3.Connection, rows: Iterable[Sequence[object]], limit: int = MAX_LATEST) -> None:
    """Keep the newer of what is known and each row, in the order of `values.LATEST`.

    Beyond `limit` a quarter is let go, those first that were silent for longest, and counted in `let_go`.
    """
    connection.executemany(_UPSERT_LATEST, rows)
    (count,) = connection.execute("SELECT count(*) FROM latest").fetchone()
    if count > limit:
        going = count - limit * 3 // 4
        connection.execute(_DROP_LATEST, (going,))
        connection.execute(_COUNT_LET_GO, (going,))


def put_findings(connection: sqlite3.Connection, batch: str, findings: Iterable[tuple[str, bytes]]) -> int:
    """Store (key, json) pairs; those known by (batch, key) stay as they are. How many were new."""
    before = connection.total_changes
    rows = [(batch, key, json) for key, json in findings]
    connection.executemany("INSERT OR IGNORE INTO findings (batch, key, json) VALUES (?,?,?)", rows)
    return connection.total_changes - before


def put_carry(connection: sqlite3.Connection, carry: Mapping[str, Carry]) -> None:
    """Keep each carry beside those of other `upto`s; one of the same name and `upto` is replaced."""
    rows = [(name, kept.upto, kept.data) for name, kept in carry.items()]
    connection.executemany("INSERT OR REPLACE INTO carries VALUES (?,?,?)", rows)


def get_carry(manifest: Manifest, name: str, upto: int) -> Carry | None:
    """The newest carry of a name that had seen no row from `upto` on."""
    sql = "SELECT upto, bytes FROM carries WHERE name = ? AND upto <= ? ORDER BY upto DESC LIMIT 1"
    row = manifest.one(sql, (name, upto))
    return None if row is None else Carry(row[0], bytes(row[1]))


@contextmanager
def database_errors(path: Path) -> Iterator[None]:
    """What SQLite refuses, as one sentence with a remedy."""
    try:
        yield
    except sqlite3.OperationalError as error:
        remedy = "Wait until the other program has finished, or free space on the disk; nothing was acknowledged."
        raise PrasanError(f"The archive's manifest {path.name} cannot be used now: {error}.", remedy) from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # SQLite's own words may quote what is damaged
        remedy = "Restore it from a backup; the Parquet files beside it stay readable."
        raise IntegrityError(f"The archive's manifest {path.name} is damaged: {error}.", remedy) from error


def _connect(path: Path, *, readonly: bool) -> sqlite3.Connection:
    # close() may run in another thread than the one that used the connection
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        if readonly:
            connection.execute("PRAGMA query_only = ON")
        else:
            _to_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _to_wal(connection: sqlite3.Connection) -> None:
    """Switch a new file to WAL. SQLite does not wait for a second writer that does the same at that moment: we do."""
    end = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        time.sleep(0.01)
