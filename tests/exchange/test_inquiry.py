"""Histories of requests: the table whole, and any order, repetition or loss of what is sent."""

from hashlib import sha256
from itertools import product
from typing import Any, Final, get_args

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.errors import FormatError
from prasan.exchange.inquiry import OPEN, TABLE, TYP, Act, History, Link, Side, may
from prasan.exchange.jws import sign, thumbprint
from prasan.formats.stix_request import MAX_CHANGES, Change, Question, State, read_change, request_id, write_change

NODES: Final[dict[Side, str]] = {
    "asker": "identity--11111111-1111-4111-8111-111111111111",
    "asked": "identity--22222222-2222-4222-8222-222222222222",
}
OTHER: Final = "identity--33333333-3333-4333-8333-333333333333"
SIGNERS: Final = {
    side: Ed25519PrivateKey.from_private_bytes(sha256(side.encode()).digest()) for side in (*NODES, "other")
}
KEYS: Final = {
    thumbprint(SIGNERS[side].public_key()): (node, SIGNERS[side].public_key())
    for side, node in [*NODES.items(), ("other", OTHER)]
}
PAIR: Final = frozenset(NODES.values())
AT: Final = "2026-01-01T00:00:00.000Z"
STATES: Final[tuple[State, ...]] = get_args(State)
QUESTION: Final = Question(
    asker=NODES["asker"], asked=NODES["asked"], nonce="44444444-4444-4444-8444-444444444444",
    purpose="maritime_security", priority="routine", needed_by=AT,
)  # fmt: skip
PATH: Final[dict[State, tuple[Act, ...]]] = {
    "sent": ("ask",),
    "received": ("ask", "receive"),
    "accepted": ("ask", "receive", "accept"),
    "refused": ("ask", "receive", "refuse"),
    "partly_answered": ("ask", "receive", "accept", "answer_in_part"),
    "answered": ("ask", "receive", "accept", "answer"),
    "closed": ("ask", "receive", "close"),
    "rated": ("ask", "receive", "close", "rate"),
}


def change(last: Link | None, state: State, **more: Any) -> Change:
    said: dict[str, Any] = {"text": "words"}
    said |= {"rating": 4} if state == "rated" else {}
    said |= {} if last else {"question": QUESTION}
    n, prev = (last.change.n + 1, last.sha256) if last else (0, "")
    fields: dict[str, Any] = (
        {"request": request_id(QUESTION), "n": n, "prev": prev, "state": state, "at": AT} | said | more
    )
    return Change(**fields)


def signed(side: str, said: Change) -> str:
    return sign(write_change(said), TYP, SIGNERS[side])


def step(history: History, side: Side, state: State, last: Link | None = None, **more: Any) -> str:
    """One more change, which must be taken; its text."""
    tips = history.tips
    text = signed(side, change(last or (tips[0] if tips else None), state, **more))
    assert isinstance(history.take(text, KEYS, PAIR), Link)
    return text


def at(state: State) -> History:
    """A history that has come as far as this."""
    history = History()
    for act in PATH[state]:
        ((side, after),) = {(s, a) for (b, s, one), a in TABLE.items() if (b, one) == (history.state, act)}
        step(history, side, after)
    assert history.state == state
    return history


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_reached_and_what_the_table_does_not_allow_is_refused(state: State) -> None:
    """All sides, all states after: brute force over the table."""
    for side, after in product(NODES, STATES):
        history = at(state)
        if after == "sent":
            continue
        taken = history.take(signed(side, change(history.tips[0], after)), KEYS, PAIR)
        allowed = any((before, who, to) == (state, side, after) for (before, who, _), to in TABLE.items())
        assert isinstance(taken, Link) == allowed, (state, side, after)
        assert history.state == (after if allowed else state)
        assert after in may(state, side).values() or not allowed


def test_only_the_asked_side_owes_an_answer_and_every_end_is_the_askers() -> None:
    for state in STATES:
        acts = {side: may(state, side) for side in NODES}
        assert bool(acts["asked"]) == (state in OPEN)
        assert state in ("sent", "rated") or "close" in acts["asker"] or state == "closed"
    assert may(None, "asked") == {}
    assert may(None, "asker") == {"ask": "sent"}


