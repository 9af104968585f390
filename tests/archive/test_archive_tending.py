"""Tending: what is due is done, what others read stays, and what a source's owner lets us keep goes in its time."""

import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from archive_rows import MIDNIGHT, SOURCES, as_rows, position_tables, positions, statics, track
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.archive import Archive, Backfill, Tended, Tuning
from prasan.archive.bins import make_bins
from prasan.archive.recovery import Busy, tending
from prasan.picture.position import POSITIONS, STATICS, Flag

NONE = STATICS.empty_table()
DAY = 86_400
TODAY = MIDNIGHT // DAY
AT_ONCE = Tuning(quiet_s=0, grace_s=0, drain_s=0)


def files(folder: Path, kind: str = "positions") -> list[Path]:
    return sorted(path for path in folder.glob(f"{kind}/**/*.parquet"))


class Clock:
    """Time as a test sets it."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_a_log_drains_when_it_is_old_enough(tmp_path: Path) -> None:
    clock = Clock(MIDNIGHT)
    with Archive.open(tmp_path, now=clock) as archive:
        archive.append("b", "amsa", track(0, 10), NONE, hot=True)
        assert archive.tend(MIDNIGHT + 59) == Tended()
        assert archive.tend(MIDNIGHT + 60).drained == 10
        assert archive.read().num_rows == 10


def test_a_past_day_is_closed_at_once_when_no_more_is_coming(tmp_path: Path) -> None:
    clock = Clock(MIDNIGHT + 9 * DAY)
    with Archive.open(tmp_path, now=clock) as archive:
        for number in range(3):
            archive.append(f"b{number}", "amsa", positions({"lat": number}), NONE)
        assert archive.tend(clock.now) == Tended()
        done = archive.tend(clock.now, at_rest=True)
        assert (done.merged, done.made, done.closed) == (3, 1, (TODAY,))
        assert archive.read().num_rows == 3


def test_small_files_are_merged_when_they_are_many_or_old(tmp_path: Path) -> None:
    clock = Clock(MIDNIGHT)
    with Archive.open(tmp_path, now=clock, tuning=Tuning(compact_files=4, close_days=9)) as archive:
        for number in range(3):
            archive.append(f"b{number}", "amsa", positions({"lat": number}), NONE)
        assert archive.tend(MIDNIGHT + 3599).merged == 0
        done = archive.tend(MIDNIGHT + 3600)
        assert (done.merged, done.made, done.closed, done.more) == (3, 1, (), False)
        clock.now = MIDNIGHT + 3600
        for number in range(3, 6):
            archive.append(f"b{number}", "amsa", positions({"lat": number}), NONE)
        assert archive.tend(MIDNIGHT + 3601).merged == 4
        assert archive.read()["lat"].to_pylist() == list(range(6))


def test_replaced_files_stay_for_readers_that_know_their_names(tmp_path: Path) -> None:
    clock = Clock(MIDNIGHT)
    with Archive.open(tmp_path, now=clock, tuning=Tuning(grace_s=100)) as archive:
        for number in range(3):
            archive.append(f"b{number}", "amsa", positions({"lat": number}), NONE)
        old = files(tmp_path)
        archive.compact(at_least=2)
        assert archive.tend(MIDNIGHT + 99).removed == 0
        assert all(path.exists() for path in old)
        assert archive.tend(MIDNIGHT + 100).removed == 3
        assert not any(path.exists() for path in old)


def test_a_day_is_closed_once_as_one_sorted_file_a_bucket(tmp_path: Path) -> None:
    clock = Clock(MIDNIGHT + 10)
    with Archive.open(tmp_path, now=clock, buckets=2, tuning=Tuning(grace_s=0)) as archive:
        for number in range(4):
            rows = positions(*({"mmsi": 100 + n, "lat": number, "t": MIDNIGHT + n} for n in range(30)))
            archive.append(f"b{number}", "amsa", rows, statics({"imo": number}), hot=number % 2 == 1)
        assert archive.tend(MIDNIGHT + 2 * DAY - 1).closed == ()
        clock.now = MIDNIGHT + 2 * DAY
        archive.append("late", "amsa", positions({"t": MIDNIGHT + 5}), NONE)
        assert archive.tend(MIDNIGHT + 2 * DAY + 599).closed == ()  # rows are still coming
        done = archive.tend(MIDNIGHT + 2 * DAY + 600)
        assert done.closed == (TODAY,)
        assert (len(files(tmp_path)), len(files(tmp_path, "bins")), len(files(tmp_path, "statics"))) == (2, 2, 1)
        assert archive.tend(MIDNIGHT + 2 * DAY + 9999) == Tended()
        assert archive.read().num_rows == 121
        assert archive.check() == []


@pytest.mark.parametrize("hot", [True, False])
def test_who_brings_rows_of_closed_days_is_told_which(tmp_path: Path, hot: bool) -> None:
    with Archive.open(tmp_path, tuning=AT_ONCE, now=lambda: MIDNIGHT) as archive:
        assert archive.append("b", "amsa", positions({}), NONE).backfill == ()
        assert archive.tend(MIDNIGHT + 3 * DAY).closed == (TODAY,)
        rows = positions(
            {"mmsi": 9}, {"mmsi": 8}, {"mmsi": 9}, {"mmsi": 3, "t": MIDNIGHT - 1}, {"flags": int(Flag.NO_TIME)}
        )
        told = (Backfill(TODAY, (5, 8, 9)),)
        reports = statics({"mmsi": 5})
        assert archive.append("late", "amsa", rows, reports, hot=hot).backfill == told
        again = archive.append("late", "amsa", rows, reports, hot=hot)
        assert again.duplicate
        assert again.backfill == told
        assert archive.tend(MIDNIGHT + 3 * DAY).closed == (TODAY - 1,)
        assert len(files(tmp_path)) == 2
        assert archive.append("b", "amsa", positions({}), NONE).backfill == ()


def test_only_one_tends(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive, Archive.open(tmp_path) as other:
        archive.append("b", "amsa", track(0, 5), NONE, hot=True)
        with tending(archive._ground):
            assert other.tend(2**32) == Tended(busy=True)
            with pytest.raises(Busy, match="Somebody else"):
                other.compact()
            assert other.append("c", "amsa", track(5, 5), NONE).rows == 5
            (tmp_path / "work").mkdir(exist_ok=True)
            (tmp_path / "work" / "part-1.parquet").write_bytes(b"being merged")
            Archive.open(tmp_path).close()
            assert (tmp_path / "work" / "part-1.parquet").exists()
        with Archive.open(tmp_path) as later:
            assert later.recovered.temporary == 1


def test_a_disk_without_room_is_not_merged_on(tmp_path: Path) -> None:
    free = [1 << 40]
    with Archive.open(tmp_path, tuning=AT_ONCE, now=lambda: MIDNIGHT, free=lambda _: free[0]) as archive:
        for number in range(3):
            archive.append(f"b{number}", "amsa", positions({"lat": number}), NONE)
        archive.append("hot", "amsa", positions({"lat": 9}), NONE, hot=True)
        free[0] = AT_ONCE.free_bytes
        done = archive.tend(MIDNIGHT + 9 * DAY)
        assert (done.low, done.merged, done.closed, done.drained) == (True, 0, (), 1)
        free[0] = 1 << 40
        assert archive.tend(MIDNIGHT + 9 * DAY).closed == (TODAY,)
        assert archive.read().num_rows == 4


def test_a_damaged_file_holds_up_its_own_day_only(tmp_path: Path) -> None:
    with Archive.open(tmp_path, tuning=AT_ONCE, now=lambda: MIDNIGHT) as archive:
        for number in range(2):
            archive.append(f"b{number}", "amsa", positions({"lat": number}, {"t": MIDNIGHT - 1}), NONE)
        bad = files(tmp_path)[0]
        bad.write_bytes(b"no Parquet")
        done = archive.tend(MIDNIGHT + 9 * DAY)
        assert done.closed == (TODAY,)
        assert done.damaged == (bad.parent.relative_to(tmp_path).as_posix() + "/",)
        assert [damage.what for damage in archive.check()] == ["changed"]
        assert not list((tmp_path / "work").glob("*"))


def test_time_that_is_up_ends_the_merging_not_the_work(tmp_path: Path) -> None:
    with Archive.open(tmp_path, tuning=AT_ONCE, now=lambda: MIDNIGHT) as archive:
        archive.append("a", "amsa", track(0, 60), NONE)
        archive.append("b", "amsa", track(60, 60), NONE)
        assert archive.tend(MIDNIGHT + 99 * DAY, seconds=-1).more
        done = archive.tend(MIDNIGHT + 99 * DAY)
        assert not done.more
        assert len(done.closed) == 2


def test_what_interrupted_writers_left_goes_in_the_end(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        lost = tmp_path / "lost" / "positions" / "part-1.parquet"
        lost.parent.mkdir(parents=True)
        lost.write_bytes(b"uncommitted")
        written = lost.stat().st_mtime
        assert archive.tend(written + 29 * DAY).removed == 0
        assert archive.tend(written + 31 * DAY).removed == 1
        assert not lost.exists()


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(position_tables, st.booleans()), max_size=4),
    st.dictionaries(st.sampled_from(SOURCES), st.integers(0, 3)),
    st.integers(MIDNIGHT - DAY, MIDNIGHT + 4 * DAY),
    st.booleans(),
)
def test_rows_older_than_their_source_allows_go_and_no_other(
    batches: list[tuple[pa.Table, bool]], store_days: dict[str, int], now: int, merge: bool
) -> None:
    clock = Clock(now)
    with tempfile.TemporaryDirectory() as folder, Archive.open(folder, tuning=AT_ONCE, now=clock) as archive:
        for number, (table, hot) in enumerate(batches):
            archive.append(f"b{number}", "all", table, NONE, hot=hot)
        if merge:
            archive.compact(at_least=2)
        rows, bins, undated = archive.read().to_pylist(), archive.bins().to_pylist(), archive.read_quarantine()
        old = [r for r in rows if r["source"] in store_days and r["t"] // DAY < now // DAY - store_days[r["source"]]]
        assert archive.expire(now, store_days) == Counter(r["source"] for r in old)
        kept = [r for r in rows if r not in old]
        assert as_rows(archive.read()) == as_rows(pa.Table.from_pylist(kept, schema=POSITIONS))
        assert archive.bins().to_pylist() == bins
        assert as_rows(archive.read_quarantine()) == as_rows(undated)
        assert {(r["source"], r["t"] // DAY) for r in archive.latest().to_pylist()} <= {
            (r["source"], r["t"] // DAY) for r in kept
        }
        assert {s: n.rows for s, n in archive.sources().items()} == Counter(r["source"] for r in kept)
        assert archive.expire(now, store_days) == {}
        assert archive.check() == []
        for day in {r["bin"] // 144 for r in bins}:
            archive.rebuild_bins(day)
        assert archive.bins().to_pylist() == bins
        assert all(archive.append(f"b{n}", "all", table, NONE).duplicate for n, (table, _) in enumerate(batches))


def test_statics_and_undated_rows_go_in_their_time_too(tmp_path: Path) -> None:
    clock = Clock(MIDNIGHT)
    rows: list[dict[str, Any]] = [{}, {"flags": int(Flag.NO_TIME)}, {"flags": int(Flag.NO_TIME), "source": "noaa"}]
    with Archive.open(tmp_path, tuning=AT_ONCE, now=clock) as archive:
        archive.append("b", "amsa", positions(*rows), statics({"imo": 1}, {"imo": 2, "source": "noaa"}))
        assert archive.tend(MIDNIGHT + 10 * DAY - 1, {"amsa": 9}).expired == {}
        assert archive.tend(MIDNIGHT + 10 * DAY, {"amsa": 9}).expired == {"amsa": 3}
        assert archive.read().num_rows == archive.latest().num_rows == 0
        assert archive.read_statics()["imo"].to_pylist() == [2]
        assert archive.read_quarantine()["source"].to_pylist() == ["noaa"]
        assert archive.check() == []


def test_rows_that_come_for_an_expired_day_are_in_bins_and_go_again(tmp_path: Path) -> None:
    now = MIDNIGHT + 10 * DAY
    with Archive.open(tmp_path, tuning=AT_ONCE, now=lambda: MIDNIGHT) as archive:
        archive.append("a", "amsa", positions({"lat": 1}), NONE)
        assert archive.expire(now, {"amsa": 5}) == {"amsa": 1}
        archive.append("b", "amsa", positions({"lat": 2}), NONE)
        assert archive.bins()["n"].to_pylist() == [2]
        archive.rebuild_bins(TODAY)
        assert archive.bins()["n"].to_pylist() == [2]
        assert archive.latest().num_rows == 1
        assert archive.expire(now, {"amsa": 5}) == {"amsa": 1}
        assert archive.bins()["n"].to_pylist() == [2]
        assert archive.read().num_rows == archive.latest().num_rows == 0


def test_readers_go_on_through_expiry(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        archive.append("a", "amsa", positions({}, {"source": "noaa"}), NONE)
        old = files(tmp_path)
        archive.expire(MIDNIGHT + 10 * DAY, {"amsa": 5})
        assert archive.read()["source"].to_pylist() == ["noaa"]
        assert old[0].exists()


def test_appending_and_reading_go_on_while_it_is_tended(tmp_path: Path) -> None:
    batches, size = 30, 20
    often = Tuning(quiet_s=0, grace_s=0, drain_s=0, compact_files=3, close_days=0)
    with Archive.open(tmp_path, tuning=often, buckets=2) as archive, ThreadPoolExecutor(3) as pool:

        def tend() -> None:
            while not archive.has_batch(f"b{batches - 1}"):
                assert not archive.tend(2.0**33).busy

        def read() -> None:
            while (count := archive.read(columns=["lat"]).num_rows) < batches * size:
                assert count % size == 0
                assert archive.bins()["n"].to_numpy().sum() % size == 0

        tender, reading = pool.submit(tend), pool.submit(read)
        told = [archive.append(f"b{n}", "amsa", track(n * size, size), NONE, hot=n % 3 > 0) for n in range(batches)]
        reading.result()
        tender.result()
        assert sum(one.rows for one in told) == batches * size
        archive.tend(2.0**33)
        assert as_rows(archive.read()) == as_rows(track(0, batches * size))
        assert archive.bins().to_pylist() == make_bins(track(0, batches * size)).to_pylist()
        assert archive.check() == []
