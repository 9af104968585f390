"""Small live batches in a log: readable at once, known by their ids, and the same rows once they are files."""

import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from archive_rows import MIDNIGHT, as_rows, finding, position_tables, positions, statics, track
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.archive import Appended, Archive, Carry, Damage, Recovered, Tuning
from prasan.picture.position import POSITIONS, STATICS, Flag

NONE = STATICS.empty_table()


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(position_tables, st.booleans()), max_size=4), st.sampled_from([1, 30, 1000]))
def test_rows_are_the_same_in_logs_in_files_and_in_both(batches: list[tuple[pa.Table, bool]], full: int) -> None:
    with (
        tempfile.TemporaryDirectory() as left,
        tempfile.TemporaryDirectory() as right,
        Archive.open(left, tuning=Tuning(drain_rows=full)) as hot,
        Archive.open(right) as cold,
    ):
        for number, (table, is_hot) in enumerate(batches):
            reports = statics({"t": MIDNIGHT, "imo": number}, {"flags": int(Flag.NO_TIME)})
            stored = hot.append(f"b{number}", "all", table, reports, hot=is_hot)
            assert stored == cold.append(f"b{number}", "all", table, reports)
            check_alike(hot, cold)
        hot.drain()
        check_alike(hot, cold)
        assert hot.stats().hot == 0
        assert hot.drain() == 0


def check_alike(left: Archive, right: Archive) -> None:
    assert as_rows(left.read()) == as_rows(right.read())
    assert left.read(columns=["mmsi", "t"]).to_pylist() == right.read(columns=["mmsi", "t"]).to_pylist()
    assert as_rows(left.read(["amsa"], [567_000_001], MIDNIGHT)) == as_rows(
        right.read(["amsa"], [567_000_001], MIDNIGHT)
    )
    assert as_rows(left.read_statics()) == as_rows(right.read_statics())
    assert as_rows(left.read_quarantine()) == as_rows(right.read_quarantine())
    assert left.sources() == right.sources()
    assert as_rows(left.latest().select(["source", "mmsi", "t"])) == (
        as_rows(right.latest().select(["source", "mmsi", "t"]))
    )
    assert left.latest(["noaa"]).num_rows == right.latest(["noaa"]).num_rows
    ours, theirs = left.stats(), right.stats()
    assert (ours.positions, ours.statics, ours.quarantined) == (theirs.positions, theirs.statics, theirs.quarantined)
    assert left.check() == []


def test_a_hot_batch_is_stored_once_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        kept = {"gap": Carry(MIDNIGHT, b"1")}
        first = archive.append("b1", "amsa", track(0, 20), NONE, findings=[finding("k")], carry=kept, hot=True)
        assert first == Appended(20, False)
        assert archive.append("b1", "amsa", track(0, 20), NONE, hot=True) == Appended(20, True)
        assert archive.append("b1", "amsa", track(0, 20), NONE).duplicate
        assert (archive.stats().hot, archive.stats().batches) == (20, 1)
        assert archive.carry("gap") == kept["gap"]
        assert [f.finding.key for f in archive.findings()] == ["k"]
        archive.drain()
        assert archive.append("b1", "amsa", track(0, 20), NONE, hot=True).duplicate
        assert archive.append("empty", "amsa", POSITIONS.empty_table(), NONE, hot=True) == Appended(0, False)