@pytest.mark.parametrize(
    ("side", "said", "why"),
    [
        ("other", {"state": "accepted"}, "other_terms"),
        ("asker", {"state": "accepted"}, "out_of_order"),
        ("asked", {"state": "accepted", "n": 7}, "out_of_order"),
        ("asked", {"state": "accepted", "prev": "f" * 64}, "out_of_order"),
        ("asked", {"state": "accepted", "request": "prasan-information-request--" + QUESTION.nonce}, "other_terms"),
        ("asked", {"state": "received", "settles": ("f" * 64,)}, "out_of_order"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_not_taken(side: str, said: dict[str, Any], why: str) -> None:
    history = at("received")
    assert history.take(signed(side, change(history.tips[0], **said)), KEYS, PAIR) == why
    assert history.state == "received"


def test_what_somebody_unknown_signed_or_nobody_can_read_is_not_taken() -> None:
    history = at("received")
    text = signed("asked", change(history.tips[0], "accepted"))
    head, body, tail = text.split(".")
    without = {name: key for name, key in KEYS.items() if key[0] != NODES["asked"]}
    assert history.take(text, without, PAIR) == "bad_signature"
    assert history.take(f"{head}.{body}.{tail[::-1]}", KEYS, PAIR) == "bad_signature"
    assert history.take("words", KEYS, PAIR) == "bad_signature"
    assert history.take(sign(b"{}", TYP, SIGNERS["asked"]), KEYS, PAIR) == "bad_object"
    assert (
        history.take(
            sign(write_change(change(history.tips[0], "accepted")), "prasan-request", SIGNERS["asked"]), KEYS, PAIR
        )
        == "bad_signature"
    )
    assert history.state == "received"


def test_a_request_is_between_its_two_nodes() -> None:
    root = signed("asker", change(None, "sent"))
    assert History().take(root, KEYS, frozenset({NODES["asker"], OTHER})) == "other_terms"
    assert History().take(signed("other", change(None, "sent")), KEYS, PAIR) == "other_terms"
    assert History().take(signed("asked", change(None, "sent")), KEYS, PAIR) == "other_terms"


def test_two_histories_are_both_kept_until_one_is_set_aside() -> None:
    history = at("received")
    last = history.tips[0]
    step(history, "asked", "accepted", last)
    step(history, "asker", "closed", last)
    assert history.state is None
    keep, other = history.tips
    assert (
        history.take(signed("asked", change(keep, keep.change.state, settles=(last.sha256,))), KEYS, PAIR)
        == "out_of_order"
    )
    assert (
        history.take(signed("asked", change(keep, "rated", rating=None, settles=(other.sha256,), text="")), KEYS, PAIR)
        == "out_of_order"
    )
    step(history, "asked", keep.change.state, keep, settles=(other.sha256,))
    assert history.state == keep.change.state
    assert other.sha256 in history.links


def test_what_goes_on_after_it_was_set_aside_is_a_conflict_again() -> None:
    history = at("received")
    last = history.tips[0]
    step(history, "asked", "accepted", last)
    accepted = next(one for one in history.tips if one.change.state == "accepted")
    step(history, "asker", "closed", last)
    closed = next(one for one in history.tips if one.change.state == "closed")
    step(history, "asker", "closed", closed, settles=(accepted.sha256,))
    step(history, "asked", "answered", accepted)
    assert {one.change.state for one in history.tips} == {"closed", "answered"}
    assert history.state is None


def test_a_history_has_an_end() -> None:
    history = at("accepted")
    while len(history.links) < MAX_CHANGES:
        step(history, "asked", "partly_answered", text="x")
    assert history.take(signed("asked", change(history.tips[0], "answered")), KEYS, PAIR) == "too_large"
    long = at("accepted")
    for _ in range(60):
        taken = long.take(signed("asked", change(long.tips[0], "partly_answered", text="ก" * 1000)), KEYS, PAIR)
    assert taken == "too_large"


BROKEN: list[dict[str, Any]] = [
    {"state": "sent"},
    {"state": "refused", "text": " "},
    {"state": "answered", "text": ""},
    {"state": "rated", "rating": None},
    {"state": "rated", "rating": 6},
    {"state": "closed", "rating": 3},
    {"state": "closed", "text": "see " + NODES["asker"]},
    {"state": "closed", "text": "x" * 1001},
    {"state": "closed", "at": "soon"},
    {"state": "closed", "question": QUESTION},
    {"state": "closed", "n": 0},
    {"state": "closed", "prev": ""},
    {"state": "closed", "refs": ("nothing",)},
    {"state": "received", "settles": ("f" * 64,), "refs": (NODES["asker"],)},
]


@pytest.mark.parametrize("broken", BROKEN, ids=str)
def test_a_change_says_what_its_state_must_say(broken: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        write_change(change(at("received").tips[0], **broken))


def test_a_change_is_read_as_it_was_written() -> None:
    for one in (change(None, "sent", refs=(NODES["asker"],)), change(at("closed").tips[0], "rated")):
        assert read_change(write_change(one)) == one
    with pytest.raises(FormatError):
        read_change(write_change(one)[:-1] + b',"x":1}')


class Side2:
    """One side with what it holds; it sends all of it."""

    def __init__(self, side: Side) -> None:
        self.side, self.history = side, History()

    def act(self, pick: int) -> None:
        tips = self.history.tips
        if len(tips) > 1:
            keep, *aside = sorted(tips, key=lambda one: (pick % 2) * -one.change.n)
            step(self.history, self.side, keep.change.state, keep, settles=tuple(a.sha256 for a in aside))
            return
        able = sorted(may(self.history.state, self.side).values())
        if able:
            step(self.history, self.side, able[pick % len(able)], text=f"{self.side} {len(self.history.links)}")

    def hear(self, texts: tuple[str, ...]) -> None:
        for text in texts:
            assert not isinstance(self.history.take(text, KEYS, PAIR), str)


EVENTS = st.lists(
    st.tuples(st.sampled_from(["act", "send", "lose", "hear", "twice"]), st.booleans(), st.integers(0, 5)), max_size=40
)


@settings(max_examples=150, deadline=None)
@given(EVENTS)
def test_whatever_is_lost_doubled_or_overtaken_both_end_with_the_same(events: list[tuple[str, bool, int]]) -> None:
    sides = [Side2("asker"), Side2("asked")]
    sides[0].act(0)
    ways: list[list[tuple[str, ...]]] = [[], []]
    for what, second, pick in events:
        one, way = sides[second], ways[second]
        if what == "act" and len(one.history.links) < 30:
            one.act(pick)
        elif what == "send":
            ways[not second].append(one.history.texts)
        elif way:
            at_ = pick % len(way)
            if what in ("hear", "twice"):
                one.hear(way[at_])
            if what in ("hear", "lose"):
                way.pop(at_)
    for one, other in (sides, sides[::-1]):
        other.hear(one.history.texts)
    first, last = (one.history for one in sides)
    assert first.texts == last.texts
    assert first.state == last.state
    assert (first.state is None) == (len(first.tips) > 1), "else the conflict is shown"
    assert {one.sha256 for one in first.tips} == {one.sha256 for one in last.tips}
