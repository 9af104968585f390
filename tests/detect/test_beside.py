"""Hulls that say how large they are: how far apart their antennas can be while they lie side by side."""

from itertools import pairwise

import fleet
import movement_kit
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.detect.beside import beside_m, lengths
from prasan.detect.chain import ChainCarry, advance
from prasan.detect.rules import PRASAN, apply_settings, preset
from prasan.detect.run import detect
from prasan.exercise.player import static_table
from prasan.picture.finding import Finding
from prasan.tracks.settle import SettleCarry, settle
from prasan.tracks.sizes import SIDES
from prasan.words import say

RULES = apply_settings(preset(PRASAN), ["encounter.moved_km=0"])
LIMITS = RULES["encounter"].thresholds
KM = 1 / 111.2
ISLAND = [(101.7, 8.0), (102.0, 8.0), (102.0, 8.3), (101.7, 8.3)]
COAST = movement_kit.world(islands=[ISLAND])
BOAT, BARGE = (16, 9, 2, 2), (22, 12, 2, 3)
TANKER = (160, 80, 20, 20)

Sides = tuple[int, int, int, int]


def still(mmsi: int, metres: float, hours: float = 5) -> list[fleet.Row]:
    """Lies 20 km off an island, so many metres north of a place."""
    return fleet.sail(mmsi, fleet.every(10, 0, hours), 8.15 + metres / 1000 * KM, 102.0 + 20 * KM, 0.02)


def says(*said: tuple[int, float, Sides]) -> pa.Table:
    """MMSI, hour and the four sides."""
    table: dict[str, list[int]] = {"mmsi": [row[0] for row in said]}
    table["t"] = [fleet.DAY + int(hour * 3600) for _, hour, _ in said]
    table |= {name: [sides[at] for _, _, sides in said] for at, name in enumerate(SIDES)}
    return static_table(table, "test")


def met(metres: float, first: Sides, second: Sides, *changes: str) -> Finding:
    rules = apply_settings(RULES, [f"encounter.{change}" for change in changes])
    rows = still(fleet.SHIP, 0) + still(fleet.OTHER, metres)
    statics = says((fleet.SHIP, 0.1, first), (fleet.OTHER, 0.1, second))
    (one,) = detect(fleet.table(rows), statics, rules, COAST, kinds=["encounter"]).findings
    return one


def reach(first: Sides, second: Sides) -> float:
    return float(beside_m(np.array([first], np.int16), np.array([second], np.int16), LIMITS)[0])


def test_small_boats_seventy_metres_from_each_other_are_apart_and_large_hulls_may_touch() -> None:
    boats = met(70, BOAT, BARGE)
    assert boats.excluded == "apart"
    assert boats.evidence["codes"] == ["encounter_open", "encounter_hulls"]
    assert [boats.evidence[name] for name in ("first_length_m", "second_length_m", "beside_m")] == [25, 34, 42]
    for lang in ("en", "th"):
        assert all(number in say("finding.encounter_hulls", boats.evidence, lang) for number in ("25", "34", "42"))
    assert met(30, BOAT, BARGE).excluded is None
    assert met(70, TANKER, TANKER).excluded is None
    assert met(180, TANKER, TANKER).excluded is None, "bow beside stern"
    assert met(260, TANKER, TANKER).excluded == "apart"


@pytest.mark.parametrize("unknown", [(0, 0, 0, 0), (16, 9, 0, 0), (0, 0, 2, 2)])
def test_where_a_size_is_unknown_the_fixed_distance_stands(unknown: Sides) -> None:
    assert met(70, BOAT, unknown).excluded is None
    assert met(160, unknown, BOAT).excluded == "apart"
    assert "first_length_m" not in met(160, unknown, BOAT).evidence


