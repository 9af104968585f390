"""The tool that puts known events into real tracks: it changes what it says, and nothing else."""

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import prasan
from prasan.feeds.files import read_sources
from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.sphere import distance_m

ROOT = Path(__file__).parents[2]
TRACKS = [str(path) for path in sorted((Path(prasan.__file__).parent / "data" / "ais").glob("gfw_*.jsonl.gz"))]
ALONE = ("--others", "0")
FEW = ("--seed", "5", "--splices", "1", "--approaches", "1", "--silences", "2")


def inject(out: Path, *options: str) -> list[dict[str, Any]]:
    command = [sys.executable, str(ROOT / "tools" / "inject_truth.py"), *TRACKS, "--out", str(out), *options]
    subprocess.run(command, check=True, capture_output=True)
    return [json.loads(line) for line in (out / "truth.jsonl").read_text().splitlines()]


def fixes(folder: Path) -> set[tuple[int, int, int, int]]:
    found = set()
    for item in read_sources([str(folder / "ais.nmea")], None):
        assert not item.batch.counts.dropped
        rows = item.batch.positions
        found |= set(zip(*(rows[name].to_pylist() for name in ("t", "mmsi", "lat", "lon")), strict=True))
    return found


def test_only_what_is_told_was_taken_out(tmp_path: Path) -> None:
    inject(tmp_path / "before", "--untouched")
    run, *told = inject(
        tmp_path / "after", "--seed", "3", "--silences", "1", "--splices", "0", "--approaches", "0", *ALONE
    )
    before, after = fixes(tmp_path / "before"), fixes(tmp_path / "after")
    assert run["row"] == "run"
    assert run["vessel_days"] > 0
    assert after < before
    assert {line["what"] for line in told} <= {"transmitter_off", "station_outage"}
    assert {mmsi for _, mmsi, _, _ in before - after} == {mmsi for line in told for mmsi in line["mmsi"]}


def test_a_vessel_falls_silent_under_way_and_not_alone(tmp_path: Path) -> None:
    inject(tmp_path / "before", "--untouched")
    seen = fixes(tmp_path / "before")
    _, *told = inject(tmp_path / "after", "--seed", "4", *ALONE)
    silent = [line for line in told if line["what"] == "transmitter_off"]
    assert silent
    for line in silent:
        begin = dt.datetime.fromisoformat(line["start"]).timestamp()
        own = sorted(row for row in seen if row[1] == line["mmsi"][0] and begin - 5400 <= row[0] <= begin)
        knots = distance_m(*(value / UNITS_PER_DEGREE for value in (*own[0][2:], *own[-1][2:]))) / 1852
        assert knots / ((own[-1][0] - own[0][0]) / 3600) > 2.9
    _, *told = inject(tmp_path / "far", "--seed", "4")
    assert all(line["neighbours"] >= 5 for line in told if line["what"] == "transmitter_off")


def test_the_same_seed_injects_the_same(tmp_path: Path) -> None:
    assert inject(tmp_path / "a", *FEW) == inject(tmp_path / "b", *FEW)
    assert (tmp_path / "a" / "ais.nmea").read_bytes() == (tmp_path / "b" / "ais.nmea").read_bytes()
