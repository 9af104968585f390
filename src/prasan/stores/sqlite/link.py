"""The one connection that the verbs of a thread speak through."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final

TRIES_MS: Final = 15_000
"""How long a writer waits for the one before it, in milliseconds."""

SETTINGS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a commit that was acknowledged survives a power cut
    f"PRAGMA busy_timeout = {TRIES_MS}",
    "PRAGMA cache_size = -65536",  # 64 MB: random ids are inserted all over the indexes
    "PRAGMA wal_autocheckpoint = 8192",  # 32 MB: a page that changes often is copied back once
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


def marks(values: Sequence[Any]) -> str:
    """The placeholders of an IN list. Values themselves never enter a statement's text."""
    return ",".join("?" * len(values))
