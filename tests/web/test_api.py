"""The doors for machines."""

import json
import re
from collections.abc import Iterator

import msgspec
import pytest
from desk import NOW, ROLES, ROWS, TOLD, MemoryDesk
from starlette.testclient import TestClient

from prasan.web import stream
from prasan.web.answers import WatchAnswer
from prasan.web.app import build_app
from prasan.web.desk import Session
from prasan.web.metrics import Family, exposition
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


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_its_doors(client: TestClient, role: str) -> None:
    """Partners' and protection officers' accounts are kept from the workings of the node; see also the pages."""
    headers = {"authorization": f"Bearer {role}-token"}
    for path in ("/api/v1/watch", "/api/v1/zones", "/metrics"):
        assert client.get(path, headers=headers).status_code == 200
    client.cookies.set("prasan_session", seal(KEY, Ticket(role, NOW, "n")))
    shut = {"/health", "/ills", "/partners", f"/told/identity--us/{TOLD}"} if role == "protection" else set()
    for path in ("/", "/health", "/ills", "/partners", f"/told/identity--us/{TOLD}"):
        answer = client.get(path, params={"lang": "en"})
        assert answer.status_code == (403 if path in shut else 200)
        assert ("not for your role" in answer.text) == (path in shut)
    page = client.get("/").text
    for words in ('href="/health"', 'href="/partners"', 'id="ills"'):
        assert (words in page) == (role != "protection")


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
    desk.generation = "2"
    assert client.get("/api/v1/watch", headers=BEARER | {"if-none-match": tag}).status_code == 200


def test_openapi_names_what_is_served(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LIFE_TICKS", 0)
    document = client.get("/api/v1/openapi.json", headers=BEARER).json()
    assert document["openapi"] == "3.1.0"
    for path in document["paths"]:
        assert client.get(path, headers=BEARER).status_code == 200
    assert "RowAnswer" in document["components"]["schemas"]


SAMPLE = re.compile(r'(?P<name>[a-z_]+)(?P<labels>\{([a-z]+="([^"\\\n]|\\["\\n])*",?)+\})? (?P<value>-?[0-9.e+-]+)')


def test_zones_are_geojson_with_their_names(client: TestClient) -> None:
    assert client.get("/api/v1/zones").status_code == 401
    assert client.get("/api/v1/zones", auth=("us-reader", "partner horse")).status_code == 403
    answer = client.get("/api/v1/zones", headers=BEARER)
    assert answer.headers["content-type"] == "application/geo+json"
    (feature,) = answer.json()["features"]
    assert feature["properties"] == {"name": "EX RESERVE"}
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert feature["geometry"]["coordinates"][0][0][0] == [101.0, 9.0]


def test_metrics_are_prometheus_text(client: TestClient) -> None:
    """Exposition format 0.0.4: every family is introduced once, every line is a sample, no series is there twice."""
    answer = client.get("/metrics", headers=BEARER)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    kinds = dict(line.split()[2:4] for line in lines if line.startswith("# TYPE"))
    samples = [SAMPLE.fullmatch(line) for line in lines if not line.startswith("#")]
    assert all(samples)
    assert {found["name"] for found in samples if found} == kinds.keys()
    assert len({line.rpartition(" ")[0] for line in lines}) == len(lines)
    assert all((kind == "counter") == name.endswith("_total") for name, kind in kinds.items())
    assert f"prasan_objects {len(ROWS)}" in lines
    feed = 'number="1",feed="udp://0.0.0.0:10110",source="own-receiver"'
    assert f"prasan_feed_lost_packets_total{{{feed}}} 7" in lines
    assert f'prasan_feed_dropped_lines_total{{{feed},reason="checksum"}} 50' in lines
    assert 'prasan_stage_waiting_seconds{stage="detected"} 130' in lines
    assert 'prasan_ills{code="feed_silent"} 1' in lines
    assert "us-mo" not in answer.text, "no metric names a partner"


def test_a_label_with_quotes_and_line_ends_is_still_one_line() -> None:
    text = exposition(
        (Family("a", "gauge", "A.", (({"b": 'x"\\\n'}, 0.5),)), Family("none", "gauge", "No sample.", ()))
    )
    assert text == '# HELP a A.\n# TYPE a gauge\na{b="x\\"\\\\\\n"} 0.5\n'


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


class NewsDesk(MemoryDesk):
    """A picture in which one more alert stands, and one that is long past, once its version was asked for twice."""

    asked = 0

    def version(self, audience: str) -> str:
        self.asked += 1
        if self.asked == 2:
            gap = next(row for row in self.rows if row.kind == "gap")
            past = msgspec.structs.replace(gap, id="prasan-maritime-event--old", past=True)
            self.rows = (*self.rows, msgspec.structs.replace(gap, id="prasan-maritime-event--new"), past)
            self.generation = "2"
        return super().version(audience)


class LeavingDesk(MemoryDesk):
    """Its user is removed while they read the stream."""

    def session(self, user: str, since: int) -> Session | None:
        return None


def test_who_is_removed_hears_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "TICK_S", 0.001)
    with TestClient(build_app(LeavingDesk(), session_key=KEY)) as client:
        answer = client.get("/api/v1/stream", headers=BEARER)
    assert answer.text.count("event: ") == 1


def test_the_stream_says_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "TICK_S", 0.001)
    monkeypatch.setattr(stream, "LIFE_TICKS", 40)
    with TestClient(build_app(NewsDesk(), session_key=KEY)) as client:
        assert client.get("/api/v1/stream").status_code == 401
        answer = client.get("/api/v1/stream", headers=BEARER)
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = [block.split("\ndata: ") for block in answer.text.split("\n\n") if "\ndata: " in block]
    events = [(name.removeprefix("event: "), json.loads(data)) for name, data in blocks]
    assert [name for name, _ in events] == ["picture", "alert", "picture"]
    assert events[1][1]["id"] == "prasan-maritime-event--new"
    assert [value["version"] for name, value in events if name == "picture"] == ["1", "2"]
    assert ": nothing new" in answer.text
