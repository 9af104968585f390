"""Named points at which a test may kill this process: `PRASAN_CRASH_AT=apply` or `apply:3` (the third passage).

The points are `ingest`, `commit`, `page`, `apply` and `receipt` (docs/wire.md, section 12). Without the variable
nothing happens; with it the process dies as by a power cut, with no handler run.
"""

import os
import signal
from collections.abc import Callable

At = Callable[[str], None]


def crash_points(setting: str | None) -> At:
    """The callable handed to every room that has such a point. `setting` is `NAME` or `NAME:COUNT`."""
    if not setting:
        return _pass
    name, _, count = setting.partition(":")
    left = int(count or 1)

    def at(point: str) -> None:
        nonlocal left
        if point == name:
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return at


def _pass(_point: str) -> None:
    return None
