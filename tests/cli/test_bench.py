"""The benchmarks measure what they say: peers find what we find, and a bar is judged by the line."""

import gzip
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.cli import main
from prasan.cli.bench import (
    MEASURES,
    by_object,
    measures,
    measures_detect,
    measures_exchange_peer,
    memory,
    page,
    pairing,
    peers,
    shipped,
    traffic,
)
from prasan.cli.bench.pairing import Bar, Line, line, paired
from prasan.detect.rules import GFW, apply_settings, preset
from prasan.detect.run import detect
from prasan.exercise.player import play
from prasan.feeds.reference import load_scenario, reference_world
from prasan.picture.position import POSITIONS, STATICS, UNITS_PER_DEGREE

SERVED = ["adopt", *(name for name in MEASURES if name.startswith("taxii"))]
OWN_PROCESS = {"memory", "memory-chain", *SERVED}


@pytest.fixture(scope="module")
def exercise() -> pa.Table:
    return play(load_scenario("gulf-andaman"), "exercise").positions


def messages(rows: pa.Table) -> list[by_object.Message]:
    columns = [rows[name].to_pylist() for name in ("mmsi", "t", "lat", "lon")]
    return [
        by_object.Message(mmsi, t, lat / UNITS_PER_DEGREE, lon / UNITS_PER_DEGREE)
        for mmsi, t, lat, lon in zip(*columns, strict=True)
    ]


def test_the_reference_by_object_finds_the_same_silences(exercise: pa.Table) -> None:
    rules = apply_settings(preset(GFW), ["gap.min_h=6"])
    found = detect(exercise, None, rules, reference_world(), kinds=["gap"]).findings
    enough = [
        (off.ssvid, off.t, on.t) for off, on, before in by_object.gaps(messages(exercise), 6 * 3600) if before >= 14
    ]
    assert enough
    assert sorted((one.mmsi[0], one.start, one.end) for one in found if one.end is not None) == sorted(enough)


def test_the_reference_by_object_finds_the_same_meetings(exercise: pa.Table) -> None:
    found = detect(exercise, None, preset(GFW), reference_world(), kinds=["encounter"]).findings
    theirs = {(a, b) for a, b, _, _ in by_object.encounters(messages(exercise))}
    assert theirs
    assert {one.mmsi for one in found} >= theirs


