"""What is measured beside us. Only pyais comes with Prasan; the others are there after `uv sync --group bench`.

Each is asked for as much of the work as it does; a line's note says what it leaves out. Licences: pyais MIT, libais
Apache-2.0, aiscat GPL-3.0-or-later, DuckDB MIT, MovingPandas BSD-3-Clause.
"""

import contextlib
import importlib
import warnings
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyais
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from prasan.cli.bench.pairing import Work
from prasan.picture.position import UNITS_PER_DEGREE

INSTALL: Final = "not installed: uv sync --group bench"


def module(name: str) -> Any:
    """A peer, if it is installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a peer lacks for other work is not our affair
            return importlib.import_module(name)
    except ImportError:
        return None


def by_pyais(lines: list[bytes]) -> Work:
    """Objects of whole messages."""

    def work() -> int:
        for message in pyais.IterMessages(lines):
            with contextlib.suppress(pyais.exceptions.AISBaseException):
                message.decode()
        return len(lines)

    return work


def by_libais(lines: list[bytes]) -> Work | None:
    """Dicts of messages of one sentence; libais leaves the joining of parts to its user."""
    ais = module("ais")
    if ais is None:
        return None
    payloads = [(fields[5].decode(), int(fields[6][:1])) for line in lines if (fields := line.split(b","))[1] == b"1"]

    def work() -> int:
        for payload, pad in payloads:
            with contextlib.suppress(ais.DecodeError):
                ais.decode(payload, pad)
        return len(payloads)

    return work


def by_aiscat(lines: list[bytes]) -> Work | None:
    """One dict a message, and nothing made of it."""
    aiscat, text = module("aiscat"), b"\r\n".join(lines) + b"\r\n"
    if aiscat is None:
        return None

    def work() -> int:
        decoder = aiscat.Decoder()
        decoder.feed(text)
        while decoder.next() is not None:
            pass
        return len(lines)

    return work


def csv_by_duckdb(path: Path, folder: Path) -> Work | None:
    """A table sorted into one Parquet file."""
    out = folder / "peer.parquet"
    sql = f"COPY (SELECT * FROM read_csv($csv) ORDER BY MMSI, BaseDateTime) TO '{out}' (COMPRESSION zstd)"  # noqa: S608

    def ask(connection: Any) -> int:
        connection.execute(sql, {"csv": str(path)})
        return int(pq.read_metadata(out).num_rows)

    return _in_duckdb(ask)


def merge_by_duckdb(paths: list[str], folder: Path, rows: int) -> Work | None:
    """Many Parquet files sorted into one."""
    sql = f"""COPY (SELECT * FROM read_parquet($files) ORDER BY mmsi, t) TO '{folder / "merged.parquet"}'
              (COMPRESSION zstd, ROW_GROUP_SIZE 131072)"""  # noqa: S608

    def ask(connection: Any) -> int:
        connection.execute(sql, {"files": paths})
        return rows

    return _in_duckdb(ask)


def by_duckdb(rows: pa.Table, sql: str) -> Work | None:
    """A query over `positions`, which are the rows in memory."""

    def ask(connection: Any) -> int:
        connection.register("positions", rows)
        connection.execute(sql).fetchall()
        return rows.num_rows

    return _in_duckdb(ask)


def append_to_duckdb(batches: list[pa.Table], folder: Path) -> Work | None:
    """Batch after batch into a table of a DuckDB file, each committed."""
    number = count()

    def ask(connection: Any) -> int:
        connection.register("batch", batches[0])
        connection.execute("CREATE TABLE positions AS SELECT * FROM batch LIMIT 0")
        for batch in batches:
            connection.register("batch", batch)
            connection.execute("INSERT INTO positions SELECT * FROM batch")
        return sum(batch.num_rows for batch in batches)

    return _in_duckdb(ask, lambda: str(folder / f"{next(number)}.duckdb"))


def _in_duckdb(ask: Callable[[Any], int], name: Callable[[], str] = lambda: ":memory:") -> Work | None:
    """Something done in a new database each time."""
    duckdb = module("duckdb")
    if duckdb is None:
        return None

    def work() -> int:
        with duckdb.connect(name()) as connection:
            return ask(connection)

    return work


def gaps_by_movingpandas(rows: pa.Table) -> Work | None:
    """Trajectories cut where nothing was heard for twelve hours."""
    gap = timedelta(hours=12)
    return _by_movingpandas(rows, lambda mpd, tracks: mpd.ObservationGapSplitter(tracks).split(gap=gap))


def stops_by_movingpandas(rows: pa.Table) -> Work | None:
    """Stretches of an hour within 500 m."""
    limits = {"max_diameter": 500, "min_duration": timedelta(hours=1)}
    return _by_movingpandas(rows, lambda mpd, tracks: mpd.TrajectoryStopDetector(tracks).get_stop_segments(**limits))


def _by_movingpandas(rows: pa.Table, find: Callable[[Any, Any], object]) -> Work | None:
    """Something found in the rows as MovingPandas' own objects, which are made before the clock runs."""
    mpd, tracks = module("movingpandas"), _trajectories(rows)
    if mpd is None or tracks is None:
        return None

    def work() -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            find(mpd, tracks)
        return rows.num_rows

    return work


def _trajectories(rows: pa.Table) -> Any:
    mpd, pandas = module("movingpandas"), module("pandas")
    if mpd is None or pandas is None:
        return None
    frame = pandas.DataFrame({
        "mmsi": rows["mmsi"].to_numpy(),
        "t": pandas.to_datetime(rows["t"].to_numpy(), unit="s"),
        "x": np.asarray(pc.divide(rows["lon"].cast(pa.float64()), UNITS_PER_DEGREE)),
        "y": np.asarray(pc.divide(rows["lat"].cast(pa.float64()), UNITS_PER_DEGREE)),
    })  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mpd.TrajectoryCollection(frame, "mmsi", t="t", x="x", y="y")
