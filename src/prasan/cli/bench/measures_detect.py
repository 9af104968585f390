"""Finding: kernels one by one, together, from the archive and live."""

from collections.abc import Callable, Sized
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from prasan.archive.archive import Archive
from prasan.archive.bins import make_bins
from prasan.cli.bench import by_object, peers, shipped, traffic
from prasan.cli.bench.pairing import MACHINE, Bar, Line, Work, line, paired
from prasan.detect.rules import GFW, PRASAN, preset
from prasan.detect.run import detect
from prasan.detect.runner import Run, go_on
from prasan.feeds.reference import reference_world
from prasan.formats import nmea
from prasan.formats.ais_batch import Options
from prasan.formats.nmea_encode import encode_positions
from prasan.picture.position import POSITIONS, STATICS, UNITS_PER_DEGREE
from prasan.tracks.settle import COLUMNS

SHARE: Final = 50
"""A peer that works object by object gets one row in so many: its rate does not depend on how many there are."""
SLOW: Final = 2_000
"""Rows for a peer that makes a data frame a vessel."""
TICK_S: Final = 5
RATE: Final = 20_000
UNIT: Final = "positions/CPU-s"
GAP: Final = "gap, preset gfw"
FILE_WHY: Final = (
    "a third of the time that the bar allows goes into reading; emitters and reception need more than the rest"
)
TRIO_WHY: Final = "meetings are interpolated between fixes; the bar was set for first fixes of bins"
CHAIN_WHY: Final = (
    "no stage takes more than a sixth of the time; a third of these rows are of ships that lie still, and stops, "
    "loitering, port visits and meetings measure each of them"
)
GAP_SQL: Final = (
    "SELECT count(*) FROM (SELECT t - lag(t) OVER (PARTITION BY mmsi ORDER BY t) AS d FROM positions) WHERE d > 43200"
)


def gap(count: int) -> Line:
    """Gaps over sorted rows in memory, duplicates and emitters included."""
    ours = _detected(traffic.rows(count), ["gap"], GFW)
    note = f"the peer is a transcription of the published rule, on one row in {SHARE}"
    return _found("gap", GAP, ours, _objects(count, by_object.gaps), "GFW rule by object", note)


def gap_sql(count: int) -> Line:
    """The same beside a window function in SQL, which finds silences and nothing else."""
    rows = traffic.rows(count)
    theirs = peers.by_duckdb(rows.select(["mmsi", "t"]), GAP_SQL)
    note = "SQL finds the silences only: no duplicates, emitters, reception, evidence"
    return _found("gap-sql", GAP, _detected(rows, ["gap"], GFW), theirs, "DuckDB lag()", note)


def gap_movingpandas(count: int) -> Line:
    """The same beside MovingPandas."""
    rows = traffic.rows(count)
    theirs = peers.gaps_by_movingpandas(rows.slice(0, SLOW))
    note = f"MovingPandas splits ready trajectories of {SLOW:,} rows, in the same run"
    return _found("gap-movingpandas", GAP, _detected(rows, ["gap"], GFW), theirs, "MovingPandas", note)


def gap_file(count: int) -> Line:
    """Gaps with the rows read from the archive's files."""
    table = traffic.rows(count)
    rules, world = preset(GFW), reference_world()
    with TemporaryDirectory() as folder, Archive.open(folder) as archive:
        archive.append("day", traffic.SOURCE, table, STATICS.empty_table())
        at = str(next(Path(folder).glob("positions/**/*.parquet")))

        def ours() -> int:
            rows = archive.read(columns=COLUMNS, ordered=False)
            return detect(rows, None, rules, world, kinds=["gap"]).counts["rows"] or 0

        sql = GAP_SQL.replace("positions", f"read_parquet('{at}')")
        rates = paired(ours, peers.by_duckdb(table, sql))
    note = f"{traffic.SAID}; {len(COLUMNS)} columns are read; SQL reads the two it needs of the same file"
    bar = Bar(8e6, FILE_WHY)
    return line("gap-file", "gap, file read", UNIT, rates, peer="DuckDB lag()", note=note, bar=bar)


