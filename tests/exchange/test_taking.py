"""What a partner brings to the peer door, and how much goes on one page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner import Desk, Partner
from prasan.errors import IntegrityError, PrasanError, Refused, Unreachable, UsageError
from prasan.exchange import door
from prasan.exchange.cards import MAX_CARD
from prasan.exchange.http import Request, Response
from prasan.exchange.lanes import fitting


class Raising(Desk):
    """A desk that takes no card."""

    error: PrasanError | None = None

    def take_card(self, recipient: str, raw: bytes) -> None:
        if self.error is not None:
            raise self.error


def bring(th: Partner, us: Partner, error: PrasanError | None, body: bytes = b"a card") -> Response:
    desk = Raising(th)
    desk.error = error
    own = door.Door(lambda: th.ours, th.key_of, th.card)
    return door.handle(Request("POST", "/peer/v1/card", body=body), us.id, own, desk, th.now_us)


@pytest.mark.parametrize("error", [Refused("no"), IntegrityError("no"), UsageError("no")])
def test_what_is_not_right_is_refused_with_its_reason(th: Partner, us: Partner, error: PrasanError) -> None:
    answer = bring(th, us, error)
    assert answer.status == 400
    assert b"Card refused" in answer.body
    assert str(error).encode() in answer.body


def test_what_is_taken_is_no_content_and_what_is_too_long_is_not_looked_at(th: Partner, us: Partner) -> None:
    assert bring(th, us, None).status == 204
    assert bring(th, us, None, b" " * (MAX_CARD + 1)).status == 413


def test_a_full_disk_is_not_the_fault_of_who_brings(th: Partner, us: Partner) -> None:
    with pytest.raises(Unreachable):
        bring(th, us, Unreachable("the disk is full"))


@given(st.lists(st.integers(0, 50)), st.integers(0, 100))
def test_as_many_go_on_a_page_as_fit_and_at_least_one(sizes: list[int], most: int) -> None:
    count = fitting(sizes, most)
    assert min(1, len(sizes)) <= count <= len(sizes)
    assert count <= 1 or sum(sizes[:count]) <= most
    assert count == len(sizes) or sum(sizes[: count + 1]) > most
