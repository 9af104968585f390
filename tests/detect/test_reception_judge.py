"""From evidence to a class: each ground by itself, and better evidence never makes a silence less dark."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.detect.reception import Cover
from prasan.detect.reception_class import Back, End, Pace, Silence, judge
from prasan.detect.reception_rate import Rate
from prasan.detect.rules import PRASAN, preset

RULE = preset(PRASAN)["gap"]
OTHERS = tuple(range(567_000_001, 567_000_007))
change = msgspec.structs.replace


def end(place: str, *, others: tuple[int, ...] = OTHERS, rate: Rate | None = None, heard: int = 4) -> End:
    return End(place, Cover(others, heard, 4, 2, 2), rate or Rate(40, 0, 0))


def silence(
    back: Back | None = None, *, last_s: float = 60.0, knots: float = 12.0, rate: Rate | None = None
) -> Silence:
    return Silence(end("begin", rate=rate), Pace(last_s, 60.0), knots=knots, back=back)


def back(hours: float = 11.0, *, way: int = 12, dense: bool = True, rate: Rate | None = None) -> Back:
    return Back(hours, 0.5, 9000.0, end("end", rate=rate), Cover((), 0, 0, way, 12), dense=dense)


FEW = Rate(1, 0, 0)


@pytest.mark.parametrize(
    ("told", "ground"),
    [
        (silence(), "begin"),
        (silence(back(rate=FEW, way=7), rate=FEW), "both"),
        (silence(back(), last_s=500.0), "end"),
        (silence(back(dense=False), last_s=110.0), "calm"),
        (silence(change(back(14.0, dense=False), way_h=9.0), last_s=500.0), "way"),
    ],
)
def test_each_ground_is_enough(told: Silence, ground: str) -> None:
    verdict = judge(told, RULE)
    assert (verdict.gap_class, verdict.evidence["judged_at"]) == ("dark", ground)


@pytest.mark.parametrize(
    "told",
    [
        silence(last_s=500.0),  # it faded out
        silence(back(rate=FEW, way=7), rate=FEW, knots=5.0),  # it was about to lie still
        silence(back(rate=FEW, way=5), rate=FEW),  # nobody was heard on most of its way
        silence(back(dense=False, rate=FEW), last_s=110.0),  # too few were there to tell
        silence(back(6.5, dense=False), last_s=110.0),
        silence(back(dense=False, way=11), last_s=110.0),
        silence(rate=Rate(40, 8, 0)),  # others fall silent here too
    ],
)
def test_less_is_not_enough(told: Silence) -> None:
    assert judge(told, RULE).gap_class != "dark"


def test_neighbours_are_counted_once() -> None:
    """Four at either end are no five, if they are the same ones."""
    four = OTHERS[:4]
    there = change(back(), end=end("end", others=four))
    assert judge(Silence(end("begin", others=four), Pace(60, 60), knots=12.0, back=there), RULE).gap_class != "dark"
    there = change(there, way=change(there.way, others=OTHERS[4:5]))
    assert judge(Silence(end("begin", others=four), Pace(60, 60), knots=12.0, back=there), RULE).gap_class == "dark"


counts = st.integers(0, 40)


@st.composite
def ends(draw: st.DrawFn, place: str) -> End:
    expected = draw(st.integers(0, 8))
    cover = Cover(
        OTHERS[: draw(st.integers(0, 6))], draw(st.integers(0, expected)), expected, draw(st.integers(0, 2)), 2
    )
    periods = draw(counts)
    return End(place, cover, Rate(periods, draw(st.integers(0, min(periods, 5))), draw(st.integers(0, 5))))


@st.composite
def silences(draw: st.DrawFn) -> Silence:
    way = Cover(OTHERS[: draw(st.integers(0, 6))], 0, 0, draw(st.integers(0, 12)), 12)
    hours = draw(st.floats(6, 30))
    over = Back(
        hours, draw(st.floats(0, hours)), 9000.0, draw(ends("end")), way, draw(st.booleans()), draw(st.booleans())
    )
    pace = Pace(draw(st.floats(30, 900)), draw(st.floats(30, 300)))
    knots = draw(st.floats(0, 20))
    return Silence(draw(ends("begin")), pace, draw(st.booleans()), knots, over if draw(st.booleans()) else None)


def better(data: st.DataObject, told: End) -> End:
    """The same place with more heard, and fewer silent or lost."""
    cover, rate = told.cover, told.rate
    return change(
        told,
        cover=change(cover, others=OTHERS, heard=data.draw(st.integers(cover.heard, cover.expected)), covered=2),
        rate=Rate(
            rate.periods + data.draw(counts),
            data.draw(st.integers(0, rate.silent)),
            data.draw(st.integers(0, rate.lost)),
        ),
    )


@given(st.data())
def test_better_evidence_is_never_less_dark(data: st.DataObject) -> None:
    told = data.draw(silences())
    more = change(told, begin=better(data, told.begin), ashore=False, knots=told.knots + 1)
    if told.back is not None:
        way = change(told.back.way, others=OTHERS, covered=data.draw(st.integers(told.back.way.covered, 12)))
        more = change(more, back=change(told.back, end=better(data, told.back.end), way=way, berth=False))
    if judge(told, RULE).gap_class == "dark":
        assert judge(more, RULE).gap_class == "dark"
