"""Loitering: the law of pieces, a plain reading of the rule, and what an officer would ask."""

import math

import movement_kit as kit
import msgspec
from hypothesis import given, settings
from movement_kit import DAY, METRE, SHIP, Row

from prasan.detect.loitering import kernel
from prasan.detect.movement_rules import MOVEMENT
from prasan.picture.sphere import KNOT_MS, chord_m
from prasan.tracks.columns import points

RULE = MOVEMENT["prasan"]["loitering"]
SHORT = kit.at(RULE, min_h=1, hole_h=2)
SEA = kit.world()

Hours = dict[int, list[int]]  # hour -> centimetres, seconds, first and last second covered


def hours_plainly(rows: list[Row], hole: int) -> dict[tuple[int, int], Hours]:
    """Each step shared out over its clock hours, by track."""
    fixes = kit.tracks(rows)
    place = points(fixes)
    result: dict[tuple[int, int], Hours] = {}
    for n in range(1, len(fixes)):
        track = (int(fixes.mmsi[n]), int(fixes.emitter[n]))
        t0, t1 = int(fixes.t[n - 1]), int(fixes.t[n])
        if track != (fixes.mmsi[n - 1], fixes.emitter[n - 1]) or t1 - t0 > hole:
            continue
        way = round(float(chord_m(place[n - 1], place[n])) * 100)
        if t1 - t0 > 900 and not fixes.derived[n - 1 : n + 1].any() and fixes.sog[n - 1 : n + 1].min() >= 0:
            way = max(way, math.floor(int(fixes.sog[n - 1 : n + 1].min()) / 10 * (KNOT_MS * 100) * (t1 - t0)))
        for hour in range(t0 // 3600, max(t0 // 3600, (t1 - 1) // 3600) + 1):
            a, b = max(t0, hour * 3600), max(min(t1, hour * 3600 + 3600), t0)
            part = way if t0 == t1 else way * (b - t0) // (t1 - t0) - way * (a - t0) // (t1 - t0)
            have = result.setdefault(track, {}).setdefault(hour, [0, 0, a, b])
            have[0], have[1], have[3] = have[0] + part, have[1] + b - a, b
    return result


def plainly(rows: list[Row], upto: int) -> set[tuple[int, int, int | None]]:
    """Slow hours in a row that are over: MMSI, begin, end."""
    result: set[tuple[int, int, int | None]] = set()
    hole = 2 * 3600
    fixes = kit.tracks(rows)
    for track, hours in hours_plainly(rows, hole).items():
        last = max(int(t) for m, e, t in zip(fixes.mmsi, fixes.emitter, fixes.t, strict=True) if (m, e) == track)
        sure = upto if upto - last > hole else last
        slow = [
            h
            for h, (cm, secs, *_) in sorted(hours.items())
            if cm < 2 * KNOT_MS * 100 * secs and h * 3600 + 3600 <= sure
        ]
        while slow:
            end = slow[0]
            while end + 1 in slow:
                end += 1
            begin, until = hours[slow[0]][2], hours[end][3]
            if until - begin >= 3600:
                result.add((track[0], begin, until if (end + 2) * 3600 <= sure else None))
            slow = [hour for hour in slow if hour > end]
    return result


@settings(max_examples=30, deadline=None)
@given(kit.traffic(), kit.MARKS, kit.AFTER)
def test_pieces_and_idle_ticks_say_what_the_whole_says(rows: list[Row], marks: list[int], after: int) -> None:
    kit.law(kernel, rows, marks, after, SHORT, SEA)


@settings(max_examples=50, deadline=None)
@given(kit.traffic(), kit.AFTER)
def test_loiterings_are_those_of_a_plain_reading(rows: list[Row], after: int) -> None:
    found, _ = kit.whole(kernel, rows, SHORT, SEA, after)
    assert {(one.mmsi[0], one.start, one.end) for one in found} == plainly(rows, rows[-1].t + after)


def creep(mmsi: int = SHIP, knots: float = 1.0, hours: int = 6, every: int = 10) -> list[Row]:
    """North at a steady pace, then away at twelve knots."""
    rate = knots * 1852 / 60 * METRE
    slow = [Row(mmsi, DAY + 60 * n, 8.0 + n * rate, 102.0) for n in range(0, hours * 60 + 1, every)]
    fast = [Row(mmsi, slow[-1].t + 600 * n, slow[-1].lat + n * 2 / 60, 102.0) for n in range(1, 19)]
    return slow + fast


def test_hours_at_a_creep_far_from_shore_are_loitering() -> None:
    (one,), silent = kit.whole(kernel, creep(), RULE, SEA)
    assert (one.kind, one.start, one.end, one.excluded) == ("loitering", DAY, DAY + 6 * 3600, None)
    assert one.evidence == {
        "codes": ["loitering", "far_from_shore"], "shore_nm": None, "hours": 6.0, "speed_kn": 1.0, "distance_km": 11.1,
    }  # fmt: skip
    assert silent == {}
    (begun,), _ = kit.whole(kernel, creep()[:31], RULE, SEA)
    assert (begun.key, begun.end, begun.evidence["codes"][0]) == (one.key, None, "loitering_open")


def test_faster_or_shorter_is_none_and_presets_differ_in_hours() -> None:
    assert kit.whole(kernel, creep(knots=2.2), RULE, SEA)[0] == []
    assert kit.whole(kernel, creep(hours=3), RULE, SEA)[0] == []
    assert len(kit.whole(kernel, creep(hours=3), MOVEMENT["gfw"]["loitering"], SEA)[0]) == 1


def trawl(every: int, sog: float | None) -> list[Row]:
    """To and fro at three knots, an hour's way each half an hour, for eight hours."""
    rate = 3 * 1852 / 60 * METRE
    minutes = range(0, 481, every)
    return [Row(SHIP, DAY + 60 * n, 8.0 + rate * abs((n + 15) % 60 - 30), 102.0, sog=sog) for n in minutes]


def test_a_trawler_heard_once_an_hour_is_not_taken_to_lie_still() -> None:
    assert kit.whole(kernel, trawl(10, 3.0), RULE, SEA)[0] == []
    assert kit.whole(kernel, trawl(60, 3.0), RULE, SEA)[0] == []
    assert len(kit.whole(kernel, trawl(60, None), RULE, SEA)[0]) == 1, "the line is all that is known"
    assert len(kit.whole(kernel, trawl(60, 3.0), MOVEMENT["gfw"]["loitering"], SEA)[0]) == 1
    assert len(kit.whole(kernel, [msgspec.structs.replace(one, sog=3.0) for one in creep()[:37]], RULE, SEA)[0]) == 1, (
        "where it is heard often, what it reports of its speed is not asked"
    )


def test_near_shore_is_recorded_and_excluded() -> None:
    island = [(102.0, 8.05), (102.1, 8.05), (102.1, 8.15), (102.0, 8.15)]
    (near,), _ = kit.whole(kernel, creep(), RULE, kit.world(islands=[island]))
    assert (near.excluded, near.evidence["shore_nm"]) == ("near_shore", 1.5)
    (off,), _ = kit.whole(kernel, creep(), RULE, kit.world(islands=[[(lon + 0.6, lat) for lon, lat in island]]))
    assert (off.excluded, off.evidence["codes"]) == (None, ["loitering", "off_shore"])
    assert 30 < off.evidence["shore_nm"] < 40


def test_an_hourly_feed_is_dense_enough_and_longer_silences_are_counted() -> None:
    assert len(kit.whole(kernel, creep(every=60), RULE, SEA)[0]) == 1
    rows = creep(hours=14)
    found, silent = kit.whole(kernel, rows[:25] + rows[-30:], RULE, SEA)
    assert (len(found), silent) == (1, {"long_silence": 1})


def test_gear_and_own_vessels_are_excluded() -> None:
    for mmsi, reason in [(kit.GEAR, "gear"), (kit.OWN, "own_vessel")]:
        assert [one.excluded for one in kit.whole(kernel, creep(mmsi), RULE, SEA)[0]] == [reason]
