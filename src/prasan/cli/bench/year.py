"""A country's year, as far as the time allows: day after day stored, merged, binned and looked at, in bounded memory.

A year of a country's coastal stations is taken as 3.6 billion rows, ten million a day. Rows are made day by day and
thrown away; what making them takes is left out.
"""

import time
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa

from prasan.archive.archive import Archive
from prasan.cli.bench import traffic
from prasan.cli.bench.memory import peak_mb
from prasan.cli.bench.pairing import Line, line
from prasan.detect.rules import PRASAN, preset
from prasan.detect.runner import Run, go_on
from prasan.feeds.reference import reference_world
from prasan.picture.position import STATICS
from prasan.tracks.settle import COLUMNS

YEAR: Final = 3_600_000_000
A_DAY: Final = 10_000_000
HOURS: Final = 6
"""Hours looked at in one step: with more, more rows are held at once."""


class Clock:
    """CPU seconds by name."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def __call__(self, name: str, work: Callable[[], object]) -> None:
        """Do it, and add what it took."""
        begin = time.process_time()
        work()
        self.spent[name] = self.spent.get(name, 0.0) + time.process_time() - begin


def country_year(count: int) -> Line:
    """`--rows 100000000` for ten whole days."""
    days = max(2, round(count / A_DAY))
    vessels = max(2, count // days // traffic.A_VESSEL)
    clock, total, began = Clock(), 0, time.perf_counter()
    run, found = Run(), dict[str, str]()
    with TemporaryDirectory() as folder, Archive.open(folder) as archive:
        for number in range(days):
            total += _store(archive, vessels, number, clock)
            clock("merged and binned", lambda: _tended(archive))
            run = _looked(archive, number, run, found, clock)
        each = archive.stats().bytes_per_position
    spent = sum(clock.spent.values())
    parts = ", ".join(f"{name} {total / max(seconds, 1e-9) / 1e6:.2f} M/s" for name, seconds in clock.spent.items())
    note = (
        f"{traffic.SAID}; {total:,} rows, {days} days of {vessels:,} vessels in {time.perf_counter() - began:,.0f} s, "
        f"{_peak()}{len(found):,} findings, {each:.2f} bytes a row; {parts}. Projected to {YEAR / 1e9:.1f} billion: "
        f"{YEAR / total * spent / 3600:.1f} CPU-hours, of which looking takes "
        f"{YEAR / total * clock.spent['looked at'] / 3600:.1f}, and {YEAR * each / 1e9:.0f} GB of positions"
    )
    return line("country-year", "stored, merged, all kinds", "rows/CPU-s", (total / spent, None), peer="", note=note)


def _store(archive: Archive, vessels: int, number: int, clock: Clock) -> int:
    rows = 0
    for begin in range(0, vessels, traffic.AT_ONCE):
        table = traffic.some(begin, min(begin + traffic.AT_ONCE, vessels), vessels, number).sort_by("t")
        clock("stored", lambda: _append(archive, f"{number} {begin}", table))  # noqa: B023 - called at once
        rows += len(table)
    return rows


def _append(archive: Archive, name: str, table: pa.Table) -> None:
    archive.append(name, traffic.SOURCE, table, STATICS.empty_table())


def _tended(archive: Archive) -> None:
    archive.tend((traffic.FIRST_DAY + 1_000) * traffic.DAY_S, at_rest=True, seconds=1e9)


def _looked(archive: Archive, number: int, run: Run, found: dict[str, str], clock: Clock) -> Run:
    rules, world = preset(PRASAN), reference_world()
    for hour in range(0, 24, HOURS):
        begin = (traffic.FIRST_DAY + number) * traffic.DAY_S + hour * 3600

        def step() -> None:
            nonlocal run
            rows = archive.read(None, None, begin, begin + HOURS * 3600, COLUMNS, ordered=False)  # noqa: B023
            said, run = go_on(run, rows, begin + HOURS * 3600, rules, world)  # noqa: B023
            found.update((key, one.kind) for key, one in said.items())

        clock("looked at", step)
    return run


def _peak() -> str:
    try:
        return f"{peak_mb() / 1e3:.2f} GB of memory at most, "
    except ImportError:
        return ""
