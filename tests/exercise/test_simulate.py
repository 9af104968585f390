"""The simulator: what it sends, what is heard of it, and that the truth says what physically happened."""

import datetime as dt
import functools
from collections import Counter
from itertools import combinations, pairwise
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from prasan.cli.simulate import load_setting
from prasan.exercise.area import AREAS
from prasan.exercise.deed import sent
from prasan.exercise.emit import heard, windows
from prasan.exercise.lanes import between, km
from prasan.exercise.radio import Spots, Weak, chance, normal, uniform
from prasan.exercise.script import files, nmea
from prasan.exercise.simulate import Simulation, hearings, rows, simulate, truth_lines
from prasan.exercise.stays import stays
from prasan.exercise.track import AT_ANCHOR, MOORED, beam_m, intervals, where
from prasan.exercise.truth import BIN_S, traffic, zone_entries
from prasan.exercise.voyage import BERTHING_KM, BERTHING_KN
from prasan.formats.ais_batch import Options
from prasan.formats.nmea import DecoderState, decode, finish
from prasan.picture.finding import KINDS
from prasan.picture.position import POSITIONS, UNITS_PER_DEGREE
from prasan.picture.sphere import KNOT_MS, distance_m

SEED = 101


@functools.cache
def made(seed: int = SEED) -> Simulation:
    return simulate(load_setting("gulf-andaman"), 24.0, 60, seed)


@functools.cache
def written(seed: int = SEED) -> tuple[bytes, tuple[dict[str, object], ...]]:
    pieces = list(files(made(seed)))
    text = b"".join(value for name, value in pieces if name == "ais.nmea")
    return text, tuple(value for name, value in pieces if name == "truth.jsonl")


def read() -> pa.Table:
    options = Options(source="exercise")
    state, batches = decode(DecoderState(), written()[0], options)
    batches.append(finish(state, options))
    assert sum(sum(batch.counts.dropped.values()) for batch in batches) == 0
    return pa.Table.from_batches([batch.positions for batch in batches])


def test_the_same_seed_writes_the_same_bytes_and_another_does_not() -> None:
    again = b"".join(
        value for name, value in files(simulate(load_setting("gulf-andaman"), 24.0, 60, SEED)) if name == "ais.nmea"
    )
    other = b"".join(value for name, value in files(made(102)) if name == "ais.nmea")
    assert again == written()[0] != other


def test_sentences_and_batches_say_the_same_in_order_of_time() -> None:
    said, batches = read(), pa.Table.from_batches(list(rows(made())))
    assert batches.schema == POSITIONS
    columns = ["t", "mmsi", "lat", "lon", "sog", "cog", "heading", "nav_status", "msg_type"]
    assert said.select(columns).to_pylist() == batches.select(columns).to_pylist()
    assert said["station"].to_pylist() == batches["station"].to_pylist()
    assert (np.diff(said["t"].to_numpy()) >= 0).all()


def test_one_transmission_heard_by_two_stations_says_the_same_twice() -> None:
    table = pa.Table.from_batches(list(rows(made()))).select(["t", "mmsi", "lat", "lon", "station"]).to_pylist()
    told: dict[tuple[int, int], set[tuple[int, int]]] = {}
    stations: dict[tuple[int, int], set[str]] = {}
    duplicates = {deed.mmsi[0] for deed in made().deeds if deed.kind == "duplicate_identity"}
    for row in table:
        if row["mmsi"] not in duplicates:
            told.setdefault((row["t"], row["mmsi"]), set()).add((row["lat"], row["lon"]))
            stations.setdefault((row["t"], row["mmsi"]), set()).add(row["station"])
    assert all(len(places) == 1 for places in told.values())
    assert any(len(names) > 1 for names in stations.values())


