"""Clocks of receivers: an hour that is off is found, whoever is right stays, and cuts change nothing."""

import itertools
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.picture.position import POSITIONS, UNITS_PER_DEGREE, Flag
from prasan.tracks.clock_pairs import Heard, compare, none_heard
from prasan.tracks.clocks import ClockRule, Clocks, Judged, faults, hear_clocks, set_aside
from prasan.tracks.settle import FOREVER, settle

HOUR = 3600
BEGIN = 486_000 * HOUR
RULE = ClockRule(one_in=1)


def heard(seed: int, stations: int, share: float, hours: int = 3, ships: int = 12) -> pa.Table:
    """Ships on straight ways, a report a minute; of each, every station hears this share, with a second's jitter.

    A share of 0 means that one station hears each report and no other does.
    """
    chance = np.random.default_rng(seed)
    start = np.stack([chance.uniform(5, 12, ships), chance.uniform(98, 104, ships)])
    speed, course = chance.uniform(8, 20, ships), chance.uniform(0, 360, ships)
    ship, minute = (one.ravel() for one in np.meshgrid(np.arange(ships), np.arange(hours * 60), indexing="ij"))
    t = minute * 60.0 + ship % 60
    way = speed[ship] * t / 3600 / 60
    lat = start[0, ship] + way * np.cos(np.deg2rad(course[ship]))
    lon = start[1, ship] + way * np.sin(np.deg2rad(course[ship])) / np.cos(np.deg2rad(lat))
    by_one = chance.integers(0, stations, len(t))
    parts = []
    for station in range(stations):
        hit = np.flatnonzero(chance.random(len(t)) < share if share else by_one == station)
        parts.append(
            pa.table(
                {
                    "t": (BEGIN + t[hit] + chance.integers(0, 2, len(hit))).astype(np.int64),
                    "mmsi": (567_000_000 + ship[hit]).astype(np.uint32),
                    "lat": np.rint(lat[hit] * UNITS_PER_DEGREE).astype(np.int32),
                    "lon": np.rint(lon[hit] * UNITS_PER_DEGREE).astype(np.int32),
                    "sog": np.rint(speed[ship[hit]] * 10).astype(np.uint16),
                    "cog": (np.rint(course[ship[hit]] * 10) % 3600).astype(np.uint16),
                    "station": pa.array([f"s{station}"] * len(hit)).dictionary_encode(),
                }
            )
        )
    rows = pa.concat_tables(parts).unify_dictionaries()
    blank = pa.array(np.zeros(rows.num_rows, np.uint16))
    known: dict[str, Any] = {name: rows[name] for name in rows.column_names} | {"time_source": blank, "flags": blank}
    known |= {"source": pa.array(["coast"] * rows.num_rows).dictionary_encode()}
    columns = [known.get(f.name, pa.nulls(rows.num_rows, f.type)).cast(f.type) for f in POSITIONS]
    return pa.table(columns, schema=POSITIONS)


def shifted(table: pa.Table, station: str, hour: int, seconds: int) -> pa.Table:
    """The rows of one station that its clock gave in one hour, so many seconds later."""
    t = table["t"].to_numpy()
    hit = (np.array(table["station"].to_pylist()) == station) & (t // HOUR == BEGIN // HOUR + hour)
    return table.set_column(0, POSITIONS.field("t"), pa.array(np.where(hit, t + seconds, t)))


def judged(table: pa.Table, rule: ClockRule = RULE) -> dict[tuple[str, int], Judged]:
    return {(one.receiver[1], one.hour): one for one in hear_clocks(table, Clocks(), rule).judged.values()}


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 9), stations=st.integers(3, 5), station=st.integers(0, 2),
    seconds=st.integers(45, 1200) | st.integers(-1200, -45) | st.sampled_from([-5 * 86_400, 40 * 86_400]),
)  # fmt: skip
def test_an_hour_that_is_off_is_found_and_no_other(seed: int, stations: int, station: int, seconds: int) -> None:
    table = shifted(heard(seed, stations, 0.6), f"s{station}", 1, seconds)
    off = [one for one in judged(table).values() if one.off]
    assert {one.receiver for one in off} == {("coast", f"s{station}")}
    assert {one.hour for one in off} <= {BEGIN // HOUR + 1 + seconds // HOUR, BEGIN // HOUR + 2 + seconds // HOUR}
    assert all(abs(one.late_s - seconds) < 3 for one in off)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 20), stations=st.integers(1, 5), share=st.sampled_from([0.0, 0.3, 1.0]))
def test_clocks_that_agree_are_right(seed: int, stations: int, share: float) -> None:
    found = judged(heard(seed, stations, share))
    assert not any(one.off or one.disputed for one in found.values())
    assert all(abs(one.late_s) < 5 for one in found.values())
    assert len(found) >= (3 * stations if stations > 1 else 0)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 20), seconds=st.integers(60, 240), early=st.booleans())
