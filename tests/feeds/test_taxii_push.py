"""Pushing to servers of many habits: everything they will take arrives once, in order, as its bytes."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.feeds.taxii import Answer, Wait
from prasan.feeds.taxii_push import MOST, Look, Post, Sent, envelopes, send


def raw(number: int, size: int = 0) -> bytes:
    return json.dumps({"id": f"o{number}", "x": "x" * size}).encode()


def run(objects: list[bytes], answer: Callable[[Post | Look], Answer | None], limit: int = 10**6) -> Sent:
    sending, reply = send(objects, limit), None
    while True:
        try:
            step = sending.send(reply)
        except StopIteration as end:
            done: Sent = end.value
            return done
        reply = None if isinstance(step, Wait) else answer(step)


class Server:
    """Takes what is in an envelope; with `strict` one bad object has the whole envelope refused."""

    def __init__(self, bad: set[str], *, strict: bool, limit: int = 10**6) -> None:
        self.bad, self.strict, self.limit = bad, strict, limit
        self.kept: list[bytes] = []

    def answer(self, step: Post | Look) -> Answer:
        assert isinstance(step, Post)
        if len(step.body) > self.limit:
            return Answer(413, {}, b"")
        objects = [json.loads(one) for one in map(json.dumps, json.loads(step.body)["objects"])]
        failed = [one["id"] for one in objects if one["id"] in self.bad]
        if failed and self.strict:
            return Answer(422, {}, b'{"title":"no"}')
        self.kept += [json.dumps(one).encode() for one in objects if one["id"] not in self.bad]
        failures = [{"id": name, "message": "no"} for name in failed]
        status = {"id": "s", "status": "complete", "success_count": len(objects) - len(failed)}
        return Answer(202, {}, json.dumps(status | {"failure_count": len(failed), "failures": failures}).encode())


@given(st.integers(0, 30), st.sets(st.integers(0, 29)), st.booleans(), st.integers(200, 3000))
def test_all_but_the_bad_ones_arrive_in_order(count: int, bad: set[int], strict: bool, limit: int) -> None:
    objects = [raw(n, n * 3) for n in range(count)]
    server = Server({f"o{n}" for n in bad}, strict=strict, limit=limit)
    done = run(objects, server.answer, limit)
    wanted = [one for n, one in enumerate(objects) if n not in bad]
    assert server.kept == wanted
    assert (done.taken, done.unsent, done.problem) == (len(wanted), 0, "")
    assert [name for name, _ in done.refused] == [f"o{n}" for n in range(count) if n in bad]


@given(st.lists(st.integers(1, 900), max_size=60), st.integers(64, 2000))
def test_envelopes_hold_everything_and_fit(sizes: list[int], limit: int) -> None:
    objects = [b"x" * size for size in sizes]
    parts = envelopes(objects, limit)
    assert [one for part in parts for one in part] == objects
    assert all(len(part) == 1 or len(b",".join(part)) + 14 <= limit for part in parts)


def test_an_envelope_has_no_more_objects_than_any_server_takes() -> None:
    assert [len(part) for part in envelopes([b"{}"] * (MOST * 2 + 1), 10**9)] == [MOST, MOST, 1]


def test_a_limit_lower_than_the_one_stated_is_found() -> None:
    server = Server(set(), strict=False, limit=300)
    objects = [raw(n, 50) for n in range(20)]
    assert run(objects, server.answer).taken == 20
    assert server.kept == objects


@pytest.mark.parametrize("answer", [Answer(401, {}, b'{"title":"Sign in"}'), Answer(404, {}, b""), None])
def test_what_stops_everything_says_how_much_is_left(answer: Answer | None) -> None:
    done = run([raw(n) for n in range(7)], lambda _: answer)
    assert (done.taken, done.unsent) == (0, 7)
    assert done.problem == ("refused" if answer else "unreached")


def test_who_is_busy_is_asked_again_and_pending_is_looked_at() -> None:
    answers = iter(
        [
            Answer(429, {"retry-after": "1"}, b""),
            Answer(202, {}, b'{"id":"s","status":"pending","pending_count":2}'),
            Answer(
                200, {}, b'{"id":"s","status":"complete","failure_count":1,"failures":[{"id":"o1","message":"no"}]}'
            ),
        ]
    )
    done = run([raw(0), raw(1)], lambda _: next(answers))
    assert (done.taken, done.refused, done.problem) == (1, [("o1", "no")], "")


@given(st.lists(st.tuples(st.integers(100, 599), st.binary(max_size=60)), max_size=12))
def test_whatever_is_answered_it_ends(answers: list[tuple[int, bytes]]) -> None:
    given_out = iter([Answer(status, {}, body) for status, body in answers])
    done = run([raw(n) for n in range(5)], lambda _: next(given_out, None))
    assert done.taken + len(done.refused) + done.unsent <= 5 + len(answers)
