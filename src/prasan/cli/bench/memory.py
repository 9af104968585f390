"""How much memory a day takes, each task in a process of its own."""

import multiprocessing
import re
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from prasan.archive.archive import Archive
from prasan.cli.bench import traffic
from prasan.cli.bench.pairing import Bar, Line, line
from prasan.detect.rules import PRASAN, preset
from prasan.detect.runner import Run, go_on
from prasan.feeds.reference import reference_world
from prasan.picture.position import STATICS
from prasan.tracks.settle import COLUMNS

MEGABYTE: Final = 1_000_000
LIMIT_MB: Final = 1_500
DAY_ROWS: Final = 10_000_000
WHY: Final = "all steps that late rows can go back to are held in memory"


def stored(count: int) -> Line:
    """Peak memory of ten times `count` rows of one day: stored, merged into one file, and binned."""
    return _memory("memory", "a day stored, merged", _store_day, count)


def looked_at(count: int) -> Line:
    """The same for all kinds over such a day, hour by hour."""
    return _memory("memory-chain", "a day, all kinds", _look_at_day, count)


def _memory(name: str, what: str, task: Callable[[int], int], count: int) -> Line:
    rows = 10 * count
    if sys.platform == "win32":
        return line(name, what, "rows/MB", (0.0, None), peer="", note="peak memory is not told on this system")
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        empty, peak = pool.submit(task, 1_000).result(), pool.submit(task, rows).result()
    note = (
        f"{traffic.SAID}; {rows:,} rows: {peak / 1e3:.2f} GB at most, {empty / 1e3:.2f} GB of it for a thousand rows; "
        f"making them is included; the bar is {LIMIT_MB / 1e3} GB for {DAY_ROWS:,}"
    )
    bar = Bar(DAY_ROWS / LIMIT_MB, WHY) if rows >= DAY_ROWS else None
    return line(name, what, "rows/MB", (rows / peak, None), peer="", note=note, bar=bar)


def _store_day(count: int) -> int:
    with TemporaryDirectory() as folder, Archive.open(folder) as archive:
        _fill(archive, count)
        archive.tend((traffic.FIRST_DAY + 9) * traffic.DAY_S, at_rest=True, seconds=1e9)
    return peak_mb()


def _look_at_day(count: int) -> int:
    rules, world, run = preset(PRASAN), reference_world(), Run()
    with TemporaryDirectory() as folder, Archive.open(folder) as archive:
        _fill(archive, count)
        for hour in range(24):
            begin = traffic.FIRST_DAY * traffic.DAY_S + hour * 3600
            rows = archive.read(None, None, begin, begin + 3600, COLUMNS, ordered=False)
            _, run = go_on(run, rows, begin + 3600, rules, world)
    return peak_mb()


def _fill(archive: Archive, count: int) -> None:
    """A day in batches of as many vessels as are made at once, each in order of time."""
    vessels = max(2, count // traffic.A_VESSEL)
    for begin in range(0, vessels, traffic.AT_ONCE):
        rows = traffic.some(begin, min(begin + traffic.AT_ONCE, vessels), vessels, 0).sort_by("t")
        archive.append(f"from {begin}", traffic.SOURCE, rows, STATICS.empty_table())


def peak_mb() -> int:
    """The most memory this process has held so far, in megabytes."""
    status = Path("/proc/self/status")  # Linux: what `resource` tells there may be that of the process before
    told = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.is_file() else None
    if told:
        return int(told.group(1)) * 1024 // MEGABYTE
    import resource  # noqa: PLC0415 - not there on Windows

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most * (1 if sys.platform == "darwin" else 1024)) // MEGABYTE
