import math
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.exercise.player import position_table
from prasan.picture.position import AIS_CLASSES, UNITS_PER_DEGREE
from prasan.picture.sphere import KNOT_MS, distance_m
from prasan.tracks.columns import Fixes, concat, no_fixes, take
from prasan.tracks.emitters import assign
from prasan.tracks.settle import FOREVER, settle

T0 = 1_772_409_600
Row = tuple[int, int, float, float]


def fixes_of(rows: list[Row], **more: list[int | None]) -> Fixes:
    columns = {
        "mmsi": [row[0] for row in rows],
        "t": [T0 + row[1] for row in rows],
        "lat": [round(row[2] * UNITS_PER_DEGREE) for row in rows],
        "lon": [round(row[3] * UNITS_PER_DEGREE) for row in rows],
    }
    return settle(position_table(columns | more, "test"), None, FOREVER)[0]


def labels(rows: Fixes) -> dict[tuple[int, int, int, int], int]:
    keys = zip(rows.mmsi.tolist(), rows.t.tolist(), rows.lat.tolist(), rows.lon.tolist(), strict=True)
    return dict(zip(keys, rows.emitter.tolist(), strict=True))


def plain(rows: Fixes) -> dict[tuple[int, int, int, int], int]:
    """The rule read plainly, without a fast path: nearest open emitter that can have got there, else a new one."""
    opened: dict[int, list[tuple[int, float, float]]] = {}
    result = {}
    for mmsi, t, lat, lon in zip(
        rows.mmsi.tolist(), rows.t.tolist(), rows.lat.tolist(), rows.lon.tolist(), strict=True
    ):
        here = (lat / UNITS_PER_DEGREE, lon / UNITS_PER_DEGREE)
        places = opened.setdefault(mmsi, [])
        best, least = len(places), math.inf
        for number, (t0, lat0, lon0) in enumerate(places):
            slack = 60 if t % 60 == 0 or t0 % 60 == 0 else 1
            metres = float(distance_m(lat0, lon0, *here))
            if metres <= 25 * KNOT_MS * (t - t0 + slack) + 500 and metres < least:
                best, least = number, metres
        places[best : best + 1] = [(t, *here)]
        result[(mmsi, t, lat, lon)] = best
    return result


