"""Finding: kernels one by one, together, from the archive, live, and in how much memory."""

import multiprocessing
import re
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from prasan.archive.archive import Archive
from prasan.archive.bins import make_bins
from prasan.cli.bench import by_object, peers, shipped, traffic
from prasan.cli.bench.pairing import Line, Work, line, paired
from prasan.detect.rules import GFW, PRASAN, preset
from prasan.detect.run import detect
from prasan.detect.runner import Run, go_on
from prasan.feeds.reference import reference_world
from prasan.formats import nmea
from prasan.formats.ais_batch import Options
from prasan.formats.nmea_encode import encode_positions
from prasan.picture.position import POSITIONS, STATICS, UNITS_PER_DEGREE

SHARE: Final = 50
"""A peer that works object by object gets one row in so many: its rate does not depend on how many there are."""
SLOW: Final = 2_000
"""Rows for a peer that makes a data frame a vessel."""
TICK_S: Final = 5
RATE: Final = 20_000
MEGABYTE: Final = 1_000_000
LIMIT_MB: Final = 1_500
DAY_ROWS: Final = 10_000_000
GAP_SQL: Final = (
    "SELECT count(*) FROM (SELECT t - lag(t) OVER (PARTITION BY mmsi ORDER BY t) AS d FROM positions) WHERE d > 43200"
)


def gap(count: int) -> Line:
    """Gaps over sorted rows in memory, duplicates and emitters included."""
    some = _messages(count)
    rates = paired(_detected(traffic.rows(count), ["gap"], GFW), lambda: _counted(some, by_object.gaps))
    note = f"{traffic.SAID}; the peer is a transcription of the published rule, on one row in {SHARE}"
    return line("gap", "gap, preset gfw", "positions/CPU-s", rates, peer="GFW rule by object", note=note)


def gap_sql(count: int) -> Line:
    """The same beside a window function in SQL, which finds silences and nothing else."""
    rows = traffic.rows(count)
    rates = paired(_detected(rows, ["gap"], GFW), peers.by_duckdb(rows.select(["mmsi", "t"]), GAP_SQL))
    note = f"{traffic.SAID}; SQL finds the silences only: no duplicates, emitters, reception, evidence"
    return line("gap-sql", "gap, preset gfw", "positions/CPU-s", rates, peer="DuckDB lag()", note=note)


def gap_movingpandas(count: int) -> Line:
    """The same beside MovingPandas."""
    rows = traffic.rows(count)
    rates = paired(_detected(rows, ["gap"], GFW), peers.gaps_by_movingpandas(rows.slice(0, SLOW)))
    note = f"{traffic.SAID}; MovingPandas splits ready trajectories of {SLOW:,} rows, in the same run"
    return line("gap-movingpandas", "gap, preset gfw", "positions/CPU-s", rates, peer="MovingPandas", note=note)


def gap_file(count: int) -> Line:
    """Gaps with the rows read from the archive's files."""
    table = traffic.rows(count)
    rules, world = preset(GFW), reference_world()
    with TemporaryDirectory() as folder, Archive.open(folder) as archive:
        archive.append("day", traffic.SOURCE, table, STATICS.empty_table())
        at = str(next(Path(folder).glob("positions/**/*.parquet")))

        def ours() -> int:
            return detect(archive.read(), None, rules, world, kinds=["gap"]).counts["rows"] or 0

        sql = GAP_SQL.replace("positions", f"read_parquet('{at}')")
        rates = paired(ours, peers.by_duckdb(table, sql))
    note = f"{traffic.SAID}; all columns read; SQL reads the two it needs of the same file"
    return line("gap-file", "gap, file read", "positions/CPU-s", rates, peer="DuckDB lag()", note=note, bar=8e6)


def stop(count: int) -> Line:
    """Stops beside MovingPandas."""
    rows = traffic.rows(count)
    rates = paired(_detected(rows, ["stop"], PRASAN), peers.stops_by_movingpandas(rows.slice(0, SLOW)))
    note = f"{traffic.SAID}; MovingPandas finds an hour within 500 m in ready trajectories of {SLOW:,} rows"
    return line("stop", "stop", "positions/CPU-s", rates, peer="MovingPandas", note=note)


def encounter(count: int) -> Line:
    """Meetings, interpolating."""
    some = _messages(count)
    rates = paired(_detected(traffic.rows(count), ["encounter"], GFW), lambda: _counted(some, by_object.encounters))
    note = f"{traffic.SAID}; the peer is a transcription of the published rule, on one row in {SHARE}"
    return line(
        "encounter", "encounter, preset gfw", "positions/CPU-s", rates, peer="GFW rule by object", note=note, bar=3e5
    )


