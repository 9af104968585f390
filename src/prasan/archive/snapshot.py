"""A copy of the archive while it is written to: a consistent manifest, and the files it names held still."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from prasan.archive import disk
from prasan.archive.ground import Ground
from prasan.archive.manifest import Manifest, database_errors
from prasan.archive.reading import is_hot, log_of
from prasan.archive.recovery import Busy, tending
from prasan.archive.values import Tuning

MANIFEST: Final = "archive.sqlite"
WAIT_S: Final = 90.0
"""How long who tends the archive is waited for: it ends a step within twenty seconds."""
STEP_S: Final = 0.25


class Piece(msgspec.Struct, frozen=True):
    """A file below the archive's folder, and how many bytes of it count: behind them a log may be written to."""

    path: str
    length: int


@contextmanager
def snapshot(root: Path, copy: Path, sleep: Callable[[float], None] = time.sleep) -> Iterator[list[Piece]]:
    """Write the manifest to the new file `copy`; inside the `with` the files it names stay where they are.

    Appending goes on meanwhile, tending waits. PrasanError if somebody tends the archive for long.
    """
    manifest = Manifest(root / MANIFEST, readonly=True)
    ground = Ground(root, manifest, Tuning(), lambda _: None, time.time, disk.free_bytes)
    with ExitStack() as stack:
        stack.callback(manifest.close)
        _hold_still(stack, ground, sleep)
        yield _copy(root, copy)


def _hold_still(stack: ExitStack, ground: Ground, sleep: Callable[[float], None]) -> None:
    """Be the one who tends until the stack ends, and do nothing."""
    for _ in range(int(WAIT_S / STEP_S)):
        try:
            stack.enter_context(tending(ground))
        except Busy:
            sleep(STEP_S)
        else:
            return
    raise Busy("Somebody else is tending this archive.", "Try again in a minute.")


def _copy(root: Path, copy: Path) -> list[Piece]:
    with database_errors(root / MANIFEST), closing(sqlite3.connect(copy)) as target:
        with closing(sqlite3.connect(f"{(root / MANIFEST).resolve().as_uri()}?mode=ro", uri=True)) as source:
            source.backup(target)
        rows = target.execute("SELECT path, bytes FROM files WHERE state = 'live' ORDER BY path").fetchall()
    ends = dict[str, int]()
    for path, size in rows:
        name, start = log_of(path) if is_hot(path) else (path, 0)
        ends[name] = max(ends.get(name, 0), start + size)
    return [Piece(*end) for end in ends.items()]
