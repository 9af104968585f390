"""The doors for machines."""

from collections.abc import Iterator

import msgspec
import pytest
from desk import NOW, ROWS, MemoryDesk
from starlette.testclient import TestClient

from prasan.web.answers import WatchAnswer
from prasan.web.app import build_app
from prasan.web.security import SESSION_HOURS, Ticket, form_is_ours, form_token, seal, unseal

KEY = bytes(range(32))
BEARER = {"authorization": "Bearer good-token"}


@pytest.fixture
def desk() -> MemoryDesk:
    return MemoryDesk()


@pytest.fixture
def client(desk: MemoryDesk) -> Iterator[TestClient]:
    app = build_app(desk, session_key=KEY, clock=lambda: float(NOW))
    with TestClient(app, base_url="https://node.example", follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/api/v1/watch", "/api/v1/openapi.json", "/metrics"])
def test_machines_need_a_token_or_a_password(client: TestClient, path: str) -> None:
    for headers in ({}, {"authorization": "Bearer bad"}, {"authorization": "Basic ???"}, {"authorization": "Digest x"}):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 401
        assert "Bearer" in answer.headers["www-authenticate"]
        assert set(answer.json()["error"]) == {"code", "message", "remedy"}
    assert client.get(path, headers=BEARER).status_code == 200
    assert client.get(path, auth=("ploy", "correct horse")).status_code == 200
    assert client.get(path, auth=("ploy", "wrong")).status_code == 401
    assert client.get(path, auth=("us-reader", "partner horse")).status_code == 403


def test_healthz_is_open_and_says_nothing_else(client: TestClient) -> None:
    assert client.get("/healthz").text == "ok\n"


def test_watch_is_what_its_schema_says(client: TestClient) -> None:
    answer = msgspec.json.decode(client.get("/api/v1/watch", headers=BEARER).content, type=WatchAnswer)
    assert answer.count == len(ROWS)
    assert answer.marking.exercise
    assert answer.rows[0].kind_name == "สัญญาณ AIS ขาดหาย"
    english = client.get("/api/v1/watch?lang=en", headers=BEARER).json()
    assert english["rows"][0]["kind_name"] == "AIS gap"


def test_watch_is_not_sent_twice(client: TestClient, desk: MemoryDesk) -> None:
    tag = client.get("/api/v1/watch", headers=BEARER).headers["etag"]
    again = client.get("/api/v1/watch", headers=BEARER | {"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    desk.version = "2"
    assert client.get("/api/v1/watch", headers=BEARER | {"if-none-match": tag}).status_code == 200


def test_openapi_names_what_is_served(client: TestClient) -> None:
    document = client.get("/api/v1/openapi.json", headers=BEARER).json()
    assert document["openapi"] == "3.1.0"
    for path in document["paths"]:
        assert client.get(path, headers=BEARER).status_code == 200
    assert "RowAnswer" in document["components"]["schemas"]


def test_metrics_are_prometheus_text_without_labels(client: TestClient) -> None:
    answer = client.get("/metrics", headers=BEARER)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert answer.text == f"prasan_objects {len(ROWS)}\nprasan_views 415\n"


def test_errors_under_api_are_json(client: TestClient) -> None:
    answer = client.get("/api/v1/nothing", headers=BEARER)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "missing"


def test_a_ticket_is_good_for_one_key_until_its_end() -> None:
    ticket, hours = Ticket("ploy", NOW, "n"), SESSION_HOURS * 3600
    value = seal(KEY, ticket)
    assert unseal(KEY, value, NOW) == ticket
    assert unseal(KEY, value, NOW + hours - 1) == ticket
    assert unseal(KEY, value, NOW + hours) is None
    assert unseal(bytes(32), value, NOW) is None
    assert unseal(KEY, "é.é", NOW) is None
    assert form_is_ours(KEY, "n", form_token(KEY, "n"))
    assert not form_is_ours(KEY, "", form_token(KEY, ""))
    assert not form_is_ours(KEY, "m", form_token(KEY, "n"))
