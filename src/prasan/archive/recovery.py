"""What an interrupted writer left is tidied up when the archive is opened; and the lock of who tends it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from prasan.archive import disk
from prasan.archive.ground import Ground
from prasan.archive.hot import log_lengths
from prasan.archive.reading import is_hot, log_of
from prasan.archive.values import Recovered
from prasan.errors import PrasanError

LOCK: Final = "tending.lock"


class Busy(PrasanError):  # noqa: N818 - named for what happened
    """Another process, or another thread of this one, is tending the archive."""


@contextmanager
def tending(ground: Ground) -> Iterator[None]:
    """Be the one who merges and deletes files; appending and reading go on meanwhile. Busy if somebody else is.

    The lock is that of an empty SQLite file: it works on every system and ends with its process, however that ends.
    """
    lock = sqlite3.connect(ground.root / LOCK, timeout=0, isolation_level=None)
    try:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise Busy("Somebody else is tending this archive.", "Try again in a minute.") from error
        yield
    finally:
        lock.close()


def recover(ground: Ground) -> Recovered:
    """Delete, move aside or cut what no commit knows; delete replaced files whose grace is over."""
    drop_replaced(ground)
    with ground.manifest.write() as connection:  # the lock: no other writer is half-way through a batch now
        logs = log_lengths(connection)
        names = {path for (path,) in connection.execute("SELECT path FROM files") if not is_hot(path)}
        found = disk.recover(ground.root, names | logs.keys(), logs)
    try:
        with tending(ground):
            left = disk.clean_work(ground.root)
    except Busy:
        left = 0  # what lies there is being written
    return msgspec.structs.replace(found, temporary=found.temporary + left)


def drop_replaced(ground: Ground) -> int:
    """Delete the files that were replaced longer ago than their grace, then their names; how many.

    A log goes with its last stream.
    """
    with ground.manifest.write() as connection:
        before = int(ground.now()) - ground.tuning.grace_s
        rows = connection.execute("SELECT path FROM files WHERE state = 'replaced' AND gone <= ?", (before,))
        paths = [path for (path,) in rows]
        connection.execute("DELETE FROM files WHERE state = 'replaced' AND gone <= ?", (before,))
        logs = {log_of(path)[0] for path in paths if is_hot(path)} - log_lengths(connection).keys()
        unused = sorted(logs) + [path for path in paths if not is_hot(path)]
        with disk.disk_errors():
            for path in unused:
                (ground.root / path).unlink(missing_ok=True)
    return len(unused)
