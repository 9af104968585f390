import numpy as np
import pyarrow as pa

from prasan.exercise.player import play
from prasan.exercise.scenario import Scenario
from prasan.feeds.reference import load_scenario
from prasan.picture.position import POSITIONS, STATICS, UNITS_PER_DEGREE
from prasan.picture.sphere import KNOT_MS, distance_m

SCRIPT = load_scenario("gulf-andaman")
SOURCE = "exercise gulf-andaman"
START = int(SCRIPT.start.timestamp())


def hours_of(name: str, script: Scenario = SCRIPT) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    mmsi = next(vessel.mmsi for vessel in script.vessel if vessel.name == name)
    positions = play(script, SOURCE).positions
    t = positions["t"].to_numpy()[positions["mmsi"].to_numpy() == mmsi]
    return np.asarray((t - START) / 3600)


def test_the_script_is_a_plausible_exercise() -> None:
    names = {vessel.name for vessel in SCRIPT.vessel}
    assert len(SCRIPT.vessel) >= 12
    assert len(names) == len({vessel.mmsi for vessel in SCRIPT.vessel}) == len(SCRIPT.vessel)
    assert all(name.startswith("EX ") and len(name) <= 20 for name in names)
    assert all(len(vessel.callsign) <= 7 and vessel.mmsi // 1_000_000 in (567, 338) for vessel in SCRIPT.vessel)
    assert all(set(truth.vessels) <= names for truth in SCRIPT.truth)
    for vessel in SCRIPT.vessel:
        track = np.array(vessel.track)
        way = distance_m(track[:-1, 1], track[:-1, 2], track[1:, 1], track[1:, 2])
        assert (way / (np.diff(track[:, 0]) * 3600) / KNOT_MS < 20).all(), vessel.name


def test_rows_have_the_schemas_and_the_same_script_makes_the_same_rows() -> None:
    first, second = play(SCRIPT, SOURCE), play(SCRIPT, SOURCE)
    assert first.positions.schema == POSITIONS
    assert first.statics.schema == STATICS
    assert first.positions.equals(second.positions)
    assert first.statics.equals(second.statics)
    assert set(first.positions["source"].to_pylist()) == set(first.statics["source"].to_pylist()) == {SOURCE}
    assert first.positions["t"].to_numpy().min() >= START
    assert first.positions["t"].to_numpy().max() < START + SCRIPT.hours * 3600


def test_a_transmitter_that_is_off_is_not_heard() -> None:
    for truth in SCRIPT.truth:
        if truth.what == "transmitter_off":
            hours = hours_of(truth.vessels[0])
            assert not ((hours >= truth.from_h) & (hours < truth.to_h)).any()
            assert np.diff(hours).max() > truth.to_h - truth.from_h - 0.1


def test_hulls_said_to_lie_alongside_do() -> None:
    positions = play(SCRIPT, SOURCE).positions
    by_name = {vessel.name: vessel.mmsi for vessel in SCRIPT.vessel}
    for truth in SCRIPT.truth:
        if truth.what == "alongside":
            places = []
            for name in truth.vessels:
                rows = positions.filter(pa.array(positions["mmsi"].to_numpy() == by_name[name]))
                hours = (rows["t"].to_numpy() - START) / 3600
                inside = (hours >= truth.from_h) & (hours <= truth.to_h)
                lat, lon = (rows[axis].to_numpy()[inside] / UNITS_PER_DEGREE for axis in ("lat", "lon"))
                places.append((lat.mean(), lon.mean()))
            assert distance_m(*places[0], *places[1]) < 100
