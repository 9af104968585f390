"""Both ports for real: uvicorn on loopback with TLS, a stranger's client on one, a partner node on the other."""

import gzip
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response as Answer
from starlette.routing import Route

from exchange.taxii_node import Node, incident
from partner import Desk, Partner
from partner import incident as raw_incident
from prasan.exchange import asks, door, taxii
from prasan.exchange.asks import Ask
from prasan.exchange.cards import read_card
from prasan.exchange.certs import Certificate, self_signed
from prasan.exchange.client import Client, pinned
from prasan.exchange.http import Response
from prasan.exchange.steps import Cut, Unreached
from prasan.stores.rows import UserRow
from prasan.stores.sqlite import Store, StoreShelf
from prasan.web.credentials import Credentials
from prasan.web.peer import build_peer_app
from prasan.web.taxii import taxii_routes

pytestmark = pytest.mark.process
NOW = int(time.time())
COLLECTIONS = Ask("GET", "/taxii2/node/collections/")


class People:
    """Users of the test: the password of each is its name backwards, and looking is counted."""

    def __init__(self, store: Store) -> None:
        self.store, self.checked = store, 0

    def user(self, name: str) -> UserRow | None:
        return self.store.user(name)

    def token_user(self, token: str) -> UserRow | None:
        return self.store.token_user(token)

    def check_password(self, name: str, password: str) -> UserRow | None:
        self.checked += 1
        return self.store.user(name) if password == name[::-1] else None


