"""Meetings: against a slow, plain reading of the definition; and each exclusion."""

import statistics
from collections import defaultdict
from itertools import combinations, pairwise

import fleet
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.detect.rules import PRASAN, apply_settings, preset
from prasan.detect.run import detect
from prasan.picture.finding import Finding
from prasan.picture.sphere import KNOT_MS, distance_m, lat_lon, vectors
from prasan.picture.world import World

RULES = apply_settings(preset(PRASAN), ["encounter.moved_km=0"])
LIMITS = RULES["encounter"].thresholds


def meetings(rows: list[fleet.Row], *changes: str, world: World | None = None) -> list[Finding]:
    rules = apply_settings(RULES, [f"encounter.{change}" for change in changes])
    return detect(fleet.table(rows), None, rules, world or fleet.world(), kinds=["encounter"]).findings


def alongside(hours: float = 4.0, lat: float = 8.0, lon: float = 102.0, minutes: float = 10) -> list[fleet.Row]:
    """Two ships drift together, about 150 m apart."""
    times = fleet.every(minutes, 0, hours)
    return fleet.sail(fleet.SHIP, times, lat, lon, 0.3) + fleet.sail(fleet.OTHER, times, lat + 0.00135, lon, 0.3)


@st.composite
def drifters(draw: st.DrawFn) -> list[fleet.Row]:
    """A few slow ships that wander near a place; some report now and then only."""
    lat0, lon0 = draw(st.sampled_from([(8.0, 102.0), (83.0, -180.0), (-71.0, 179.9999), (0.0, 0.0)]))
    rows: list[fleet.Row] = []
    for ship in range(draw(st.integers(2, 4))):
        t = fleet.DAY + draw(st.integers(0, 1200))
        lat, lon = lat0 + draw(st.integers(-3, 3)) * 0.001, lon0
        steps = draw(st.sampled_from([[300, 601], [600, 1800], [1200, 3600], [900, 7300]]))
        moves = draw(st.sampled_from([[0.0], [0.0, 0.0004, -0.0004], [0.0, 0.0, 0.004, -0.004], [0.0, 0.02]]))
        for _ in range(draw(st.integers(5, 40))):
            rows.append((fleet.SHIP + ship, t, lat, (lon + 180) % 360 - 180))
            t += draw(st.sampled_from(steps))
            lat += draw(st.sampled_from(moves))
    return rows


def brute_force(rows: list[fleet.Row]) -> set[tuple[int, int, int, int]]:
    """The definition read plainly: every pair, every instant. -> (mmsi, mmsi, start, last instant)."""
    where = {mmsi: slots_of(sorted(row[1:] for row in rows if row[0] == mmsi)) for mmsi in {row[0] for row in rows}}
    result = set()
    for a, b in combinations(sorted(where), 2):
        together = []
        for slot in sorted(where[a].keys() & where[b].keys()):
            (lat1, lon1, kn1), (lat2, lon2, kn2) = where[a][slot], where[b][slot]
            near = float(distance_m(lat1, lon1, lat2, lon2)) <= LIMITS["distance_m"]
            if near and max(kn1, kn2) <= LIMITS["slot_kn"]:
                together.append((slot, max(kn1, kn2)))
        result |= {(a, b, *span) for span in stretches(together)}
    return result


