"""Cutting a batch loses no row, doubles none, and puts each where its file name says."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from archive_rows import MIDNIGHT, as_rows, position_tables, positions, statics
from hypothesis import given
from hypothesis import strategies as st

from prasan.archive.partition import LAST_T, UNDATED, bucket_of, by_source, cut, last_fixes
from prasan.errors import UsageError
from prasan.picture.position import POSITIONS, STATICS, Flag


@given(position_tables, st.integers(1, 4))
def test_every_row_lands_in_exactly_one_part(table: pa.Table, buckets: int) -> None:
    parts = cut("positions", table, POSITIONS, buckets)
    assert as_rows(pa.concat_tables([POSITIONS.empty_table(), *(p.table for p in parts)])) == as_rows(table)
    assert len({part.path("batch") for part in parts}) == len(parts)


@given(position_tables, st.integers(1, 4))
def test_every_part_is_what_its_path_says(table: pa.Table, buckets: int) -> None:
    for part in cut("positions", table, POSITIONS, buckets):
        rows = part.table.to_pylist()
        if part.day is None:
            assert part.path("b").startswith("quarantine/part-")
            assert all(r["flags"] & UNDATED or not 0 <= r["t"] <= LAST_T for r in rows)
            continue
        date = datetime.fromtimestamp(rows[0]["t"], UTC).date()
        assert part.path("b").startswith(f"positions/date={date}/bucket={part.bucket:02d}/part-")
        assert {r["t"] // 86_400 for r in rows} == {part.day}
        assert set(bucket_of(part.table["mmsi"].to_numpy(), buckets)) == {part.bucket}
        keys = [(r["mmsi"], r["t"]) for r in rows]
        assert keys == sorted(keys)
        assert not any(r["flags"] & UNDATED for r in rows)


@given(position_tables)
def test_last_fixes_are_the_newest_placed_rows(table: pa.Table) -> None:
    for part in cut("positions", table, POSITIONS, 1):
        if part.day is None:
            continue
        expected = dict[tuple[str, int], int]()
        for r in part.table.to_pylist():
            if r["lat"] is not None and r["lon"] is not None and not r["flags"] & Flag.NULL_ISLAND:
                expected[r["source"], r["mmsi"]] = r["t"]
        found = last_fixes(part).to_pylist()
        assert {(r["source"], r["mmsi"]): r["t"] for r in found} == expected
        assert len(found) == len(expected)


@given(position_tables)
def test_the_share_of_each_source_is_counted(table: pa.Table) -> None:
    for part in cut("positions", table, POSITIONS, 1):
        expected = dict[str, list[int]]()
        for r in part.table.to_pylist():
            expected.setdefault(r["source"], []).append(r["t"])
        assert {s: tuple(n) for s, *n in by_source(part)} == {
            s: (len(ts), min(ts), max(ts)) for s, ts in expected.items()
        }


def test_a_batch_in_many_chunks_with_other_dictionaries_is_one() -> None:
    table = pa.concat_tables([positions({"source": name, "mmsi": 9 - i}) for i, name in enumerate("abc")])
    (part,) = cut("positions", table, POSITIONS, 1)
    assert part.table["source"].to_pylist() == ["c", "b", "a"]


def test_buckets_take_even_shares_of_round_numbers() -> None:
    share = np.bincount(bucket_of(np.arange(200_000_000, 700_000_000, 1_000).astype(np.uint32), 32), minlength=32)
    assert share.min() > 0.9 * share.mean()


def test_statics_are_cut_by_date_only() -> None:
    table = statics({"t": MIDNIGHT}, {"t": MIDNIGHT - 1}, {"flags": int(Flag.NO_TIME)})
    paths = sorted(p.path("b").rsplit("/", 1)[0] for p in cut("statics", table, STATICS, 1))
    assert paths == ["quarantine", "statics/date=2022-01-03", "statics/date=2022-01-04"]


@pytest.mark.parametrize(
    "table",
    [
        positions({}).drop_columns(["sog"]),
        positions({}).set_column(1, "sub_ms", pa.array(["x"])),
        positions({}).set_column(0, "t", pa.nulls(1, pa.int64())),
    ],
)
def test_a_table_that_does_not_fit_is_wrong_use(table: pa.Table) -> None:
    with pytest.raises(UsageError, match="The batch"):
        cut("positions", table, POSITIONS, 1)
