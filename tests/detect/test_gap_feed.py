"""Source health first: a silence counts only while the feed that heard the vessel was itself alive."""

from importlib.resources import files
from itertools import pairwise

import fleet
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.detect.chain import ChainCarry, advance
from prasan.detect.rules import GFW, PRASAN, Rules, apply_settings, preset
from prasan.detect.run import Outcome, detect
from prasan.feeds.files import read_sources
from prasan.picture.finding import Finding
from prasan.tracks.settle import SettleCarry, settle

RULES = preset(PRASAN)
OTHERS = 9


def others(first: float, last: float, count: int = OTHERS) -> list[fleet.Row]:
    """Ships far apart from each other, each heard every ten minutes."""
    hours = fleet.every(10, first, last)
    return [row for n in range(count) for row in fleet.sail(fleet.OTHER + n, hours, 5.0 + n, 90.0)]


def ship(*hours: float) -> list[fleet.Row]:
    return fleet.sail(fleet.SHIP, hours, 8.0, 102.0)


def run(*tables: pa.Table, rules: Rules = RULES, upto: float | None = None) -> Outcome:
    end = None if upto is None else fleet.DAY + int(upto * 3600)
    return detect(pa.concat_tables(tables), None, rules, fleet.world(), end, kinds=["gap"])


def gaps(outcome: Outcome) -> list[tuple[int, bool]]:
    return [(one.mmsi[0], one.end is None) for one in outcome.findings]


def test_a_feed_that_falls_silent_makes_no_gaps_and_says_so() -> None:
    outcome = run(fleet.table(others(0, 3) + ship(*fleet.every(10, 0, 3))), upto=24)
    assert gaps(outcome) == []
    assert outcome.counts["not_assessable"] == {"gap": {"feed_silent": OTHERS + 1}}


def test_a_trickle_is_not_a_live_feed() -> None:
    rows = others(0, 3) + ship(*fleet.every(10, 0, 3))
    trickle = others(3, 24, count=3)
    outcome = run(fleet.table(rows + trickle))
    assert gaps(outcome) == []
    assert outcome.counts["not_assessable"] == {"gap": {"feed_silent": OTHERS + 1 - 3}}


def test_a_silence_under_a_live_feed_is_a_gap_open_or_closed() -> None:
    rows = others(0, 20)
    assert gaps(run(fleet.table(rows + ship(*fleet.every(10, 0, 6))))) == [(fleet.SHIP, True)]
    closed = run(fleet.table(rows + ship(*fleet.every(10, 0, 6), *fleet.every(10, 14, 20))))
    assert gaps(closed) == [(fleet.SHIP, False)]


def test_parts_of_hours_at_both_ends_are_counted() -> None:
    rows = others(0, 12) + ship(*fleet.every(10, 0, 5.7), 11.67)
    assert gaps(run(fleet.table(rows))) == [(fleet.SHIP, False)]
    short = others(0, 12) + ship(*fleet.every(10, 0, 5.7), 11.6)
    assert gaps(run(fleet.table(short))) == []


@pytest.mark.parametrize(("dead_from", "dead_to", "found"), [(7.0, 12.0, True), (4.0, 15.0, False)])
def test_hours_in_which_the_feed_was_alive_are_added_up(dead_from: float, dead_to: float, found: bool) -> None:
    rows = others(0, dead_from) + others(dead_to, 18) + ship(*fleet.every(10, 0, 3), *fleet.every(10, 18, 20))
    outcome = run(fleet.table(rows), upto=18.2)
    assert ((fleet.SHIP, False) in gaps(outcome)) is found


def test_with_few_vessels_the_feed_cannot_be_judged_and_the_gap_stands() -> None:
    rows = others(0, 3, count=2) + ship(*fleet.every(10, 0, 3))
    assert len(gaps(run(fleet.table(rows), upto=24))) == 3
    assert gaps(run(fleet.table(rows), upto=24, rules=apply_settings(RULES, ["gap.feed_count=1"]))) == []


def test_the_feed_is_the_one_that_heard_the_vessel() -> None:
    near = fleet.table(others(0, 3) + ship(*fleet.every(10, 0, 3)), "near")
    far = [(mmsi + 50, t, lat, lon + 40) for mmsi, t, lat, lon in others(0, 24)]
    assert gaps(run(near, fleet.table(far, "far"))) == []


def test_a_feed_that_begins_after_the_last_fix_takes_over() -> None:
    first = fleet.table(others(0, 12) + ship(*fleet.every(10, 0, 9)), "day-1")
    second = fleet.table(others(12, 24), "day-2")
    assert gaps(run(first, second)) == [(fleet.SHIP, True)]


def test_a_station_that_two_sources_hear_counts_once() -> None:
    rows = others(0, 3, count=2) + ship(*fleet.every(10, 0, 3))
    both = [fleet.table(rows, "a"), fleet.table(rows, "b")]
    assert len(gaps(run(*both, upto=24))) == 3
    rules = apply_settings(RULES, ["gap.feed_count=3"])
    assert gaps(run(*both, upto=24, rules=rules)) == []


