"""Meetings of ships that the ground holds: berths by the shore, roads learnt from own traffic; a plain count too."""

from itertools import pairwise

import fleet
import movement_kit
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.detect.chain import ChainCarry, advance
from prasan.detect.encounter import EncounterCarry, meets_among
from prasan.detect.meets import no_meets
from prasan.detect.rules import GFW, PRASAN, apply_settings, preset
from prasan.detect.run import detect
from prasan.picture.finding import Finding
from prasan.picture.sphere import distance_m, lat_lon
from prasan.picture.world import World
from prasan.tracks.settle import SettleCarry, settle
from prasan.tracks.sizes import no_sizes

RULES = apply_settings(preset(PRASAN), ["encounter.moved_km=0"])
LIMITS = RULES["encounter"].thresholds
EAST = 102.0
KM = 1 / 111.2
ISLAND = [(EAST - 0.3, 8.0), (EAST, 8.0), (EAST, 8.3), (EAST - 0.3, 8.3)]


def still(number: int, km_out: float, km_north: float = 0.0, kn: float = 0.02) -> list[fleet.Row]:
    """A ship that lies at a place so far east of the island's coast."""
    return fleet.sail(fleet.SHIP + number, fleet.every(10, 0, 5), 8.15 + km_north * KM, EAST + km_out * KM, kn)


def reasons(*ships: list[fleet.Row], changes: tuple[str, ...] = (), name: str = PRASAN) -> dict[str, int]:
    """Why meetings were excluded, and how many were not."""
    rules = apply_settings(preset(name), ["encounter.moved_km=0", *(f"encounter.{change}" for change in changes)])
    rows = [row for ship in ships for row in ship]
    found = detect(fleet.table(rows), None, rules, coast(), kinds=["encounter"]).findings
    names = [one.excluded or "meets" for one in found]
    return {name: names.count(name) for name in sorted(set(names))}


def coast() -> World:
    return movement_kit.world(islands=[ISLAND])


def test_two_held_by_the_ground_close_to_the_shore_are_moored() -> None:
    assert reasons(still(1, 4), still(2, 4, 0.1)) == {"moored": 1}
    assert reasons(still(1, 4), still(2, 4, 0.1, kn=0.04)) == {"moored": 1}
    assert reasons(still(1, 4, kn=0.8), still(2, 4, 0.1, kn=0.8)) == {"meets": 1}


def test_two_alone_at_anchor_farther_out_meet() -> None:
    assert reasons(still(1, 20), still(2, 20, 0.05)) == {"meets": 1}
    assert reasons(still(1, 20, kn=0.4), still(2, 20, 0.4, kn=0.4)) == {"meets": 1}, "nothing holds them"


def test_two_held_by_the_ground_that_never_lay_side_by_side_stayed_apart() -> None:
    assert reasons(still(1, 20), still(2, 20, 0.16)) == {"apart": 1}
    assert reasons(still(1, 20), still(2, 20, 0.16), changes=("apart_m=200",)) == {"meets": 1}
    assert reasons(still(1, 60), still(2, 60, 0.16)) == {"meets": 1}, "too far out to be held by an anchor"
    host, guest = still(1, 20), still(2, 20, 0.3)
    visit = [(*row[:2], 8.15 + 0.05 * KM, row[3]) if 12 <= at < 15 else row for at, row in enumerate(guest)]
    assert reasons(host, visit) == {"meets": 1}, "it lay alongside for half an hour"


def test_two_that_lay_still_near_a_shore_and_were_hardly_heard_are_assumed() -> None:
    seldom = fleet.every(80, 0, 9)
    pair = [fleet.sail(fleet.SHIP + n, seldom, 8.15 + n * 0.05 * KM, EAST + 20 * KM, 0.02) for n in (1, 2)]
    assert reasons(*pair) == {"assumed": 1}
    assert reasons(*pair, changes=("inferred_share=1",)) == {"meets": 1}
    far = [[(mmsi, t, lat, lon + 1.0) for mmsi, t, lat, lon in ship] for ship in pair]
    assert reasons(*far) == {"meets": 1}


def test_among_others_that_lie_still_it_is_an_anchorage() -> None:
    others = [still(number, 20, 1.0 + 0.6 * number) for number in (0, 1)]
    assert reasons(still(8, 20), still(9, 20, 0.05), *others) == {"anchorage": 1}
    assert reasons(still(8, 20), still(9, 20, 0.05), others[0]) == {"meets": 1}
    assert reasons(still(8, 20), still(9, 20, 0.3), others[0]) == {"anchorage": 1}


def test_those_who_drift_meet_however_many_lie_around() -> None:
    others = [still(number, 20, 1.0 + 0.6 * number) for number in (0, 1)]
    assert reasons(still(8, 20, -1, kn=0.4), still(9, 20, -0.95, kn=0.4), *others) == {"meets": 1}


def test_far_at_sea_a_fleet_that_lies_still_meets() -> None:
    fleet_far = [still(number, 60, 0.05 * number) for number in range(5)]
    assert reasons(*fleet_far) == {"meets": 10}