def trio(count: int) -> Line:
    """Gap, bins and encounter together."""
    rows, some = traffic.rows(count), _messages(count)
    both = _detected(rows, ["gap", "encounter"], GFW)

    def ours() -> int:
        make_bins(rows)
        return both()

    def theirs() -> int:
        by_object.gaps(some)
        return _counted(some, by_object.encounters)

    rates = paired(ours, theirs)
    note = f"{traffic.SAID}; encounters interpolate, where the bar was set for first fixes of bins"
    return line(
        "gap-bins-encounter", "gap, bins, encounter", "positions/CPU-s", rates,
        peer="two GFW rules by object", note=note, bar=5e6,
    )  # fmt: skip


def chain(count: int) -> Line:
    """Everything: duplicates, emitters, slots, all kinds."""
    rows, some = traffic.rows(count), _messages(count)

    def peer() -> int:
        by_object.gaps(some)
        return _counted(some, by_object.encounters)

    outcome = detect(rows, None, preset(PRASAN), reference_world())
    looked = outcome.counts.get("second_looks", {})
    share = f"{sum(looked.values()) / len(rows):.1%} of the rows were looked at twice ({_told(looked)}); " * bool(
        looked
    )
    rates = paired(_detected(rows, None, PRASAN), peer)
    note = f"{traffic.SAID}; {share}found {_told(outcome.counts['found'])}; the peer does gap and encounter only"
    return line("chain", "all kinds", "positions/CPU-s", rates, peer="two GFW rules by object", note=note, bar=3e6)


def live(count: int) -> Line:
    """Sentences in pieces of 64 kB, as they come, through the decoder; every five seconds a step of all kinds."""
    table = traffic.rows(min(count, 500_000)).sort_by("t")
    texts = [
        b"".join(encode_positions(table.slice(begin, TICK_S * RATE))) for begin in range(0, len(table), TICK_S * RATE)
    ]
    rules, world = preset(PRASAN), reference_world()

    def ours() -> int:
        state, run = nmea.DecoderState(), Run()
        for text in texts:
            batches = []
            for begin in range(0, len(text), 1 << 16):
                state, made = nmea.decode(state, text[begin : begin + (1 << 16)], Options("bench"))
                batches += made
            rows = pa.Table.from_batches([one.positions for one in batches], POSITIONS)
            rows = rows.filter(pc.greater_equal(rows["t"], pa.scalar(run.upto, pa.int64())))
            _, run = go_on(run, rows, int(pc.max(rows["t"]).as_py()) + 1, rules, world)
        return len(table)

    rates = paired(ours, peers.by_pyais(shipped.sentences(shipped.stream())))
    note = f"{traffic.SAID}; steps of {TICK_S} s at {RATE:,}/s; the bar is that rate on half a core; pyais decodes only"
    return line(
        "live", "live, all kinds", "sentences/CPU-s", rates, peer="pyais, decoding only", note=note, bar=2 * RATE
    )


def memory(count: int) -> Line:
    """Peak memory of ten times `count` rows of one day: stored, merged into one file, and binned."""
    return _memory("memory", "a day stored, merged", _store_day, count)


def memory_chain(count: int) -> Line:
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
    bar = DAY_ROWS / LIMIT_MB if rows >= DAY_ROWS else None
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
            rows = archive.read(t_from=begin, t_to=begin + 3600, ordered=False)
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


def _detected(rows: pa.Table, kinds: list[str] | None, name: str) -> Work:
    rules, world = preset(name), reference_world()

    def work() -> int:
        detect(rows, None, rules, world, kinds=kinds)
        return rows.num_rows

    return work


def _messages(count: int) -> list[by_object.Message]:
    """Whole vessels as objects, one row in `SHARE` of the generated rows."""
    rows = traffic.rows(count).slice(0, max(count // SHARE, 1)).select(["mmsi", "t", "lat", "lon"])
    columns = [rows[name].to_pylist() for name in rows.column_names]
    return [
        by_object.Message(mmsi, t, lat / UNITS_PER_DEGREE, lon / UNITS_PER_DEGREE)
        for mmsi, t, lat, lon in zip(*columns, strict=True)
    ]


def _counted(messages: list[by_object.Message], find: Any) -> int:
    find(messages)
    return len(messages)


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{kind} {number:,}" for kind, number in counts.items() if number)
