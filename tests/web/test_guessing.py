"""Guessing is slow, for an address and for an account, and nobody is locked out who was in before."""

import threading
from collections import Counter
from pathlib import Path

import httpx2
import pytest
from desk import NOW, MemoryDesk
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from prasan.exchange.taxii import Site
from prasan.stores.rows import UserRow
from prasan.stores.sqlite import Store, StoreShelf
from prasan.web.app import build_app
from prasan.web.credentials import Credentials
from prasan.web.guessing import FREE, HELD, LONGEST_S, Limits, TooSoon
from prasan.web.taxii import taxii_routes

HOUR = 3600.0


class People:
    """Users whose password is their name backwards; counts what is checked."""

    def __init__(self, *names: str) -> None:
        self.users = {name: UserRow(name, "analyst", f"hash of {name}", None, 1) for name in names}
        self.tokens = {"token": names[0]} if names else {}
        self.checked: Counter[str] = Counter()

    def user(self, name: str) -> UserRow | None:
        return self.users.get(name)

    def token_user(self, token: str) -> UserRow | None:
        return self.users.get(self.tokens.get(token, ""))

    def check_password(self, name: str, password: str) -> UserRow | None:
        self.checked[name] += 1
        return self.users.get(name) if password == name[::-1] else None


class Stage:
    """Credentials with a clock that stands still unless it is moved."""

    def __init__(self, *names: str) -> None:
        self.now = 1000.0
        self.people = People(*names)
        self.credentials = Credentials(self.people, Limits(lambda: self.now))
        self._guesses = 0

    def good(self, name: str, address: str = "a") -> bool:
        return self.credentials.by_password(name, name[::-1], address) is not None

    def guess(self, name: str, address: str = "a") -> float:
        """One wrong password, another each time; how long to wait if it was not looked at, else 0."""
        self._guesses += 1
        try:
            assert self.credentials.by_password(name, f"guess {self._guesses}", address) is None
        except TooSoon as error:
            return error.seconds
        return 0


@pytest.mark.parametrize("name", ["ann", "nobody"])
def test_an_account_waits_twice_as_long_each_time(name: str) -> None:
    stage = Stage("ann")
    assert [stage.guess(name, f"address {n}") for n in range(FREE["account"])] == [0] * FREE["account"]
    waits = []
    for n in range(12):
        wait = stage.guess(name, f"other {n}")
        waits.append(wait)
        stage.now += wait
        assert stage.guess(name, f"third {n}") == 0
    assert waits == [min(LONGEST_S, 2**n) for n in range(12)]


def test_an_address_waits_whatever_names_it_tries() -> None:
    stage = Stage("ann")
    assert [stage.guess(f"name {n}") for n in range(FREE["address"])] == [0] * FREE["address"]
    assert stage.guess("another name") == 1
    with pytest.raises(TooSoon):
        stage.good("ann")
    assert stage.good("ann", "elsewhere")


def test_an_hour_without_a_wrong_one_forgets_those_before() -> None:
    stage = Stage("ann")
    for _ in range(FREE["account"]):
        stage.guess("ann")
    stage.now += HOUR + 1
    assert [stage.guess("ann") for _ in range(FREE["account"])] == [0] * FREE["account"]


def test_who_was_in_from_an_address_stays_in_whatever_others_guess() -> None:
    stage = Stage("ann")
    assert stage.good("ann", "desk")
    for n in range(200):
        stage.guess("ann", f"address {n}")
        stage.guess(f"name {n}", "desk")
    assert stage.good("ann", "desk")
    with pytest.raises(TooSoon):
        stage.good("ann", "home")


def test_guesses_from_a_known_address_are_limited_too() -> None:
    stage = Stage("ann")
    stage.good("ann")
    assert [stage.guess("ann") for _ in range(FREE["pair"])] == [0] * FREE["pair"]
    assert stage.guess("ann") == 1
    with pytest.raises(TooSoon):
        stage.good("ann")
    stage.now += 1
    assert stage.good("ann")


def test_the_same_wrong_password_again_is_no_new_guess_and_is_not_hashed() -> None:
    stage = Stage("ann")
    for _ in range(100):
        assert stage.credentials.by_password("ann", "old", "a") is None
        assert stage.credentials.by_password("nobody", "old", "a") is None
    assert stage.people.checked == {"ann": 1, "nobody": 1}
    assert stage.good("ann")