def test_a_log_is_arrow_streams_one_after_the_other(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        for number in range(3):
            archive.append(f"b{number}", "กรมเจ้าท่า", track(number * 10, 10), NONE, hot=True)
    (log,) = tmp_path.glob("hot/*/log-*.arrows")
    found = list[pa.Table]()
    with log.open("rb") as file:
        while file.tell() < log.stat().st_size:
            with pa.ipc.open_stream(file) as stream:
                found.append(stream.read_all())
    assert as_rows(pa.concat_tables(found).unify_dictionaries()) == as_rows(track(0, 30))


def test_a_large_batch_becomes_files_at_once_and_a_full_log_too(tmp_path: Path) -> None:
    with Archive.open(tmp_path, tuning=Tuning(hot_rows=15, drain_rows=25)) as archive:
        archive.append("large", "amsa", track(0, 16), NONE, hot=True)
        assert archive.stats().hot == 0
        archive.append("one", "amsa", track(20, 15), NONE, hot=True)
        assert archive.stats().hot == 15
        archive.append("two", "amsa", track(40, 10), NONE, hot=True)
        assert archive.stats().hot == 0
        assert archive.read().num_rows == 41


def test_a_batch_is_acknowledged_even_if_its_log_cannot_drain(tmp_path: Path) -> None:
    with Archive.open(tmp_path, tuning=Tuning(drain_rows=5)) as archive:
        blocker = tmp_path / "positions"
        blocker.write_text("a file where a folder must be")
        assert archive.append("b", "amsa", track(0, 9), NONE, hot=True).rows == 9
        assert (archive.read().num_rows, archive.stats().hot) == (9, 9)
        blocker.unlink()
        archive.append("c", "amsa", track(9, 1), NONE, hot=True)
        assert (archive.read().num_rows, archive.stats().hot) == (10, 0)


def test_each_source_has_its_log_and_drained_logs_go_after_their_grace(tmp_path: Path) -> None:
    clock = [1000.0]
    with Archive.open(tmp_path, tuning=Tuning(grace_s=60), now=lambda: clock[0]) as archive:
        archive.append("a", "amsa", track(0, 5), NONE, hot=True)
        archive.append("b", "noaa", track(5, 5), NONE, hot=True)
        logs = set(tmp_path.glob("hot/*/log-*.arrows"))
        assert len(logs) == 2
        assert archive.drain() == 10
        archive.append("c", "amsa", track(10, 5), NONE, hot=True)
        archive.tend(1050)
        assert logs < set(tmp_path.glob("hot/*/log-*.arrows"))
        archive.tend(1060)
        assert archive.read().num_rows == 15
        assert not logs & set(tmp_path.glob("hot/*/log-*.arrows"))


def test_a_torn_tail_is_cut_when_opened_and_written_over_when_not(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive, Archive.open(tmp_path, readonly=True) as reader:
        archive.append("b1", "amsa", track(0, 9), NONE, hot=True)
        (log,) = tmp_path.glob("hot/*/log-*.arrows")
        size = log.stat().st_size
        with log.open("ab") as file:
            file.write(b"half a batch" * 999)
        assert reader.read().num_rows == 9
        archive.append("b2", "amsa", track(9, 9), NONE, hot=True)
        assert log.stat().st_size < 3 * size
        assert reader.read().num_rows == archive.read().num_rows == 18
        with log.open("ab") as file:
            file.write(b"half a batch")
        log.with_name("log-00000099.arrows").write_bytes(b"never named")
    with Archive.open(tmp_path) as archive:
        assert archive.recovered == Recovered(moved=1, torn=1)
        assert as_rows(archive.read()) == as_rows(track(0, 18))
        assert archive.check() == []
    with Archive.open(tmp_path) as archive:
        assert archive.recovered == Recovered()


def test_damage_in_a_log_is_named(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        archive.append("b1", "amsa", track(0, 9), NONE, hot=True)
        archive.append("b2", "amsa", track(9, 9), NONE, hot=True)
        (log,) = tmp_path.glob("hot/*/log-*.arrows")
        data = log.read_bytes()
        log.write_bytes(data[:-60] + b"!" + data[-59:])
        (damage,) = archive.check()
        assert damage.what == "changed"
        assert damage.path.startswith(log.relative_to(tmp_path).as_posix() + "@")
        log.unlink()
        assert [d.what for d in archive.check()] == ["missing", "missing"]
        assert isinstance(damage, Damage)


def test_every_hearing_is_kept(tmp_path: Path) -> None:
    heard: dict[str, Any] = {"t": MIDNIGHT, "lat": 7, "lon": 8}
    rows: list[dict[str, Any]] = [
        heard | {"source": "amsa", "lag_s": 1.5},
        heard | {"source": "noaa", "station": "s1", "lag_s": 40.0},
        heard,
    ]
    with Archive.open(tmp_path) as archive:
        for number, row in enumerate(rows):
            archive.append(f"b{number}", "all", positions(row), NONE, hot=number == 0)
        found = archive.read()
        assert Counter(found["source"].to_pylist()) == {"amsa": 2, "noaa": 1}
        assert set(found["lag_s"].to_pylist()) == {None, 1.5, 40.0}


def test_readers_see_whole_batches_through_log_and_drain(tmp_path: Path) -> None:
    Archive.open(tmp_path).close()
    batches, size = 24, 20

    def write() -> None:
        with Archive.open(tmp_path, tuning=Tuning(drain_rows=5 * size, grace_s=0)) as archive:
            for number in range(batches):
                archive.append(f"b{number}", "amsa", track(number * size, size), NONE, hot=True)
                if number % 7 == 6:
                    archive.compact(at_least=2)

    def read(_: int) -> list[int]:
        with Archive.open(tmp_path, readonly=True) as archive:
            seen = list[int]()
            while not seen or seen[-1] < batches * size:
                seen.append(archive.read(columns=["lat"]).num_rows)
                seen.append(archive.latest().num_rows and archive.read(columns=["t"]).num_rows)
            return seen

    with ThreadPoolExecutor(3) as pool:
        writer = pool.submit(write)
        for seen in pool.map(read, range(2)):
            assert all(count % size == 0 for count in seen)
            assert seen == sorted(seen)
        writer.result()


def test_carries_are_kept_by_upto(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        for upto in (10, 20, 30):
            archive.append(f"b{upto}", "amsa", track(upto, 1), NONE, carry={"gap": Carry(upto, b"%d" % upto)}, hot=True)
        assert archive.carry("gap") == Carry(30, b"30")
        assert archive.carry("gap", 29) == Carry(20, b"20")
        assert archive.carry("gap", 9) is None
        assert archive.carry("encounter") is None
        archive.put_findings("again", [], {"gap": Carry(20, b"other")})
        assert archive.carry("gap", 20) == Carry(20, b"other")


@pytest.mark.parametrize("hot", [True, False])
def test_a_disk_that_is_nearly_full_is_refused_before_anything_is_written(tmp_path: Path, hot: bool) -> None:
    from prasan.errors import PrasanError

    free = [1 << 30]
    with Archive.open(tmp_path, free=lambda _: free[0]) as archive:
        archive.append("b1", "amsa", track(0, 9), NONE, hot=hot)
        before = sorted(path for path in tmp_path.rglob("*") if path.suffix in (".parquet", ".arrows"))
        free[0] = 200 << 20
        assert archive.room() < 0
        with pytest.raises(PrasanError, match="nearly full: 200 MiB are free and 256 MiB"):
            archive.append("b2", "amsa", track(9, 9), NONE, hot=hot)
        assert archive.append("b1", "amsa", track(0, 9), NONE, hot=hot).duplicate
        assert before == sorted(path for path in tmp_path.rglob("*") if path.suffix in (".parquet", ".arrows"))
        assert not archive.has_batch("b2")
        free[0] = 1 << 30
        assert archive.append("b2", "amsa", track(9, 9), NONE, hot=hot).rows == 9