def served(app: Any, tls: Certificate, folder: Path) -> Iterator[int]:
    """The port that an app answers on, until the test is over."""
    (folder / "key.pem").write_bytes(tls.key)
    (folder / "cert.pem").write_bytes(tls.certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_level="error", ssl_keyfile=folder / "key.pem", ssl_certfile=str(folder / "cert.pem"), lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listener.getsockname()[1]
    if bell := getattr(app.state, "bell", None):
        bell.close()
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def people(node: Node) -> People:
    with node.store.write() as tx:
        tx.put_user(UserRow("us", "partner", "hash", "identity--00000000-0000-4000-8000-000000000001", 1))
        tx.put_user(UserRow("new", "partner", "hash", None, 1))
        tx.put_user(UserRow("ann", "analyst", "hash", None, 1))
        tx.put_token("token-of-us", "us", 1)
    return People(node.store)


@pytest.fixture
def ordinary(node: Node, people: People, tmp_path: Path) -> Iterator[str]:
    routes = taxii_routes(Credentials(people), node.shelf, node.site, lambda: node.now)
    tls = self_signed("th", ["127.0.0.1"], not_before=NOW - 60, not_after=NOW + 3600)
    for port in served(Starlette(routes=routes), tls, tmp_path):
        yield f"https://127.0.0.1:{port}"


@pytest.fixture
def web(ordinary: str, tmp_path: Path) -> Iterator[httpx2.Client]:
    with httpx2.Client(
        base_url=ordinary, verify=pinned((tmp_path / "cert.pem").read_text()), trust_env=False
    ) as client:
        yield client


def test_taxii2_client_lists_collections_and_reads_pages(
    node: Node, ordinary: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)  # requests puts them above what its caller says
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from taxii2client.v21 import Server, as_pages
    node.publish(*range(12))
    verify = str(tmp_path / "cert.pem")
    with Server(f"{ordinary}/taxii2/", user="us", password="su", verify=verify) as server:
        assert server.title == "Test"
        (root,) = server.api_roots
        found = {one.alias: one for one in root.collections}
        assert list(found) == ["alerts", "control", "objects", "inbox"]
        pages = list(as_pages(found["objects"].get_objects, per_request=5))
        assert [len(page["objects"]) for page in pages] == [5, 5, 2]
        manifests = list(as_pages(found["objects"].get_manifest, per_request=5))
        assert sum(len(page["objects"]) for page in manifests) == 12
        status = found["inbox"].add_objects({"objects": [incident(50), {"type": "junk"}]})
        assert (status.success_count, status.failure_count) == (1, 1)
        status.refresh()
        assert found["inbox"].get_object(incident(50)["id"])["objects"] == [incident(50)]
        found["inbox"].delete_object(incident(50)["id"])
        assert found["inbox"].get_objects() == {}
        root.close()


def test_who_is_not_signed_in_is_asked_to(web: httpx2.Client) -> None:
    for headers in (
        {},
        {"authorization": "Bearer no"},
        {"authorization": "Basic !!!"},
        {"authorization": "Basic dXM6eA=="},
    ):
        answer = web.get("/taxii2/", headers=headers)
        assert answer.status_code == 401
        assert "Basic" in answer.headers["www-authenticate"]
        assert answer.headers["content-type"] == "application/taxii+json;version=2.1"
        assert answer.json()["title"]


def test_a_password_is_verified_once_until_the_user_changes(web: httpx2.Client, people: People, node: Node) -> None:
    for _ in range(4):
        assert web.get("/taxii2/", auth=("us", "su")).status_code == 200
    assert people.checked == 1
    assert web.get("/taxii2/", auth=("us", "other")).status_code == 401
    with node.store.write() as tx:
        tx.put_user(UserRow("us", "partner", "another hash", None, 2))
    assert web.get("/taxii2/", auth=("us", "su")).status_code == 200
    assert people.checked == 3
    with node.store.write() as tx:
        tx.remove_user("us")
    assert web.get("/taxii2/", auth=("us", "su")).status_code == 401


def test_each_role_sees_its_own_collections(web: httpx2.Client, node: Node) -> None:
    def seen(**how: Any) -> list[str]:
        return [one["alias"] for one in web.get("/taxii2/node/collections/", **how).json().get("collections", [])]

    node.publish(1)
    everything = ["alerts", "control", "objects", "inbox"]
    assert seen(headers={"authorization": "Bearer token-of-us"}) == seen(auth=("new", "wen")) == everything
    assert seen(auth=("ann", "nna")) == []
    objects = "/taxii2/node/collections/objects/objects/"
    assert len(web.get(objects, headers={"authorization": "Bearer token-of-us"}).json()["objects"]) == 1
    assert web.get(objects, auth=("new", "wen")).json() == {}, "no partner: collections of its own, and empty"
    assert web.get(objects, auth=("ann", "nna")).status_code == 404


def test_odd_requests_get_an_answer(web: httpx2.Client) -> None:
    token = {"authorization": "Bearer token-of-us"}
    assert web.get("/taxii2", headers=token).status_code == 200
    assert web.head("/taxii2/", headers=token).status_code == 200
    assert web.put("/taxii2/", headers=token).status_code == 405
    assert web.get("/taxii2/node/%ff/", headers=token).status_code == 404
    large = {**token, "content-type": "application/taxii+json"}
    inbox = "/taxii2/node/collections/inbox/objects/"
    assert web.post(inbox, headers=large, content=b" " * (16 * 1024 * 1024 + 5)).status_code == 413


# The peer port


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Partner, Partner]]:
    """Two nodes under an accord; the first one's peer port is up."""
    th = Partner("th-mc", tmp_path, now_us=NOW * 1_000_000)
    us = Partner("us-mo", tmp_path, now_us=NOW * 1_000_000)

    def at(point: str) -> None:
        th.crash(point)

    app = build_peer_app(
        th.keeper(),
        StoreShelf(th.store),
        taxii.Site("th", th.uuid),
        own=door.Door(lambda: th.ours, th.key_of, th.card),
        desk=Desk(th),
        now_us=lambda: th.now_us,
        at=at,
    )
    for port in served(app, th.tls, tmp_path):
        th.peer_url = f"https://127.0.0.1:{port}"
        th.agree(us, valid_until=datetime(2030, 1, 1, tzinfo=UTC))
        yield th, us
    th.close()
    us.close()


def test_a_partner_pulls_over_tls(pair: tuple[Partner, Partner]) -> None:
    th, us = pair
    points = list[str]()
    th.crash = points.append
    th.publish(us, *(raw_incident(n) for n in range(30)))
    summary = us.pull_over_tls("th-mc")
    assert (summary.accepted, summary.acked, summary.failure) == (30, 1, "")
    assert points == ["page", "page"], "the first parcel is small, the second holds the rest"
    assert us.pull_over_tls("th-mc").accepted == 0


def client(th: Partner, us: Partner, card: bytes, now: Callable[[], int] | None = None) -> Client:
    return Client(read_card(card), us.ours, now or (lambda: us.now_us), us.uuid)


def test_only_the_certificate_in_the_card_is_trusted(pair: tuple[Partner, Partner]) -> None:
    th, us = pair
    other = self_signed("th-mc", ["127.0.0.1"], not_before=NOW - 60, not_after=NOW + 3600)
    with client(th, us, th.card(peer_certificate=other.certificate.decode())) as wrong:
        reply = wrong.fetch(COLLECTIONS)
    assert isinstance(reply, Unreached)
    assert "does not show the certificate in the card of th-mc" in reply.reason


