"""Ranking, folding and cases, held against plain readings of what they promise."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.detect.budget import DAY_S, Alert, cases, over_budget, rank


@st.composite
def some(draw: st.DrawFn) -> list[Alert]:
    made = []
    for number in range(draw(st.integers(0, 14))):
        start = draw(st.integers(0, 3)) * DAY_S // 2
        made.append(
            Alert(
                key=f"k{number:02}",
                kind=draw(st.sampled_from(["gap", "encounter"])),
                mmsi=tuple(sorted(draw(st.sets(st.integers(1, 4), min_size=1, max_size=2)))),
                start=start,
                end=draw(st.none() | st.integers(start, start + DAY_S)),
                confidence=draw(st.sampled_from(["low", "medium", "high"])),
                gap_class=draw(st.sampled_from([None, "unknown", "dark"])),
            )
        )
    return made


@settings(deadline=None)
@given(some(), st.integers(0, 4))
def test_a_day_holds_at_most_the_budget_and_the_best_of_it(findings: list[Alert], budget: int) -> None:
    folded = over_budget(findings, budget)
    for kind in ("gap", "encounter"):
        for day in range(3):
            mine = [one for one in findings if one.kind == kind and one.start // DAY_S == day]
            shown = [one for one in mine if one.key not in folded]
            assert len(shown) == min(len(mine), budget)
            hidden = [one for one in mine if one.key in folded]
            assert all(rank(a) < rank(b) for a in shown for b in hidden)


@settings(deadline=None)
@given(some())
def test_cases_are_the_connected_parts(findings: list[Alert]) -> None:
    found = cases(findings)
    linked = {one.key: {one.key} for one in findings}
    for a, b in combinations(findings, 2):
        if set(a.mmsi) & set(b.mmsi) and overlap(a, b):
            whole = linked[a.key] | linked[b.key]
            for key in whole:
                linked[key] = whole
    starts = {one.key: (one.start, one.key) for one in findings}
    expected = {key: min(group, key=starts.__getitem__) for key, group in linked.items() if len(group) > 1}
    assert found == expected


def overlap(a: Alert, b: Alert) -> bool:
    ends = [float("inf") if one.end is None else one.end for one in (a, b)]
    return a.start <= ends[1] and b.start <= ends[0]