TRAFFIC = st.lists(
    st.tuples(
        st.integers(567_000_001, 567_000_002),
        st.integers(1, 40_000),
        st.sampled_from([0.0, 0.001, 0.02, 0.1, 3.0, 3.01, -40.0]),
        st.sampled_from([179.9999, -179.9999, 100.0]),
    ),
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(TRAFFIC)
def test_fast_path_and_second_look_agree_with_the_plain_rule(rows: list[Row]) -> None:
    fixes = fixes_of(rows)
    assigned, _ = assign(fixes, None)
    assert labels(assigned) == plain(fixes)


@settings(max_examples=100, deadline=None)
@given(TRAFFIC, st.lists(st.integers(0, 40), max_size=4))
def test_cutting_the_input_changes_no_emitter_and_no_derived_speed(rows: list[Row], cuts: list[int]) -> None:
    fixes = fixes_of(rows)
    in_time = take(fixes, np.argsort(fixes.t, kind="stable"))
    whole, _ = assign(fixes, None)
    bounds = sorted({0, *(min(cut, len(fixes)) for cut in cuts), len(fixes)})
    result, carry = no_fixes(), None
    for begin, end in zip(bounds, bounds[1:], strict=False):  # noqa: RUF007
        piece = take(in_time, slice(begin, end))
        rows_out, carry = assign(take(piece, np.lexsort((piece.t, piece.mmsi))), carry)
        result = concat(result, rows_out)
    order = np.lexsort((result.lat, result.t, result.emitter, result.mmsi))
    again = np.lexsort((whole.lat, whole.t, whole.emitter, whole.mmsi))
    for name in ("mmsi", "emitter", "t", "lat", "sog", "derived"):
        assert np.array_equal(getattr(take(result, order), name), getattr(take(whole, again), name)), name


def test_silence_never_breaks_an_emitter() -> None:
    assigned, _ = assign(fixes_of([(567_000_001, 0, 8.0, 102.0), (567_000_001, 500_000, 40.0, 102.0)]), None)
    assert assigned.emitter.tolist() == [0, 0]


def test_a_reported_speed_makes_its_step_possible_unless_it_is_noise() -> None:
    steps: list[Row] = [(567_000_001, 1, 8.0, 102.0), (567_000_001, 361, 8.0 + 4 / 60, 102.0)]  # 40 kn
    assert assign(fixes_of(steps), None)[0].emitter.tolist() == [0, 1]
    assert assign(fixes_of(steps, sog=[None, 390]), None)[0].emitter.tolist() == [0, 0]
    for noise in (512, 630, 1023):
        assert assign(fixes_of(steps, sog=[None, noise]), None)[0].emitter.tolist() == [0, 1]


def test_an_aircraft_may_fly() -> None:
    steps: list[Row] = [(111_567_001, 1, 8.0, 102.0), (111_567_001, 361, 8.5, 102.0)]  # 300 kn
    assert assign(fixes_of(steps), None)[0].emitter.tolist() == [0, 0]
    ship: list[Row] = [(567_000_001, *row[1:]) for row in steps]
    assert assign(fixes_of(ship), None)[0].emitter.tolist() == [0, 1]
    sar = AIS_CLASSES.index("sar")
    assert assign(fixes_of(ship, ais_class=[sar, sar]), None)[0].emitter.tolist() == [0, 0]


def test_missing_speed_and_course_come_from_the_track() -> None:
    steps: list[Row] = [(567_000_001, 1, 8.0, 102.0), (567_000_001, 361, 8.0, 102.02)]
    assigned, _ = assign(fixes_of(steps), None)
    assert assigned.derived.tolist() == [False, True]
    assert assigned.sog.tolist() == [-1, 119]
    assert assigned.cog.tolist() == [-1, 900]


def test_a_flood_of_nonsense_keeps_twenty_emitters_open() -> None:
    rows: list[Row] = [(567_000_001, number, -80.0 + number * 4, 102.0) for number in range(40)]
    assigned, carry = assign(fixes_of(rows), None)
    assert assigned.emitter.max() == 39
    assert len(carry.last) == 20


@settings(max_examples=40, deadline=None)
@given(st.data(), st.lists(st.integers(0, 300), max_size=3))
def test_long_stretches_are_numbered_as_the_plain_rule_says(data: st.DataObject, cuts: list[int]) -> None:
    rows: list[Row] = []
    t = 1
    for _ in range(data.draw(st.integers(2, 5))):
        lat = data.draw(st.sampled_from([0.0, 0.001, 0.2, 5.0]))
        knots, step = data.draw(st.sampled_from([0, 8])), data.draw(st.sampled_from([7, 61]))
        for number in range(data.draw(st.integers(1, 60))):
            t += step
            rows.append((567_000_001, t, lat + number * step * knots / 216_000, 100.0))
    made = fixes_of(rows)
    expected = plain(made)
    assert labels(assign(made, None)[0]) == expected
    found: dict[tuple[int, int, int, int], int] = {}
    carry = None
    for part in np.split(np.arange(len(made)), sorted({cut for cut in cuts if cut < len(made)})):
        some, carry = assign(take(made, part), carry)
        found |= labels(some)
    assert found == expected


HULLS = st.lists(st.tuples(st.sampled_from([0.0, 0.004, 0.3, 5.0, 60.0]), st.sampled_from([0, 8, 20, -15])), min_size=2)


@settings(max_examples=60, deadline=None)
@given(HULLS, st.integers(0, 2**32), st.sampled_from([0, 3, 30]), st.lists(st.integers(0, 600), max_size=3))
def test_hulls_heard_in_turn_are_numbered_as_the_plain_rule_says(
    hulls: list[tuple[float, int]], seed: int, noise: int, cuts: list[int]
) -> None:
    """Several hulls of one MMSI, some passing by each other, and fixes that are nowhere near any of them."""
    random, rows = Random(seed), list[Row]()
    for number in range(600):
        t = 1 + 61 * number
        lat, knots = hulls[:4][(number + (random.random() < 0.2)) % len(hulls[:4])]
        off = random.choice([0.5, 20.0]) if random.random() * 1000 < noise else 0.0
        rows.append((567_000_001, t, lat + t * knots / 216_000 + off, 100.0))
    made = fixes_of(rows)
    expected, found, carry = plain(made), dict[tuple[int, int, int, int], int](), None
    for part in np.split(np.arange(len(made)), sorted({cut for cut in cuts if cut < len(made)})):
        some, carry = assign(take(made, part), carry)
        found |= labels(some)
    if max(expected.values()) < 20:  # the plain rule closes none
        assert found == expected
    assert found == labels(assign(made, None)[0])
