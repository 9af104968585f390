"""The archive against a plain list of rows: whatever is asked, the answer is the same."""

import sqlite3
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from archive_rows import MIDNIGHT, SOURCES, as_rows, finding, position_tables, positions, statics, track
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.archive import Appended, Archive, Carry, Damage, Recovered, SourceSummary, Tuning, batch_id
from prasan.archive.manifest import _STEPS
from prasan.archive.partition import LAST_T, UNDATED
from prasan.archive.values import LATEST
from prasan.errors import IntegrityError, PrasanError, UsageError
from prasan.picture.position import POSITIONS, STATICS, Flag

NONE = STATICS.empty_table()


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def is_dated(row: dict[str, Any]) -> bool:
    return not row["flags"] & UNDATED and 0 <= row["t"] <= LAST_T


@settings(max_examples=25, deadline=None)
@given(st.lists(position_tables, max_size=4), st.integers(1, 3), st.data())
def test_any_question_is_answered_like_a_list_of_rows(
    tables: list[pa.Table], buckets: int, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder, Archive.open(folder, buckets=buckets) as archive:
        for number, table in enumerate(tables):
            archive.append(batch_id("all", number), "all", table, NONE)
        rows = [r for table in tables for r in table.to_pylist()]
        dated = [r for r in rows if is_dated(r)]
        for _ in range(3):
            sources = data.draw(maybe(st.sets(st.sampled_from(SOURCES))))
            mmsis = data.draw(maybe(st.sets(st.sampled_from([0, 1, 2, 567_000_001, 2**32 - 1]))))
            t_from, t_to = (
                data.draw(maybe(st.integers(MIDNIGHT - 6, MIDNIGHT + 6))),
                data.draw(maybe(st.integers(MIDNIGHT - 6, MIDNIGHT + 6))),
            )
            expected = [
                r
                for r in dated
                if (sources is None or r["source"] in sources)
                and (mmsis is None or r["mmsi"] in mmsis)
                and (t_from is None or r["t"] >= t_from)
                and (t_to is None or r["t"] < t_to)
            ]
            found = archive.read(sources, mmsis, t_from, t_to)
            assert found.schema.equals(POSITIONS)
            assert as_rows(found) == as_rows(pa.Table.from_pylist(expected, schema=POSITIONS))
            keys = [(r["mmsi"], r["t"]) for r in found.to_pylist()]
            assert keys == sorted(keys)
            some = archive.read(sources, mmsis, t_from, t_to, ["sog", "lat"])
            assert some.column_names == ["lat", "sog"]
            assert some["lat"].to_pylist() == found["lat"].to_pylist()
        undated = [r for r in rows if not is_dated(r)]
        assert as_rows(archive.read_quarantine()) == as_rows(pa.Table.from_pylist(undated, schema=POSITIONS))
        check_summaries(archive, rows, dated)


def check_summaries(archive: Archive, rows: list[dict[str, Any]], dated: list[dict[str, Any]]) -> None:
    placed = [r for r in dated if r["lat"] is not None and r["lon"] is not None and not r["flags"] & Flag.NULL_ISLAND]
    newest = dict[tuple[str, int], int]()
    for r in placed:
        key = (r["source"], r["mmsi"])
        newest[key] = max(newest.get(key, 0), r["t"])
    assert {(r["source"], r["mmsi"]): r["t"] for r in archive.latest().to_pylist()} == newest
    assert archive.sources() == {
        s: SourceSummary(
            len(ts := [r["t"] for r in dated if r["source"] == s]), min(ts), max(ts), sum(k[0] == s for k in newest)
        )
        for s in {r["source"] for r in dated}
    }
    stats = archive.stats()
    assert (stats.positions, stats.quarantined) == (len(dated), len(rows) - len(dated))
    assert archive.check() == []


def test_a_batch_sent_again_changes_nothing(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        table = positions({}, {"t": MIDNIGHT - 1}, {"flags": int(Flag.NO_TIME)})
        first = archive.append(
            "b1", "amsa", table, statics({"name": "AREE"}), findings=[finding("k")], carry={"gap": Carry(7, b"1")}
        )
        assert first == Appended(2, False, 1, 1)
        before = archive.stats()
        again = archive.append("b1", "amsa", table, NONE, findings=[finding("other")], carry={"gap": Carry(8, b"2")})
        assert again == Appended(2, True, 1, 1)
        assert archive.stats() == before
        assert archive.carry("gap") == Carry(7, b"1")
        assert archive.has_batch("b1")
        assert not archive.has_batch("b2")


def test_an_empty_batch_is_remembered(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        assert archive.append("b", "amsa", POSITIONS.empty_table(), NONE) == Appended(0, False)
        assert archive.append("b", "amsa", POSITIONS.empty_table(), NONE).duplicate
        assert archive.read().num_rows == archive.read_statics().num_rows == archive.latest().num_rows == 0
        assert archive.sources() == {}
        assert archive.stats().bytes_per_position == 0


def test_statics_come_back_whole(tmp_path: Path) -> None:
    table = statics(
        {"name": "เรือหลวงนเรศวร", "imo": 9_074_729, "draught": 65}, {"t": MIDNIGHT - 1, "eta": "12-24T18:30"}
    )
    with Archive.open(tmp_path) as archive:
        archive.append("b", "amsa", POSITIONS.empty_table(), table)
        assert as_rows(archive.read_statics()) == as_rows(table)
        assert archive.read_statics(t_from=MIDNIGHT, columns=["name"])["name"].to_pylist() == ["เรือหลวงนเรศวร"]
        undated = statics({"flags": int(Flag.EPOCH_TIME), "t": 7})
        archive.append("c", "amsa", POSITIONS.empty_table(), undated)
        assert as_rows(archive.read_quarantine("statics")) == as_rows(undated)


def test_latest_follows_time_and_not_arrival(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        archive.append("new", "amsa", positions({"lat": 2}, {"source": "noaa", "mmsi": 5}), NONE)
        assert archive.latest().schema.equals(LATEST)
        archive.append("late", "amsa", positions({"t": MIDNIGHT - 100_000, "lat": 1}), NONE)
        assert archive.latest(["amsa"])["lat"].to_pylist() == [2]
        archive.append("newer", "amsa", positions({"t": MIDNIGHT + 1, "lat": 3}), NONE)
        assert archive.latest(["amsa"])["lat"].to_pylist() == [3]
        assert archive.latest([]).num_rows == 0
        assert archive.latest()["source"].to_pylist() == ["amsa", "noaa"]


def test_findings_and_carry_are_kept_once(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        assert archive.put_findings("run 1", [finding("a"), finding("b")], {"gap": Carry(0, b"carry")}) == 2
        assert archive.put_findings("run 1", [finding("b"), finding("c")]) == 1
        assert archive.put_findings("run 2", [finding("a")]) == 1
        stored = archive.findings()
        assert [(s.batch, s.finding.key) for s in stored] == [
            ("run 1", "a"), ("run 1", "b"), ("run 1", "c"), ("run 2", "a"),
        ]  # fmt: skip
        assert stored[0].finding == finding("a")
        assert archive.findings(after=stored[1].seq) == stored[2:]
        assert archive.findings(limit=1) == stored[:1]
        assert archive.carry("gap") == Carry(0, b"carry")
        assert archive.carry("encounter") is None
        assert archive.stats().findings == 4


def test_files_are_sorted_and_encoded_as_promised(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        archive.append("b", "amsa", track(0, 500), NONE)
    files = sorted(tmp_path.glob("positions/date=*/bucket=00/part-*.parquet"))
    assert len(files) == 5
    chunks = pq.ParquetFile(files[0]).metadata.row_group(0)
    encodings = {chunks.column(i).path_in_schema: chunks.column(i).encodings for i in range(chunks.num_columns)}
    for name in ("t", "lat", "lon", "sog", "cog", "heading"):
        assert "BYTE_STREAM_SPLIT" in encodings[name]
    assert "DELTA_BINARY_PACKED" in encodings["mmsi"]
    assert "RLE_DICTIONARY" in encodings["source"]
    assert {chunks.column(i).compression for i in range(chunks.num_columns)} == {"ZSTD"}
    plain = pq.ParquetFile(files[0]).read(["mmsi", "t"]).to_pylist()
    assert all((a["mmsi"], a["t"]) <= (b["mmsi"], b["t"]) for a, b in pairwise(plain))


def test_readers_see_whole_batches_while_a_writer_writes(tmp_path: Path) -> None:
    Archive.open(tmp_path).close()
    batches, size = 30, 50

    def write() -> int:
        with Archive.open(tmp_path) as archive:
            return sum(archive.append(f"b{n}", "amsa", track(n * size, size), NONE).rows for n in range(batches))

    def read(_: int) -> list[int]:
        with Archive.open(tmp_path, readonly=True) as archive:
            seen = list[int]()
            while not seen or seen[-1] < batches * size:
                seen.append(archive.read(columns=["lat"]).num_rows)
            return seen

    with ThreadPoolExecutor(4) as pool:
        writer, readers = pool.submit(write), list(pool.map(read, range(2)))
        assert writer.result() == batches * size
    for seen in readers:
        assert all(count % size == 0 for count in seen)
        assert seen == sorted(seen)


def test_two_writers_take_turns(tmp_path: Path) -> None:
    def write(name: str) -> int:
        with Archive.open(tmp_path) as archive:
            return sum(archive.append(f"b{n}", name, track(n * 9, 9), NONE).rows * (n >= 0) for n in range(12))

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(write, ["one", "two"])) == [108, 108]
    with Archive.open(tmp_path) as archive:
        assert archive.recovered == Recovered()
        assert as_rows(archive.read()) == as_rows(track(0, 108))


def test_one_archive_serves_many_threads(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive, ThreadPoolExecutor(4) as pool:
        stored = list(pool.map(lambda n: archive.append(f"b{n}", "amsa", track(n * 10, 10), NONE), range(12)))
        assert sum(s.rows for s in stored) == 120
        assert {t.num_rows for t in pool.map(lambda _: archive.read(), range(4))} == {120}


def test_uncommitted_files_are_moved_aside_and_unfinished_ones_deleted(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        archive.append("b", "amsa", track(0, 20), NONE)
    (known,) = tmp_path.glob("positions/date=2022-01-04/*/part-*.parquet")
    (known.parent / "part-0000.parquet").write_bytes(known.read_bytes())
    (known.parent / "part-0001.parquet.tmp").write_bytes(b"half")
    with Archive.open(tmp_path) as archive:
        assert archive.recovered == Recovered(temporary=1, moved=1)
        assert archive.stats().lost_files == 1
        assert archive.read().num_rows == 20
    assert (tmp_path / "lost" / known.relative_to(tmp_path).parent / "part-0000.parquet").exists()
    with Archive.open(tmp_path) as archive:
        assert archive.recovered == Recovered()


def test_a_reader_leaves_a_writers_files_alone(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        archive.append("b", "amsa", track(0, 20), NONE)
    (tmp_path / "positions" / "part-0000.parquet").write_bytes(b"being written")
    with Archive.open(tmp_path, readonly=True) as archive:
        assert archive.read().num_rows == 20
        with pytest.raises(UsageError, match="reading only"):
            archive.append("c", "amsa", track(0, 1), NONE)
    assert (tmp_path / "positions" / "part-0000.parquet").exists()


@settings(max_examples=8, deadline=None)
@given(st.lists(position_tables, min_size=2, max_size=5), st.integers(1, 2))
def test_compaction_changes_no_answer(tables: list[pa.Table], buckets: int) -> None:
    at_once = Tuning(grace_s=0)
    with tempfile.TemporaryDirectory() as folder, Archive.open(folder, buckets=buckets, tuning=at_once) as archive:
        for number, table in enumerate(tables):
            archive.append(f"b{number}", "all", table, statics({"t": MIDNIGHT, "imo": number}))
        rows, reports, before = archive.read(), archive.read_statics(), archive.stats()
        sources, latest = archive.sources(), archive.latest()
        old, new = archive.compact(at_least=2)
        assert as_rows(archive.read()) == as_rows(rows)
        assert as_rows(archive.read_statics()) == as_rows(reports)
        assert (archive.sources(), archive.latest()) == (sources, latest)
        stats = archive.stats()
        assert stats.files - len(list(Path(folder).glob("bins/*/*/*"))) == before.files - old + new
        assert (stats.positions, stats.statics, stats.quarantined) == (
            before.positions, before.statics, before.quarantined,
        )  # fmt: skip
        assert archive.check() == []
        assert archive.compact(at_least=2) == (0, 0)
        assert archive.append("b0", "all", tables[0], NONE).duplicate
        assert len(list(Path(folder).rglob("*.parquet"))) == stats.files


def test_files_a_crash_left_replaced_go_when_next_opened(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        archive.append("b", "amsa", positions({}), NONE)
    left = tmp_path / "positions" / "part-old.parquet"
    left.write_bytes(b"replaced")
    connection = sqlite3.connect(tmp_path / "archive.sqlite")
    connection.execute("""INSERT INTO files SELECT 99, 'positions/part-old.parquet', kind, quarantine, rows, bytes,
        t_min, t_max, mmsi_min, mmsi_max, lat_min, lat_max, lon_min, lon_max, sha256, batch, source, 'replaced', 0, 0, 0
        FROM files""")
    connection.commit()
    connection.close()
    with Archive.open(tmp_path) as archive:
        assert archive.recovered == Recovered()
        assert archive.read().num_rows == archive.stats().files == 1
    assert not left.exists()


def test_readers_go_on_through_a_compaction(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive, ThreadPoolExecutor(2) as pool:
        for number in range(20):
            archive.append(f"b{number}", "amsa", track(number * 10, 10), NONE)
        reads = [pool.submit(archive.read) for _ in range(20)]
        assert archive.compact(at_least=2)[0] > 20
        assert {read.result().num_rows for read in reads} == {200}


def test_damage_is_named(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        archive.append("b", "amsa", positions({}, {"t": MIDNIGHT - 1}), NONE)
        first, second = sorted(tmp_path.glob("positions/*/*/*.parquet"))
        first.write_bytes(first.read_bytes()[:-10] + b"0123456789")
        second.unlink()
        names = [p.relative_to(tmp_path).as_posix() for p in (first, second)]
        assert archive.check() == [Damage(names[0], "changed"), Damage(names[1], "missing")]
        with pytest.raises(IntegrityError, match="cannot be read"):
            archive.read()


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no archive"):
        Archive.open(tmp_path / "none", readonly=True)
    with pytest.raises(UsageError, match="buckets"):
        Archive.open(tmp_path, buckets=0)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PrasanError, match="cannot use its disk"):
        Archive.open(tmp_path / "file" / "below")
    (tmp_path / "archive.sqlite").write_text("this is no database, " * 100)
    with pytest.raises(IntegrityError, match="damaged"):
        Archive.open(tmp_path)


def test_an_archive_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    Archive.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "archive.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(UsageError, match="newer version"):
        Archive.open(tmp_path)


def test_an_archive_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "archive.sqlite")
    for statement in _STEPS[0]:
        connection.execute(statement)
    connection.execute("INSERT INTO settings VALUES ('buckets', 3)")
    connection.execute("INSERT INTO carry VALUES ('gap', x'01')")
    connection.execute("INSERT INTO batches VALUES (1, 'b', 'amsa', 5, 0, 0)")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    with pytest.raises(UsageError, match="another version"):
        Archive.open(tmp_path, readonly=True)
    with Archive.open(tmp_path) as archive:
        assert archive.carry("gap") == Carry(0, b"\x01")
        assert archive.append("b", "amsa", track(0, 5), NONE) == Appended(5, True)
        archive.append("c", "amsa", track(0, 60), NONE, hot=True)
        archive.tend(2**33)
        assert archive.read().num_rows == 60


FULL_DISK = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from archive_rows import track
from prasan.archive import Archive
from prasan.errors import PrasanError
from prasan.picture.position import STATICS

with Archive.open(sys.argv[2]) as archive:
    archive.append("small", "amsa", track(0, 50), STATICS.empty_table(), hot=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), -1))
    for hot in (True, False):
        try:
            archive.append(f"large {hot}", "amsa", track(50, 6000), STATICS.empty_table(), hot=hot)
        except PrasanError as error:
            print(error)
    print(archive.read().num_rows)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_a_disk_that_fills_up_midway_keeps_no_half_batch(tmp_path: Path) -> None:
    # A limit on the size of a file stands for the disk: the write stops in the middle, as it would there.
    command = [sys.executable, "-c", FULL_DISK, str(Path(__file__).parent), str(tmp_path), "8192"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *refused, rows = done.stdout.splitlines()
    assert len(refused) == 2
    assert all("cannot" in line for line in refused)
    assert rows == "50"
    with Archive.open(tmp_path) as archive:
        assert as_rows(archive.read()) == as_rows(track(0, 50))
        assert archive.append("large True", "amsa", track(50, 6000), NONE, hot=True).rows == 6000
        assert as_rows(archive.read()) == as_rows(track(0, 6050))
        assert archive.check() == []


def test_a_disk_that_refuses_loses_nothing(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        archive.append("b1", "amsa", positions({}), NONE)
        blocker = tmp_path / "positions" / "date=2022-01-05"
        blocker.write_text("a file where a folder must be")
        batch = positions({"t": MIDNIGHT + 1}, {"t": MIDNIGHT + 86_400})
        with pytest.raises(PrasanError, match="cannot use its disk"):
            archive.append("b2", "amsa", batch, NONE)
        assert archive.read().num_rows == 1
        assert not archive.has_batch("b2")
        blocker.unlink()
        assert archive.append("b2", "amsa", batch, NONE).rows == 2
        assert archive.read().num_rows == 3


def test_an_unknown_column_is_wrong_use(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive, pytest.raises(UsageError, match="no column speed"):
        archive.read(columns=["speed"])


def test_buckets_stay_as_the_archive_was_made(tmp_path: Path) -> None:
    Archive.open(tmp_path, buckets=4).close()
    with Archive.open(tmp_path, buckets=1) as archive:
        archive.append("b", "amsa", track(0, 50), NONE)
        assert archive.read().num_rows == 50
    assert len({p.name for p in tmp_path.glob("positions/*/bucket=*")}) > 1


def test_a_batch_id_tells_parts_apart() -> None:
    assert batch_id("a", "bc") != batch_id("ab", "c")
    assert batch_id("a", 1, b"x") == batch_id("a", "1", "x")
    assert len(batch_id("a")) == 64


def test_threads_that_ended_leave_no_connection_behind(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path / "a")
    for _ in range(20):
        thread = threading.Thread(target=archive.stats)
        thread.start()
        thread.join()
    assert len(archive._manifest._opened) <= 2
    archive.close()
