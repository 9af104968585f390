"""Vessels displaced together: found in any pieces, never on one vessel, and no different without the screen."""

from itertools import pairwise
from unittest import mock

import fleet
import numpy as np
import pytest
import spoofing_plain
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.detect import kinds, spoofing_screen
from prasan.detect.chain import ChainCarry, advance
from prasan.detect.rules import PRASAN, apply_settings, preset
from prasan.detect.run import detect
from prasan.picture.finding import Finding, Rule
from prasan.tracks.settle import SettleCarry, settle

RULES = {"spoofing": preset(PRASAN)["spoofing"]}
WORLD = fleet.world()
AWAY = (3.0, 2.0)  # degrees north and east of the place where they are


def displaced(
    number: int, out: float, back: float, apart: float = 0.02, away: tuple[float, float] = AWAY
) -> list[fleet.Row]:
    """A vessel of a small fleet, heard every ten minutes for ten hours, elsewhere from hour `out` to hour `back`."""
    mmsi = fleet.SHIP + number
    rows = []
    for hour in fleet.every(10, 0, 10):
        off = away if out <= hour < back else (0.0, 0.0)
        t = fleet.DAY + int(hour * 3600) + 7 * number + 3
        rows.append((mmsi, t, 8.0 + number * apart + off[0] + hour * 0.05, 102.0 + off[1]))
    return rows


def look(*tracks: list[fleet.Row], rules: dict[str, object] | None = None) -> list[Finding]:
    rows = sorted((row for track in tracks for row in track), key=lambda row: row[1])
    return detect(fleet.table(rows), None, rules or RULES, WORLD).findings  # type: ignore[arg-type]


def test_a_fleet_displaced_together_and_back_is_one_finding() -> None:
    (one,) = look(*(displaced(number, 3, 6) for number in range(4)))
    assert one.mmsi == tuple(fleet.SHIP + number for number in range(4))
    assert one.evidence["vessels_count"] == one.evidence["returned_count"] == 4
    assert 390 <= one.evidence["distance_km"] <= 410
    assert one.evidence["implied_kn"] >= 50
    assert one.confidence == "high"
    assert one.end is not None
    assert abs(one.start - fleet.DAY - 3 * 3600) < 600
    assert abs(one.end - fleet.DAY - 6 * 3600) < 600
    assert len(one.fixes) == 8


def test_a_fleet_moved_the_same_way_is_one_finding_though_it_lies_wide() -> None:
    (one,) = look(*(displaced(number, 3, 6, apart=0.25) for number in range(4)))
    assert one.evidence["vessels_count"] == 4


def test_who_is_first_heard_when_displaced_is_counted_on_the_way_back() -> None:
    unheard = [row for row in displaced(2, 3, 6) if row[1] > fleet.DAY + 4 * 3600]
    (one,) = look(displaced(0, 3, 6), displaced(1, 3, 6), unheard)
    assert one.mmsi == (fleet.SHIP, fleet.SHIP + 1, fleet.SHIP + 2)
    assert one.evidence["returned_count"] == 3


def test_who_is_not_back_keeps_it_open() -> None:
    (one,) = look(*(displaced(number, 3, 11) for number in range(3)))
    assert (one.end, one.confidence, one.evidence["returned_count"]) == (None, "medium", 0)
    assert one.evidence["codes"] == ["spoofing_open"]


@pytest.mark.parametrize(
    "tracks",
    [
        [displaced(0, 3, 6)],
        [displaced(0, 3, 6), displaced(1, 3, 6)],
        [displaced(number, 2 + 2 * number, 9.5) for number in range(3)],  # not at one time
        [displaced(number, 3, 6, apart=1.0) for number in range(3)],  # not from one place
        [displaced(number, 3, 6, away=(3.0 + number, 2.0)) for number in range(3)],  # not to one place
        [displaced(number, 3, 6, away=(0.0, 0.0)) for number in range(5)],
    ],
)
def test_what_they_do_not_share_is_no_spoofing(tracks: list[list[fleet.Row]]) -> None:
    assert look(*tracks) == []


def test_the_number_of_vessels_is_a_threshold() -> None:
    tracks = [displaced(0, 3, 6), displaced(1, 3, 6)]
    rules = apply_settings(RULES, ["spoofing.vessels_count=2"])
    assert len(look(*tracks, rules=dict(rules))) == 1


def circling(  # noqa: PLR0917 - what a circle is
    number: int, out: float, back: float, centre: tuple[float, float], km: float = 1.5, minutes: float = 2.0
) -> list[fleet.Row]:
    """A vessel heard every few minutes for eight hours, put on a circle at 20 knots from hour `out` to `back`."""
    rows = []
    for hour in fleet.every(minutes, 0, 8):
        lat, lon = 8.0 + 0.02 * number + hour * 0.05, 102.0
        if out <= hour < back:
            turn = number + (hour - out) * 20 * 1.852 / km
            lat, lon = centre[0] + km * np.cos(turn) / 111.2, centre[1] + km * np.sin(turn) / 110.0
        rows.append((fleet.SHIP + number, fleet.DAY + int(hour * 3600) + 7 * number + 3, float(lat), float(lon)))
    return rows


NEAR = (8.2, 102.07)


def test_two_vessels_put_on_circles_near_by_are_one_finding_with_their_radius() -> None:
    (one,) = look(circling(0, 2, 4, NEAR), circling(1, 2.05, 4, NEAR, 1.2))
    assert one.mmsi == (fleet.SHIP, fleet.SHIP + 1)
    assert one.evidence["codes"] == ["spoofing", "spoofing_circles"]
    assert (one.evidence["circles_count"], one.evidence["returned_count"], one.confidence) == (2, 2, "high")
    assert 1.2 <= one.evidence["radius_km"] <= 1.5
    assert abs(one.start - fleet.DAY - 2 * 3600) < 300
    assert one.end is not None
    assert abs(one.end - fleet.DAY - 4 * 3600) < 300


