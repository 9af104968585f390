"""The carry law: cut anywhere, in any number of pieces, the last word on every finding is the same."""

from itertools import pairwise

import fleet
import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.detect.chain import ChainCarry, advance
from prasan.detect.rules import PRASAN, apply_settings, preset
from prasan.detect.run import detect
from prasan.picture.finding import Finding
from prasan.tracks.settle import SettleCarry, settle

RULES = apply_settings(preset(PRASAN), ["encounter.moved_km=0"])
WORLD = fleet.world()
TRACK_KINDS = ("duplicate_identity", "speed_jump", "invalid_identity")


@st.composite
def traffic(draw: st.DrawFn) -> list[fleet.Row]:
    """Ships that meet, fall silent, jump and share numbers; stamps collide, some on whole minutes."""
    rows: list[fleet.Row] = []
    base_lat, base_lon = draw(st.sampled_from([(8.0, 102.0), (77.0, 179.999), (-60.0, -179.9995)]))
    for ship in range(draw(st.integers(1, 3))):
        mmsi = draw(st.sampled_from([fleet.SHIP, fleet.SHIP + 1, 123_456_789]))
        step = draw(st.sampled_from([300, 540, 600, 1800]))
        start = fleet.DAY + draw(st.integers(0, 7200))
        count = draw(st.integers(5, 60))
        quiet = draw(st.integers(0, count))
        away = draw(st.sampled_from([0.0, 0.0005, 0.003, 3.0]))
        for number in range(count):
            late = 8 * 3600 if number >= quiet else 0
            wild = draw(st.integers(0, 30)) == 0
            lat = base_lat + away + ship * 0.0002 + number * draw(st.sampled_from([0.0, 0.0001, 0.02]))
            rows.append((mmsi, start + number * step + late, lat + (5.0 if wild else 0.0), base_lon))
    return sorted(rows, key=lambda row: row[1])


def in_pieces(rows: list[fleet.Row], cuts: list[int], upto: int) -> tuple[dict[str, Finding], ChainCarry]:
    bounds = sorted({0, len(rows), *cuts})
    last: dict[str, Finding] = {}
    held: SettleCarry | None = None
    carry: ChainCarry | None = None
    for begin, end in pairwise(bounds):
        passed = rows[end][1] if end < len(rows) else upto
        fixes, held = settle(fleet.table(rows[begin:end]), held, passed)
        found, carry = advance(fixes, carry, passed, RULES, WORLD)
        last |= {one.key: one for one in found}
    assert carry is not None
    return last, carry


@settings(max_examples=60, deadline=None)
@given(traffic(), st.lists(st.integers(0, 200), max_size=6), st.integers(1, 200_000))
def test_pieces_say_what_the_whole_says(rows: list[fleet.Row], cuts: list[int], after: int) -> None:
    upto = rows[-1][1] + after
    whole, whole_carry = in_pieces(rows, [], upto)
    pieces, carry = in_pieces(rows, [cut for cut in cuts if cut < len(rows)], upto)
    assert pieces == whole
    assert carry.not_assessable() == whole_carry.not_assessable()


@settings(max_examples=30, deadline=None)
@given(traffic(), st.randoms(use_true_random=False))
def test_order_and_tables_do_not_matter(rows: list[fleet.Row], random: np.random.Generator) -> None:
    expected = detect(fleet.table(rows), None, RULES, WORLD)
    shuffled = list(rows)
    random.shuffle(shuffled)
    half = len(shuffled) // 2
    pieces = pa.concat_tables([fleet.table(shuffled[:half], "b"), fleet.table(shuffled[half:], "a")])
    result = detect(pieces, None, RULES, WORLD)
    assert [(one.key, one.start, one.end) for one in result.findings] == [
        (one.key, one.start, one.end) for one in expected.findings
    ]
    assert result.counts["excluded"] == expected.counts["excluded"]


def test_an_empty_tick_opens_a_gap_and_its_closing_keeps_the_key() -> None:
    rows = fleet.sail(fleet.SHIP, fleet.every(10, 0, 4), 8.0, 102.0)
    fixes, held = settle(fleet.table(rows), None, rows[-1][1] + 1)
    found, carry = advance(fixes, None, rows[-1][1] + 1, RULES, WORLD)
    assert found == []
    tick = rows[-1][1] + 6 * 3600 + 1
    nothing, held = settle(fleet.table([]), held, tick)
    (opened,), carry = advance(nothing, carry, tick, RULES, WORLD)
    assert (opened.kind, opened.end, opened.gap_class) == ("gap", None, "unknown")
    back = fleet.sail(fleet.SHIP, [12.0], 8.0, 102.0)
    fixes, held = settle(fleet.table(back), held, back[-1][1] + 1)
    shown = back[-1][1] + int(RULES["gap"].thresholds["back_h"] * 3600) + 1
    (closed,), carry = advance(fixes, carry, shown, RULES, WORLD)
    assert closed.key == opened.key
    assert closed.end == back[0][1]


def busy_day() -> list[fleet.Row]:
    """One day in which every kind has something to find."""
    rows = fleet.sail(fleet.SHIP, fleet.every(10, 0, 6) + fleet.every(10, 14, 20), 8.0, 102.0)
    rows += fleet.sail(fleet.OTHER, fleet.every(10, 0, 20), 9.0, 103.0, kn=0.2)
    rows += fleet.sail(fleet.OTHER + 1, fleet.every(10, 1, 19), 9.001, 103.001, kn=0.2)
    rows += fleet.sail(fleet.OTHER + 2, fleet.every(20, 0, 20), 20.0, 88.0)
    rows += fleet.sail(fleet.OTHER + 2, fleet.every(33, 0, 20), -20.0, 60.0)
    rows += fleet.sail(fleet.OTHER + 3, [*fleet.every(20, 0, 5), *fleet.every(20, 6, 9)], 5.0, 95.0)
    rows.append((fleet.OTHER + 3, fleet.DAY + 19_000, 45.0, -30.0))
    rows += fleet.sail(123_456_789, fleet.every(30, 0, 5), 1.0, 99.0)
    return sorted(rows, key=lambda row: (row[1], row[0]))


def test_every_kind_is_found_and_survives_a_hundred_cuts() -> None:
    rows = busy_day()
    upto = rows[-1][1] + 1
    whole, _ = in_pieces(rows, [], upto)
    assert {one.kind for one in whole.values()} >= {"gap", *TRACK_KINDS, "encounter"}
    pieces, _ = in_pieces(rows, list(range(0, len(rows), max(len(rows) // 100, 1))), upto)
    assert pieces == whole


def test_second_looks_are_counted_for_silences_too() -> None:
    rows = busy_day()
    _, carry = in_pieces(rows, [], rows[-1][1] + 1)
    looks = carry.second_looks()
    assert looks["gap"] >= 1
    assert looks["emitters"] == sum(row[0] in {fleet.OTHER + 2, fleet.OTHER + 3} for row in rows)