def stop(count: int) -> Line:
    """Stops beside MovingPandas."""
    rows = traffic.rows(count)
    theirs = peers.stops_by_movingpandas(rows.slice(0, SLOW))
    note = f"MovingPandas finds an hour within 500 m in ready trajectories of {SLOW:,} rows"
    return _found("stop", "stop", _detected(rows, ["stop"], PRASAN), theirs, "MovingPandas", note)


def encounter(count: int) -> Line:
    """Meetings, interpolating."""
    ours = _detected(traffic.rows(count), ["encounter"], GFW)
    note = f"the peer is a transcription of the published rule, on one row in {SHARE}"
    theirs = _objects(count, by_object.encounters)
    return _found("encounter", "encounter, preset gfw", ours, theirs, "GFW rule by object", note, Bar(3e5, MACHINE))


def trio(count: int) -> Line:
    """Gap, bins and encounter together."""
    rows = traffic.rows(count)
    both = _detected(rows, ["gap", "encounter"], GFW)

    def ours() -> int:
        make_bins(rows)
        return both()

    theirs = _objects(count, by_object.gaps, by_object.encounters)
    note = "encounters interpolate, where the bar was set for first fixes of bins"
    bar = Bar(5e6, TRIO_WHY)
    return _found("gap-bins-encounter", "gap, bins, encounter", ours, theirs, "two GFW rules by object", note, bar)


def chain(count: int) -> Line:
    """Everything: duplicates, emitters, slots, all kinds."""
    rows = traffic.rows(count)
    outcome = detect(rows, None, preset(PRASAN), reference_world())
    shares = outcome.counts["second_looks_share"].items()
    looked = ", ".join(f"{kind} {share:.1%}" for kind, share in sorted(shares, key=lambda one: -one[1]))
    theirs = _objects(count, by_object.gaps, by_object.encounters)
    found = _told(outcome.counts["found"])
    note = (
        f"share of rows on second looks: {looked}; found {found}; cells of the chart near ports are known from "
        "the round that does not count; the peer does gap and encounter only"
    )
    ours, bar = _detected(rows, None, PRASAN), Bar(3e6, CHAIN_WHY)
    return _found("chain", "all kinds", ours, theirs, "two GFW rules by object", note, bar)


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

    note = f"steps of {TICK_S} s at {RATE:,}/s; the bar is that rate on half a core; pyais decodes only"
    rates = paired(ours, peers.by_pyais(shipped.sentences(shipped.stream())))
    bar = Bar(2 * RATE, MACHINE)
    return line(
        "live", "live, all kinds", "sentences/CPU-s", rates, peer="pyais, decoding only",
        note=f"{traffic.SAID}; {note}", bar=bar,
    )  # fmt: skip


def _detected(rows: pa.Table, kinds: list[str] | None, name: str) -> Work:
    rules, world = preset(name), reference_world()

    def work() -> int:
        detect(rows, None, rules, world, kinds=kinds)
        return rows.num_rows

    return work


def _objects(count: int, *rules: Callable[[list[by_object.Message]], Sized]) -> Work:
    """Published rules over whole vessels as objects, made of one row in `SHARE` of the generated rows."""
    rows = traffic.rows(count).slice(0, max(count // SHARE, 1)).select(["mmsi", "t", "lat", "lon"])
    columns = [rows[name].to_pylist() for name in rows.column_names]
    messages = [
        by_object.Message(mmsi, t, lat / UNITS_PER_DEGREE, lon / UNITS_PER_DEGREE)
        for mmsi, t, lat, lon in zip(*columns, strict=True)
    ]

    def work() -> int:
        for find in rules:
            find(messages)
        return len(messages)

    return work


def _found(  # noqa: PLR0913, PLR0917 - a line is these things
    name: str, what: str, ours: Work, theirs: Work | None, peer: str, note: str, bar: Bar | None = None
) -> Line:
    """A line on generated traffic."""
    return line(name, what, UNIT, paired(ours, theirs), peer=peer, note=f"{traffic.SAID}; {note}", bar=bar)


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{kind} {number:,}" for kind, number in counts.items() if number)