@pytest.mark.parametrize(("days", "words"), [(31, "expired on"), (-3, "is not valid before")])
def test_a_certificate_out_of_its_time_is_named(pair: tuple[Partner, Partner], days: int, words: str) -> None:
    th, us = pair
    with client(th, us, th.card(), lambda: us.now_us + days * 86_400_000_000) as late:
        reply = late.fetch(COLLECTIONS)
    assert isinstance(reply, Unreached)
    assert words in reply.reason


def test_nobody_at_the_address(pair: tuple[Partner, Partner]) -> None:
    th, us = pair
    with client(th, us, th.card(peer_url="https://127.0.0.1:9")) as nobody:
        reply = nobody.fetch(COLLECTIONS)
    assert isinstance(reply, Unreached)
    assert "cannot be reached" in reply.reason


def test_an_answer_that_is_too_long_is_cut(pair: tuple[Partner, Partner]) -> None:
    th, us = pair
    with client(th, us, th.card()) as reader:
        assert isinstance(reader.fetch(COLLECTIONS), Response)
        short = reader.fetch(Ask("GET", COLLECTIONS.target, max_bytes=100))
        unsigned = httpx2.get(th.peer_url + "/taxii2/", verify=pinned(th.tls.certificate.decode()), trust_env=False)
    assert isinstance(short, Cut)
    assert "more than 100 bytes" in short.reason
    assert unsigned.status_code == 401
    assert unsigned.headers["www-authenticate"].startswith("Prasan")


def test_an_answer_packed_a_thousand_times_is_cut_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    app = Starlette(routes=[Route("/{rest:path}", lambda _: Answer(bomb, headers={"content-encoding": "gzip"}))])
    us = Partner("us-mo", tmp_path, now_us=NOW * 1_000_000)
    for port in served(app, us.tls, tmp_path):
        us.peer_url = f"https://127.0.0.1:{port}"
        with client(us, us, us.card()) as reader:
            reply = reader.fetch(COLLECTIONS)
    us.close()
    assert isinstance(reply, Cut)
    assert "more than" in reply.reason


def following(wait_s: int, alerts: int = 0) -> Ask:
    return asks.following({"alerts": alerts, "control": 0, "objects": 0}, 500, wait_s)


def test_an_answer_waits_for_news_of_its_own(pair: tuple[Partner, Partner]) -> None:
    th, us = pair
    replies = list[Any]()
    with client(th, us, th.card()) as reader:
        assert reader.fetch(following(0)).status == 204  # type: ignore[union-attr]
        waiting = threading.Thread(target=lambda: replies.append(reader.fetch(following(30))))
        waiting.start()
        th.publish("identity--somebody-else", raw_incident(1))
        waiting.join(1.2)
        assert waiting.is_alive(), "what is not for us wakes nobody"
        th.publish(us, raw_incident(2), lane="alerts")
        waiting.join(10)
    assert replies[0].status == 200
    assert asks.SEAL in replies[0].headers


def test_a_request_that_waits_can_be_broken_off(pair: tuple[Partner, Partner]) -> None:
    th, us = pair
    replies = list[Any]()
    with client(th, us, th.card()) as reader:
        waiting = threading.Thread(target=lambda: replies.append(reader.fetch(following(30))))
        waiting.start()
        while waiting.is_alive():
            reader.abort()
            waiting.join(0.1)
        assert isinstance(replies[0], Cut)
        assert isinstance(reader.fetch(COLLECTIONS), Response), "the next request opens a new connection"


def test_a_second_connection_resumes_the_session_of_the_first(pair: tuple[Partner, Partner]) -> None:
    th, _ = pair
    context, reused = pinned(th.tls.certificate.decode()), list[bool | None]()
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", int(th.peer_url.rpartition(":")[2]))) as plain:
            opened = context.wrap_socket(plain)
            opened.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            while opened.recv(4096):
                pass
            reused.append(opened.session_reused)
            opened.close()
    assert reused == [False, True]


def test_a_broken_handshake_is_a_cut_and_a_closed_port_is_not(pair: tuple[Partner, Partner]) -> None:
    th, us = pair
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def break_off() -> None:
            listener.accept()[0].close()

        breaking = threading.Thread(target=break_off)
        breaking.start()
        with client(th, us, th.card(peer_url=f"https://127.0.0.1:{listener.getsockname()[1]}")) as reader:
            assert isinstance(reader.fetch(COLLECTIONS), Cut)
        breaking.join()