def test_the_thinned_sample_of_a_day_shows_no_gaps() -> None:
    """Nearly all of its rows lie in one hour; nothing can be said of the silence after."""
    sample = files("prasan.data").joinpath("ais/noaa_2022-01-03_sample.csv.gz")
    batches = [item.batch.positions for item in read_sources([str(sample)], fleet.DAY)]
    outcome = run(pa.Table.from_batches(batches).unify_dictionaries())
    assert outcome.findings == []
    assert outcome.counts["not_assessable"]["gap"]["feed_silent"] > 3000


def test_share_zero_asks_nothing_as_the_rule_of_gfw_does() -> None:
    table = fleet.table(others(0, 3) + ship(*fleet.every(10, 0, 3)))
    assert len(gaps(run(table, upto=24, rules=apply_settings(RULES, ["gap.feed_share=0"])))) == OTHERS + 1
    assert len(gaps(run(table, upto=24, rules=preset(GFW)))) == OTHERS + 1


STRICT = {
    "hours": apply_settings({"gap": RULES["gap"]}, ["gap.feed_count=1"]),
    "quarters": apply_settings(
        {"gap": RULES["gap"]}, ["gap.feed_count=1", "gap.min_h=0.3", "gap.before_count=3", "gap.feed_share=0.7"]
    ),
}


@st.composite
def feed(draw: st.DrawFn) -> list[tuple[fleet.Row, str]]:
    """A feed of a few ships, thinned at random over some hours, in up to three sources."""
    rows: list[tuple[fleet.Row, str]] = []
    quiet = sorted(draw(st.lists(st.integers(1, 40), min_size=2, max_size=4)))
    keep = draw(st.integers(0, 4))
    for n in range(draw(st.integers(1, 6))):
        step = draw(st.sampled_from([5, 10, 20, 40]))
        gone = sorted(draw(st.lists(st.integers(0, 40), min_size=2, max_size=2)))
        for hour in fleet.every(step, draw(st.floats(0, 2)), 30):
            thinned = quiet[0] <= hour < quiet[1] and n >= keep
            if not thinned and not gone[0] <= hour < gone[1]:
                source = draw(st.sampled_from(["a", "a", "b"])) if hour < 15 else "c"
                rows.append((fleet.sail(fleet.OTHER + n, [hour], 5.0 + n, 90.0)[0], source))
    return sorted(rows or [(ship(0.0)[0], "a")], key=lambda row: row[0][1])


def in_pieces(
    rows: list[tuple[fleet.Row, str]], cuts: list[int], ticks: list[int], upto: int, rules: Rules
) -> tuple[dict[str, Finding], ChainCarry]:
    """Cut at rows, and look in between at idle ticks too."""
    last: dict[str, Finding] = {}
    held: SettleCarry | None = None
    carry: ChainCarry | None = None
    marks = {rows[cut][0][1] for cut in cuts if cut < len(rows)} | {rows[0][0][1] + tick for tick in ticks}
    bounds = [0, *sorted(mark for mark in marks if mark < upto), upto]
    for begin, end in pairwise(bounds):
        some = [row for row in rows if begin <= row[0][1] < end]
        table = pa.concat_tables(
            [fleet.table([row for row, name in some if name == source], source) for source in "abc"]
        )
        fixes, held = settle(table, held, end)
        found, carry = advance(fixes, carry, end, rules, fleet.world())
        last |= {one.key: one for one in found}
    assert carry is not None
    return last, carry


@pytest.mark.parametrize("name", list(STRICT))
@settings(max_examples=60, deadline=None)
@given(
    feed(), st.lists(st.integers(0, 400), max_size=5), st.lists(st.integers(0, 200_000), max_size=5),
    st.integers(1, 100_000),
)  # fmt: skip
def test_pieces_and_idle_ticks_say_what_the_whole_says(
    name: str, rows: list[tuple[fleet.Row, str]], cuts: list[int], ticks: list[int], after: int
) -> None:
    upto = rows[-1][0][1] + after
    whole, whole_carry = in_pieces(rows, [], [], upto, STRICT[name])
    pieces, carry = in_pieces(rows, cuts, ticks, upto, STRICT[name])
    assert pieces == whole
    assert carry.not_assessable() == whole_carry.not_assessable()


def test_a_gap_opens_once_and_is_judged_again_when_it_is_long() -> None:
    rows = [(row, "a") for row in sorted(others(0, 30) + ship(*fleet.every(10, 0, 3)), key=lambda row: row[1])]
    carry: ChainCarry | None = None
    held: SettleCarry | None = None
    told = []
    for hour in range(31):
        begin = fleet.DAY + (hour - 1) * 3600
        fixes, held = settle(
            fleet.table([row for row, _ in rows if begin <= row[1] < begin + 3600]), held, begin + 3600
        )
        found, carry = advance(fixes, carry, begin + 3600, {"gap": RULES["gap"]}, fleet.world())
        told += [(hour, one.mmsi[0]) for one in found]
    assert told == [(9, fleet.SHIP), (15, fleet.SHIP)]
