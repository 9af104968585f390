"""The experimental kinds: off by default, found when asked for, the same in pieces."""

from itertools import pairwise

import fleet
import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.detect.chain import ChainCarry, advance
from prasan.detect.experimental import EXPERIMENTAL
from prasan.detect.rules import PRASAN, preset
from prasan.detect.run import Outcome, detect
from prasan.errors import UsageError
from prasan.exercise.player import position_table, static_table
from prasan.picture.areas import areas
from prasan.picture.finding import Finding
from prasan.picture.position import UNITS_PER_DEGREE
from prasan.tracks.settle import SettleCarry, settle

RULES = preset(PRASAN, EXPERIMENTAL)
KINDS = tuple(EXPERIMENTAL)
CABLE = areas([("Cable SEA-1", [[np.array([(101.9, 8.0), (102.1, 8.0), (102.1, 8.4), (101.9, 8.4)])]])])
WORLD = msgspec.structs.replace(fleet.world(), ship_types={fleet.SHIP: 70, fleet.OTHER: 80}, zones=CABLE)

Heard = tuple[int, int, float, float, int, int]  # mmsi, t, lat, lon, tenths of a knot, tenths of a degree


def table(rows: list[Heard]) -> pa.Table:
    names = ("mmsi", "t", "lat", "lon", "sog", "cog")
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    for name in ("lat", "lon"):
        columns[name] = [round(value * UNITS_PER_DEGREE) for value in columns[name]]
    return position_table(columns, "test")


def track(sog: list[int], cog: list[int], mmsi: int = fleet.SHIP, minutes: int = 5, lat: float = 8.2) -> list[Heard]:
    """Fixes every few minutes that creep north, with the speeds and courses reported."""
    pairs = enumerate(zip(sog, cog, strict=True))
    return [(mmsi, fleet.DAY + at * minutes * 60 + 1, lat + at * 1e-4, 102.0, s, c) for at, (s, c) in pairs]


def look(rows: list[Heard], kind: str, statics: pa.Table | None = None) -> Outcome:
    return detect(table(rows), statics, RULES, WORLD, kinds=[kind])


def test_they_are_off_until_asked_for() -> None:
    assert not set(preset(PRASAN)) & set(KINDS)
    assert set(preset(PRASAN, ["draught_change"])) == {*preset(PRASAN), "draught_change"}
    with pytest.raises(UsageError):
        detect(table([]), None, preset(PRASAN), WORLD, kinds=["cable_risk"])
    assert all("experimental" in rule.differs[0] for rule in EXPERIMENTAL.values())


def test_a_cargo_ship_at_forty_knots_is_an_unusual_speed() -> None:
    (one,) = look(track([120] * 5 + [400] * 12 + [120] * 5, [0] * 22), "speed_anomaly").findings
    assert (one.evidence["usual_kn"], one.evidence["speed_kn"], one.confidence) == (15.0, 40.0, "low")
    assert one.evidence["hours"] == round(11 * 5 / 60, 2)
    for quiet in ([200] * 22, [400] * 3 + [120] * 19, [1023] * 22, [630] * 22):
        assert look(track(quiet, [0] * 22), "speed_anomaly").findings == []
    assert look(track([400] * 20, [0] * 20, mmsi=fleet.SHIP + 1), "speed_anomaly").findings == []


def test_creeping_over_a_cable_is_a_risk_and_without_a_cable_not_assessable() -> None:
    rows = track([3] * 30 + [80] * 10, [0] * 40)
    (one,) = look(rows, "cable_risk").findings
    assert (one.reason, one.evidence["speed_kn"], one.excluded) == ("cable_risk", 0.3, None)
    assert look(track([3] * 30, [0] * 30, lat=9.0), "cable_risk").findings == []
    assert look(track([80] * 30, [0] * 30), "cable_risk").findings == []
    bare = detect(table(rows), None, RULES, fleet.world(), kinds=["cable_risk"])
    assert bare.findings == []
    assert bare.counts["not_assessable"] == {"cable_risk": {"no_cable_layer": 1}}


def test_a_tanker_that_zigzags_is_told_once_and_a_fisher_is_not() -> None:
    zigzag = [0] * 6 + [600, 0, 600, 0, 600] + [0] * 20
    (one,) = look(track([150] * 31, zigzag, mmsi=fleet.OTHER), "victim_manoeuvre").findings
    assert one.evidence["turns_count"] == 6
    assert one.end is not None
    assert look(track([150] * 31, zigzag, mmsi=fleet.OTHER + 1), "victim_manoeuvre").findings == []
    assert look(track([30] * 31, zigzag, mmsi=fleet.OTHER), "victim_manoeuvre").findings == []
    assert look(track([150] * 31, [0] * 15 + [900] * 16, mmsi=fleet.OTHER), "victim_manoeuvre").findings == []


def statics(values: list[int]) -> pa.Table:
    t = [fleet.DAY + 360 * at for at in range(len(values))]
    return static_table({"t": t, "mmsi": [fleet.SHIP] * len(t), "draught": values}, "test")


def test_a_draught_that_changes_at_sea_is_told_with_both_values() -> None:
    rows = track([100] * 30, [0] * 30)
    (one,) = look(rows, "draught_change", statics([100] * 10 + [82] * 10)).findings
    assert (one.evidence["old_draught_m"], one.evidence["new_draught_m"], one.excluded) == (10.0, 8.2, None)
    assert look(rows, "draught_change", statics([100] * 10 + [95] * 10)).findings == []
    assert look(rows, "draught_change", statics([100] * 10 + [0] * 10)).findings == []
    home = msgspec.structs.replace(WORLD, ports=fleet.world([(8.2, 102.0)]).ports)
    outcome = detect(table(rows), statics([100] * 10 + [82] * 10), RULES, home, kinds=["draught_change"])
    assert outcome.counts["excluded"] == {"draught_change": {"port": 1}}


def in_pieces(rows: list[Heard], said: pa.Table, marks: list[int]) -> tuple[dict[str, Finding], ChainCarry]:
    last: dict[str, Finding] = {}
    held: SettleCarry | None = None
    carry: ChainCarry | None = None
    rules = {kind: RULES[kind] for kind in KINDS}
    for before, mark in pairwise([0, *sorted(set(marks)), fleet.DAY + 90_000]):
        fixes, held = settle(table([row for row in rows if before <= row[1] < mark]), held, mark)
        t = said["t"].to_numpy()
        piece = said.filter(pa.array((t >= before) & (t < mark)))
        found, carry = advance(fixes, carry, mark, rules, WORLD, piece)
        last |= {one.key: one for one in found}
    assert carry is not None
    return last, carry


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([3, 5, 120, 400]), st.sampled_from([0, 0, 600])), min_size=1, max_size=60),
    st.lists(st.sampled_from([100, 80, 60]), max_size=40),
    st.lists(st.integers(fleet.DAY, fleet.DAY + 20_000), max_size=6),
)
def test_pieces_say_what_the_whole_says(heard: list[tuple[int, int]], said: list[int], marks: list[int]) -> None:
    speeds = [speed for speed, _ in heard for _ in range(4)]
    courses = [course for _, course in heard for _ in range(4)]
    rows = track(speeds, courses, minutes=2)
    whole, whole_carry = in_pieces(rows, statics(said), [])
    pieces, carry = in_pieces(rows, statics(said), marks)
    assert pieces == whole
    assert carry.not_assessable() == whole_carry.not_assessable()
