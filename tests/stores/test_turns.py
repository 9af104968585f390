"""Whoever waits for the turn to write gets it in the order of waiting."""

import time
from threading import Thread

import pytest

from prasan.stores.sqlite.turns import Turns


def waiting(turns: Turns, count: int) -> None:
    while len(turns._waiting) != count:
        time.sleep(0.001)


def test_turns_are_given_in_the_order_of_waiting() -> None:
    turns, done = Turns(), list[int]()

    def work(number: int) -> None:
        with turns:
            done.append(number)

    threads = [Thread(target=work, args=(number,)) for number in range(5)]
    with turns:
        for number, thread in enumerate(threads):
            thread.start()
            waiting(turns, number + 1)
    with turns:  # asked for again at once, and still after those who waited
        assert done == [0, 1, 2, 3, 4]
    for thread in threads:
        thread.join()


class Stopped(BaseException):
    """As a signal would."""


class Interrupted:
    """A lock whose second taker is interrupted: before it is given back, or just after."""

    def __init__(self, turns: Turns, *, late: bool) -> None:
        self._turns, self._late, self._asked = turns, late, 0

    def acquire(self) -> None:
        self._asked += 1
        if self._asked == 2:
            if self._late:
                self._turns.__exit__()
            raise Stopped

    def release(self) -> None:
        pass


@pytest.mark.parametrize("late", [False, True])
def test_whoever_is_interrupted_while_waiting_holds_nobody_up(late: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns()
    turns.__enter__()
    monkeypatch.setattr("prasan.stores.sqlite.turns.Lock", lambda: Interrupted(turns, late=late))
    with pytest.raises(Stopped), turns:
        raise AssertionError("it was not its turn")
    if not late:
        turns.__exit__()
    with turns:
        assert not turns._waiting
