"""More vessels than are followed: who is let go, that it is counted, and that cuts still change nothing."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import fleet
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.detect import crowd
from prasan.detect.chain import ChainCarry, advance
from prasan.detect.rules import PRASAN, apply_settings, preset
from prasan.picture.finding import Finding
from prasan.tracks.columns import Columns
from prasan.tracks.identity import IdentityCarry
from prasan.tracks.settle import SettleCarry, settle

RULES = apply_settings(preset(PRASAN), ["encounter.moved_km=0", "gap.min_h=2", "gap.before_count=3"])
WORLD = fleet.world()
Words = dict[str, Finding]


def through(rows: list[fleet.Row], marks: list[int], limit: int) -> tuple[Words, ChainCarry]:
    """The last words after steps that end at these watermarks."""
    last: Words = {}
    held: SettleCarry | None = None
    carry: ChainCarry | None = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crowd, "MAX_VESSELS", limit)
        for begin, end in pairwise([0, *marks]):
            fixes, held = settle(fleet.table([row for row in rows if begin <= row[1] < end]), held, end)
            found, carry = advance(fixes, carry, end, RULES, WORLD)
            last |= {one.key: one for one in found}
    assert carry is not None
    return last, carry


@st.composite
def crowds(draw: st.DrawFn) -> list[fleet.Row]:
    """Ships heard often or once, near each other, some silent for hours, some with a number of somebody else."""
    rows: list[fleet.Row] = []
    for ship in range(draw(st.integers(3, 9))):
        mmsi = fleet.SHIP + draw(st.integers(0, 7)) if draw(st.booleans()) else 123_450_000 + ship
        start, step = fleet.DAY + draw(st.integers(0, 20_000)), draw(st.sampled_from([20, 300, 600, 4000]))
        for number in range(draw(st.sampled_from([1, 2, 12, 30]))):
            late = draw(st.sampled_from([0, 0, 0, 9000]))
            rows.append((mmsi, start + number * step + late, 8.0 + ship * 0.001 + number * 0.002, 102.0))
    return sorted(rows, key=lambda row: row[1])


@settings(max_examples=15, deadline=None)
@given(crowds(), st.lists(st.integers(0, 60_000), max_size=6), st.integers(2, 6), st.integers(1, 90_000))
def test_pieces_say_what_the_whole_says_in_a_crowd(
    rows: list[fleet.Row], cuts: list[int], limit: int, after: int
) -> None:
    upto = rows[-1][1] + after
    marks = sorted({fleet.DAY + cut for cut in cuts if fleet.DAY + cut < upto})
    whole, carry = through(rows, [upto], limit)
    pieces, other = through(rows, [*marks, upto], limit)
    assert pieces == whole
    assert other.let_go == carry.let_go
    assert other.not_assessable() == carry.not_assessable()


def mmsis(value: Any) -> set[int]:
    """Every MMSI that a table, a key or an array of track keys in a carry holds, but for static reports and rates."""
    if isinstance(value, Columns):
        inner = [getattr(value, name) for name in value.__struct_fields__]
        own = set(value.mmsi.tolist()) if hasattr(value, "mmsi") else set()
        return own.union(*(mmsis(one) for one in inner if isinstance(one, Columns)))
    if isinstance(value, Mapping):
        numbers = [key[0] if isinstance(key, tuple) else key for key in value if not isinstance(key, str)]
        own = {number >> 16 if number >= 1 << 32 else number for number in numbers}
        return own.union(*(mmsis(one) for key, one in value.items() if isinstance(key, str)))
    if isinstance(value, msgspec.Struct):
        names = [name for name in value.__struct_fields__ if name not in ("identities", "census", "groups")]
        return set().union(*(mmsis(getattr(value, name)) for name in names))
    if isinstance(value, np.ndarray) and value.dtype == np.int64 and len(value) and value.ndim == 1:
        return set((value[value >= 1 << 32] >> 16).tolist())
    return set(value) if isinstance(value, frozenset) else set()


@settings(max_examples=15, deadline=None)
@given(crowds(), st.randoms(use_true_random=False))
def test_nothing_is_left_of_who_is_let_go(rows: list[fleet.Row], random: Any) -> None:
    upto = rows[-1][1] + 1
    _, carry = through(rows, [upto], 100)
    everybody = sorted(mmsis(carry))
    gone = np.array(sorted(random.sample(everybody, len(everybody) // 2)), np.int64)
    less = crowd.without(carry, gone)
    assert mmsis(less).isdisjoint(gone.tolist())
    assert mmsis(less) == set(everybody) - set(gone.tolist())
    fixes, _ = settle(
        fleet.table([(mmsi, upto + 60, 8.5, 102.0) for mmsi in everybody]), SettleCarry(upto=upto), upto + 61
    )
    advance(fixes, less, upto + 61, RULES, WORLD)


def test_numbers_heard_once_drive_out_themselves_and_not_the_fleet() -> None:
    hours = fleet.every(10, 0, 12)
    ships = [row for n in range(1, 5) for row in fleet.sail(fleet.SHIP + n, hours, 8.0 + n, 102.0)]
    ships += fleet.sail(fleet.SHIP, [hour for hour in hours if not 4 < hour < 11], 8.0, 102.0)
    flood = [(200_000_000 + n, fleet.DAY + 3600 + n * 12, -20.0 + n % 7, 60.0) for n in range(3_000)]
    upto = fleet.DAY + 12 * 3600
    alone, _ = through(ships, [upto], 100)
    both, carry = through(sorted(ships + flood, key=lambda row: row[1]), [upto], 100)
    gaps = {key: (one.start, one.end) for key, one in alone.items() if one.kind == "gap"}
    assert len(gaps) == 1
    assert {key: (both[key].start, both[key].end) for key in gaps} == gaps
    assert mmsis(carry) >= {fleet.SHIP + n for n in range(5)}
    assert carry.emitters is not None
    left = len(np.unique(carry.emitters.last.mmsi))
    assert left <= 100 + 60 / 3
    assert carry.not_assessable()["any"]["crowd"] == carry.let_go == 3_005 - left


def test_the_least_heard_go_first_and_of_these_the_longest_silent() -> None:
    rows = [(fleet.SHIP + n, fleet.DAY + n * 10, 8.0, 102.0) for n in range(8)]
    rows += [(fleet.SHIP, fleet.DAY + 1000, 8.001, 102.0), (fleet.SHIP + 1, fleet.DAY + 1010, 8.001, 102.0)]
    _, carry = through(rows, [fleet.DAY + 2000], 100)
    assert carry.emitters is not None
    assert crowd.least_heard(carry.emitters.last, carry.jumps, 8).tolist() == []
    assert crowd.least_heard(carry.emitters.last, carry.jumps, 7).tolist() == [fleet.SHIP + n for n in (2, 3, 4)]


def test_histories_that_were_let_go_are_counted_too() -> None:
    carry = ChainCarry(identities=IdentityCarry(evicted=7), let_go=2)
    assert carry.not_assessable() == {"any": {"crowd": 2}, "identity_change": {"crowd": 7}}
