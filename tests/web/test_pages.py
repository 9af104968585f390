"""The pages as text: what is on them in both languages, who may open them, and what they never do."""

import json
import re
from collections.abc import Iterator

import msgspec
import pytest
from desk import (
    COARSE,
    EVENTS,
    GAP,
    INCIDENTS,
    JUMP,
    MEETING,
    NOW,
    RECALLED,
    ROWS,
    STANDING,
    TOLD,
    UNPLACED,
    MemoryDesk,
)
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from prasan.errors import Refused, Unreachable
from prasan.node.keeping.live_health import Ill
from prasan.web.app import build_app
from prasan.web.desk import Filters, HealthPage, WatchPage
from prasan.web.pages import ROWS_A_PAGE
from prasan.web.partner_values import PartnersPage

KEY = bytes(range(32))


def client_for(desk: MemoryDesk, **more: object) -> TestClient:
    app = build_app(desk, session_key=KEY, clock=lambda: float(NOW), **more)  # type: ignore[arg-type]
    return TestClient(app, base_url="https://node.example", follow_redirects=False)


def token_in(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    return found[1]


def signed_in(client: TestClient, user: str = "ploy", password: str = "correct horse") -> TestClient:
    form = {"user": user, "password": password, "token": token_in(client.get("/login").text), "next": "/"}
    assert client.post("/login", data=form).status_code == 303
    return client


@pytest.fixture
def stranger() -> Iterator[TestClient]:
    with client_for(MemoryDesk()) as client:
        yield client


@pytest.fixture
def officer() -> Iterator[TestClient]:
    with client_for(MemoryDesk()) as client:
        yield signed_in(client)


def test_every_page_asks_for_a_login_and_leads_back(stranger: TestClient) -> None:
    answer = stranger.get("/events/x?a=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Fevents%2Fx%3Fa%3D1"
    for path in ("/", "/side", "/ills", "/health", "/partners", "/card/x", "/objects/x", "/told/x/y"):
        assert stranger.get(path).status_code == 303


def test_a_fragment_without_a_session_sends_the_browser_to_the_login(stranger: TestClient) -> None:
    answer = stranger.get("/side", headers={"hx-request": "true"})
    assert answer.status_code == 401
    assert "/login" in answer.headers["hx-redirect"]


def test_wrong_password_and_missing_token_do_not_sign_in(stranger: TestClient) -> None:
    token = token_in(stranger.get("/login?lang=en").text)
    wrong = stranger.post("/login", data={"user": "ploy", "password": "x", "token": token})
    assert wrong.status_code == 401
    assert "The user name or the password is wrong" in wrong.text
    forged = stranger.post("/login", data={"user": "ploy", "password": "correct horse", "token": "x"})
    assert forged.status_code == 403
    assert stranger.get("/").status_code == 303


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_login_never_leads_off_the_host(stranger: TestClient, away: str) -> None:
    form = {"user": "ploy", "password": "correct horse", "token": token_in(stranger.get("/login").text), "next": away}
    assert stranger.post("/login", data=form).headers["location"] == "/"


def test_session_cookie_is_signed_and_kept_from_scripts(stranger: TestClient) -> None:
    form = {"user": "ploy", "password": "correct horse", "token": token_in(stranger.get("/login").text)}
    cookie = stranger.post("/login", data=form).headers["set-cookie"]
    assert all(word in cookie.lower() for word in ("httponly", "samesite=lax", "secure"))
    value = stranger.cookies["prasan_session"]
    stranger.cookies.clear()
    for forged in (value[:-2] + "xx", value.replace(".", "A."), "a.b", ""):
        stranger.cookies.set("prasan_session", forged)
        assert stranger.get("/").status_code == 303


def test_a_session_ends_with_the_watch() -> None:
    now = [float(NOW)]
    app = build_app(MemoryDesk(), session_key=KEY, clock=lambda: now[0])
    with TestClient(app, base_url="https://node.example", follow_redirects=False) as client:
        signed_in(client)
        assert client.get("/").status_code == 200
        now[0] += 13 * 3600
        assert client.get("/").status_code == 303


def test_signing_out_needs_the_pages_own_form(officer: TestClient) -> None:
    officer.post("/logout", data={"token": "x"})
    assert officer.get("/").status_code == 200
    officer.post("/logout", data={"token": token_in(officer.get("/").text)})
    assert officer.get("/").status_code == 303


def test_partners_accounts_have_no_pages(stranger: TestClient) -> None:
    signed_in(stranger, "us-reader", "partner horse")
    assert stranger.get("/").status_code == 403
    for path in ("/health", "/ills", "/partners", f"/told/identity--us/{TOLD}", "/metrics", "/api/v1/zones"):
        assert stranger.get(path).status_code == 403


@pytest.mark.parametrize("path", ["/", "/login", "/partners", f"/events/{GAP}", "/nowhere", "/api/v1/watch"])
def test_strict_headers_are_on_everything(officer: TestClient, path: str) -> None:
    headers = officer.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/health", "/partners", f"/events/{GAP}", f"/objects/{INCIDENTS[0].id}"])
@pytest.mark.parametrize("lang", ["th", "en"])
def test_no_inline_code_no_foreign_address_no_bare_code(officer: TestClient, path: str, lang: str) -> None:
    page = officer.get(path, params={"lang": lang}).text
    assert f'<html lang="{lang}"' in page
    assert " style=" not in page
    assert not re.search(r"\son[a-z]+=", page)
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page, flags=re.S)
    assert all(not body.strip() or "application/json" in attributes for attributes, body in scripts)
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*"', page)
    assert not re.findall(r">\s*(?:screen|kind|state|decision|field|measure)\.[a-z_.]+\s*<", page)


def test_language_and_theme_are_remembered(officer: TestClient) -> None:
    assert '<html lang="en" data-theme="dusk"' in officer.get("/?lang=en&theme=dusk").text
    assert '<html lang="en" data-theme="dusk"' in officer.get("/partners").text
    assert '<html lang="th"' in officer.get("/?lang=th").text
    assert '<html lang="th"' in officer.get("/?lang=xx").text


def test_the_use_of_letter_keys_is_remembered(officer: TestClient) -> None:
    off = officer.get(f"/?keys=off&kind=gap&sel={GAP}&lang=th").text
    assert 'data-keys="off"' in off
    assert "เปิดปุ่มลัดตัวอักษร" in off
    assert f'href="/?kind=gap&amp;sel={GAP}&amp;keys=on"' in off
    assert 'data-keys="off"' in officer.get("/side").text
    assert 'data-keys="on"' in officer.get("/?keys=on").text
    assert 'data-keys="on"' in officer.get("/").text


FILTERS = [
    {},
    {"mode": "real"},
    {"mode": "exercise"},
    {"kind": "gap"},
    {"kind": "vessel"},
    {"source": "piracy"},
    {"origin": "us-mo"},
    {"origin": "own", "kind": "incident"},
    {"kind": "nothing"},
    {"mode": "nonsense"},
]


@pytest.mark.parametrize("filters", FILTERS)
def test_list_and_json_hold_the_same_rows(officer: TestClient, filters: dict[str, str]) -> None:
    answer = officer.get("/api/v1/watch", params=filters).json()
    pages = range(1, len(answer["rows"]) // ROWS_A_PAGE + 2)
    lists = [officer.get("/side", params=filters | {"page": str(number)}).text for number in pages]
    listed = [found for page in lists for found in re.findall(r'<li class="row[^"]*" data-id="([^"]+)"', page)]
    assert listed == [row["id"] for row in answer["rows"]]
    assert answer["count"] == len(answer["rows"])
    assert answer["unplaced"] == sum("lat" not in row for row in answer["rows"])
    assert f'data-list-count="{answer["count"]}" data-unplaced="{answer["unplaced"]}"' in lists[0]


def test_a_selected_row_is_on_the_page_of_the_list_that_opens(officer: TestClient) -> None:
    last = ROWS[-1]
    page = officer.get("/", params={"sel": last.id}).text
    assert re.search(rf'<li class="row is-selected" data-id="{last.id}"', page)
    assert f'<article class="card" data-id="{last.id}"' in page


def test_the_banner_is_of_what_is_on_the_screen(officer: TestClient) -> None:
    assert "EXERCISE · การฝึก" in officer.get("/?mode=exercise").text
    real = officer.get("/?mode=real").text
    assert "EXERCISE · การฝึก" not in real
    assert "TLP:GREEN" in real
    assert "EXERCISE · การฝึก" in officer.get(f"/?mode=real&sel={GAP}").text


def test_an_event_says_why_and_who_gets_it(officer: TestClient) -> None:
    thai, english = (officer.get(f"/events/{GAP}?lang={lang}").text for lang in ("th", "en"))
    assert "No AIS position was received for 9.3 hours." in english
    assert "ไม่ได้รับตำแหน่ง AIS นาน 9.3 ชั่วโมง" in thai
    assert "22 พฤศจิกายน พ.ศ. 2569 เวลา 06:00 น. (+07)" in thai
    assert "Rule “dark-periods-coarse” releases it in a coarser form." in english
    assert "ปรับตำแหน่งเป็นช่องขนาด 0.5 องศา" in thai
    for recipient, verdict in (("us-mo", "sanitise"), ("staff", "release"), ("public", "withhold")):
        assert f'data-recipient="{recipient}" data-verdict="{verdict}"' in thai
    assert "<code>min_h</code>" in english
    assert "567999001" in english
    assert "567,999,001" not in english


@pytest.mark.parametrize("lang", ["th", "en"])
def test_what_was_told_instead_can_be_looked_at(officer: TestClient, lang: str) -> None:
    page = officer.get(f"/events/{GAP}?lang={lang}").text
    (link,) = re.findall(r'<li>[^<]+<a href="(/told/[^"]+)">[^/]+</a>[^<]*</li>', page)
    assert link == f"/told/identity--us/{TOLD}"
    held = officer.get(link).text
    assert '<p class="told-to" role="note">' in held
    assert "us-mo" in held
    assert 'id="who"' not in held
    assert officer.get(f"/told/identity--us/{GAP}").status_code == 404
    assert officer.get(f"/told/identity--xx/{TOLD}").status_code == 404


def test_sanitised_and_recalled_say_so(officer: TestClient) -> None:
    coarse = officer.get(f"/events/{COARSE}?lang=th").text
    assert "ปรับลดรายละเอียดแล้ว" in coarse
    assert "คลาดเคลื่อนราว 39 กม." in coarse
    assert "<h2>เหตุผลที่ตรวจพบ</h2>" in coarse
    page = officer.get("/?lang=en&origin=us-mo").text
    assert re.search(rf'<li class="row is-gone" data-id="{RECALLED}"', page)
    assert ">Recalled<" in page
    assert re.search(rf'<li class="row is-gone" data-id="{JUMP}"', officer.get("/?kind=speed_jump").text)


def test_an_incident_known_to_the_day_shows_no_clock(officer: TestClient) -> None:
    head = officer.get(f"/objects/{INCIDENTS[0].id}?lang=th").text.split('<dl class="facts">')[1].split("</dl>")[0]
    assert '<time datetime="2014-12-31">2014-12-31</time>' in head
    assert "31 ธันวาคม พ.ศ. 2557" in head
    assert "น. (" not in head


def test_a_vessel_has_a_page_though_it_is_no_object(officer: TestClient) -> None:
    vessel = ROWS[-1]
    page = officer.get(f"/objects/{vessel.id}?lang=en").text
    assert str(vessel.mmsi[0]) in page
    assert "Last heard" in page
    identity = re.search(r'<section class="panel identity">.*?</section>', page, flags=re.S)
    assert identity
    for words in ("What it said of itself", "EXERCISE OLD", "Sources disagree", "4.5", "coast"):
        assert words in identity[0]
    assert identity[0].count("Sources disagree") == 1


def test_partners_show_verdicts_reasons_recalls_and_logs(officer: TestClient) -> None:
    page = officer.get("/partners?lang=en").text
    for words in (
        "412",
        "A rule withholds it",
        "Its bytes are not those of the statement",
        "Answered",
        "Waiting for receipt",
        "Recalls received",
        "The place was rounded wrongly.",
    ):
        assert words in page
    assert "9a3c8f5b1e2d7a6c4b3f2e1d0c9b8a7f6e5d4c3b2a190807060504030201a0b1" in page
    assert "ระงับไม่ส่ง" in officer.get("/partners?lang=th").text


def test_what_waits_for_us_or_is_late_comes_before_the_partners(officer: TestClient) -> None:
    page = officer.get("/partners?lang=en").text
    waiting, _, rest = page.partition('data-partner="us-mo"')
    for words in ("Recalls that are overdue", "further on still to answer: 2", "00000000a5c1",
                  "this version only", "my-mc", "maritime security",
                  "Give consent", "us-mo asks to pass it on to my-mc",
                  f'href="/events/{MEETING}"'):  # fmt: skip
        assert words in waiting, words
    for words in ("Answered, waiting for others", "ours that refers to it, to be looked at: 3", "later versions too",
                  "Place rounded to a cell of 0.5 degrees", "Not while the case is open.", "asked by us"):  # fmt: skip
        assert words in rest, words
    thai = officer.get("/partners?lang=th").text
    for words in ("ภาคีขอความยินยอมจากเรา", "การเรียกคืนที่เกินกำหนด", "ไม่ยินยอม"):
        assert words in thai


def test_what_is_wrong_with_the_node_stands_over_the_watch_and_on_its_own_page(officer: TestClient) -> None:
    strip = re.search(r'<div id="ills".*?</div>', officer.get("/?lang=en").text, flags=re.S)
    assert strip
    assert "udp://0.0.0.0:10110 has given no row for 11 minutes." in strip[0]
    assert "1 more" in strip[0], "the strip stays short"
    assert officer.get("/ills").text.strip() in strip[0]
    page = officer.get("/health?lang=en").text
    for words in (
        "Look at the receiver, its antenna and the line.",
        "The node is behind: Stored to looked at, 2 minutes.",
        ">silent</span>",
        "60 of 1,000 lines",
        "Wrong checksum",
        'It is tried again by itself. <small lang="en">Connection refused<',
        "1,234,567",
        "11 min ago",
    ):
        assert words in page, words
    thai = officer.get("/health?lang=th").text
    assert "ไม่ส่งแถวข้อมูลมา 11 นาทีแล้ว" in thai
    assert "11 นาทีที่แล้ว" in thai
    assert "ติดต่อโหนดของภาคีไม่ได้" in thai


def test_a_well_node_says_so_and_shows_no_strip() -> None:
    class Well(MemoryDesk):
        def ills(self, audience: str) -> tuple[Ill, ...]:
            return ()

        def health(self, audience: str) -> HealthPage | None:
            return HealthPage(msgspec.structs.replace(STANDING, ills=(), feeds=()))

    with client_for(Well()) as client:
        page = signed_in(client).get("/health?lang=en").text
        assert "Everything works." in page
        assert "This node reads no live feed." in page
        assert not re.search(r'<div id="ills"[^>]*>\s*<p>', client.get("/").text)


@pytest.mark.parametrize("path", ["/events/nothing", "/objects/nothing", f"/objects/{GAP}", "/nothing/at/all"])
def test_what_is_not_there_is_said_in_words(officer: TestClient, path: str) -> None:
    answer = officer.get(f"{path}?lang=en")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


def test_text_from_outside_is_never_markup() -> None:
    class Hostile(MemoryDesk):
        def watch(self, audience: str, filters: Filters) -> WatchPage:
            page = super().watch(audience, filters)
            row = msgspec.structs.replace(page.rows[0], title="<script>alert(1)</script>", id='"><img src=x>')
            return msgspec.structs.replace(page, rows=(row,))

    with client_for(Hostile()) as client:
        page = signed_in(client).get("/").text
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_the_drawing_of_an_event_is_safe_json(officer: TestClient) -> None:
    page = officer.get(f"/events/{GAP}").text
    found = re.search(r'<script type="application/json" id="drawing">(.*?)</script>', page, flags=re.S)
    assert found
    drawing = json.loads(found[1])
    assert [fix["number"] for fix in drawing["fixes"]] == [1, 2]
    assert drawing["rows"][0]["id"] == GAP


def test_known_errors_become_sentences_and_defects_stay_inside() -> None:
    class Failing(MemoryDesk):
        fault: Exception = RuntimeError("secret detail")

        def partners(self, audience: str) -> PartnersPage:
            raise self.fault

    desk = Failing()
    app = build_app(desk, session_key=KEY, clock=lambda: float(NOW))
    with TestClient(app, base_url="https://node.example", raise_server_exceptions=False) as client:
        client.follow_redirects = False
        answer = signed_in(client).get("/partners?lang=en")
        assert (answer.status_code, "secret" in answer.text) == (500, False)
        assert "Something failed on this node" in answer.text
        for fault, status in (
            (Refused("You may not.", "Ask the officer."), 403),
            (Unreachable("The store is down."), 503),
        ):
            desk.fault = fault
            answer = client.get("/partners")
            assert answer.status_code == status
            assert str(fault) in answer.text


def test_mounted_routes_come_first_and_get_the_headers() -> None:
    def discovery(_request: Request) -> Response:
        return PlainTextResponse("taxii")

    with client_for(MemoryDesk(), mounts=[Route("/taxii2/", discovery)]) as client:
        answer = client.get("/taxii2/")
    assert answer.text == "taxii"
    assert "content-security-policy" in answer.headers


def test_unplaced_rows_are_counted_not_lost(officer: TestClient) -> None:
    rows = officer.get("/api/v1/watch").json()["rows"]
    assert [row["id"] for row in rows if "lat" not in row] == [UNPLACED]
    assert "1 without a place" in officer.get("/?lang=en").text
    assert len(rows) == len(ROWS) > len(EVENTS)
