"""A receiver whose clock is off: its rows are set aside before they are stored, and the node says so."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from node.node_kit import Kit, new_home
from prasan.node.clocks import ClockWatch
from prasan.node.ingest import ingest
from prasan.node.live import Live
from prasan.node.live_health import Ward
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


@pytest.mark.parametrize(("stations", "code"), [(1, ""), (2, "clock_disputed"), (3, "clock_off")])
def test_live_receivers_that_differ_are_ills_of_the_node(tmp_path: Path, quick: None, stations: int, code: str) -> None:
    kit = Kit(new_home(tmp_path))
    live = Live(kit.node, [])
    ingest(kit.node, [table(tmp_path, lines(120, stations))])
    rows = kit.node.archive.read(ordered=False)
    quarantined = kit.node.archive.read_quarantine()
    whole = pa.concat_tables([rows, quarantined]).unify_dictionaries()
    minutes = whole["t"].to_numpy() // 60
    for minute in np.unique(minutes).tolist():
        live.clocks.judge("live", whole.filter(pa.array(minutes == minute)))
    ills = Ward(kit.node, live).ills()
    assert {ill.code for ill in ills} == ({code} if code else set())
    if code == "clock_off":
        (ill,) = ills
        assert (ill.values["receiver"], ill.values["late_s"], ill.values["others"]) == ("coast.csv s0", 120.0, 2)
        assert ill.since is not None
        assert ill.since // HOUR >= BEGIN // HOUR + 1
    kit.close()


def test_clocks_of_two_data_sets_are_never_compared(tmp_path: Path, quick: None) -> None:
    kit, watch = Kit(new_home(tmp_path)), ClockWatch(ClockRule(one_in=1))
    ingest(kit.node, [table(tmp_path, lines(0))])
    rows = kit.node.archive.read()
    names = np.array(rows["station"].to_pylist())
    for number in range(3):
        one = rows.filter(pa.array(names == f"s{number}"))
        late = one.set_column(0, rows.schema.field("t"), pa.array(one["t"].to_numpy() + 600 * number))
        assert watch.judge(f"clock {number}", late)[1] == 0
    assert list(watch.wrong()) == []
    kit.close()