def slots_of(fixes: list[tuple[int, float, float]]) -> dict[int, tuple[float, float, float]]:
    found: dict[int, tuple[float, float, float]] = {}
    for (t0, lat0, lon0), (t1, lat1, lon1) in pairwise(fixes):
        if not 0 < t1 - t0 <= LIMITS["silence_h"] * 3600:
            continue
        for slot in range(t0 // 600 + 1, t1 // 600 + 1):
            share = (slot * 600 - t0) / (t1 - t0)
            a, b = vectors([q(lat0)], [q(lon0)]), vectors([q(lat1)], [q(lon1)])
            lat, lon = (float(value[0]) for value in lat_lon(a + share * (b - a)))
            before = found.get(slot - 1)
            way = distance_m(*before[:2], lat, lon) / 600 if before else distance_m(lat0, lon0, lat1, lon1) / (t1 - t0)
            found[slot] = (lat, lon, float(way) / KNOT_MS)
    return found


def q(degrees: float) -> float:
    return round(degrees * 600_000) / 600_000


def stretches(together: list[tuple[int, float]]) -> set[tuple[int, int]]:
    runs: list[list[tuple[int, float]]] = []
    for slot, knots in together:
        if runs and (slot - runs[-1][-1][0]) * 600 <= LIMITS["hole_h"] * 3600 + 600:
            runs[-1].append((slot, knots))
        else:
            runs.append([(slot, knots)])
    result = set()
    for run in runs:
        good = []
        for i in range(len(run)):
            j = next((j for j in range(i, len(run)) if run[j][0] - run[i][0] >= LIMITS["min_h"] * 6), None)
            if j is not None and statistics.median_high([kn for _, kn in run[i : j + 1]]) < LIMITS["median_kn"]:
                good.append((run[i][0], run[j][0]))
        if good:
            result.add((good[0][0] * 600, good[-1][1] * 600))
    return result


@settings(max_examples=80, deadline=None)
@given(drifters())
def test_equal_to_brute_force(rows: list[fleet.Row]) -> None:
    found = {(*one.mmsi, one.start, one.fixes[-1].t) for one in meetings(rows, "port_km=0")}
    assert found == brute_force(rows)


@pytest.mark.parametrize(("lat", "lon"), [(8.0, 102.0), (83.5, 179.99999), (-60.0, -180.0)])
def test_two_ships_that_drift_together_are_found(lat: float, lon: float) -> None:
    (one,) = meetings([*alongside(8, lat, lon), *fleet.sail(fleet.SHIP + 9, [30.0], 0.0, 0.0)])
    assert one.mmsi == (fleet.SHIP, fleet.OTHER)
    assert one.excluded is None
    assert one.end is not None
    assert one.end - one.start >= 7 * 3600
    assert one.evidence["distance_m"] == pytest.approx(150, abs=10)
    assert one.confidence == "high"


def test_a_meeting_across_midnight_is_one() -> None:
    rows = [(mmsi, t + 20 * 3600, lat, lon) for mmsi, t, lat, lon in alongside(8)]
    assert len(meetings(rows)) == 1


def test_hourly_reports_are_enough_and_are_said_to_be_inferred() -> None:
    (one,) = meetings(alongside(9, minutes=61))
    assert one.evidence["slots_inferred"] == one.evidence["slots_count"]
    assert one.confidence == "low"
    assert meetings(alongside(9, minutes=61), "silence_h=1") == []


def test_ports_tugs_gear_shared_numbers_and_berths_are_excluded() -> None:
    rows = alongside()
    near_port = fleet.world([(8.05, 102.0)])
    assert [one.excluded for one in meetings(rows, world=near_port)] == ["port"]
    assert [one.excluded for one in meetings(rows, "port_km=0", world=near_port)] == [None]
    tug = msgspec.structs.replace(fleet.world(), ship_types={fleet.OTHER: 52})
    assert [one.excluded for one in meetings(rows, world=tug)] == ["pilot_or_tug"]
    for number in (995_670_001, 990_003_480):
        buoy = [(number if row[0] == fleet.OTHER else row[0], *row[1:]) for row in rows]
        assert [one.excluded for one in meetings(buoy)] == ["buoy_or_gear"]
    assert [one.excluded for one in meetings(alongside(), "moved_km=50")] == ["stationary"]


def test_two_that_leapt_to_one_place_together_are_displaced() -> None:
    times = fleet.every(10, 0, 12)
    at_home = [row for mmsi in (fleet.SHIP, fleet.OTHER) for row in fleet.sail(mmsi, times, 8.0 + mmsi % 7, 102.0, 0.3)]
    away = [(mmsi, t, lat + 3, lon) for mmsi, t, lat, lon in alongside(12) if t % 1200 > 600]
    both = [row for row in at_home if row[1] % 1200 <= 600 or row[1] < fleet.DAY + 2 * 3600]
    leapt = [*both, *(row for row in away if row[1] >= fleet.DAY + 2 * 3600)]
    assert [one.excluded for one in meetings(leapt)] == ["displaced"]
    one_only = [row for row in leapt if row[0] == fleet.SHIP] + [row for row in away if row[0] == fleet.OTHER]
    assert [one.excluded for one in meetings(one_only)] == [None]


def test_two_that_steam_together_do_not_meet() -> None:
    times = fleet.every(10, 0, 6)
    rows = fleet.sail(fleet.SHIP, times, 8.0, 102.0, 4.0) + fleet.sail(fleet.OTHER, times, 8.001, 102.0, 4.0)
    assert meetings(rows) == []


def test_without_rows_nothing_is_found() -> None:
    per_kind: dict[str, int] = defaultdict(int)
    for one in detect(fleet.table([]), None, RULES, fleet.world()).findings:
        per_kind[one.kind] += 1
    assert not per_kind
