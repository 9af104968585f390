"""Reading and storing: from sentences and tables to the archive. Bars are those of the design, on one core."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count as counter
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from prasan.archive.archive import Archive
from prasan.archive.bins import make_bins
from prasan.archive.values import Tuning
from prasan.cli.bench import peers, shipped, traffic
from prasan.cli.bench.pairing import Bar, Line, Work, line, paired
from prasan.feeds.files import read_source
from prasan.formats import nmea
from prasan.formats.ais_batch import Options
from prasan.node.seeing.ingest import PIECE as INGESTED
from prasan.node.seeing.ingest import ROWS, store
from prasan.picture.position import POSITIONS, STATICS, UNITS_PER_DEGREE

PIECE: Final = 1 << 20
TIMES: Final = 20
HOT: Final = 10_000
SMALL: Final = 20
KEEP: Final = Tuning(quiet_s=0, grace_s=10**9, compact_s=0)
CORE: Final = ("mmsi", "t", "lat", "lon", "sog", "cog", "heading", "nav_status", "source")
CSV_WHY: Final = "every value is checked, static reports are told apart, and the files are sorted and synced"
BYTES_WHY: Final = "bytes are passed over many times, at the pace of this machine's memory"
HOT_WHY: Final = "making sorted files of the full log is counted too"
MERGE_WHY: Final = "reading and encoding in Arrow alone take three fifths of the time that the bar allows"
SIZE_WHY: Final = "another version of Arrow may encode the same columns in more bytes"
SAID_SENTENCES: Final = "real: the bare sentences of the shipped AMSA and DMA streams"


def decoded(text: bytes) -> int:
    """Decode in pieces as a file is read; how many lines."""
    state = nmea.DecoderState()
    for begin in range(0, len(text), PIECE):
        state, _ = nmea.decode(state, text[begin : begin + PIECE], Options("bench"))
    nmea.finish(state, Options("bench"))
    return text.count(b"\n")


def decode(_rows: int) -> Line:
    """NMEA to Arrow: positions, static reports, parts, checksums."""
    lines = shipped.sentences(shipped.stream())
    rates = paired(_ours(lines), peers.by_pyais(lines))
    note = f"{SAID_SENTENCES}, {TIMES} times over; pyais makes objects, and lets wrong checksums pass"
    bar = Bar(1e6, BYTES_WHY, ratio=9)
    return line("decode", "NMEA to columns", "sentences/CPU-s", rates, peer="pyais", note=note, bar=bar)


def decode_libais(_rows: int) -> Line:
    """The same beside libais."""
    lines = shipped.sentences(shipped.stream())
    rates = paired(_ours(lines), peers.by_libais(lines * 4))
    note = f"{SAID_SENTENCES}; libais makes dicts of messages of one part, and sees no checksum"
    return line("decode-libais", "NMEA to columns", "sentences/CPU-s", rates, peer="libais", note=note)


def decode_aiscat(_rows: int) -> Line:
    """The same beside AIS-catcher's decoder."""
    lines = shipped.sentences(shipped.stream())
    rates = paired(_ours(lines), peers.by_aiscat(lines * 4))
    note = f"{SAID_SENTENCES}; aiscat (C++, GPL) makes dicts, not columns, and keeps wrong checksums"
    return line("decode-aiscat", "NMEA to columns", "sentences/CPU-s", rates, peer="aiscat", note=note)


def decode_stream(_rows: int) -> Line:
    """What receivers really send: clock lines, tag blocks, other sentences."""
    text = shipped.stream() * 5
    rates = paired(lambda: decoded(text), None)
    share = len(shipped.sentences(shipped.stream())) / shipped.stream().count(b"\n")
    note = f"real: the same streams as they came, of which {share:.0%} of the lines are AIS; times taken from $PGHP"
    return line("decode-stream", "NMEA as received", "lines/CPU-s", rates, peer="", note=note)


def csv(_rows: int) -> Line:
    """A packed CSV file into the archive, durable and readable, as `ingest` does it."""
    with TemporaryDirectory() as folder:
        rates = paired(_stored(shipped.NOAA, Path(folder)), peers.csv_by_duckdb(shipped.NOAA, Path(folder)))
    note = (
        f"{shipped.SAID_NOAA}: thinned, so a tenth of its rows are static reports and newest fixes; gunzip included; "
        "DuckDB sorts and writes Parquet, without checks, flags, static rows or a manifest"
    )
    bar = Bar(4e5, CSV_WHY)
    return line("csv", "CSV sample to archive", "positions/CPU-s", rates, peer="DuckDB", note=note, bar=bar)


