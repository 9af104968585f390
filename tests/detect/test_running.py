"""A meeting that goes on: the same words as if every slot were kept, in a carry that does not grow."""

import pickle
import statistics
from itertools import pairwise

import fleet
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_encounter import LIMITS, RULES, drifters, slots_of, stretches

from prasan.detect.chain import ChainCarry, advance
from prasan.detect.crowd import without
from prasan.picture.finding import Finding
from prasan.picture.sphere import distance_m
from prasan.tracks.settle import SettleCarry, settle


def steps(rows: list[fleet.Row], marks: list[int]) -> tuple[dict[str, Finding], list[ChainCarry]]:
    """The last word on every finding and the carry at each mark."""
    last: dict[str, Finding] = {}
    held, carries = SettleCarry(), [ChainCarry()]
    for begin, end in pairwise([0, *marks]):
        fixes, held = settle(fleet.table([row for row in rows if begin <= row[1] < end]), held, end)
        found, carry = advance(fixes, carries[-1], end, {"encounter": RULES["encounter"]}, fleet.world())
        last |= {one.key: one for one in found}
        carries.append(carry)
    return last, carries[1:]


def plainly(rows: list[fleet.Row], one: Finding) -> dict[str, float]:
    """Evidence of a meeting from all its slots, each written down."""
    sides = [slots_of(sorted(row[1:] for row in rows if row[0] == mmsi)) for mmsi in one.mmsi]
    together = []
    for slot in sorted(sides[0].keys() & sides[1].keys()):
        (lat1, lon1, kn1), (lat2, lon2, kn2) = sides[0][slot], sides[1][slot]
        metres = float(distance_m(lat1, lon1, lat2, lon2))
        if metres <= LIMITS["distance_m"] and max(kn1, kn2) <= LIMITS["slot_kn"]:
            together.append((slot, max(kn1, kn2), metres))
    assert (one.start, one.fixes[-1].t) in stretches([row[:2] for row in together])
    part = [row for row in together if one.start <= row[0] * 600 <= one.fixes[-1].t]
    return {
        "distance_m": statistics.median(row[2] for row in part),
        "closest_m": min(row[2] for row in part),
        "speed_kn": statistics.median(row[1] for row in part),
        "slots_count": len(part),
    }


@settings(max_examples=30, deadline=None)
@given(drifters(), st.sampled_from([7200, 20_000, 50_000]))
def test_sums_say_what_all_slots_say(rows: list[fleet.Row], step: int) -> None:
    end = max(row[1] for row in rows) + 1
    last, _ = steps(rows, [*range(fleet.DAY + step, end, step), end])
    assert last == steps(rows, [end])[0]
    for one in last.values():
        plain = plainly(rows, one)
        assert one.evidence["slots_count"] == plain["slots_count"]
        assert one.evidence["closest_m"] == round(plain["closest_m"])
        assert one.evidence["distance_m"] == pytest.approx(plain["distance_m"], abs=1.001), "medians of whole metres"
        assert one.evidence["speed_kn"] == pytest.approx(plain["speed_kn"], abs=0.1001), "and of tenths of a knot"


def wobbling(mmsi: int, hours: float, lat: float) -> list[fleet.Row]:
    """Lies at a place for days, its fixes some metres off; it comes from afar."""
    rows = fleet.sail(mmsi, fleet.every(10, 0, 2), lat - 16 / 60, 102.0)
    lies = fleet.sail(mmsi, fleet.every(10, 2, hours), lat, 102.0, 0.0)
    return rows + [(*row[:2], row[2] + 1e-6 * (at * 7 % 31), row[3]) for at, row in enumerate(lies)]


def test_two_that_lie_side_by_side_for_a_week_take_no_more_room_than_for_a_day() -> None:
    rows = [row for number in range(5) for row in wobbling(fleet.SHIP + number, 7 * 24, 8.0 + number * 0.0005)]
    marks = [fleet.DAY + hour * 3600 for hour in range(6, 7 * 24 + 1, 6)]
    last, carries = steps(rows, marks)
    sizes = [len(pickle.dumps(carry.kernels["encounter"])) for carry in carries]
    assert sizes[-1] < 1.1 * sizes[3]
    assert last == steps(rows, marks[-1:])[0]
    assert len(last) == 10
    assert min(one.evidence["slots_count"] for one in last.values()) > 6 * 24 * 6


def test_a_pair_that_moves_on_together_for_long_and_then_drifts_again_is_one_meeting() -> None:
    """What lies between two slow stretches is part of the meeting only once the second comes."""

    def rows(again: bool) -> list[fleet.Row]:
        knots = [*([0.5] * 24), *([3.5] * 40), *([0.5 if again else 3.5] * 24)]
        places, lat = [], 8.0
        for number, kn in enumerate(knots):
            places.append((fleet.DAY + 7 + number * 600, lat))
            lat += kn / 6 / 60
        return [(mmsi, t, lat, 102.0 + 0.001 * (mmsi == fleet.OTHER)) for t, lat in places
                for mmsi in (fleet.SHIP, fleet.OTHER)]  # fmt: skip

    end = fleet.DAY + 88 * 600
    marks = [*range(fleet.DAY + 1800, end, 1800), end]
    for again, count in ((False, 30), (True, 86)):
        last, _ = steps(rows(again), marks)
        assert last == steps(rows(again), [end])[0]
        (one,) = last.values()
        assert one.evidence["slots_count"] == pytest.approx(count, abs=1)


def test_the_meetings_of_others_go_on_when_a_vessel_is_let_go() -> None:
    rows = [row for number in range(3) for row in wobbling(fleet.SHIP + number, 60, 8.0 + number * 0.0005)]
    marks = [fleet.DAY + hour * 3600 for hour in (24, 60)]
    last, _ = steps(rows, marks)
    gone = fleet.SHIP
    _, (carry,) = steps(rows, marks[:1])
    less = without(carry, np.array([gone]))
    rest = [row for row in rows if row[0] != gone and row[1] >= marks[0]]
    fixes, _ = settle(fleet.table(rest), SettleCarry(upto=marks[0], sets=(("test",),)), marks[1])
    found, after = advance(fixes, less, marks[1], {"encounter": RULES["encounter"]}, fleet.world())
    (one,) = found
    assert one == last[one.key]
    assert one.mmsi == (gone + 1, gone + 2)
    running = after.kernels["encounter"].running
    assert len(running.sums) == 1
    assert set(running.part.run.tolist()) == {0}