def test_buoys_and_passers_by_make_no_anchorage() -> None:
    pair = (still(8, 20), still(9, 20, 0.05))
    buoys = [[(995_670_000 + number, *row[1:]) for row in still(0, 20, 1.0 + number)] for number in (0, 1)]
    assert reasons(*pair, *buoys) == {"meets": 1}
    passing = [fleet.sail(fleet.SHIP + number, fleet.every(10, 0, 5), 8.0, EAST + 20 * KM, 4.0) for number in (0, 1)]
    assert reasons(*pair, *passing) == {"meets": 1}


@pytest.mark.parametrize("km_out", [4, 20])
def test_places_are_not_asked_with_port_km_0_nor_by_other_presets(km_out: float) -> None:
    ships = [still(number, km_out, 0.05 * number) for number in range(4)]
    assert reasons(*ships, changes=("port_km=0",)) == {"meets": 6}
    assert reasons(*ships, name=GFW) == {"meets": 6}


@st.composite
def roads(draw: st.DrawFn) -> list[fleet.Row]:
    """Ships that lie around a place in the roads, come late, fall silent or move now and then."""
    rows: list[fleet.Row] = []
    for ship in range(draw(st.integers(2, 5))):
        lat, lon = 8.15 + draw(st.integers(-12, 12)) * 0.1 * KM, EAST + 20 * KM
        t = fleet.DAY + draw(st.integers(0, 4000))
        step = draw(st.sampled_from([300, 600, 1700, 3500, 7100]))
        for _ in range(draw(st.integers(3, 6 if step > 3000 else 25))):
            rows.append((fleet.SHIP + ship, t, lat, lon))
            t += step + draw(st.integers(0, 90))
            lat += draw(st.sampled_from([0.0] * 6 + [0.2 * KM, 0.8 * KM]))
    return sorted(rows, key=lambda row: row[1])


def in_pieces(rows: list[fleet.Row], cuts: list[int], upto: int) -> tuple[dict[str, Finding], ChainCarry]:
    last: dict[str, Finding] = {}
    held: SettleCarry | None = None
    carry: ChainCarry | None = None
    for begin, end in pairwise(sorted({0, len(rows), *cuts})):
        passed = rows[end][1] if end < len(rows) else upto
        fixes, held = settle(fleet.table(rows[begin:end]), held, passed)
        found, carry = advance(fixes, carry, passed, {"encounter": RULES["encounter"]}, coast())
        last |= {one.key: one for one in found}
    assert carry is not None
    return last, carry


@settings(max_examples=50, deadline=None)
@given(roads(), st.lists(st.integers(0, 120), max_size=6), st.integers(1, 20_000))
def test_pieces_exclude_what_the_whole_excludes(rows: list[fleet.Row], cuts: list[int], after: int) -> None:
    upto = rows[-1][1] + after
    whole, _ = in_pieces(rows, [], upto)
    pieces, _ = in_pieces(rows, [cut for cut in cuts if cut < len(rows)], upto)
    assert pieces == whole


def test_neighbours_that_are_known_later_are_told() -> None:
    """Those around report so seldom that their slots come after the pair's last one."""
    short = fleet.every(10, 0, 2.6)
    rows = fleet.sail(fleet.SHIP + 8, short, 8.15, 102.18, 0.02) + fleet.sail(
        fleet.SHIP + 9, short, 8.1505, 102.18, 0.02
    )
    rows += [row for number in (0, 1) for row in fleet.sail(fleet.SHIP + number, [0.9, 2.8], 8.16, 102.18, 0.02)]
    rows.sort(key=lambda row: row[1])
    upto = rows[-1][1] + 1
    whole, _ = in_pieces(rows, [], upto)
    pieces, _ = in_pieces(rows, list(range(len(rows))), upto)
    assert pieces == whole
    (pair,) = (one for one in whole.values() if one.mmsi == (fleet.SHIP + 8, fleet.SHIP + 9))
    assert (pair.excluded, pair.end) == ("anchorage", None)


@settings(max_examples=50, deadline=None)
@given(roads())
def test_others_are_those_that_a_plain_count_finds(rows: list[fleet.Row]) -> None:
    """While nothing is settled yet the carry holds every slot to count by."""
    rules = apply_settings(RULES, ["encounter.silence_h=24"])["encounter"]
    fixes, _ = settle(fleet.table(rows), None, rows[-1][1] + 1)
    _, chain = advance(fixes, None, rows[-1][1] + 1, {"encounter": rules}, coast())
    carry: EncounterCarry = chain.kernels["encounter"]
    slots = carry.recent
    meets, _ = meets_among((slots, no_sizes()), 0, no_meets(), rules.thresholds)
    lat, lon = lat_lon(slots.point)
    for row in range(len(meets)):
        pair = (meets.a.mmsi[row], meets.b.mmsi[row])
        at = distance_m(*lat_lon(meets.a.point[row]), lat, lon)
        there = (slots.bin == meets.a.bin[row]) & (slots.speed <= LIMITS["still_kn"]) & ~np.isin(slots.mmsi, pair)
        assert meets.others[row] == np.count_nonzero(there & (at <= LIMITS["others_km"] * 1000))
