"""The benchmarks measure what they say: peers find what we find, and a bar is judged by the line."""

import json

import pytest

from prasan.cli import main
from prasan.cli.bench import by_object, measures, traffic
from prasan.cli.bench.pairing import line, paired
from prasan.detect.rules import GFW, apply_settings, preset
from prasan.detect.run import detect
from prasan.feeds.reference import reference_world
from prasan.picture.position import UNITS_PER_DEGREE

ROWS = 44_000


def messages() -> list[by_object.Message]:
    columns = [traffic.rows(ROWS)[name].to_pylist() for name in ("mmsi", "t", "lat", "lon")]
    return [
        by_object.Message(mmsi, t, lat / UNITS_PER_DEGREE, lon / UNITS_PER_DEGREE)
        for mmsi, t, lat, lon in zip(*columns, strict=True)
    ]


def test_the_reference_by_object_finds_the_same_silences() -> None:
    rules = apply_settings(preset(GFW), ["gap.min_h=6"])
    found = detect(traffic.rows(ROWS), None, rules, reference_world(), kinds=["gap"]).findings
    enough = [(off.ssvid, off.t, on.t) for off, on, before in by_object.gaps(messages(), 6 * 3600) if before >= 14]
    assert enough
    assert sorted((one.mmsi[0], one.start, one.end) for one in found if one.end is not None) == sorted(enough)


def test_the_reference_by_object_finds_the_same_meetings() -> None:
    found = detect(traffic.rows(ROWS), None, preset(GFW), reference_world(), kinds=["encounter"]).findings
    theirs = {(a, b) for a, b, _, _ in by_object.encounters(messages())}
    assert theirs
    assert {one.mmsi for one in found} >= theirs


def test_generated_rows_are_sorted_and_never_two_ships_under_one_number() -> None:
    rows = traffic.rows(ROWS)
    assert rows.num_rows >= ROWS
    key = [(mmsi, t) for mmsi, t in zip(rows["mmsi"].to_pylist(), rows["t"].to_pylist(), strict=True)]
    assert key == sorted(set(key))


def test_a_bar_is_judged_by_rate_and_by_ratio() -> None:
    def judged(rate: float, peer: float | None, **bars: float) -> bool | None:
        return line("n", "w", "u", (rate, peer), peer="p", note="", **bars).reached

    assert judged(10, 2, bar=9, bar_ratio=5) is True
    assert judged(10, 2, bar=11) is False
    assert judged(10, 2, bar_ratio=6) is False
    assert judged(10, None, bar_ratio=6) is None
    assert judged(10, 2) is None


def test_work_is_done_in_turn() -> None:
    done = list[str]()

    def work(name: str) -> int:
        done.append(name)
        return 5

    rates = paired(lambda: work("a"), lambda: work("b"), rounds=2)
    assert done == ["a", "b"] * 3
    assert all(rates)


def test_the_command_prints_a_line_a_measure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["bench", "size", "--json"]) in (0, 1)
    told = json.loads(capsys.readouterr().out)
    assert (told["name"], told["peer"]) == ("size", "plain Parquet")
    assert told["ratio"] > 1
    assert main(["bench", "nothing"]) == 2
    monkeypatch.setenv("COLUMNS", "200")
    main(["bench", "size", "encounter", "--rows", str(ROWS)])
    assert "archive size" in capsys.readouterr().out
    assert measures.SAID_REAL in told["note"]
