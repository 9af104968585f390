"""Stop: the law of pieces, a plain reading of the rule, and what an officer would ask."""

import movement_kit as kit
from hypothesis import given, settings
from movement_kit import DAY, METRE, SHIP, Row

from prasan.detect.movement_rules import MOVEMENT
from prasan.detect.stop import kernel
from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.sphere import chord_m, vectors
from prasan.tracks.columns import points, take

RULE = MOVEMENT["prasan"]["stop"]
SHORT = kit.at(RULE, bridge_h=4)
SEA = kit.world()


def plainly(rows: list[Row], upto: int) -> set[tuple[int, int, int | None]]:
    """For every fix in turn: does a stop begin here? MMSI, first, end."""
    fixes = kit.tracks(rows)
    hole, bridge, least = 2 * 3600, 4 * 3600, 3600
    result: set[tuple[int, int, int | None]] = set()
    place = points(fixes)
    for track in {(int(m), int(e)) for m, e in zip(fixes.mmsi, fixes.emitter, strict=True)}:
        mine = [n for n in range(len(fixes)) if (fixes.mmsi[n], fixes.emitter[n]) == track]
        at = 0
        while at < len(mine):
            end = at + 1
            while (
                end < len(mine)
                and fixes.t[mine[end]] - fixes.t[mine[end - 1]]
                <= (bridge if fixes.t[mine[end - 1]] - fixes.t[mine[at]] >= least else hole)
                and chord_m(place[mine[end]], place[mine[at]]) <= 250
            ):
                end += 1
            first, last = int(fixes.t[mine[at]]), int(fixes.t[mine[end - 1]])
            if last - first < least:
                at += 1
                continue
            over = end < len(mine) or upto - last > bridge
            result.add((track[0], first, last if over else None))
            at = end
    return result


@settings(max_examples=30, deadline=None)
@given(kit.traffic(), kit.MARKS, kit.AFTER)
def test_pieces_and_idle_ticks_say_what_the_whole_says(rows: list[Row], marks: list[int], after: int) -> None:
    kit.law(kernel, rows, marks, after, SHORT, SEA)


@settings(max_examples=50, deadline=None)
@given(kit.traffic(), kit.AFTER)
def test_stops_are_those_of_a_plain_reading(rows: list[Row], after: int) -> None:
    found, _ = kit.whole(kernel, rows, SHORT, SEA, after)
    assert {(one.mmsi[0], one.start, one.end) for one in found} == plainly(rows, rows[-1].t + after)


def lie(mmsi: int = SHIP, swing: float = 200, minutes: int = 120, every: int = 10) -> list[Row]:
    """At anchor, swinging to either side of her first place."""
    return [
        Row(mmsi, DAY + 60 * n, 8.0 + (swing * METRE if n // every % 2 else 0), 102.0) for n in range(0, minutes, every)
    ]


def away(rows: list[Row]) -> list[Row]:
    return [*rows, Row(rows[-1].mmsi, rows[-1].t + 600, rows[-1].lat + 0.02, 102.0, sog=10)]


def test_a_ship_at_anchor_stops_and_goes_on() -> None:
    (one,), silent = kit.whole(kernel, away(lie()), RULE, SEA)
    assert (one.kind, one.start, one.end, one.excluded) == ("stop", DAY, DAY + 110 * 60, None)
    assert one.evidence == {"codes": ["stop"], "radius_m": 250, "hours": 1.83, "fixes_count": 12, "silent_h": 0.0}
    assert silent == {}
    (begun,), _ = kit.whole(kernel, lie(), RULE, SEA)
    assert (begun.key, begun.end, begun.evidence) == (
        one.key, None, {"codes": ["stop_open"], "radius_m": 250, "min_h": 1},
    )  # fmt: skip


def test_wider_swings_and_shorter_stays_are_no_stop() -> None:
    assert kit.whole(kernel, away(lie(swing=260)), RULE, SEA)[0] == []
    assert kit.whole(kernel, away(lie(minutes=60)), RULE, SEA)[0] == []


def test_the_stop_ends_where_she_is_silent_for_long() -> None:
    rows = lie()
    later = [Row(row.mmsi, row.t + 15 * 3600, row.lat, row.lon) for row in rows]
    found, silent = kit.whole(kernel, rows + later, RULE, SEA, after=13 * 3600)
    assert [one.end is None for one in found] == [False, False]
    assert silent == {"long_silence": 1}


def test_she_stayed_if_she_is_heard_again_where_she_lay() -> None:
    rows = lie()
    later = [Row(row.mmsi, row.t + 5 * 3600, row.lat, row.lon) for row in rows]
    (one,), silent = kit.whole(kernel, rows + later, RULE, SEA, after=13 * 3600)
    assert (one.end, one.evidence["silent_h"], silent) == (rows[-1].t + 5 * 3600, 3.17, {})
    moved = [Row(row.mmsi, row.t, row.lat + 0.01, row.lon) for row in later]
    assert len(kit.whole(kernel, rows + moved, RULE, SEA)[0]) == 2


def test_silence_alone_begins_no_stop() -> None:
    rows = [Row(SHIP, DAY + 5 * 3600 * n, 8.0, 102.0) for n in range(4)]
    assert kit.whole(kernel, rows, RULE, SEA) == ([], {"long_silence": 3})


def test_an_hourly_feed_is_dense_enough() -> None:
    (one,), _ = kit.whole(kernel, lie(minutes=300, every=60), RULE, SEA)
    assert one.start == DAY


def test_fixes_are_named_with_their_place() -> None:
    (one,), _ = kit.whole(kernel, away(lie()), RULE, SEA)
    first, last = one.fixes
    assert (first.lat, first.source) == (8.0, "a")
    metres = chord_m(vectors(first.lat, first.lon), vectors(last.lat, last.lon))
    assert 199 < metres < 201
    rows = take(kit.tracks(lie()), slice(0, 1))
    assert one.key.endswith(f"|{DAY}|{int(rows.lat[0])}|{102 * UNITS_PER_DEGREE}")


def test_ports_gear_and_own_vessels_are_excluded() -> None:
    port = kit.world(ports=[(8.02, 102.0)])
    for mmsi, world, reason in [(SHIP, port, "port"), (kit.GEAR, SEA, "gear"), (kit.OWN, SEA, "own_vessel")]:
        assert [one.excluded for one in kit.whole(kernel, lie(mmsi), RULE, world)[0]] == [reason]
