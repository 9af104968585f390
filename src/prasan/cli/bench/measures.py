"""What is measured, on what, beside whom. Bars are those of the design: rates on one core, ratios to the peer."""

import contextlib
import gzip
import importlib
import re
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pyais
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from prasan.archive.archive import Archive
from prasan.cli.bench import by_object, traffic
from prasan.cli.bench.pairing import Line, Work, line, paired
from prasan.detect.rules import GFW, PRASAN, preset
from prasan.detect.run import detect
from prasan.detect.runner import Run, go_on
from prasan.feeds.files import read_source
from prasan.feeds.reference import reference_world
from prasan.formats import nmea
from prasan.formats.ais_batch import Options
from prasan.formats.nmea_encode import encode_positions
from prasan.picture.position import POSITIONS, STATICS, UNITS_PER_DEGREE

DATA: Final = resources.files("prasan") / "data"
PIECE: Final = 1 << 20
NOW: Final = 1_790_000_000
SHARE: Final = 50
"""A peer that works object by object gets one row in so many: its rate does not depend on how many there are."""
TICK_S: Final = 5
RATE: Final = 20_000
SAID_REAL: Final = "real: the NOAA sample"


def _nmea() -> bytes:
    return gzip.decompress((DATA / "ais" / "amsa_stream.nmea.gz").read_bytes())


def _decoded(text: bytes) -> int:
    state = nmea.DecoderState()
    for begin in range(0, len(text), PIECE):
        state, _ = nmea.decode(state, text[begin : begin + PIECE], Options("bench"))
    nmea.finish(state, Options("bench"))
    return text.count(b"!AIVDM")


def _sentences(text: bytes) -> list[bytes]:
    """Bare sentences, without what their source put before and behind them."""
    return [found.group() for found in re.finditer(rb"!AIVDM,[^*]{1,80}[*][0-9A-F]{2}", text)]


def _by_pyais(lines: list[bytes]) -> int:
    for message in pyais.IterMessages(lines):
        with contextlib.suppress(pyais.exceptions.AISBaseException):
            message.decode()
    return len(lines)


def decode(_rows: int) -> Line:
    """NMEA to Arrow: positions, static reports, parts, checksums."""
    lines = _sentences(_nmea())
    text = b"\r\n".join(lines * 20)
    rates = paired(lambda: _decoded(text), lambda: _by_pyais(lines))
    note = (
        "real: the bare sentences of the AMSA stream, 20 times over; pyais makes objects, and lets wrong checksums pass"
    )
    return line("decode", "NMEA to columns", "sentences/CPU-s", rates, peer="pyais", note=note, bar=1e6, bar_ratio=9)


def csv(_rows: int) -> Line:
    """A CSV day file into the archive, durable and readable."""
    path = str(DATA / "ais" / "noaa_2022-01-03_sample.csv.gz")

    def ours() -> int:
        with TemporaryDirectory() as folder, Archive.open(folder) as archive:
            batches = [item.batch for item in read_source(path, NOW, None, "noaa")]
            positions = pa.Table.from_batches([one.positions for one in batches], POSITIONS).unify_dictionaries()
            statics = pa.Table.from_batches([one.statics for one in batches], STATICS).unify_dictionaries()
            return archive.append("day", "noaa", positions, statics).rows

    duckdb = _module("duckdb")

    def peer() -> int:
        with TemporaryDirectory() as folder:
            out = Path(folder) / "day.parquet"
            sql = "COPY (SELECT * FROM read_csv($csv) ORDER BY MMSI, BaseDateTime) TO '{}' (COMPRESSION zstd)"
            duckdb.execute(sql.format(out), {"csv": path})
            return pq.read_metadata(out).num_rows

    note = f"{SAID_REAL}; DuckDB sorts and writes Parquet, without checks, flags, static rows or a manifest"
    rates = paired(ours, peer if duckdb else None)
    return line("csv", "CSV to the archive", "positions/CPU-s", rates, peer="DuckDB", note=note, bar=4e5)


def size(_rows: int) -> Line:
    """Bytes a position, the other way round: positions a kilobyte, so that more is better."""
    batches = [
        item.batch for item in read_source(str(DATA / "ais" / "noaa_2022-01-03_sample.csv.gz"), NOW, None, "noaa")
    ]
    positions = pa.Table.from_batches([one.positions for one in batches], POSITIONS).unify_dictionaries()
    with TemporaryDirectory() as folder, Archive.open(folder) as archive:
        archive.append("day", "noaa", positions, STATICS.empty_table())
        archive.compact()
        ours = archive.stats().bytes_per_position
        plain = Path(folder) / "plain.parquet"
        pq.write_table(positions, plain)
        peer = plain.stat().st_size / positions.num_rows
    note = f"{SAID_REAL}; {ours:.2f} bytes a position here, {peer:.2f} as plain Parquet; the bar is 9.5 bytes"
    rates = (1000 / ours, 1000 / peer)
    return line("size", "archive size", "positions/kB", rates, peer="plain Parquet", note=note, bar=1000 / 9.5)


