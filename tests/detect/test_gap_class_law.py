"""The carry law for classes: whatever the cut, the last word on every gap is the same, evidence and all."""

from collections import Counter
from itertools import pairwise

import fleet
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.detect.chain import ChainCarry, advance
from prasan.detect.rules import PRASAN, apply_settings, preset
from prasan.picture.finding import Finding
from prasan.tracks.settle import SettleCarry, settle

RULES = apply_settings(
    {"gap": preset(PRASAN)["gap"]},
    [
        "gap.min_h=0.5", "gap.before_count=3", "gap.feed_count=3", "gap.cover_h=0.5", "gap.learn_h=24",
        "gap.neighbours_count=2", "gap.weak_neighbours_count=1", "gap.silent_share=0.6", "gap.weak_silent_share=0.9",
        "gap.way_share=0.5", "gap.berth_km=0", "gap.usual_count=3", "gap.last_count=2",
        "gap.long_h=1", "gap.back_count=2",
    ],
)  # fmt: skip
WORLD = fleet.world()
Sourced = tuple[fleet.Row, str]


@st.composite
def water(draw: st.DrawFn) -> list[Sourced]:
    """Ships that pass each other, fall silent for a while or for good, heard by up to two sources."""
    rows: list[Sourced] = []
    for n in range(draw(st.integers(3, 8))):
        mmsi = fleet.OTHER + draw(st.integers(0, 7))
        step = draw(st.sampled_from([2, 4, 5]))
        gone = sorted(draw(st.lists(st.floats(0.3, 5), min_size=2, max_size=4)))
        course = draw(st.sampled_from([-1.0, 0.0, 1.0]))
        for hour in fleet.every(step, n / 50, draw(st.sampled_from([3.0, 5.0, 30.0]))):
            if hour > 5 and hour < 26:
                continue
            if not any(a <= hour < b for a, b in zip(gone[::2], gone[1::2], strict=False)):
                lat = 8.0 + n * 0.02 + course * hour * 7 / 60
                rows.append(((mmsi, fleet.DAY + int(hour * 3600) + n, lat, 102.0), draw(st.sampled_from("aab"))))
    return sorted(rows, key=lambda row: row[0][1])


def in_pieces(rows: list[Sourced], marks: list[int], upto: int) -> dict[str, Finding]:
    last: dict[str, Finding] = {}
    held: SettleCarry | None = None
    carry: ChainCarry | None = None
    for begin, end in pairwise([0, *sorted({mark for mark in marks if 0 < mark < upto}), upto]):
        some = [row for row in rows if begin <= row[0][1] < end]
        table = pa.concat_tables([fleet.table([row for row, name in some if name == one], one) for one in "ab"])
        fixes, held = settle(table.unify_dictionaries(), held, end)
        found, carry = advance(fixes, carry, end, RULES, WORLD)
        last |= {one.key: one for one in found}
    return last


@settings(max_examples=60, deadline=None)
@given(water(), st.lists(st.integers(0, 30 * 3600), max_size=8), st.integers(1, 20_000))
def test_classes_do_not_depend_on_the_cut(rows: list[Sourced], ticks: list[int], after: int) -> None:
    upto = rows[-1][0][1] + after
    whole = in_pieces(rows, [], upto)
    assert in_pieces(rows, [fleet.DAY + tick for tick in ticks], upto) == whole


def test_live_ticks_say_what_one_file_says_with_evidence() -> None:
    rows: list[Sourced] = []
    for n in range(12):
        gone = (1.0 + n / 5, 2.5 + n / 5) if n % 3 == 0 else (9.0, 9.0)
        for hour in fleet.every(3, n / 50, 6):
            if not gone[0] <= hour < gone[1]:
                rows.append(((fleet.OTHER + n, fleet.DAY + int(hour * 3600) + n, 8.0 + hour / 20, 102 + n / 90), "a"))
    rows.sort(key=lambda row: row[0][1])
    upto = rows[-1][0][1] + 3600
    whole = in_pieces(rows, [], upto)
    ticks = list(range(fleet.DAY, upto, 333))
    assert in_pieces(rows, ticks, upto) == whole
    classes = Counter(one.gap_class for one in whole.values())
    assert classes["dark"] > 0
