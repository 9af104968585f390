"""How long a look waits for rows to be in order."""

from hypothesis import given
from hypothesis import strategies as st

from prasan.node.seeing.live_settling import CALM, LEAST_S, MOST_S, Settling


def after(looks: list[bool]) -> Settling:
    settling = Settling()
    for taken_back in looks:
        settling = settling.after(taken_back=taken_back)
    return settling


@given(st.lists(st.booleans(), max_size=50))
def test_it_stays_between_its_bounds_and_never_shrinks_in_a_hurry(looks: list[bool]) -> None:
    settling = after(looks)
    assert LEAST_S <= settling.seconds <= MOST_S
    assert settling.seconds == min(LEAST_S * 2 ** sum(looks), MOST_S)


def test_it_waits_longer_at_once_and_shorter_after_a_long_calm() -> None:
    assert after([]).seconds == LEAST_S
    assert after([True] * 10).seconds == MOST_S
    assert after([True] * 10 + [False] * (CALM - 1)).seconds == MOST_S
    assert after([True] * 10 + [False] * CALM).seconds == MOST_S // 2
    assert after([True] * 10 + [False] * CALM * 10).seconds == LEAST_S
