"""The one connection that the verbs of a thread speak through."""

import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

TRIES_MS: Final = 15_000
"""How long a writer waits for the one before it, in milliseconds."""
LOOK_S: Final = 0.001
"""How often it looks. SQLite looks less and less often: whoever writes in another process would hardly get a turn."""

SETTINGS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a commit that was acknowledged survives a power cut
    f"PRAGMA busy_timeout = {TRIES_MS}",
    "PRAGMA cache_size = -65536",  # 64 MB: random ids are inserted all over the indexes
    "PRAGMA wal_autocheckpoint = 16384",  # 64 MB: who writes much folds it back before, see `Store.fold_back`
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
)

Values = Sequence[Any]


def connect(path: str) -> sqlite3.Connection:
    """A connection with the settings on, in autocommit: transactions are begun by name."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    for setting in SETTINGS:
        connection.execute(setting)
    return connection


def begin(connection: sqlite3.Connection) -> None:
    """Begin a transaction that writes, as soon as nobody else does."""
    end = time.monotonic() + TRIES_MS / 1000
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while not _begun(connection, end):
            time.sleep(LOOK_S)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {TRIES_MS}")


def _begun(connection: sqlite3.Connection, end: float) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
            raise
        return False
    return True


class Link:
    """The base of every group of verbs. `_con` is the connection of the calling thread."""

    @property
    def _con(self) -> sqlite3.Connection:
        raise NotImplementedError

    def _one(self, sql: str, values: Values = ()) -> Any:
        """The first row, or None."""
        return self._con.execute(sql, values).fetchone()

    def _all(self, sql: str, values: Values = ()) -> list[Any]:
        return self._con.execute(sql, values).fetchall()

    def _value(self, sql: str, values: Values = ()) -> Any:
        """The first column of the first row, or None."""
        row = self._con.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def _each(self, sql: str, values: Values = ()) -> Iterator[Any]:
        yield from self._con.execute(sql, values)

    def _do(self, sql: str, values: Values = ()) -> int:
        """Run one statement; how many rows it touched."""
        return self._con.execute(sql, values).rowcount

    def _each_of(self, sql: str, rows: Sequence[Values]) -> None:
        """Run one statement for every row of values."""
        if rows:
            self._con.executemany(sql, rows)


class LaterWrites(Link):
    """What can wait is written together, before anything else is asked of the store."""

    _later: dict[str, list[Values]]
    """Statement -> the values of each time it is to be run, in the order in which statements are to be run."""


def marks(values: Collection[Any]) -> str:
    """The placeholders of an IN list. Values themselves never enter a statement's text."""
    return ",".join("?" * len(values))