def test_circles_far_away_are_told_of_the_vessels_displaced_there() -> None:
    far = (11.0, 104.0)
    (one,) = look(*(circling(number, 2, 4, far) for number in range(3)))
    assert (one.evidence["vessels_count"], one.evidence["circles_count"]) == (3, 3)
    assert one.evidence["distance_km"] > 300


@pytest.mark.parametrize(
    "tracks",
    [
        [circling(0, 2, 4, NEAR)],
        [circling(0, -1, 4, NEAR), circling(1, -1, 4, NEAR)],  # no jump led them there
        [circling(0, 2, 4, NEAR), circling(1, 5, 7, NEAR)],  # not at one time
        [circling(0, 2, 4, NEAR), circling(1, 2, 4, (8.2, 104.0))],  # not at one place
        [circling(0, 2, 2.2, NEAR), circling(1, 2, 2.2, NEAR)],  # no full turn
        [circling(0, 2, 4, NEAR), displaced(1, 2, 4, away=(0.15, 0.07))],  # one of two lies elsewhere
    ],
)
def test_circles_that_prove_nothing(tracks: list[list[fleet.Row]]) -> None:
    assert look(*tracks) == []


@st.composite
def traffic(draw: st.DrawFn) -> list[fleet.Row]:
    rows: list[fleet.Row] = []
    for number in range(draw(st.integers(1, 6))):
        for _ in range(draw(st.integers(1, 2))):
            out = draw(st.sampled_from([2.0, 2.5, 3.0, 5.0]))
            away = draw(st.sampled_from([AWAY, (3.1, 2.0), (-20.0, 5.0)]))
            first = draw(st.sampled_from([0, 0, 3 * 3600])) + fleet.DAY
            track = displaced(number, out, out + draw(st.sampled_from([0.3, 2.0, 9.0])), 0.1, away)
            rows += [row for row in track if row[1] >= first]
    for number in range(draw(st.integers(0, 3))):
        out = draw(st.sampled_from([2.0, 2.2, 3.0]))
        centre = draw(st.sampled_from([NEAR, NEAR, (11.0, 104.0), (8.2, 103.5)]))
        minutes = draw(st.sampled_from([2.0, 3.0, 7.0]))
        rows += circling(10 + number, out, out + draw(st.sampled_from([0.4, 1.5, 9.0])), centre, 1.5, minutes)
    return sorted(set(rows), key=lambda row: row[1])


def in_pieces(rows: list[fleet.Row], marks: list[int], rules: dict[str, Rule] = RULES) -> dict[str, Finding]:
    last: dict[str, Finding] = {}
    held: SettleCarry | None = None
    carry: ChainCarry | None = None
    for before, mark in pairwise([0, *sorted(set(marks)), fleet.DAY + 40_000]):
        fixes, held = settle(fleet.table([row for row in rows if before <= row[1] < mark]), held, mark)
        found, carry = advance(fixes, carry, mark, rules, WORLD)
        last |= {one.key: one for one in found}
    return last


@settings(max_examples=60, deadline=None)
@given(traffic(), st.lists(st.integers(fleet.DAY, fleet.DAY + 36_000), max_size=6), st.sampled_from([1, 10_000]))
def test_pieces_and_the_screen_change_nothing(rows: list[fleet.Row], marks: list[int], few: int) -> None:
    plain = spoofing_screen.FEW
    try:
        spoofing_screen.FEW = 10_000  # type: ignore[misc]
        whole = in_pieces(rows, [])
        spoofing_screen.FEW = few  # type: ignore[misc]
        assert in_pieces(rows, marks) == whole
        assert in_pieces(rows, []) == whole
    finally:
        spoofing_screen.FEW = plain  # type: ignore[misc]


PLACES = [(8.0, 102.0), (8.1, 102.05), (9.0, 103.0), (9.05, 103.1), (10.0, 101.0)]


@st.composite
def shared(draw: st.DrawFn) -> list[fleet.Row]:
    """Numbers that are used by two hulls each near the same few places, heard in turns."""
    rows = []
    for number in range(draw(st.integers(2, 6))):
        homes = draw(st.lists(st.sampled_from(PLACES), min_size=2, max_size=2, unique=True))
        turns = draw(st.lists(st.integers(0, 1), min_size=30, max_size=30))
        minutes = draw(st.sampled_from([5, 10, 20]))
        for place, turn in enumerate(turns):
            t = fleet.DAY + place * minutes * 60 + 7 * number
            drift = 0.002 * place + 0.01 * number
            rows.append((fleet.SHIP + number, t, homes[turn][0] + drift, homes[turn][1]))
    return sorted(rows, key=lambda row: row[1])


@settings(max_examples=80, deadline=None)
@given(
    st.one_of(shared(), traffic()), st.lists(st.integers(fleet.DAY, fleet.DAY + 36_000), max_size=4), st.integers(2, 3)
)
def test_what_is_found_is_what_a_look_at_every_jump_finds(
    rows: list[fleet.Row], marks: list[int], vessels: int
) -> None:
    rules = dict(apply_settings(RULES, [f"spoofing.vessels_count={vessels}"]))
    with mock.patch.dict(kinds.JUMP_KERNELS, {"spoofing": spoofing_plain.kernel}):
        expected = in_pieces(rows, [], rules)
    with mock.patch.object(spoofing_screen, "FEW", 1):
        assert in_pieces(rows, [], rules) == expected
        assert in_pieces(rows, marks, rules) == expected