def test_generated_traffic_is_made_up_as_it_says() -> None:
    rows = traffic.day(200, 0)
    assert rows.schema.equals(POSITIONS)
    key = (rows["mmsi"].to_numpy().astype(np.int64) << 32) | rows["t"].to_numpy()
    assert (np.diff(key) >= 0).all()
    assert len(np.unique(rows["mmsi"].to_numpy())) == 199  # of 200 ships, one has the number of another
    assert np.unique(rows["t"].to_numpy() // traffic.DAY_S).tolist() == [traffic.FIRST_DAY]
    assert traffic.statics(rows).schema.equals(STATICS)
    rules = apply_settings(preset(GFW), ["gap.min_h=4"])
    found = Counter(detect(rows, None, rules, reference_world()).counts["found"])
    assert found["gap"] > 0
    assert found["encounter"] > 0
    assert found["port_visit"] > 0


def test_days_of_generated_traffic_follow_each_other() -> None:
    first, second = (traffic.day(60, number).select(["mmsi", "t", "lat", "lon"]).to_pylist() for number in (0, 1))
    assert max(row["t"] for row in first) < min(row["t"] for row in second)
    last = {row["mmsi"]: row for row in first}
    begin = {row["mmsi"]: row for row in reversed(second)}
    assert len(last) == 60
    for mmsi, row in last.items():  # none of the first 60 is noisy or shares its number
        assert abs(row["lat"] - begin[mmsi]["lat"]) < 0.02 * UNITS_PER_DEGREE
        assert abs(row["lon"] - begin[mmsi]["lon"]) < 0.02 * UNITS_PER_DEGREE


def test_a_bar_is_judged_by_rate_and_by_ratio() -> None:
    def judged(rate: float, peer: float | None, bar: Bar | None) -> tuple[bool | None, str]:
        made = line("n", "w", "u", (rate, peer), peer="p", note="", bar=bar)
        return made.reached, made.why

    assert judged(10, 2, Bar(9, "why", ratio=5)) == (True, "")
    assert judged(10, 2, Bar(11, "why")) == (False, "why")
    assert judged(10, 2, Bar(9, "why", ratio=6)) == (False, "why")
    assert judged(10, None, Bar(9, "why", ratio=6)) == (True, "")
    assert judged(10, 2, None) == (None, "")


RATES = st.floats(1, 9e7)


@st.composite
def a_line(draw: st.DrawFn) -> Line:
    name, unit = draw(st.sampled_from([*MEASURES])), draw(st.sampled_from(["sentences/CPU-s", "positions/kB"]))
    peer = draw(st.sampled_from(["", "pyais", "two GFW rules by object"]))
    rates = draw(RATES), draw(RATES | st.none()) if peer else None
    bar = draw(
        st.none() | st.builds(Bar, RATES, st.sampled_from(["reason " * 30, "short"]), st.none() | st.integers(2, 99))
    )
    return line(name, "what it is", unit, rates, peer=peer, note="said of it " * 40, bar=bar)


@given(st.lists(a_line(), max_size=5))
def test_what_people_read_fits_a_terminal(lines: list[Line]) -> None:
    told = page.table(lines)
    for text in (told, *map(page.notes, lines)):
        assert all(len(part) <= page.WIDTH for part in text.splitlines())
    for one in lines:
        assert one.name in told
        assert ("why not" in told) or one.reached is not False
    assert told.count("why not: ") == sum(one.reached is False for one in lines)


def test_a_row_says_what_it_must() -> None:
    rates, bar = (794_123.0, 61_000.0), Bar(1e6, "the pass over the bytes takes too long", ratio=9)
    told = page.table([line("decode", "w", "sentences/CPU-s", rates, peer="pyais", note="", bar=bar)]).splitlines()
    assert told[1].split() == ["decode", "794", "k/s", "≥", "1", "M,", "9x", "no", "13x", "pyais"]
    assert told[2] == "    why not: the pass over the bytes takes too long"
    assert "0 of 1 bars are reached; not: decode." in told


def test_numbers_are_short() -> None:
    said = [page.short(value) for value in (0, 0.25, 1, 9.999, 12.34, 105.3, 999, 999.7, 1_234, 2e6, 12_345_678)]
    assert said == ["0", "0.25", "1", "10", "12.3", "105", "999", "1 k", "1.23 k", "2 M", "12.3 M"]


def test_work_is_done_in_turn() -> None:
    done = list[str]()

    def work(name: str) -> int:
        done.append(name)
        return 5

    rates = paired(lambda: work("a"), lambda: work("b"), rounds=2)
    assert done == ["a", "b"] * 3
    assert all(rates)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Little data, once."""
    some = b"".join(gzip.decompress(shipped.NOAA.read_bytes()).splitlines(keepends=True)[:2_000])
    table = tmp_path / "noaa.csv.gz"
    table.write_bytes(gzip.compress(some))
    stream = shipped.stream()[:100_000]
    shipped.noaa.cache_clear()
    monkeypatch.setattr(shipped, "NOAA", table)
    monkeypatch.setattr(shipped, "stream", lambda: stream)
    monkeypatch.setattr(pairing, "ROUNDS", 1)
    monkeypatch.setattr(measures, "TIMES", 1)
    monkeypatch.setattr(measures, "SMALL", 3)
    monkeypatch.setattr(measures_detect, "SLOW", 400)


@pytest.mark.parametrize("name", sorted({*MEASURES} - OWN_PROCESS))
def test_every_line_is_measured(name: str, brief: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", name, "--rows", "8000", "--json"]) in (0, 1)
    told = json.loads(capsys.readouterr().out)
    assert told["name"] == name
    assert told["rate"] > 0
    assert ("real" in told["note"]) != ("generated" in told["note"])
    assert (told["ratio"] is None) == (told["peer_rate"] is None)
    assert bool(told["why"]) == (told["reached"] is False)
    shipped.noaa.cache_clear()


@pytest.mark.process
@pytest.mark.parametrize("name", SERVED)
def test_a_served_node_is_measured(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measures_exchange_peer, "SURVIVES", measures_exchange_peer.AT_ONCE)
    assert main(["bench", name, "--rows", "2000", "--json"]) in (0, 1)
    told = json.loads(capsys.readouterr().out)
    assert told["rate"] > 0
    assert "generated" in told["note"]


@pytest.mark.process
def test_memory_is_measured_in_a_process_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "memory", "--rows", "300", "--json"]) == 0
    assert "GB at most" in json.loads(capsys.readouterr().out)["note"]
    assert memory._look_at_day(2_000) > 0


def test_a_peer_that_is_not_there_is_named_with_its_remedy(
    brief: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "module", lambda _: None)
    assert main(["bench", "bins", "--rows", "2000"]) == 0
    assert peers.INSTALL in capsys.readouterr().out
    assert main(["bench", "nothing"]) == 2
