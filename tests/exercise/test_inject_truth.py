"""The tool that puts known events into real tracks: it changes what it says, and nothing else."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import prasan
from prasan.feeds.files import read_sources

ROOT = Path(__file__).parents[2]
TRACKS = [str(path) for path in sorted((Path(prasan.__file__).parent / "data" / "ais").glob("gfw_*.jsonl.gz"))]
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
    run, *told = inject(tmp_path / "after", "--seed", "3", "--silences", "1", "--splices", "0", "--approaches", "0")
    before, after = fixes(tmp_path / "before"), fixes(tmp_path / "after")
    assert run["row"] == "run"
    assert run["vessel_days"] > 0
    assert after < before
    assert {line["what"] for line in told} <= {"transmitter_off", "station_outage"}
    assert {mmsi for _, mmsi, _, _ in before - after} == {mmsi for line in told for mmsi in line["mmsi"]}


def test_the_same_seed_injects_the_same(tmp_path: Path) -> None:
    assert inject(tmp_path / "a", *FEW) == inject(tmp_path / "b", *FEW)
    assert (tmp_path / "a" / "ais.nmea").read_bytes() == (tmp_path / "b" / "ais.nmea").read_bytes()
