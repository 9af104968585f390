"""Port visit: the law of pieces, the state machine read plainly, and what an officer would ask."""

import movement_kit as kit
from hypothesis import given, settings
from movement_kit import DAY, METRE, SHIP, Row

from prasan.detect.movement_rules import MOVEMENT
from prasan.detect.port_visit import CONFIDENCE, certainty, kernel
from prasan.picture.position import UNITS_PER_DEGREE

RULE = MOVEMENT["prasan"]["port_visit"]
PORTS = kit.world(ports=[(8.0, 102.0), (77.0, 179.999), (-60.0, -179.9995), (-60.02, 179.99)])


def plainly(rows: list[Row], upto: int) -> set[tuple[int, int, int | None, int]]:
    """The state machine, one fix after the other: MMSI, first, end, certainty."""
    fixes = kit.tracks(rows)
    metres = PORTS.ports.nearest_m(fixes.lat / UNITS_PER_DEGREE, fixes.lon / UNITS_PER_DEGREE)
    result: set[tuple[int, int, int | None, int]] = set()
    visits: dict[tuple[int, int], list[int]] = {}  # first, last, entered, stopped or silent
    still: dict[tuple[int, int], bool] = {}
    seen: set[tuple[int, int]] = set()
    for n in range(len(fixes)):
        track, t, sog = (int(fixes.mmsi[n]), int(fixes.emitter[n])), int(fixes.t[n]), fixes.sog[n] / 10
        if sog >= 0 and (sog <= 0.2 or sog >= 0.5):
            still[track] = sog <= 0.2
        visit = visits.get(track)
        if visit and t - visit[1] >= 4 * 3600:
            visit[3] = 1
        if visit and metres[n] >= 4000:
            result.add((track[0], visit[0], visit[1], certainty(bool(visit[2]), True, bool(visit[3]))))
            del visits[track]
        elif visit or metres[n] <= 3000:
            visit = visits.setdefault(track, [t, t, int(track in seen), 0])
            visit[1] = t
            visit[3] |= still.get(track, False)
        seen.add(track)
    for track, visit in visits.items():
        sure = certainty(bool(visit[2]), False, bool(visit[3]) or upto - visit[1] >= 4 * 3600)
        result |= {(track[0], visit[0], None, sure)} if sure else set()
    return result


@settings(max_examples=30, deadline=None)
@given(kit.traffic(), kit.MARKS, kit.AFTER)
def test_pieces_and_idle_ticks_say_what_the_whole_says(rows: list[Row], marks: list[int], after: int) -> None:
    kit.law(kernel, rows, marks, after, RULE, PORTS)


@settings(max_examples=30, deadline=None)
@given(kit.traffic(), kit.AFTER)
def test_visits_are_those_of_the_state_machine(rows: list[Row], after: int) -> None:
    found, _ = kit.whole(kernel, rows, RULE, PORTS, after)
    said = {(one.mmsi[0], one.start, one.end, one.evidence["certainty"]) for one in found}
    assert said == plainly(rows, rows[-1].t + after)


def call(mmsi: int = SHIP, stay_h: float = 6, knots: float = 0.0) -> list[Row]:
    """From ten kilometres off to the port, a stay, and ten kilometres away again."""
    way = [Row(mmsi, DAY + 120 * n, 8.0 + (10_000 - 500 * n) * METRE, 102.0, sog=8.1) for n in range(21)]
    lie = [Row(mmsi, way[-1].t + 600 * n, 8.0, 102.0, sog=knots) for n in range(1, int(stay_h * 6))]
    back = [Row(mmsi, (lie or way)[-1].t + 120 * n, 8.0 + 500 * n * METRE, 102.0, sog=8.1) for n in range(1, 21)]
    return way + lie + back


def test_entry_stop_and_exit_are_a_sure_visit() -> None:
    (one,), _ = kit.whole(kernel, call(), RULE, PORTS)
    assert (one.kind, one.confidence, one.excluded) == ("port_visit", "high", None)
    assert {name: one.evidence[name] for name in ("certainty", "stops_count", "gaps_count", "port_km")} == {
        "certainty": 4, "stops_count": 1, "gaps_count": 0, "port_km": 2.5,
    }  # fmt: skip
    (begun,), _ = kit.whole(kernel, call()[:40], RULE, PORTS)
    assert (begun.key, begun.end, begun.confidence, begun.evidence["certainty"]) == (one.key, None, "medium", 3)


def test_passing_by_is_recorded_and_excluded() -> None:
    (one,), _ = kit.whole(kernel, call(stay_h=0), RULE, PORTS)
    assert (one.excluded, one.confidence, one.evidence["certainty"]) == ("no_stop", "low", 1)


def test_silence_in_port_makes_a_visit_without_a_stop() -> None:
    rows = call(stay_h=0)
    late = [Row(row.mmsi, row.t + 5 * 3600, row.lat, row.lon, row.sog) for row in rows[21:]]
    (one,), _ = kit.whole(kernel, rows[:21] + late, RULE, PORTS)
    assert (one.evidence["gaps_count"], one.evidence["stops_count"], one.evidence["certainty"]) == (1, 0, 4)
    (silent,), _ = kit.whole(kernel, rows[:21], RULE, PORTS, after=4 * 3600)
    assert (silent.end, silent.evidence["certainty"]) == (None, 3)


def test_between_three_and_four_kilometres_the_state_stays() -> None:
    def swing(km: float) -> list[Row]:
        return [
            Row(SHIP, DAY + 600 * n, 8.0 + (2500 if n % 2 else km * 1000) * METRE, 102.0, sog=5.0) for n in range(1, 9)
        ]

    assert [one.end for one in kit.whole(kernel, swing(3.9), RULE, PORTS, after=4 * 3600)[0]] == [None]
    assert len(kit.whole(kernel, swing(4.1), RULE, PORTS)[0]) == 4


def test_gear_and_own_vessels_are_excluded_and_certainty_counts_as_published() -> None:
    for mmsi, reason in [(kit.GEAR, "gear"), (kit.OWN, "own_vessel")]:
        assert [one.excluded for one in kit.whole(kernel, call(mmsi), RULE, PORTS)[0]] == [reason]
    table = [
        certainty(*case)
        for case in [(True, True, True), (True, False, True), (False, False, True), (True, True, False)]
    ]
    assert table == [4, 3, 2, 1]
    assert [CONFIDENCE[number] for number in table] == ["high", "medium", "low", "low"]