def test_what_was_wrong_is_looked_at_again_when_the_user_changed() -> None:
    stage = Stage("ann")
    assert stage.credentials.by_password("bob", "bob", "a") is None
    stage.people.users["bob"] = UserRow("bob", "analyst", "new", None, 2)
    assert stage.good("bob")


def test_who_is_removed_is_out_at_once() -> None:
    stage = Stage("ann")
    assert stage.good("ann")
    assert stage.credentials.by_token("token") is not None
    del stage.people.users["ann"]
    assert not stage.good("ann")
    assert stage.credentials.by_token("token") is None


@given(st.lists(st.tuples(st.sampled_from(["ann", "bob", "x"]), st.integers(0, 40), st.floats(0, 60)), max_size=300))
@settings(max_examples=60, deadline=None)
def test_however_it_is_tried_an_account_has_few_guesses_an_hour(tries: list[tuple[str, int, float]]) -> None:
    stage, looked, begun = Stage("ann", "bob"), Counter[str](), 1000.0
    for name, address, after in tries:
        stage.now += after
        if stage.now - begun > HOUR:
            break
        looked[name] += stage.guess(name, f"address {address}") == 0
    assert all(count <= FREE["account"] + 10 + HOUR / LONGEST_S for count in looked.values())
    assert stage.people.checked == looked - Counter()


def test_guesses_sent_together_count_one_after_the_other() -> None:
    stage = Stage("ann")
    inside, go = threading.Event(), threading.Event()
    plain = stage.people.check_password

    def slow(name: str, password: str) -> UserRow | None:
        inside.set()
        go.wait(5)
        return plain(name, password)

    stage.people.check_password = slow  # type: ignore[method-assign]
    first = threading.Thread(target=stage.guess, args=("ann",))
    first.start()
    inside.wait(5)
    assert stage.guess("ann", "b") == 1
    go.set()
    first.join()
    assert stage.people.checked["ann"] == 1


def test_the_right_password_sent_together_is_hashed_once() -> None:
    stage = Stage("ann")
    found = list[bool]()
    threads = [threading.Thread(target=lambda: found.append(stage.good("ann"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 8
    assert stage.people.checked["ann"] == 1


def test_what_is_remembered_is_bounded() -> None:
    limits = Limits(lambda: 0.0)
    for n in range(HELD + 500):
        limits.failed(limits.keys(f"name {n}" + "x" * 100, f"address {n}"))
        limits.passed(limits.keys(f"good {n}", "a"), f"good {n}", "a")
    assert len(limits._failures) <= HELD
    assert len(limits._pairs) <= HELD


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_of_ipv6_a_whole_network_is_one_address(one: str, other: str, same: bool) -> None:
    limits = Limits()
    assert (limits.keys("n", one)[0] == limits.keys("n", other)[0]) is same


def test_taxii_says_when_to_come_again(tmp_path: Path) -> None:
    stage, store = Stage("ann"), Store(tmp_path / "node.db", create=True)
    routes = taxii_routes(stage.credentials, StoreShelf(store), Site("Test", lambda: "id"), lambda: 0)
    with TestClient(Starlette(routes=routes)) as client:
        for n in range(FREE["account"]):
            assert client.get("/taxii2/", auth=("ann", f"guess {n}")).status_code == 401
        answer = client.get("/taxii2/", auth=("ann", "nna"))
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
        assert answer.headers["content-type"] == "application/taxii+json;version=2.1"
        assert answer.json()["http_status"] == "429"
        assert client.get("/taxii2/", headers={"authorization": "Bearer token"}).status_code == 200
        stage.now += 1
        assert client.get("/taxii2/", auth=("ann", "nna")).status_code == 200
    store.close()


def test_the_api_and_the_login_say_it_too() -> None:
    app = build_app(MemoryDesk(), session_key=b"k" * 32, clock=lambda: float(NOW))
    with TestClient(app, base_url="https://node.example", follow_redirects=False) as client:
        answer = client.get("/api/v1/watch", auth=("guessed", "x"))
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
        assert answer.json()["error"]["code"] == "too_many"
        page = client.get("/login?lang=en").text
        form = {"user": "guessed", "password": "x", "token": page.split('name="token" value="')[1].split('"')[0]}
        tried: httpx2.Response = client.post("/login", data=form)
        assert (tried.status_code, tried.headers["retry-after"]) == (429, "7")
        assert "Too many wrong passwords" in tried.text
        assert "prasan_session" not in tried.cookies
