"""The simulator: what it sends, what is heard of it, and that the truth says what physically happened."""

import functools

import numpy as np
import pyarrow as pa

from prasan.cli.simulate import load_setting
from prasan.exercise.script import files
from prasan.exercise.simulate import Simulation, rows, simulate
from prasan.exercise.track import intervals, where
from prasan.formats.ais_batch import Options
from prasan.formats.nmea import DecoderState, decode, finish
from prasan.picture.position import POSITIONS, UNITS_PER_DEGREE
from prasan.picture.sphere import distance_m

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
    plain = [hull for hull in made().cast.hulls if not hull.as_mmsi and not hull.leaps]
    shared = {sent for hull in made().cast.hulls for _, _, sent in hull.as_mmsi}
    for hull in plain:
        own = (mmsi == hull.mmsi) & (hull.mmsi not in shared)
        assert not any(((t[own] >= start) & (t[own] < end)).any() for start, end in hull.off)
        real = where(hull, t[own].astype(float))
        assert (distance_m(*real, lat[own], lon[own]) < 60).all()


def test_reporting_intervals_are_those_of_the_tables() -> None:
    knots = np.array([0.0, 10.0, 10.0, 20.0, 20.0, 30.0, 5.0])
    status = np.array([1, 0, 0, 0, 0, 0, 5], np.uint8)
    turning = np.array([False, False, True, False, True, False, False])
    assert intervals(knots, status, turning, class_b=False).tolist() == [180, 10, 10 / 3, 6, 2, 2, 10]
    assert intervals(knots, status, turning, class_b=True).tolist() == [180, 30, 30, 30, 30, 30, 30]


def test_truth_has_each_kind_and_many_more_look_alikes_than_events() -> None:
    run, *lines = written()[1]
    kinds = {line["kind"] for line in lines if line["row"] == "event"}
    assert kinds >= {"gap", "encounter", "loitering", "port_visit", "duplicate_identity", "identity_change", "spoofing"}
    assert run["row"] == "run"
    assert all(str(line["start"]) <= str(line["end"]) for line in lines)