def csv_day(rows: int) -> Line:
    """The same for a day in NOAA's columns."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "day.csv"
        _as_noaa(traffic.rows(rows), path)
        rates = paired(_stored(path, Path(folder)), peers.csv_by_duckdb(path, Path(folder)))
    note = f"{traffic.SAID}; in NOAA's columns, by time; DuckDB as above"
    bar = Bar(4e5, CSV_WHY)
    return line("csv-day", "CSV day to archive", "positions/CPU-s", rates, peer="DuckDB", note=note, bar=bar)


def size(_rows: int) -> Line:
    """Bytes a position, the other way round: positions a kilobyte, so that more is better."""
    return _size("size", "archive size", shipped.noaa()[0], 9.5)


def size_core(_rows: int) -> Line:
    """The same with the nine columns that most archives keep."""
    positions, _ = shipped.noaa()
    blank = [c if n in (*CORE, "time_source", "flags") else pa.nulls(len(c), c.type)
             for n, c in zip(positions.column_names, positions.columns, strict=True)]  # fmt: skip
    return _size("size-core", "archive size, nine columns", pa.table(blank, schema=POSITIONS), 8)


def _size(name: str, what: str, positions: pa.Table, most: float) -> Line:
    ours, plain = _bytes(positions), _plain_bytes(positions)
    said = f"{ours:.2f} bytes a position here, {plain:.2f} as plain Parquet; the bar is {most} bytes"
    rates, bar = (1000 / ours, 1000 / plain), Bar(1000 / most, SIZE_WHY)
    note = f"{shipped.SAID_NOAA}; {said}"
    return line(name, what, "positions/kB", rates, peer="plain Parquet", note=note, bar=bar)


def hot(rows: int) -> Line:
    """Live batches into the log, each durable before the next."""
    table = traffic.rows(rows).sort_by("t")
    batches = [table.slice(begin, HOT) for begin in range(0, min(len(table), 50 * HOT), HOT)]
    spent, number = list[float](), counter()

    def ours() -> int:
        spent.clear()
        for batch in batches:
            begin = time.perf_counter()
            archive.append(f"b{next(number)}", traffic.SOURCE, batch, STATICS.empty_table(), hot=True)
            spent.append((time.perf_counter() - begin) * 1000)
        return sum(batch.num_rows for batch in batches)

    with TemporaryDirectory() as folder, _archive(Path(folder)) as archive:
        rates = paired(ours, peers.append_to_duckdb(batches, Path(folder)))
    p50, p99 = median(spent), float(np.percentile(spent, 99))
    note = (
        f"{traffic.SAID}; batches of {HOT:,}, fsynced and in the manifest: {p50:.1f} ms p50, {p99:.1f} ms p99 (the log "
        "becomes files on the way); DuckDB's commits are by its own default"
    )
    bar = Bar(1.3e6, HOT_WHY)
    return line("hot", "live batches, durable", "rows/CPU-s", rates, peer="DuckDB file", note=note, bar=bar)


def compaction(rows: int) -> Line:
    """Small files of one day become one sorted file."""
    table = traffic.rows(rows).sort_by("t")
    step = -(-len(table) // SMALL)
    number = counter()

    def ours() -> int:
        with TemporaryDirectory() as folder, _archive(Path(folder)) as archive:
            return merged(archive)

    def merged(archive: Archive) -> int:
        _small_files(archive, table, step, next(number))
        begin = time.process_time()
        archive.compact(2)
        spent.append(time.process_time() - begin)
        return len(table)

    spent = list[float]()
    for _ in range(4):
        ours()
    with TemporaryDirectory() as folder, _archive(Path(folder)) as archive:
        _small_files(archive, table, step, 0)
        paths = sorted(str(path) for path in Path(folder).glob("positions/**/*.parquet"))
        work = peers.merge_by_duckdb(paths, Path(folder), len(table))
        theirs = paired(work, None)[0] if work else None
    note = f"{traffic.SAID}; {SMALL} files, bins made too; DuckDB sorts them into one Parquet file"
    rates = (len(table) / median(spent[1:]), theirs)
    bar = Bar(2e6, MERGE_WHY)
    return line("compaction", "small files to one", "rows/CPU-s", rates, peer="DuckDB", note=note, bar=bar)


def bins(rows: int) -> Line:
    """Who was where, every ten minutes."""
    table = traffic.rows(rows)
    sql = """SELECT t // 600, (lat + 54000000) // 60000 * 3600 + (lon + 108000000) // 60000 AS cell, mmsi, source,
             count(*), min(t), max(t), arg_min(lat, t), arg_min(lon, t), arg_min(sog, t), arg_min(cog, t)
             FROM positions GROUP BY ALL"""
    made = len(make_bins(table))

    def ours() -> int:
        make_bins(table)
        return len(table)

    rates = paired(ours, peers.by_duckdb(table, sql))
    note = f"{traffic.SAID}; {len(table) / made:.0f} rows a bin; DuckDB groups by the same key, unsorted"
    return line("bins", "bins of a day", "rows/CPU-s", rates, peer="DuckDB", note=note)


def _ours(lines: list[bytes]) -> Work:
    text = b"\r\n".join(lines * TIMES) + b"\r\n"
    return lambda: decoded(text)


def _stored(path: Path, folder: Path) -> Work:
    """A file into a new archive, by the steps of `ingest`, one after the other."""
    number = counter()

    def work() -> int:
        with _archive(folder / f"archive{next(number)}") as archive:
            rows, group, held = 0, [], 0
            for item in read_source(str(path), shipped.NOW, None, "bench", INGESTED):
                group.append(item.batch)
                held += item.batch.positions.num_rows
                if held >= ROWS:
                    store(archive, "bench", group)
                    rows, group, held = rows + held, [], 0
            store(archive, "bench", group)
            return rows + held

    return work


def _as_noaa(rows: pa.Table, path: Path) -> None:
    """Rows as NOAA MarineCadastre gives them, ordered by time, with name and call sign on every line."""
    rows = rows.sort_by("t")
    t, mmsi = rows["t"].to_numpy(), rows["mmsi"].to_numpy()
    b = rows["ais_class"].to_numpy() == 1
    tenth = {name: np.round(rows[name].to_numpy() / 10, 1) for name in ("sog", "cog")}
    table = pa.table({
        "MMSI": mmsi, "BaseDateTime": np.datetime_as_string(t.astype("datetime64[s]")),
        **{name.upper(): np.round(rows[name].to_numpy() / UNITS_PER_DEGREE, 5) for name in ("lat", "lon")},
        "SOG": tenth["sog"], "COG": tenth["cog"], "Heading": rows["heading"].cast(pa.float64()),
        "VesselName": [f"VESSEL {one}" for one in mmsi.tolist()],
        "IMO": np.where(b, "", "IMO9074729"), "CallSign": [f"C{one % 1_000_000}" for one in mmsi.tolist()],
        "VesselType": np.where(b, 37, 70), "Status": rows["nav_status"], "Length": np.where(b, 12, 180),
        "Width": np.where(b, 4, 30), "Draft": np.where(b, 0.0, 9.5), "Cargo": np.where(b, 37, 70),
        "TransceiverClass": np.where(b, "B", "A"),
    })  # fmt: skip
    arrow_csv.write_csv(table, path, arrow_csv.WriteOptions(quoting_style="needed"))


def _small_files(archive: Archive, table: pa.Table, step: int, number: int) -> None:
    for begin in range(0, len(table), step):
        some = table.slice(begin, step)
        archive.append(f"{number} {begin}", traffic.SOURCE, some, STATICS.empty_table())


def _bytes(positions: pa.Table) -> float:
    with TemporaryDirectory() as folder, _archive(Path(folder)) as archive:
        archive.append("day", "noaa", positions, STATICS.empty_table())
        return archive.stats().bytes_per_position


def _plain_bytes(positions: pa.Table) -> float:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "plain.parquet"
        pq.write_table(positions, path)
        return path.stat().st_size / positions.num_rows


@contextmanager
def _archive(folder: Path) -> Iterator[Archive]:
    with Archive.open(folder, tuning=KEEP) as archive:
        yield archive
