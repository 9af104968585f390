"""Cheap looks against exact ones: circles, ports, slow slots, the way in centimetres."""

from unittest import mock

import movement_kit as kit
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from movement_kit import SHIP, Row

from prasan.detect import near_ports as charts
from prasan.detect.clock_hours import way_cm
from prasan.detect.near_ports import near_ports
from prasan.detect.within import centres, leaves, outside, within
from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.sphere import chord_m
from prasan.tracks.columns import Fixes, points, take, track_keys
from prasan.tracks.slots import SlotCarry, slots

PLACE = st.sampled_from([(8.0, 102.0), (77.0, 179.999), (-60.0, -179.9995), (89.99, 10.0), (0.0, 0.0)])
METRES = st.floats(-30_000, 30_000) | st.floats(-300, 300)


@st.composite
def scattered(draw: st.DrawFn) -> Fixes:
    """Fixes of one ship around a place, minutes apart."""
    lat, lon = draw(PLACE)
    rows = []
    for number, (north, east) in enumerate(draw(st.lists(st.tuples(METRES, METRES), min_size=1, max_size=30))):
        at = max(-89.9999, min(89.9999, lat + north * kit.METRE))
        rows.append(Row(SHIP, kit.DAY + 90 * number, at, lon + east * kit.METRE / max(np.cos(np.radians(lat)), 0.001)))
    return kit.tracks(rows)


@settings(max_examples=150, deadline=None)
@given(scattered(), st.sampled_from([10.0, 250.0, 500.0, 20_000.0]))
def test_what_lies_outside_a_circle_is_what_measuring_says(rows: Fixes, radius: float) -> None:
    first, index = np.zeros(len(rows), np.int64), np.arange(len(rows))
    circles = centres(rows.lat[:1], rows.lon[:1], radius)
    exact = chord_m(points(rows), points(rows, slice(0, 1))) > radius
    assert outside(rows, index, circles, first).tolist() == exact.tolist()
    end = np.array([len(rows)])
    expected = int(exact.argmax()) if exact.any() else len(rows)
    assert leaves(rows, np.array([0]), end, circles).tolist() == [expected]


@settings(max_examples=100, deadline=None)
@given(
    scattered(),
    st.lists(st.tuples(METRES, METRES), max_size=4),
    st.sampled_from([(3, 4), (0.1, 0.2), (19, 20), (3, 3)]),
)
def test_ports_near_fixes_are_those_that_measuring_finds(
    rows: Fixes, some: list[tuple[float, float]], limits: tuple[float, float]
) -> None:
    lat, lon = rows.lat[0] / UNITS_PER_DEGREE, rows.lon[0] / UNITS_PER_DEGREE
    ports = [(max(-90, min(90, lat + north * kit.METRE)), lon + east * kit.METRE) for north, east in some]
    world = kit.world(ports)
    row, near, far = near_ports(rows, *limits, world)
    metres = world.ports.nearest_m(rows.lat / UNITS_PER_DEGREE, rows.lon / UNITS_PER_DEGREE, limits[1] * 1000)
    assert near.tolist() == (metres[row] <= limits[0] * 1000).tolist()
    assert far.tolist() == (metres[row] >= limits[1] * 1000).tolist()
    others = np.setdiff1d(np.arange(len(rows)), row)
    assert (metres[others] >= limits[1] * 1000).all()


def test_cells_of_one_chart_are_told_apart_all_over_the_world() -> None:
    world = kit.world([(0.0, 0.0)])
    lat, lon = (np.ravel(one) for one in np.meshgrid(np.arange(-89.9, 90, 0.31), np.arange(-180, 180, 0.47)))
    rows = kit.tracks([Row(SHIP, kit.DAY + 90 * at, lat[at], lon[at]) for at in range(len(lat))][::7])
    for cell in (charts.WIDE, *charts.FINE):
        edge, chart = cell[0], charts._Chart(world.ports, cell, 3000, 4000)
        _, size, _ = charts._cells(rows, None, chart)
        corners = set(zip((rows.lat // edge).tolist(), (rows.lon // edge).tolist(), strict=True))
        assert (len(chart.known[0]), int(size.sum())) == (len(corners), len(rows))


@settings(max_examples=60, deadline=None)
@given(st.lists(scattered(), min_size=2, max_size=4), st.sampled_from([1, 5, 10_000]), st.sampled_from([1, 10_000]))
def test_what_is_kept_of_the_chart_changes_nothing(pieces: list[Fixes], most: int, share: int) -> None:
    """However much is kept, and whichever rows came before."""
    world = kit.world([(8.01, 102.0), (77.0, 179.98), (-60.02, -179.999), (89.9, 10.0), (0.0, 0.03)])
    with mock.patch.multiple(charts, _MOST=most, _SHARE=share):
        for rows in pieces:
            row, near, far = near_ports(rows, 3, 4, world)
            metres = world.ports.nearest_m(rows.lat / UNITS_PER_DEGREE, rows.lon / UNITS_PER_DEGREE, 4000)
            assert near.tolist() == (metres[row] <= 3000).tolist()
            assert far.tolist() == (metres[row] >= 4000).tolist()
            assert (metres[np.setdiff1d(np.arange(len(rows)), row)] >= 4000).all()


@settings(max_examples=100, deadline=None)
@given(scattered())
def test_the_way_is_measured_to_the_centimetre(rows: Fixes) -> None:
    exact = chord_m(points(rows)[1:], points(rows)[:-1]) * 100
    assert (np.abs(way_cm(rows, np.arange(len(rows) - 1)) - exact) <= 0.5 + 1e-6).all()


@settings(max_examples=80, deadline=None)
@given(kit.traffic(), st.lists(st.integers(0, 60), max_size=3), st.sampled_from([0.0, 300.0, 1000.0, 20_000.0]))
def test_slow_slots_are_those_of_all_slots(rows: list[Row], cuts: list[int], moved_m: float) -> None:
    fixes = kit.tracks(rows)
    every, _ = slots(fixes, None, 7200, moved_m)
    slow = take(every, every.speed <= 5)
    edges = sorted({cut for cut in cuts if cut < len(rows)})
    found: list[tuple[int, int, bool, float, list[float]]] = []
    carry: SlotCarry | None = None
    for begin, end in zip([0, *edges], [*edges, len(rows)], strict=True):
        t0, t1 = rows[begin].t if begin else 0, rows[end].t if end < len(rows) else 2**40
        made, carry = slots(take(fixes, (fixes.t >= t0) & (fixes.t < t1)), carry, 7200, moved_m, 5)
        found += zip(track_keys(made), made.bin, made.moved, made.speed.tolist(), made.point.tolist(), strict=True)
    expected = zip(track_keys(slow), slow.bin, slow.moved, slow.speed.tolist(), slow.point.tolist(), strict=True)
    assert sorted(found, key=lambda one: one[:2]) == sorted(expected, key=lambda one: one[:2])


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 4)), max_size=6), st.data())
def test_numbers_within_ranges_are_those_counted_out(gaps: list[tuple[int, int]], data: st.DataObject) -> None:
    ranges, at = list[tuple[int, int]](), 0
    for gap, size in gaps:
        ranges.append((at + gap, at + gap + size))
        at += gap + max(size, 0) + 1
    ranges = data.draw(st.permutations(ranges))
    begin, end = (np.array([one[side] for one in ranges], np.int64) for side in (0, 1))
    inside = within(np.arange(at + 3), begin, end)
    assert np.flatnonzero(inside).tolist() == sorted(number for first, last in ranges for number in range(first, last))
