"""A receiver whose clock is off: its rows are set aside before they are stored, and the node says so."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from node.node_kit import Kit, new_home
from prasan.feeds.files import read_source
from prasan.node.finding.clocks import ClockWatch, known_off, read_fit
from prasan.node.keeping.live_health import Ward
from prasan.node.seeing.ingest import ingest, store
from prasan.node.seeing.live import Live
from prasan.node.seeing.watching import Watcher
from prasan.stores.rows import EventRow
from prasan.tracks.clocks import ClockRule

BEGIN, HOUR = 1_772_409_600, 3600


def lines(off_s: int, stations: int = 3) -> list[str]:
    """Forty ships, a report a minute for two hours, heard by all stations; the first is off in the second hour."""
    made = []
    for minute in range(120):
        for ship in range(40):
            lat, lon = 6 + ship / 8, 99 + minute / 360
            for station in range(stations):
                late = off_s if station == 0 and minute >= 60 else 0
                t = BEGIN + minute * 60 + ship + late
                made.append(f"{567_000_000 + ship * 37},{t},{lat:.4f},{lon:.6f},10.0,90.0,s{station}")
    return made


def table(folder: Path, rows: list[str]) -> str:
    path = folder / "coast.csv"
    path.write_text("\n".join(["mmsi,t,lat,lon,sog,cog,station", *rows]) + "\n")
    return str(path)


@pytest.mark.parametrize("off_s", [0, 120])
def test_rows_of_a_clock_that_is_off_are_in_quarantine(tmp_path: Path, quick: None, off_s: int) -> None:
    kit = Kit(new_home(tmp_path))
    (taken,), _ = ingest(kit.node, [table(tmp_path, lines(off_s))])
    wrong = 60 * 40 if off_s else 0
    assert (taken.clock_off, taken.quarantined, taken.rows) == (wrong, wrong, 3 * 120 * 40 - wrong)
    kept = kit.node.archive.read(columns=["t", "station"])
    late = kept.filter(pa.array(kept["t"].to_numpy() >= BEGIN + HOUR))
    assert set(late["station"].to_pylist()) == ({"s1", "s2"} if off_s else {"s0", "s1", "s2"})
    kit.close()


def test_the_same_file_again_is_the_same_whatever_is_thought_of_its_clocks(tmp_path: Path, quick: None) -> None:
    kit = Kit(new_home(tmp_path))
    path = table(tmp_path, lines(300))
    ingest(kit.node, [path])
    (again,), _ = ingest(kit.node, [path])
    assert (again.rows, again.quarantined) == (0, 0)
    kit.close()


def sources(folder: Path, off_s: int, count: int) -> list[str]:
    """A file for each of the receivers: sources of one clock, with a station each."""
    every = lines(off_s, count)
    names = [folder / f"source{number}.csv" for number in range(count)]
    for number, path in enumerate(names):
        mine = [line.removesuffix(f",s{number}") for line in every if line.endswith(f"s{number}")]
        path.write_text("\n".join(["mmsi,t,lat,lon,sog,cog", *mine]) + "\n")
    return [str(path) for path in names]


@pytest.mark.parametrize(("count", "found"), [(2, True), (3, False)])
def test_of_three_sources_the_one_that_is_off_moves_no_ship(
    tmp_path: Path, quick: None, count: int, found: bool
) -> None:
    """Ten minutes off, ships seem to leap to and fro, whichever is stored first. Of two nobody can tell."""
    kit = Kit(new_home(tmp_path))
    taken, _ = ingest(kit.node, sources(tmp_path, 600, count))
    assert {one.clock_off for one in taken} == {0}, "no source decides what is kept of another"
    kinds = {row.kind for row in kit.node.store.events() if row.state != "withdrawn"}
    assert bool(kinds & {"speed_jump", "duplicate_identity"}) == found
    kit.close()


def each_minute(kit: Kit, live: Live, paths: list[str]) -> Iterator[int]:
    """The rows of the archive as feeds bring them: a minute of the first source, then of the next."""
    rows = kit.node.archive.read([Path(path).name for path in paths], ordered=False)
    minutes, names = rows["t"].to_numpy() // 60, np.array(rows["source"].to_pylist())
    for minute in np.unique(minutes).tolist():
        for path in paths:
            some = rows.filter(pa.array((minutes == minute) & (names == Path(path).name)))
            live.clocks.compare("live", live.clocks.judge(Path(path).name, some)[0])
        live.clocks.remember(kit.node)
        yield minute


@pytest.mark.parametrize(("count", "code"), [(1, ""), (2, "clock_disputed"), (3, "clock_off")])
def test_live_receivers_that_differ_are_ills_of_the_node(tmp_path: Path, quick: None, count: int, code: str) -> None:
    kit = Kit(new_home(tmp_path))
    live = Live(kit.node, [])
    paths = sources(tmp_path, 120, count)
    ingest(kit.node, paths)
    for _ in each_minute(kit, live, paths):
        pass
    ills = Ward(kit.node, live).ills()
    assert {ill.code for ill in ills} == ({code} if code else set())
    off = known_off(kit.node, [Path(path).name for path in paths])
    assert off.keys() == ({("source0.csv", "")} if code == "clock_off" else set())
    if code == "clock_off":
        (ill,) = ills
        assert (ill.values["receiver"], ill.values["late_s"], ill.values["others"]) == ("source0.csv", 120.0, 2)
        left = read_fit(kit.node, [Path(path).name for path in paths], t_from=BEGIN + HOUR, columns=["mmsi", "t"])
        assert (left.column_names, left.num_rows) == (["t", "mmsi"], 2 * 60 * 40)
    kit.close()


def test_what_was_stored_before_it_could_be_told_is_taken_back(tmp_path: Path, quick: None) -> None:
    """The run goes back to before the hour that is off, as if its rows had never come."""
    kit = Kit(new_home(tmp_path))
    live, paths = Live(kit.node, []), sources(tmp_path, 600, 3)
    ingest(kit.node, paths[:1])
    clock = kit.node.settings.source_for("source0.csv").clock
    watcher = Watcher(kit.node, clock)
    for path in paths[1:]:
        ingest_only(kit, path)
    watcher.step(BEGIN + 3 * HOUR)
    assert {one.kind for one in standing(kit)} & {"speed_jump", "duplicate_identity"}
    for _ in each_minute(kit, live, paths):
        pass
    watcher.step(BEGIN + 3 * HOUR + 60)
    assert not {one.kind for one in standing(kit)} & {"speed_jump", "duplicate_identity"}
    kit.close()


def ingest_only(kit: Kit, path: str) -> None:
    """Stored and not looked at."""
    batches = [item.batch for item in read_source(path, kit.node.clock.now(), None, Path(path).name)]
    store(kit.node.archive, Path(path).name, batches)


def standing(kit: Kit) -> list[EventRow]:
    return [row for row in kit.node.store.events() if row.state != "withdrawn"]


def test_clocks_of_two_data_sets_are_never_compared(tmp_path: Path, quick: None) -> None:
    kit, watch = Kit(new_home(tmp_path)), ClockWatch(ClockRule(one_in=1))
    ingest(kit.node, [table(tmp_path, lines(0))])
    rows = kit.node.archive.read()
    names = np.array(rows["station"].to_pylist())
    for number in range(3):
        one = rows.filter(pa.array(names == f"s{number}"))
        late = one.set_column(0, rows.schema.field("t"), pa.array(one["t"].to_numpy() + 600 * number))
        watch.compare(f"clock {number}", late)
    assert list(watch.wrong()) == []
    kit.close()
