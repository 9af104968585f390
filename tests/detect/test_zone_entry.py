"""Zone entry: the law of pieces, a plain reading of the rule, and what an officer would ask."""

import movement_kit as kit
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from movement_kit import DAY, SHIP, Row

from prasan.detect.movement_rules import MOVEMENT
from prasan.detect.zone_entry import kernel
from prasan.picture.world import World

RULE = MOVEMENT["prasan"]["zone_entry"]


def box(lat: float, lon: float, size: float) -> list[tuple[float, float]]:
    return [(lon - size, lat - size), (lon + size, lat - size), (lon + size, lat + size), (lon - size, lat + size)]


EVERYWHERE = kit.world(
    zones=[
        (name, box(lat, lon, size))
        for lat, lon in [(8.0, 102.0), (77.0, 179.999), (-60.0, -179.9995)]
        for name, size in [("reserve", 0.02), ("inner", 0.0006)]
    ]
)


def plainly(rows: list[Row], upto: int, world: World) -> set[tuple[int, int, int | None, str]]:
    """One fix after the other: MMSI, first, end, zone."""
    fixes = kit.tracks(rows)
    leave = RULE.thresholds["leave_h"] * 3600
    result: set[tuple[int, int, int | None, str]] = set()
    for name_at, name in enumerate(world.zones.names):
        stays: dict[tuple[int, int], list[int]] = {}  # begun, last inside, was outside since
        for n in range(len(fixes)):
            track, t = (int(fixes.mmsi[n]), int(fixes.emitter[n])), int(fixes.t[n])
            inside = name_at in world.zones.inside(fixes.lat[n] / 600_000, fixes.lon[n] / 600_000)[1]
            stay = stays.get(track)
            if inside and stay and stay[2] and t - stay[1] >= leave:
                result.add((track[0], stay[0], stay[1], name))
                stay = None
            if inside:
                stays[track] = [stay[0] if stay else t, t, 0]
            elif stay:
                stay[2] = 1
        for (mmsi, _), (begun, last, out) in stays.items():
            result.add((mmsi, begun, last if out and upto - last >= leave else None, name))
    return result


@settings(max_examples=30, deadline=None)
@given(kit.traffic(), kit.MARKS, kit.AFTER)
def test_pieces_and_idle_ticks_say_what_the_whole_says(rows: list[Row], marks: list[int], after: int) -> None:
    kit.law(kernel, rows, marks, after, RULE, EVERYWHERE)


@settings(max_examples=30, deadline=None)
@given(kit.traffic(), kit.AFTER)
def test_stays_are_those_of_a_plain_reading(rows: list[Row], after: int) -> None:
    found, _ = kit.whole(kernel, rows, RULE, EVERYWHERE, after)
    said = {(one.mmsi[0], one.start, one.end, one.evidence["zone"]) for one in found}
    assert said == plainly(rows, rows[-1].t + after, EVERYWHERE)


def crossing(mmsi: int = SHIP, *minutes: int) -> list[Row]:
    """North through the zone at 12 knots: half an hour before, twelve minutes inside, then away."""
    return [Row(mmsi, DAY + 60 * n, 8.0 + (n - 36) * 0.2 / 60, 102.0, sog=12.0) for n in minutes or range(0, 120, 2)]


def test_one_entry_is_said_when_it_begins_and_when_it_is_over() -> None:
    zone = kit.world(zones=[("reserve", box(8.0, 102.0, 0.02))])
    (one,), _ = kit.whole(kernel, crossing(), RULE, zone)
    assert one.evidence["codes"] == ["zone_entered", "zone_left"]
    assert (one.confidence, one.excluded, one.evidence["zone"], one.evidence["speed_kn"]) == (
        "high",
        None,
        "reserve",
        12.0,
    )
    assert len(one.fixes) == 3  # outside, first inside, last inside
    (begun,), _ = kit.whole(kernel, crossing(SHIP, *range(0, 40, 2)), RULE, zone)
    assert (begun.key, begun.end, begun.evidence["codes"]) == (one.key, None, ["zone_entered"])