def gap(count: int) -> Line:
    """Gaps over sorted rows in memory, duplicates and emitters included."""
    rows, some = traffic.rows(count), _messages(count)
    rates = paired(_detected(rows, ["gap"], GFW), lambda: _counted(some, by_object.gaps))
    note = f"{traffic.SAID}; the peer gets one row in {SHARE}"
    return line("gap", "gap, preset gfw", "positions/CPU-s", rates, peer="GFW rule by object", note=note)


def gap_sql(count: int) -> Line:
    """The same beside a window function in SQL, which finds gaps and nothing else."""
    rows, duckdb = traffic.rows(count), _module("duckdb")

    def peer() -> int:
        connection = duckdb.connect()
        connection.register("positions", rows.select(["mmsi", "t"]))
        connection.execute(
            "SELECT count(*) FROM (SELECT t - lag(t) OVER (PARTITION BY mmsi ORDER BY t) AS d FROM positions)"
            " WHERE d > 43200"
        ).fetchall()
        return rows.num_rows

    rates = paired(_detected(rows, ["gap"], GFW), peer if duckdb else None)
    note = f"{traffic.SAID}; SQL finds the silences only: no duplicates, emitters, evidence"
    return line("gap-sql", "gap, preset gfw", "positions/CPU-s", rates, peer="DuckDB lag()", note=note)


def encounter(count: int) -> Line:
    """Meetings, interpolating."""
    rows, some = traffic.rows(count), _messages(count)
    rates = paired(_detected(rows, ["encounter"], GFW), lambda: _counted(some, by_object.encounters))
    note = f"{traffic.SAID}; the peer gets one row in {SHARE}"
    return line(
        "encounter", "encounter, preset gfw", "positions/CPU-s", rates, peer="GFW rule by object", note=note, bar=3e5
    )


def chain(count: int) -> Line:
    """Everything: duplicates, emitters, slots, all kinds."""
    rows, some = traffic.rows(count), _messages(count)

    def peer() -> int:
        by_object.gaps(some)
        return _counted(some, by_object.encounters)

    rates = paired(_detected(rows, None, PRASAN), peer)
    note = f"{traffic.SAID}; the peer does gap and encounter only, on one row in {SHARE}"
    return line("chain", "all kinds", "positions/CPU-s", rates, peer="two GFW rules by object", note=note, bar=3e6)


def live(count: int) -> Line:
    """Sentences in pieces of 64 kB, as they come, through the decoder; every five seconds a step of all kinds."""
    table = traffic.rows(min(count, 500_000)).sort_by("t")
    texts = [
        b"".join(encode_positions(table.slice(begin, TICK_S * RATE))) for begin in range(0, len(table), TICK_S * RATE)
    ]
    lines, rules, world = _sentences(_nmea()), preset(PRASAN), reference_world()

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

    rates = paired(ours, lambda: _by_pyais(lines))
    note = f"{traffic.SAID}; steps of {TICK_S} s at {RATE:,}/s; the bar is that rate on half a core; pyais decodes only"
    return line(
        "live", "live, all kinds", "sentences/CPU-s", rates, peer="pyais, decoding only", note=note, bar=2 * RATE
    )


def _detected(rows: pa.Table, kinds: list[str] | None, name: str) -> Work:
    rules, world = preset(name), reference_world()

    def work() -> int:
        detect(rows, None, rules, world, kinds=kinds)
        return rows.num_rows

    return work


def _messages(count: int) -> list[by_object.Message]:
    """Whole vessels as objects, one row in `SHARE` of the generated rows."""
    rows = traffic.rows(count).slice(0, count // SHARE).select(["mmsi", "t", "lat", "lon"])
    columns = [rows[name].to_pylist() for name in rows.column_names]
    return [
        by_object.Message(mmsi, t, lat / UNITS_PER_DEGREE, lon / UNITS_PER_DEGREE)
        for mmsi, t, lat, lon in zip(*columns, strict=True)
    ]


def _counted(messages: list[by_object.Message], find: Any) -> int:
    find(messages)
    return len(messages)


def _module(name: str) -> Any:
    """A peer, if it is installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