def test_one_slip_of_a_receiver_is_not_side_by_side_and_half_an_hour_is() -> None:
    for slots, excluded in ((1, "apart"), (2, "apart"), (4, None)):
        guest = [
            (*row[:2], row[2] - 50 / 1000 * KM, row[3]) if 12 <= at < 12 + slots else row
            for at, row in enumerate(still(fleet.OTHER, 70))
        ]
        statics = says((fleet.SHIP, 0.1, BOAT), (fleet.OTHER, 0.1, BARGE))
        rows = fleet.table(still(fleet.SHIP, 0) + guest)
        (one,) = detect(rows, statics, RULES, COAST, kinds=["encounter"]).findings
        assert one.excluded == excluded, slots


def test_what_is_said_after_the_meeting_does_not_count() -> None:
    rows = fleet.table(still(fleet.SHIP, 0) + still(fleet.OTHER, 70))
    late = says((fleet.SHIP, 0.1, BOAT), (fleet.OTHER, 30.0, BARGE))
    (one,) = detect(rows, late, RULES, COAST, kinds=["encounter"], upto=fleet.DAY + 40 * 3600).findings
    assert (one.excluded, one.end is not None) == (None, True)


def test_those_who_drift_and_other_presets_are_not_asked() -> None:
    far = [(mmsi, t, lat, lon + 2.0) for mmsi, t, lat, lon in still(fleet.SHIP, 0) + still(fleet.OTHER, 70)]
    statics = says((fleet.SHIP, 0.1, BOAT), (fleet.OTHER, 0.1, BARGE))
    (one,) = detect(fleet.table(far), statics, RULES, COAST, kinds=["encounter"]).findings
    assert (one.excluded, one.evidence["codes"]) == (None, ["encounter_open"])
    (one,) = detect(fleet.table(far), statics, preset("gfw"), COAST, kinds=["encounter"]).findings
    assert one.excluded is None


HULL = st.tuples(st.integers(0, 250), st.integers(1, 250), st.integers(0, 30), st.integers(1, 30))


@given(HULL, HULL, st.floats(0, 1), st.booleans())
def test_hulls_that_lie_side_by_side_are_never_farther_apart(
    first: Sides, second: Sides, share: float, turned: bool
) -> None:
    """The second hull anywhere along the first, either way round, with half of the shorter one beside the other."""
    a, b = (second[:2] if not turned else second[1::-1]), sum(second[:2])
    half = min(sum(first[:2]), b) / 2
    low, high = half - first[1] - a[0], first[0] + a[1] - half  # where its antenna can be, ahead of the first one's
    along = low + share * (high - low)
    near, far = (second[3], second[2]) if not turned else second[2:]
    abeam = max(first[2] + near, first[3] + far)
    assert np.hypot(along, abeam) <= reach(first, second) - LIMITS["slack_m"] + 1e-6
    assert lengths(np.array([first], np.int16))[0] == sum(first[:2])


def in_pieces(rows: list[fleet.Row], said: list[tuple[int, float, Sides]], cuts: list[int]) -> dict[str, Finding]:
    last: dict[str, Finding] = {}
    held, carry, upto = SettleCarry(), ChainCarry(), fleet.DAY + 9 * 3600
    for begin, end in pairwise([0, *sorted({fleet.DAY + cut for cut in cuts}), upto]):
        fixes, held = settle(fleet.table([row for row in rows if begin <= row[1] < end]), held, end)
        words = [one for one in said if begin <= fleet.DAY + int(one[1] * 3600) < end]
        found, carry = advance(fixes, carry, end, {"encounter": RULES["encounter"]}, COAST, says(*words))
        last |= {one.key: one for one in found}
    return last


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([fleet.SHIP, fleet.OTHER]), st.floats(0, 8), st.sampled_from([BOAT, TANKER])),
             max_size=5),
    st.lists(st.integers(1, 32_000), max_size=6), st.sampled_from([20.0, 70.0, 130.0, 170.0]),
)  # fmt: skip
def test_pieces_say_what_the_whole_says(said: list[tuple[int, float, Sides]], cuts: list[int], metres: float) -> None:
    rows = still(fleet.SHIP, 0) + still(fleet.OTHER, metres)
    assert in_pieces(rows, said, cuts) == in_pieces(rows, said, [])