def test_a_transmitter_that_is_off_is_not_heard_and_a_hull_is_where_it_says() -> None:
    table = pa.Table.from_batches(list(rows(made())))
    t, mmsi = table["t"].to_numpy() - made().epoch, table["mmsi"].to_numpy()
    lat, lon = (table[axis].to_numpy() / UNITS_PER_DEGREE for axis in ("lat", "lon"))
    plain = [hull for hull in made().cast.hulls if not (hull.as_mmsi or hull.leaps or hull.rings)]
    shared = {sent for hull in made().cast.hulls for _, _, sent in hull.as_mmsi}
    for hull in plain:
        own = (mmsi == hull.mmsi) & (hull.mmsi not in shared)
        assert not any(((t[own] >= start) & (t[own] < end)).any() for start, end in hull.off)
        real = where(hull, t[own].astype(float))
        assert (distance_m(*real, lat[own], lon[own]) < 60).all()


def test_what_could_have_been_heard_agrees_with_what_was() -> None:
    record = hearings(made())
    for _ in nmea(made(), record):
        pass
    seen = traffic(made().cast, made().air.radio, *record)
    always_on = np.array([not hull.off and not hull.as_mmsi for hull in made().cast.hulls])
    assert (seen.heard == seen.ideal)[always_on].mean() > 0.93