def test_rows_far_from_every_zone_are_not_looked_at_twice() -> None:
    zone = kit.world(zones=[("reserve", box(8.0, 102.0, 0.02))])
    far = [Row(SHIP + 1, row.t, row.lat + 20, row.lon) for row in crossing()]
    _, carry = kernel(kit.tracks(crossing() + far), None, far[-1].t + 1, RULE, zone)
    assert carry.looked == len(crossing())


def test_first_seen_inside_is_less_sure_and_says_so() -> None:
    found, _ = kit.whole(kernel, crossing(SHIP, 36, 90), RULE, kit.world(zones=[("reserve", box(8.0, 102.0, 0.02))]))
    assert [(one.confidence, one.evidence["codes"][0]) for one in found] == [("medium", "zone_first_seen")]


def test_a_track_along_the_border_is_one_stay() -> None:
    zone = kit.world(zones=[("reserve", box(8.0, 102.0, 0.02))])
    rows = [Row(SHIP, DAY + 300 * n, 8.02 + (-1) ** n * 0.0005, 102.0) for n in range(40)]
    found, _ = kit.whole(kernel, rows, RULE, zone, after=20)
    assert len(found) == 1
    away = [Row(SHIP, rows[-1].t + 3600 * n, 8.1, 102.0) for n in (1, 2)]
    back = [Row(SHIP, away[-1].t + 600, 8.0, 102.0)]
    found, _ = kit.whole(kernel, rows + away + back, RULE, zone)
    assert [one.end is None for one in found] == [False, True]


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([(kit.GEAR, "gear"), (kit.OWN, "own_vessel")]))
def test_gear_and_own_vessels_are_excluded(case: tuple[int, str]) -> None:
    zone = kit.world(zones=[("reserve", box(8.0, 102.0, 0.02))])
    found, _ = kit.whole(kernel, crossing(case[0]), RULE, zone)
    assert [one.excluded for one in found] == [case[1]]


def test_without_zones_nothing_is_entered() -> None:
    assert kit.whole(kernel, crossing(), RULE, kit.world())[0] == []


def leaping(out: int, back: int, into: float, mmsi: int = SHIP) -> list[Row]:
    """A vessel at rest 3 degrees south of the zone, heard every ten minutes, that seems to sail near it meanwhile."""
    rows = []
    for n in range(0, 300, 10):
        away = out <= n < back
        lat = into + (n - out) * 0.2 / 60 if away else 5.0
        rows.append(Row(mmsi, DAY + 60 * n, lat, 102.0, sog=12.0 if away else 0.0))
    return rows


def test_a_place_that_only_a_leap_led_to_is_displaced_and_a_second_hull_is_not() -> None:
    zone = kit.world(zones=[("reserve", box(8.0, 102.0, 0.02))])
    for into in (7.99, 7.9):  # into the zone at once, or near it and then in
        (one,), _ = kit.whole(kernel, leaping(100, 200, into), RULE, zone, 7200)
        assert one.excluded == "displaced"
        (one,), _ = kit.whole(kernel, leaping(100, 200, into), kit.at(RULE, displaced_h=0), zone, 7200)
        assert one.excluded is None
    other = [msgspec.structs.replace(row, t=row.t + 30) for row in leaping(300, 300, 0.0)]
    (one,), _ = kit.whole(kernel, sorted(leaping(0, 300, 7.8) + other, key=lambda row: row.t), RULE, zone, 7200)
    assert one.excluded is None
    late = [msgspec.structs.replace(row, t=row.t + 20 * 3600) for row in crossing()]
    (one,), _ = kit.whole(kernel, [*leaping(100, 300, 7.5)[:11], *late], RULE, zone, 7200)
    assert one.excluded is None


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.integers(10, 150), st.sampled_from([7.99, 7.9, 7.5])), min_size=1, max_size=3
    ),
    kit.MARKS,
    kit.AFTER,
)
def test_pieces_say_the_same_of_leaps(leaps: list[tuple[int, int, float]], marks: list[int], after: int) -> None:
    rows = [row for n, (out, long, into) in enumerate(leaps) for row in leaping(out, out + long, into, SHIP + n // 2)]
    zone = kit.world(zones=[("reserve", box(8.0, 102.0, 0.02))])
    kit.law(kernel, sorted(set(rows), key=lambda row: (row.t, row.mmsi, row.lat)), marks, after, RULE, zone)
