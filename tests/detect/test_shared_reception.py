"""Partners' numbers take a class back where ours have a hole, and can do nothing else."""

import fleet
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.detect.rules import PRASAN, preset
from prasan.detect.shared_reception import MESSAGES, SHARED, may_be_taken_back, window, with_partners
from prasan.formats.stix_reception import Reception
from prasan.picture.finding import Finding, Fix
from prasan.tracks.reception import cells
from prasan.tracks.reception_summary import Summary, merge, received
from prasan.words.catalogue import ENGLISH

RULE = preset(PRASAN)["gap"]
HOUR = fleet.DAY // 3600
CELL = int(cells(np.array([8 * 600_000], np.int32), np.array([101 * 600_000], np.int32))[0])
Rows = list[tuple[int, int, str, int]]


def gap(end: int | None = None, judged_at: str = "begin") -> Finding:
    begin = Fix(fleet.DAY + 7, fleet.SHIP, 8.0, 101.0)
    fixes = (begin,) if end is None else (begin, Fix(end, fleet.SHIP, 8.0, 101.0))
    evidence = {"codes": ["gap_open", "reception_dark"], "judged_at": judged_at, "near_km": 30}
    return Finding(
        "gap", "k", (fleet.SHIP,), begin.t, end, 8.0, 101.0, "high", "reception_dark", RULE, ("coast",), fixes,
        evidence, "dark",
    )  # fmt: skip


def summary(name: str, rows: Rows) -> Summary:
    """Rows of cells to the east, hour, class and vessels heard."""
    counted = [(CELL + east, hour, kind, heard, heard) for east, hour, kind, heard in rows]
    return received(Reception(name, fleet.DAY, 8, 101, counted), name)


OURS = summary("coast", [(0, hour, "A", 2) for hour in range(10)])
MANY = summary("from us", [(0, hour, "A", 9) for hour in range(10)])


def test_a_hole_takes_the_class_back_and_says_by_whom() -> None:
    found = with_partners(gap(), OURS, [MANY])
    assert (found.gap_class, found.confidence, found.reason) == ("unknown", "low", SHARED)
    assert found.evidence["codes"] == ["gap_open", SHARED]
    assert (found.evidence["own_heard"], found.evidence["there_heard"]) == (10, 45), "the five whole hours of six"
    assert (found.evidence["shared_by"], found.sources) == (["from us"], ("coast", "from us"))
    assert found.key == gap().key
    assert not may_be_taken_back(found)
    assert f"finding.{SHARED}" in ENGLISH
    assert {f"measure.{name}" for name in MESSAGES[SHARED]} <= ENGLISH.keys()


@pytest.mark.parametrize(
    "rows",
    [
        [(0, hour, "B", 9) for hour in range(10)],  # heard less far than class A
        [(0, hour, "A", 9) for hour in range(6, 10)],  # after the hours that decide
        [(40, hour, "A", 9) for hour in range(10)],  # far away
        [(0, hour, "A", 3) for hour in range(10)],  # ours heard two of three
        [(0, 2, "A", 4)],  # too few to say anything
    ],
)
def test_what_shows_no_hole_changes_nothing(rows: Rows) -> None:
    assert with_partners(gap(), OURS, [summary("from us", rows)]) == gap()


def test_a_silence_that_was_judged_by_its_end_is_looked_at_there() -> None:
    ended = gap(fleet.DAY + 12 * 3600 + 7, "end")
    assert window(ended) == (fleet.DAY + 7 * 3600, fleet.DAY + 12 * 3600)
    late = summary("from us", [(0, hour, "A", 9) for hour in range(8, 12)])
    assert with_partners(ended, OURS, [late]).gap_class == "unknown"
    assert with_partners(gap(fleet.DAY + 12 * 3600 + 7), OURS, [late]).gap_class == "dark"


ROWS = st.lists(
    st.tuples(st.integers(-2, 2), st.integers(0, 9), st.sampled_from(["A", "B", ""]), st.integers(0, 9)), max_size=12
)


@settings(deadline=None)
@given(ROWS, ROWS, ROWS)
def test_no_partner_can_make_anybody_dark(ours: Rows, first: Rows, second: Rows) -> None:
    own = summary("coast", ours)
    theirs = [summary("from a", first), summary("from b", second)]
    unknown = msgspec.structs.replace(gap(), gap_class="unknown")
    assert not may_be_taken_back(unknown)
    found = with_partners(gap(), own, theirs)
    assert found == gap() or found.gap_class == "unknown"
    assert with_partners(gap(), own, theirs[::-1]) == found
    assert with_partners(gap(), own, [merge(*theirs)]) == found
    assert with_partners(gap(), own, [own]) == gap()