def test_it_is_found_where_no_transmission_was_heard_twice(seed: int, seconds: int, early: bool) -> None:
    """As with satellites: by the way that ships made between the report that one heard and the next."""
    seconds = -seconds if early else seconds
    found = judged(shifted(heard(seed, 3, 0.0, ships=30), "s1", 1, seconds))
    hour = found["s1", BEGIN // HOUR + 1]
    assert hour.off
    assert abs(hour.late_s - seconds) < 15
    assert {name for (name, _), one in found.items() if one.off} == {"s1"}


def test_of_two_nobody_can_tell() -> None:
    table = shifted(heard(1, 2, 0.6), "s0", 1, 300)
    clocks = hear_clocks(table, Clocks(), RULE)
    hour = judged(table)["s1", BEGIN // HOUR + 1]
    assert (hour.off, hour.disputed, abs(hour.late_s + 300) < 3) == (False, True, True)
    assert faults(clocks) == {}


def test_two_that_are_off_together_are_not_believed_over_two_others() -> None:
    table = heard(2, 4, 0.6)
    for station in ("s0", "s1"):
        table = shifted(table, station, 1, 120)
    found = judged(table)
    assert not any(one.off for one in found.values())
    assert {name for (name, _), one in found.items() if one.disputed} == {"s0", "s1", "s2", "s3"}


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 9), share=st.sampled_from([0.0, 0.5]), seconds=st.sampled_from([0, 90, -400, 7200]),
    cuts=st.lists(st.integers(0, 4 * HOUR), max_size=5), mix=st.integers(0, 99),
)  # fmt: skip
def test_no_cut_and_no_order_changes_what_is_judged(
    seed: int, share: float, seconds: int, cuts: list[int], mix: int
) -> None:
    table = shifted(heard(seed, 4, share), "s2", 1, seconds)
    table = table.take(np.random.default_rng(mix).permutation(table.num_rows))
    whole = hear_clocks(table, Clocks(), RULE)
    hours = [hour * HOUR for hour in range(5)]
    t, pieces = table["t"].to_numpy() - BEGIN, Clocks()
    for begin, end in itertools.pairwise(sorted({-(10**6), *cuts, *hours, 10**6})):
        pieces = hear_clocks(table.filter(pa.array((t >= begin) & (t < end))), pieces, RULE)
    assert pieces.judged == whole.judged
    assert faults(pieces) == faults(whole)


rows_of = st.lists(
    st.tuples(st.integers(1, 2), st.integers(0, 5), st.integers(0, 2), st.sampled_from([100, 200]), st.integers(0, 3)),
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(rows_of)
def test_receptions_of_one_transmission_are_every_two_of_them(given_rows: list[tuple[int, int, int, int, int]]) -> None:
    """Against a plain reading of the definition: equal reports, each receiver's first, all pairs both ways round."""
    mmsi, minute, lat, sog, by = np.array(given_rows, np.int64).reshape(-1, 5).T
    zero = np.zeros(len(mmsi), np.int32)
    rows = Heard(mmsi.astype(np.uint32), minute * 60_000, lat.astype(np.int32), zero, sog.astype(np.uint16),
                 zero.astype(np.uint16), by.astype(np.int32))  # fmt: skip
    first: dict[tuple[int, ...], int] = {}
    for number, at, place, speed, station in sorted(given_rows, key=lambda row: row[1]):
        first.setdefault((number, place, speed, station), at)
    wanted = sorted(
        (one[3], 0, other[3], (first[one] - first[other]) * 60_000)
        for one, other in itertools.permutations(first, 2)
        if one[:3] == other[:3]
    )
    samples = compare(none_heard(), rows, np.arange(4), -1.0)
    found = zip(*(getattr(samples, name).tolist() for name in ("by", "hour", "other", "ms")), strict=True)
    assert sorted(found) == wanted


def test_rows_of_an_hour_that_is_off_are_set_aside_and_counted() -> None:
    table = shifted(heard(3, 3, 0.6), "s1", 1, 120)
    off = faults(hear_clocks(table, Clocks(), RULE))
    marked, number = set_aside(table, off)
    flags, station = marked["flags"].to_numpy(), np.array(marked["station"].to_pylist())
    hour = marked["t"].to_numpy() // HOUR - BEGIN // HOUR
    assert number == np.count_nonzero(flags & Flag.CLOCK_OFF) > 100
    assert set(station[flags != 0]) == {"s1"}
    assert set(hour[flags != 0]) <= {1, 2}, "two minutes of it fell in the hour after"
    fixes, settled = settle(marked, None, FOREVER)
    assert settled.dropped == {"clock_off": number}
    assert len(fixes) + settled.folded == table.num_rows - number
    assert set_aside(table, {})[0] is table
    assert set_aside(table, {("other", ""): [BEGIN // HOUR]}) == (table, 0)


def test_off_until_compared_again() -> None:
    clocks = Clocks(judged={(("a", ""), hour): Judged(("a", ""), hour, 99.0, 2, hour < 9, False) for hour in (5, 8, 9)})
    assert faults(clocks) == {("a", ""): [5, 6, 8]}


def test_what_is_remembered_is_bounded() -> None:
    table, clocks = heard(4, 3, 1.0), Clocks()
    small = msgspec.structs.replace(RULE, memory_count=100)
    for start in range(0, table.num_rows, 500):
        clocks = hear_clocks(table.slice(start, 500), clocks, small)
    assert len(clocks.heard) == 100


@pytest.mark.parametrize("column", ["sog", "cog", "lat"])
def test_rows_without_speed_course_or_place_say_nothing(column: str) -> None:
    table = heard(5, 3, 1.0)
    at = table.column_names.index(column)
    empty = table.set_column(at, POSITIONS.field(column), pa.nulls(table.num_rows, POSITIONS.field(column).type))
    assert hear_clocks(empty, Clocks(), RULE) == Clocks()


def test_what_one_or_two_ships_say_is_not_enough() -> None:
    """A recording played back makes a ship seem to be late at the one who hears it."""
    table = shifted(heard(6, 3, 0.6, ships=8), "s1", 1, 120)
    mmsi = table["mmsi"].to_numpy()
    few = table.filter(pa.array(mmsi < 567_000_002))
    assert judged(few) == {}
    assert judged(table.filter(pa.array(mmsi < 567_000_003)))["s1", BEGIN // HOUR + 1].off
