"""`prasan simulate` and `prasan score` as a user types them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from prasan.cli import main


def run(capfd: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    try:
        code = main([str(word) for word in words])
    except SystemExit as left:
        code = int(left.code or 0)
    out, err = capfd.readouterr()
    assert "Traceback" not in err
    return code, out, err


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    assert main(["simulate", "--area", "malacca", "--hours", "24", "--vessels", "40", "--out", str(folder)]) == 0
    return folder


def test_simulate_writes_sentences_truth_and_zones(
    capfd: pytest.CaptureFixture[str], made: Path, tmp_path: Path
) -> None:
    code, out, _ = run(capfd, "simulate", "--hours", 12, "--vessels", 20, "--seed", 7, "--out", tmp_path)
    said = json.loads(out)
    assert (code, said["seed"], said["area"]) == (0, 7, "gulf-andaman")
    assert (tmp_path / "ais.nmea").stat().st_size == said["bytes"]
    for folder in (made, tmp_path):
        first, *lines = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]
        assert first["row"] == "run"
        assert {line["row"] for line in lines} == {"event", "innocent", "unjudged", "reception"}
        assert len(json.loads((folder / "zones.geojson").read_text())["features"]) == 3
        assert (folder / "ais.nmea").read_bytes().startswith(b"\\s:")


def test_the_sentences_decode_without_a_loss(capfd: pytest.CaptureFixture[str], made: Path, tmp_path: Path) -> None:
    code, _, err = run(capfd, "decode", made / "ais.nmea", "--to", "parquet", "--out", tmp_path / "rows")
    assert code == 0
    assert json.loads(err.splitlines()[-1])["dropped"] == {}


def test_detect_and_score_fit_together(capfd: pytest.CaptureFixture[str], made: Path, tmp_path: Path) -> None:
    assert run(capfd, "detect", made / "ais.nmea", "--out", tmp_path / "events.jsonl")[0] == 0
    code, out, _ = run(capfd, "score", tmp_path / "events.jsonl", made / "truth.jsonl")
    said: dict[str, Any] = json.loads(out)
    assert code == 0
    assert len(out.splitlines()) == 1
    assert said["kinds"]["gap"]["truth"] >= 1
    assert said["vessel_days"] > 40
    runs = tmp_path / "runs"
    for name in ("one", "two"):
        (runs / name).mkdir(parents=True)
        shutil.copy(made / "truth.jsonl", runs / name)
        assert run(capfd, "detect", made / "ais.nmea", "--out", runs / name / "events.jsonl")[0] == 0
    code, out, _ = run(capfd, "score", runs)
    twice: dict[str, Any] = json.loads(out)
    assert (twice["runs"], twice["alerts"]) == (2, 2 * said["alerts"])
    code, out, _ = run(capfd, "score", tmp_path / "events.jsonl", made / "truth.jsonl", runs / "one", "--table")
    assert (code, out.splitlines()[0]) == (0, f"2 runs, {2 * said['vessel_days']:g} vessel-days")


@pytest.mark.parametrize(
    "words",
    [
        ("simulate", "--area", "atlantis", "--out", "{tmp}"),
        ("simulate", "--vessels", "0", "--out", "{tmp}"),
        ("simulate", "--hours", "nan", "--out", "{tmp}"),
        ("simulate", "--hours", "2", "--out", "{tmp}"),
        ("simulate", "--seed", "-1", "--out", "{tmp}"),
        ("score", "{tmp}/none", "{tmp}/none"),
        ("score", "{tmp}/bad", "{tmp}/bad"),
        ("score", "{tmp}/empty", "{tmp}/empty"),
        ("score", "{tmp}"),
        ("score", "{tmp}/empty"),
    ],
)
def test_wrong_use_is_one_sentence(capfd: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "bad").write_bytes(b"\xff{")
    (tmp_path / "empty").write_bytes(b"")
    code, out, err = run(capfd, *(word.format(tmp=tmp_path) for word in words))
    assert (code, out) == (2, "")
    assert err.startswith("prasan: ")
    assert len(err.splitlines()) == 1