def test_a_station_that_is_out_of_order_or_on_a_thin_link_says_no_more_than_it_can() -> None:
    radio = made().air.radio
    table = pa.Table.from_batches(list(rows(made())))
    t, mmsi = table["t"].to_numpy() - made().epoch, table["mmsi"].to_numpy()
    station = np.array(table["station"].to_pylist())
    for number, start, end in radio.outages:
        assert not ((station == radio.names[number]) & (t >= start) & (t < end)).any()
    for name, thin_s in zip(radio.names, radio.thin_s.tolist(), strict=True):
        if thin_s >= 3600:
            told = list(zip(mmsi[station == name].tolist(), (t[station == name] // thin_s).tolist(), strict=True))
            assert len(told) == len(set(told))


def test_reports_are_the_same_however_the_time_is_cut() -> None:
    whole = heard(made().air, 0, 6 * 3600)
    parts = [heard(made().air, hour * 3600, (hour + 1) * 3600) for hour in range(6)]
    for name in ("leg", "t", "receiver"):
        assert np.array_equal(getattr(whole, name), np.concatenate([getattr(part, name) for part in parts]))


def test_a_far_or_weak_transmitter_is_heard_less() -> None:
    radio = made().air.radio
    near = np.linspace(0.1, 3.0, 50)
    spots = Spots(np.zeros(50, np.int64), np.zeros(50, np.int64), radio.lat[0] - near, np.full(50, radio.lon[0]))
    odds = chance(radio, 0, spots, Weak())
    assert (np.diff(odds) <= 1e-12).all()
    assert odds[0] > 0.5
    assert odds[-1] < 0.01


@pytest.mark.parametrize("area", AREAS)
def test_no_hull_sails_faster_than_a_ship_can(area: str) -> None:
    drawn = simulate(load_setting(area), 48.0, 120, SEED)
    fast = np.flatnonzero(drawn.air.legs.knots > 32)
    assert [drawn.cast.hulls[number].kind for number in drawn.air.legs.hull[fast].tolist()] == []


def test_draws_are_even_and_normal() -> None:
    a, b = np.repeat(np.arange(200), 200), np.tile(np.arange(200), 200)
    even, bell = uniform(1, a, b, 3), normal(1, a, b, 3)
    assert abs(even.mean() - 0.5) < 0.01
    assert abs(np.histogram(even, 10, (0, 1))[0] / 4000 - 1).max() < 0.1
    assert abs(bell.mean()) < 0.02
    assert abs(bell.std() - 1) < 0.02


def test_every_area_can_be_drawn_and_every_port_is_joined() -> None:
    for name in AREAS:
        drawn = simulate(load_setting(name), 12.0, 20, 1)
        ways, places_ = drawn.cast.sea.ways, drawn.cast.sea.places
        assert all(any(between(ways, one, other) for other in places_ if other is not one) for one in places_)
        assert len(drawn.air.legs) > 0


def test_reporting_intervals_are_those_of_the_tables() -> None:
    knots = np.array([0.0, 10.0, 10.0, 20.0, 20.0, 30.0, 5.0])
    status = np.array([1, 0, 0, 0, 0, 0, 5], np.uint8)
    turning = np.array([False, False, True, False, True, False, False])
    assert intervals(knots, status, turning, class_b=False).tolist() == [180, 10, 10 / 3, 6, 2, 2, 10]
    assert intervals(knots, status, turning, class_b=True).tolist() == [180, 30, 30, 30, 30, 30, 30]


def test_a_vessel_put_on_a_circle_seems_to_sail_it_at_its_speed() -> None:
    table = pa.Table.from_batches(list(rows(made())))
    t, mmsi = table["t"].to_numpy() - made().epoch, table["mmsi"].to_numpy()
    lat, lon = (table[axis].to_numpy() / UNITS_PER_DEGREE for axis in ("lat", "lon"))
    caught = [(hull, *span) for hull in made().cast.hulls for span in hull.rings]
    assert caught
    for hull, start, end, ring in caught:
        own = (mmsi == hull.mmsi) & (t >= start) & (t < end)
        north, east = (np.full(own.sum(), axis) for axis in ring.centre)
        far = distance_m(north, east, lat[own], lon[own])
        assert (abs(far / 1000 - ring.radius_km) < 0.1 * ring.radius_km + 0.05).all()
        assert (abs(table["sog"].to_numpy()[own] / 10 - ring.knots) < 0.6).all()


def test_a_ship_adrift_does_not_point_where_it_goes() -> None:
    table = pa.Table.from_batches(list(rows(made())))
    t, mmsi, sog = table["t"].to_numpy() - made().epoch, table["mmsi"].to_numpy(), table["sog"].to_numpy()
    heading, cog = (table[name].to_numpy(zero_copy_only=False).astype(float) for name in ("heading", "cog"))
    aside = abs((heading - cog / 10 + 180) % 360 - 180)
    for deed in made().deeds:
        if deed.what == "drifting_alone":
            own = (mmsi == deed.mmsi[0]) & (t > deed.start + 60) & (t < deed.end - 60) & (sog > 3) & ~np.isnan(heading)
            assert (aside[own] > 40).all()


def test_every_stay_is_told_and_its_hull_lies_still() -> None:
    hulls = {hull.mmsi: hull for hull in made().cast.hulls}
    told = stays(made().cast)
    assert {deed.kind for deed in told if not deed.unjudged} == {"stop", "port_visit"}
    assert len(told) % 2 == 0
    for deed in told:
        t = np.linspace(deed.start, deed.end, 5)
        lat, lon = where(hulls[deed.hulls[0]], t)
        assert np.ptp(lat) < 1e-9
        assert np.ptp(lon) < 1e-9


def test_a_run_has_three_of_every_kind_and_twenty_look_alikes_for_each_alert() -> None:
    drawn = simulate(load_setting("gulf-andaman"), 48.0, 250, SEED)
    record = hearings(drawn)
    for start, end in windows(drawn.air, 48 * 3600):
        said = heard(drawn.air, start, end)
        record[:, drawn.air.legs.hull[said.leg], said.t // BIN_S] = True
    run, *lines = truth_lines(drawn, record)
    counts = Counter(line["kind"] for line in lines if line["row"] == "event")
    assert set(counts) == set(KINDS) - {"watchlist_hit"}
    assert min(counts.values()) >= 3
    assert run["innocent_per_event"] >= 20


def test_truth_has_each_kind_and_many_more_look_alikes_than_events() -> None:
    run, *lines = (one for one in written()[1] if one["row"] != "reception")
    kinds = {line["kind"] for line in lines if line["row"] == "event"}
    assert kinds >= {"gap", "encounter", "loitering", "port_visit", "duplicate_identity", "identity_change", "spoofing"}
    assert run["row"] == "run"
    assert all(str(line["start"]) <= str(line["end"]) for line in lines)
    innocent = Counter(line["what"] for line in lines if line["row"] == "innocent")
    assert innocent["out_of_coverage"] > 0
    assert innocent["moored_off"] > 0
    assert innocent["misspelt"] > 0
    assert innocent["turning_circles"] > 0
    assert isinstance(run["innocent_per_event"], float)
    for line in lines:
        if line["what"] == "transmitter_off" and line["observable"]:
            assert int(str(line["neighbours"])) >= 5


def test_hulls_said_to_lie_alongside_do_and_a_zone_is_entered_where_it_is() -> None:
    hulls = {hull.mmsi: hull for hull in made().cast.hulls}
    for deed in made().deeds:
        if deed.what == "alongside":
            t = np.arange(deed.start + 60, deed.end - 60, 300.0)
            a, b = (where(hulls[own], t) for own in deed.hulls)
            one, other = (hulls[own].length_m for own in deed.hulls)
            touching = np.hypot((one + other) / 2, (beam_m(one) + beam_m(other)) / 2 + 5)
            assert (distance_m(*a, *b) < touching).all()
    zones = {zone.name: zone for zone in made().cast.setting.area.zone}
    for line in zone_entries(made().cast, 10.0):
        if not line.innocent:
            ring = np.array(zones[line.what.removeprefix("entered ")].ring)
            lat, lon = where(hulls[line.hulls[0]], np.array([line.start]))
            assert ring[:, 0].min() <= lat[0] <= ring[:, 0].max()
            assert ring[:, 1].min() <= lon[0] <= ring[:, 1].max()


@pytest.mark.parametrize("area", AREAS)
def test_nobody_at_anchor_swings_into_another_and_small_boats_lie_near_each_other(area: str) -> None:
    cast = simulate(load_setting(area), 48.0, 300, SEED).cast
    lie = [(hull, way.at, way.t, until.t) for hull in cast.hulls for way, until in pairwise(hull.ways)
           if way.status == AT_ANCHOR and way.at == until.at]  # fmt: skip
    near = []
    for (a, at, begin, end), (b, other, from_, until) in combinations(lie, 2):
        if a is not b and max(begin, from_) < min(end, until):
            metres = float(distance_m(*at, *other))
            assert metres > max(a.length_m + a.cable_m, b.length_m + b.cable_m) - 1
            near.append(metres)
    assert min(near) < 100


def test_who_leaves_the_area_sails_on_and_moors_nowhere_near_its_end() -> None:
    cast = made().cast
    ends = [(hull, way) for hull in cast.hulls for way in (hull.ways[0], hull.ways[-1]) if 0 < way.t < cast.sea.seconds]
    assert ends
    for hull, way in ends:
        for place in cast.sea.places:
            if place.port is None:
                assert float(distance_m(*way.at, *place.way[-1])) > 20_000, hull.name


def test_facts_are_told_under_the_number_that_was_sent() -> None:
    others = [(hull, one) for hull in made().cast.hulls for one in hull.as_mmsi]
    assert others
    for hull, (begin, end, number) in others:
        for deed in stays(made().cast):
            if deed.hulls == (hull.mmsi,):
                sent_other = begin <= deed.start and deed.end <= end
                assert deed.mmsi == ((number,) if sent_other else (hull.mmsi,))
                assert sent_other or deed.end <= begin or deed.start >= end


def test_sent_numbers_fill_the_span_one_after_the_other() -> None:
    hull = msgspec.structs.replace(made().cast.hulls[0], mmsi=1, as_mmsi=((10.0, 20.0, 2), (30.0, 90.0, 3)))
    assert sent(hull, 0.0, 40.0) == [(0.0, 10.0, 1), (10.0, 20.0, 2), (20.0, 30.0, 1), (30.0, 40.0, 3)]
    assert sent(hull, 12.0, 15.0) == [(12.0, 15.0, 2)]
    assert sent(hull, 25.0, 25.0) == [(25.0, 25.0, 1)]


def test_a_new_identity_is_observable_where_each_was_said_twice() -> None:
    said: dict[tuple[int, str], set[int]] = {}
    for line in written_statics():
        said.setdefault((line["mmsi"], line["name"]), set()).add(line["t"] // BIN_S)
    for line in written()[1]:
        if line.get("kind") == "identity_change" and line["row"] == "event":
            hull = next(one for one in made().cast.hulls if one.mmsi in msgspec.convert(line["mmsi"], tuple[int, ...]))
            (_, _, name, _), number = hull.named[0], (hull.as_mmsi or ((0, 0, hull.mmsi),))[0][2]
            counts = [len(said.get(key, ())) for key in ((hull.mmsi, hull.name), (number, name))]
            assert line["observable"] == (min(counts) >= 2) or min(counts) == 2, counts  # one step may hold both


def test_ships_in_the_roads_of_a_port_may_be_called_either() -> None:
    roads = [deed for deed in stays(made().cast) if deed.what == "in_the_roads"]
    assert roads
    assert all(deed.unjudged for deed in roads)


def written_statics() -> list[dict[str, Any]]:
    options = Options(source="exercise")
    state, batches = decode(DecoderState(), written()[0], options)
    batches.append(finish(state, options))
    return [row for batch in batches for row in batch.statics.to_pylist()]


def test_vessel_hours_of_reception_are_those_in_which_a_moving_vessel_was_heard() -> None:
    numbers, said = read(), [one for one in written()[1] if one["row"] == "reception"]
    heard_s = {mmsi: np.sort(part["t"].to_numpy()) for mmsi, part in by_number(numbers).items()}
    epoch = made().epoch
    hulls = {hull.mmsi: hull for hull in made().cast.hulls}
    for line in said:
        mmsi = msgspec.convert(line["mmsi"], tuple[int])[0]
        start = int(dt.datetime.fromisoformat(str(line["start"])).timestamp())
        mine = heard_s[mmsi]
        inside = mine[(mine >= start) & (mine < start + 3600)]
        assert len(inside)
        assert not any(a < start + 3600 - epoch and b > start - epoch for a, b in hulls[mmsi].off)
        after = mine[mine > inside[-1]]
        if line["lost_h"] is not None:
            assert abs((after[0] - inside[-1]) / 3600 - float(str(line["lost_h"]))) < 0.4
        elif line["lost_at"] is not None:
            assert not len(after)
        else:
            assert not len(after) or after[0] - inside[-1] < 3600 + 1200
    assert {line["light"] for line in said} == {True, False}
    assert any(line["lost_h"] is not None for line in said)


def by_number(table: pa.Table) -> dict[int, pa.Table]:
    column = table["mmsi"].to_numpy()
    return {int(mmsi): table.filter(pa.array(column == mmsi)) for mmsi in np.unique(column)}


def test_ships_come_to_their_berths_and_leave_them_dead_slow() -> None:
    """All that lie somewhere but ferries, which turn at their piers, and craft that are called out to a ship."""
    slow = 0
    for hull in made().cast.hulls:
        if hull.kind in {"passenger", "tug", "pilot"}:
            continue
        for before, way, after in zip(hull.ways, hull.ways[1:], hull.ways[2:], strict=False):
            lies = way.status in {AT_ANCHOR, MOORED} and after.at == way.at
            if lies and before.at != way.at and 0 < way.t < made().hours * 3600:
                assert km(before.at, way.at) <= BERTHING_KM + 0.01
                assert km(before.at, way.at) * 1000 / (way.t - before.t) / KNOT_MS <= BERTHING_KN + 0.1
                slow += 1
    assert slow > 20
