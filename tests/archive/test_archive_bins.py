"""Bins: the same whatever the order of rows, drains and compactions; asked by time, area, source and vessel."""

import tempfile
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from archive_rows import MIDNIGHT, as_rows, position_tables, positions, statics, track
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.archive import Archive, Tuning
from prasan.archive.bins import BINS, CELL_COLUMNS, cell_of, fold, make_bins, nearly_bins
from prasan.errors import UsageError
from prasan.picture.position import POSITIONS, STATICS, Flag

NONE = STATICS.empty_table()
DAY = 86_400
AT_ONCE = Tuning(quiet_s=0, grace_s=0, drain_s=0)
crowded = st.lists(
    st.fixed_dictionaries(
        {
            "t": st.integers(MIDNIGHT, MIDNIGHT + 3),
            "mmsi": st.sampled_from([7, 8]),
            "lat": st.none() | st.integers(0, 3) | st.just(60_000),
            "lon": st.integers(0, 2),
            "sog": st.none() | st.integers(0, 2),
            "source": st.sampled_from(["amsa", "noaa"]),
            "flags": st.sampled_from([0, 0, int(Flag.NULL_ISLAND)]),
        }
    ),
    max_size=25,
).map(lambda rows: positions(*rows))


def by_hand(rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], tuple[int, int, int]]:
    """Key -> count, first and last time, from rows of Python."""
    found = dict[tuple[Any, ...], tuple[int, int, int]]()
    for r in rows:
        if r["lat"] is None or r["lon"] is None or r["flags"] & Flag.NULL_ISLAND:
            continue
        cell = min((r["lat"] + 54_000_000) // 60_000, 1799) * 3600 + min((r["lon"] + 108_000_000) // 60_000, 3599)
        key = (r["t"] // 600, cell, r["mmsi"], r["source"])
        n, first, last = found.get(key, (0, r["t"], r["t"]))
        found[key] = (n + 1, min(first, r["t"]), max(last, r["t"]))
    return found


@settings(max_examples=60, deadline=None)
@given(position_tables | crowded, st.randoms(use_true_random=False))
def test_bins_do_not_depend_on_the_order_of_rows(table: pa.Table, random: Any) -> None:
    order = list(range(table.num_rows))
    random.shuffle(order)
    made, shuffled = make_bins(table), make_bins(table.take(pa.array(order, pa.int64())))
    assert made.schema.equals(BINS)
    assert made.to_pylist() == shuffled.to_pylist()
    rows = made.to_pylist()
    keys = [(r["bin"], r["cell"], r["mmsi"], r["source"]) for r in rows]
    assert keys == sorted(keys)
    assert {key: (r["n"], r["t"], r["t_last"]) for key, r in zip(keys, rows, strict=True)} == by_hand(table.to_pylist())


@settings(max_examples=40, deadline=None)
@given(st.lists(position_tables | crowded, min_size=1, max_size=4))
def test_bins_of_parts_add_up_to_those_of_the_whole(tables: list[pa.Table]) -> None:
    whole = make_bins(pa.concat_tables(tables).unify_dictionaries())
    parts = [make(table) for make, table in zip(cycle((make_bins, nearly_bins)), tables, strict=False)]
    assert fold(pa.concat_tables(parts)).to_pylist() == whole.to_pylist()
    some = fold(pa.concat_tables(parts[:2]))
    assert fold(pa.concat_tables([some, *parts[2:]])).to_pylist() == whole.to_pylist()


def dated(tables: list[pa.Table]) -> pa.Table:
    """Bins of the rows that have a date, the way the archive decides it."""
    from prasan.archive.partition import split

    parts = [p.table for t in tables for p in split("positions", t, POSITIONS) if p.day is not None]
    return make_bins(pa.concat_tables([POSITIONS.empty_table(), *parts]).unify_dictionaries())


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(position_tables | crowded, st.booleans()), max_size=4), st.integers(1, 2), st.data())
def test_the_archives_bins_are_those_of_all_its_rows(
    batches: list[tuple[pa.Table, bool]], buckets: int, data: st.DataObject
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Archive.open(folder, buckets=buckets, tuning=AT_ONCE, now=lambda: MIDNIGHT) as archive,
    ):
        seen = list[pa.Table]()
        for number, (table, hot) in enumerate(batches):
            archive.append(f"b{number}", "all", table, NONE, hot=hot)
            seen.append(table)
            step = data.draw(st.sampled_from(["nothing", "drain", "compact", "tend"]))
            if step == "drain":
                archive.drain()
            elif step == "compact":
                archive.compact(at_least=2)
            elif step == "tend":
                archive.tend(MIDNIGHT + 9 * DAY)
            assert archive.bins().to_pylist() == dated(seen).to_pylist()
            assert archive.check() == []
        expected = dated(seen).to_pylist()
        archive.tend(2**33)
        for day in {row["t"] // DAY for row in expected}:
            archive.rebuild_bins(day)
        assert archive.bins().to_pylist() == expected
        assert archive.stats().bins == len(expected)


def test_bins_lie_beside_their_day_sorted_by_time_and_place(tmp_path: Path) -> None:
    with Archive.open(tmp_path, tuning=AT_ONCE, now=lambda: MIDNIGHT) as archive:
        archive.append("b", "amsa", track(0, 500), NONE)
        archive.tend(MIDNIGHT + 30 * DAY)
        assert archive.stats().bins > 0
    files = sorted(tmp_path.glob("bins/date=*/bucket=00/part-*.parquet"))
    assert len(files) == len(list(tmp_path.glob("positions/date=*")))
    rows = pq.ParquetFile(files[0]).read().to_pylist()
    keys = [(r["bin"], r["cell"], r["mmsi"]) for r in rows]
    assert keys == sorted(keys)


@pytest.mark.parametrize("settled", [True, False])
def test_bins_are_asked_by_time_area_source_and_vessel(tmp_path: Path, settled: bool) -> None:
    degree = 600_000
    rows: list[dict[str, Any]] = [
        {"t": MIDNIGHT + 600 * n, "mmsi": 7 + n % 2, "lat": n * degree, "lon": (175 + n) * degree} for n in range(5)
    ]
    rows += [{"t": MIDNIGHT, "lat": 10, "lon": -179 * degree, "source": "noaa"}]
    with Archive.open(tmp_path, tuning=AT_ONCE, now=lambda: MIDNIGHT) as archive:
        archive.append("b", "amsa", positions(*rows), statics({"imo": 1}))
        if settled:
            archive.tend(MIDNIGHT + 30 * DAY)
            assert archive.stats().bins == 6
        assert archive.bins(MIDNIGHT + 601, MIDNIGHT + 1201)["bin"].to_pylist() == [
            MIDNIGHT // 600 + 1,
            MIDNIGHT // 600 + 2,
        ]
        assert archive.bins(MIDNIGHT, MIDNIGHT + 1).num_rows == 2
        assert archive.bins(sources=["noaa"])["lon"].to_pylist() == [-179 * degree]
        assert archive.bins(mmsis=[8])["t"].to_pylist() == [MIDNIGHT + 600, MIDNIGHT + 1800]
        assert archive.bins(area=(-1.0, 174.0, 1.5, 180.0)).num_rows == 2
        assert archive.bins(area=(-1.0, 174.0, 1.5, -178.0)).num_rows == 3
        assert archive.bins(area=(0.02, 175.01, 0.03, 175.02)).num_rows == 1
        assert archive.bins(area=(50.0, 0.0, 60.0, 1.0)).num_rows == 0
        with pytest.raises(UsageError, match="no area"):
            archive.bins(area=(2.0, 0.0, 1.0, 1.0))


def test_the_ends_of_the_world_have_cells() -> None:
    lat, lon = np.array([-54_000_000, 54_000_000]), np.array([-108_000_000, 108_000_000])
    assert cell_of(lat, lon).tolist() == [0, 1800 * CELL_COLUMNS - 1]
    assert as_rows(make_bins(POSITIONS.empty_table())) == []
