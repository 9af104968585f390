"""Drifting: the law of pieces, a plain reading of the rule, and what an officer would ask."""

import movement_kit as kit
import msgspec
import pytest
from hypothesis import given, settings
from movement_kit import DAY, METRE, SHIP, Row

from prasan.detect.drifting import kernel
from prasan.detect.movement_rules import MOVEMENT

RULE = MOVEMENT["prasan"]["drifting"]
LOOSE = kit.at(RULE, min_h=0.25, hole_h=0.3)
SEA = kit.world()


def plainly(rows: list[Row], upto: int) -> set[tuple[int, int, int | None]]:
    """One fix after the other: MMSI, first, end."""
    fixes = kit.tracks(rows)
    hole, least = 0.3 * 3600, 0.25 * 3600
    result: set[tuple[int, int, int | None]] = set()
    open_now: dict[tuple[int, int], tuple[int, int, int]] = {}

    def close(track: tuple[int, int]) -> None:
        begun, last, count = open_now.pop(track)
        if last - begun >= least and count >= 3:
            result.add((track[0], begun, last))

    for n in range(len(fixes)):
        track, t = (int(fixes.mmsi[n]), int(fixes.emitter[n])), int(fixes.t[n])
        sog, cog, bow = fixes.sog[n] / 10, fixes.cog[n] / 10, int(fixes.heading[n])
        if sog < 0.5 or cog < 0 or bow < 0:
            continue
        apart = min(abs(cog - bow) % 360, 360 - abs(cog - bow) % 360)
        adrift = 0.5 <= sog <= 5 and apart > 40
        if track in open_now and (not adrift or t - open_now[track][1] > hole):
            close(track)
        if adrift:
            begun, _, count = open_now.get(track, (t, t, 0))
            open_now[track] = (begun, t, count + 1)
    for track, (_, last, _) in list(open_now.items()):
        if upto - last > hole:
            close(track)
    going = {
        (mmsi, begun, None)
        for (mmsi, _), (begun, last, count) in open_now.items()
        if last - begun >= least and count >= 3
    }
    return result | going


@settings(max_examples=30, deadline=None)
@given(kit.traffic(), kit.MARKS, kit.AFTER)
def test_pieces_and_idle_ticks_say_what_the_whole_says(rows: list[Row], marks: list[int], after: int) -> None:
    kit.law(kernel, rows, marks, after, LOOSE, SEA)


@settings(max_examples=30, deadline=None)
@given(kit.traffic(), kit.AFTER)
def test_drifts_are_those_of_a_plain_reading(rows: list[Row], after: int) -> None:
    found, _ = kit.whole(kernel, rows, LOOSE, SEA, after)
    assert {(one.mmsi[0], one.start, one.end) for one in found} == plainly(rows, rows[-1].t + after)


def drift(mmsi: int = SHIP, heading: int | None = 90, knots: float = 1.5, minutes: int = 60) -> list[Row]:
    rate = knots * 1852 / 60 * METRE
    return [
        Row(mmsi, DAY + 60 * n, 8.0 + n * rate, 102.0, sog=knots, cog=0.0, heading=heading)
        for n in range(0, minutes, 3)
    ]


def test_a_ship_carried_sideways_drifts() -> None:
    (one,), silent = kit.whole(kernel, drift(), RULE, SEA, after=2 * 3600)
    assert (one.kind, one.end, one.excluded) == ("drifting", DAY + 57 * 60, None)
    assert one.evidence == {
        "codes": ["drifting"], "hours": 0.95, "angle_deg": 90, "speed_kn": 1.5, "distance_km": 2.6,
    }  # fmt: skip
    assert silent == {}
    (begun,), _ = kit.whole(kernel, drift(minutes=40), RULE, SEA)
    assert (begun.key, begun.end, begun.evidence["codes"]) == (one.key, None, ["drifting_open"])


@pytest.mark.parametrize(("heading", "knots"), [(40, 1.5), (320, 1.5), (0, 1.5), (90, 0.2), (90, 9.0)])
def test_bow_ahead_nearly_still_or_fast_is_no_drift(heading: int, knots: float) -> None:
    assert kit.whole(kernel, drift(heading=heading, knots=knots), RULE, SEA)[0] == []


def test_a_fix_too_slow_to_have_a_course_ends_nothing() -> None:
    slow = {"sog": 0.3, "cog": 100.0}
    rows = [row if at % 3 else msgspec.structs.replace(row, **slow) for at, row in enumerate(drift())]
    (one,), _ = kit.whole(kernel, rows, RULE, SEA, after=2 * 3600)
    assert (one.start, one.end) == (DAY + 180, DAY + 57 * 60)


def test_no_heading_is_not_assessable_and_counted_once_a_transmitter() -> None:
    found, silent = kit.whole(kernel, drift(heading=None) + drift(SHIP + 1, 511), RULE, SEA)
    assert (found, silent) == ([], {"no_heading": 2})
    _, silent = kit.whole(kernel, [*drift(heading=None), *drift(heading=0)[5:6]], RULE, SEA)
    assert silent == {}


def test_a_long_silence_while_drifting_is_counted() -> None:
    rows = drift(minutes=180)
    found, silent = kit.whole(kernel, rows[:15] + rows[40:], RULE, SEA, after=2 * 3600)
    assert (len(found), silent) == (2, {"long_silence": 1})


def test_ports_gear_and_own_vessels_are_excluded() -> None:
    port = kit.world(ports=[(8.01, 102.0)])
    for mmsi, world, reason in [(SHIP, port, "port"), (kit.GEAR, SEA, "gear"), (kit.OWN, SEA, "own_vessel")]:
        assert [one.excluded for one in kit.whole(kernel, drift(mmsi), RULE, world)[0]] == [reason]
