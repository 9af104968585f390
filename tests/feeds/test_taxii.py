"""Reading foreign TAXII collections: nothing is lost on servers of many habits, and nothing that they send raises."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.errors import UsageError
from prasan.feeds import taxii
from prasan.feeds.taxii import ACCEPT, LIMIT, Answer, Get, Page, Read, Wait, read
from prasan.feeds.taxii_http import PASSWORD, Collection, is_taxii, parse_collection

DAY = 1_700_000_000_000_000


class Server:
    """A collection with the habits of one server or another.

    `cap`: the most it gives at once. `habit`: `next` (an opaque place), `dates` (more without next), `headless` (next,
    no headers), `silent` (pages by date, never says more).
    """

    def __init__(self, habit: str, cap: int) -> None:
        self.habit, self.cap = habit, cap
        self.rows: list[tuple[int, str]] = []
        self.asked = 0

    def add(self, count: int, *, one_date: bool) -> None:
        """One post: its objects under one date, or under dates of their own."""
        start = (self.rows[-1][0] if self.rows else DAY) + 10
        self.rows += [(start if one_date else start + n, f"o{len(self.rows) + n}") for n in range(count)]

    def answer(self, ask: Get) -> Answer:
        self.asked += 1
        query = dict(pair.split("=", 1) for pair in ask.query.split("&"))
        after = taxii._us(query.get("added_after", "").replace("%3A", ":")) or 0
        found = [row for row in self.rows if row[0] > after]
        place = int(query.get("next", "0"))
        rest = found[place:]
        page = rest[: min(self.cap, int(query["limit"]))]
        body: dict[str, Any] = {"objects": [{"id": name} for _, name in page]} if page else {}
        if len(rest) > len(page) and self.habit != "silent":
            body["more"] = True
            if self.habit in ("next", "headless"):
                body["next"] = str(place + len(page))
        headers = {}
        if page and self.habit != "headless":
            headers = {taxii.FIRST: taxii._text(page[0][0]), taxii.LAST: taxii._text(page[-1][0])}
        return Answer(200, headers, json.dumps(body).encode())


def ids(page: Page) -> list[str]:
    return [json.loads(one)["id"] for one in page.objects]


def run(
    answer: Callable[[Get], Answer | None], cursor: str = "", pages: int = 10**6, waits: list[float] | None = None
) -> tuple[list[str], str, Read | None]:
    """Read; stop after some pages as if the process had died."""
    found, reading, reply = list[str](), read(cursor), None
    while True:
        try:
            step = reading.send(reply)
        except StopIteration as end:
            return found, cursor, end.value
        reply = answer(step) if isinstance(step, Get) else None
        if isinstance(step, Wait) and waits is not None:
            waits.append(step.seconds)
        if isinstance(step, Page):
            found += ids(step)
            cursor = step.cursor
            pages -= 1
            if pages == 0:
                return found, cursor, None


Posts = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=6)


def read_with_deaths(server: Server, posts: list[tuple[int, bool]], deaths: list[int]) -> str:
    """Read to the end, stopping again and again while objects are added; the cursor. Nothing may be lost."""
    found, cursor = set[str](), ""
    for count, one_date in posts:
        server.add(count, one_date=one_date)
        if deaths:
            some, cursor, _ = run(server.answer, cursor, deaths.pop())
            found |= set(some)
    some, cursor, done = run(server.answer, cursor)
    assert done is not None
    assert done.problem == ""
    assert found | set(some) == {name for _, name in server.rows}
    return cursor


@given(Posts, st.integers(1, 7), st.lists(st.integers(1, 4), max_size=5))
def test_with_next_nothing_is_lost_wherever_it_stops(
    posts: list[tuple[int, bool]], cap: int, deaths: list[int]
) -> None:
    server = Server("next", cap)
    cursor = read_with_deaths(server, posts, deaths)
    assert run(server.answer, cursor)[0] == []


@given(st.lists(st.integers(1, 12), min_size=1, max_size=6), st.integers(2, 7), st.lists(st.integers(1, 4), max_size=5))
def test_by_dates_alone_nothing_is_lost_where_every_object_has_its_own(
    counts: list[int], cap: int, deaths: list[int]
) -> None:
    read_with_deaths(Server("dates", cap), [(count, False) for count in counts], deaths)


def test_dates_that_several_share_are_asked_for_again() -> None:
    server = Server("dates", 4)
    for count in (3, 3, 2):
        server.add(count, one_date=True)
    found, _, done = run(server.answer)
    assert done is not None
    assert set(found) == {name for _, name in server.rows}


def test_without_headers_next_is_followed_and_the_cursor_stays() -> None:
    server = Server("headless", 3)
    server.add(8, one_date=True)
    found, cursor, done = run(server.answer)
    assert (len(found), cursor, done) == (8, "", Read(3, 8))


def test_a_full_page_without_more_is_looked_behind() -> None:
    server = Server("silent", LIMIT)
    server.add(LIMIT + 20, one_date=False)
    found, _, done = run(server.answer)
    assert set(found) == {name for _, name in server.rows}
    assert done is not None
    assert done.problem == ""


def test_a_server_that_gives_everything_at_once_is_taken_at_its_word() -> None:
    rows = [{"id": f"o{n}"} for n in range(LIMIT * 3)]
    found, _, done = run(lambda _: Answer(200, {}, json.dumps({"objects": rows}).encode()))
    assert (len(found), done) == (LIMIT * 3, Read(1, LIMIT * 3))


def test_it_asks_for_what_the_server_will_give() -> None:
    asked = list[str]()

    def fussy(ask: Get) -> Answer:
        asked.append(ask.headers["accept"])
        return Answer(
            200 if ask.headers["accept"] == ACCEPT[2] else 406, {}, b'{"type":"bundle","objects":[{"id":"a"}]}'
        )

    found, _, done = run(fussy)
    assert (found, asked) == (["a"], list(ACCEPT[:3]))
    assert done == Read(1, 1)


def test_who_is_busy_is_waited_for_but_not_for_ever() -> None:
    answers = iter([Answer(429, {"retry-after": "7"}, b""), Answer(503, {}, b""), Answer(200, {}, b"{}")])
    waits = list[float]()
    assert run(lambda _: next(answers), waits=waits)[2] == Read()
    assert waits == [7, 4]
    assert run(lambda _: Answer(503, {}, b""))[2] == Read(problem="refused", detail="status 503")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer(401, {}, b'{"title":"Sign in"}'), "refused"),
        (Answer(301, {"location": "https://elsewhere/"}, b""), "refused"),
        (Answer(200, {}, b"<html>"), "not_taxii"),
        (Answer(200, {}, b'{"objects":3}'), "not_taxii"),
        (Answer(200, {}, b"[" * 100_000), "not_taxii"),
        (Answer(200, {}, b" " * (taxii.MOST_BYTES + 1)), "too_large"),
        (Answer(200, {}, b'{"more":true,"objects":[{"id":"a"}]}'), "no_way_on"),
        (Answer(200, {}, b'{"more":true,"next":"x","objects":[{"id":"a"}]}'), "goes_in_circles"),
        (Answer(200, {}, b'{"more":true,"next":"x"}'), "goes_in_circles"),
        (None, "unreached"),
    ],
)
def test_a_server_that_cannot_be_read_is_named(answer: Answer | None, problem: str) -> None:
    done = run(lambda _: answer)[2]
    assert done is not None
    assert done.problem == problem


def test_a_number_for_next_is_followed_too() -> None:
    pages = {"": b'{"more":true,"next":2,"objects":[{"id":"a"}]}', "2": b'{"objects":[{"id":"b"}]}'}
    found, _, _ = run(lambda ask: Answer(200, {}, pages["2" if "next=2" in ask.query else ""]))
    assert found == ["a", "b"]


@given(st.lists(st.tuples(st.integers(100, 599), st.dictionaries(
    st.sampled_from([taxii.FIRST, taxii.LAST, "retry-after"]), st.text(max_size=30)), st.binary(max_size=60)),
    max_size=8))  # fmt: skip
def test_whatever_is_answered_it_ends(answers: list[tuple[int, dict[str, str], bytes]]) -> None:
    given_out = iter([Answer(*one) for one in answers])
    assert run(lambda _: next(given_out, None))[2] is not None


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (
            "taxii+https://ann:a%40b@host:8443/root/collections/91a/",
            Collection("https://host:8443/root/collections/91a/", "ann", "a@b"),
        ),
        (
            "taxii+https://host/api/v2/collections/91a/objects/?match[type]=indicator",
            Collection("https://host/api/v2/collections/91a/", extra="match[type]=indicator"),
        ),
        ("taxii+https://:tok@host/r/collections/9", Collection("https://host/r/collections/9/", "", "tok")),
        ("taxii+http://127.0.0.1:5000/r/collections/9/", Collection("http://127.0.0.1:5000/r/collections/9/")),
    ],
)
def test_addresses(address: str, found: Collection) -> None:
    assert is_taxii(address)
    assert parse_collection(address) == found


def test_a_password_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, "from there")
    assert parse_collection("taxii+https://ann@host/r/collections/9/").secret == "from there"
    assert parse_collection("taxii+https://host/r/collections/9/").secret == ""


@pytest.mark.parametrize(
    "address",
    ["taxii+https://host/", "taxii+http://host/r/collections/9/", "taxii+https:///r/collections/9/",
     "taxii+https://host:x/r/collections/9/"],
)  # fmt: skip
def test_addresses_that_are_none_say_no_secret(address: str) -> None:
    secret = address.replace("://", "://ann:secret@")
    for one in (address, secret):
        with pytest.raises(UsageError) as error:
            parse_collection(one)
        assert "secret" not in f"{error.value} {error.value.remedy}"
