"""The pages in real Chromium: both languages, keyboard and mouse, and not one request off the host."""

import os
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
import uvicorn
from desk import COARSE, GAP, NOW, RECALLED, RECIPIENTS, ROWS, MemoryDesk
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import prasan.web
from prasan.web.app import build_app
from prasan.web.desk import Filters
from prasan.web.pages import ROWS_A_PAGE, in_watch_order

CHROMIUM = shutil.which("chromium") or ""
VENDOR = Path(prasan.web.__file__).parent / "static/vendor/maplibre-gl.mjs"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
pytestmark = pytest.mark.browser


def _lacking() -> str:
    if not CHROMIUM:
        return "browser tests left out: Chromium is not installed (apt-get install chromium)"
    return "" if VENDOR.is_file() else "browser tests left out: browser assets are not fetched (make assets)"


@pytest.fixture(scope="module", autouse=True)
def _needs_chromium() -> None:
    if lacking := _lacking():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(lacking)


@pytest.fixture(scope="module")
def desk() -> MemoryDesk:
    return MemoryDesk()


@pytest.fixture(scope="module")
def address(desk: MemoryDesk) -> Iterator[str]:
    """A real server on a free port of the loopback."""
    app = build_app(desk, session_key=bytes(32), clock=lambda: float(NOW))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def strays() -> list[str]:
    """Requests off the host, policy violations and script errors: must stay empty."""
    return []


@pytest.fixture
def context(browser: Browser, address: str, strays: list[str]) -> Iterator[BrowserContext]:
    own = urlsplit(address).netloc
    made = browser.new_context(viewport={"width": 1200, "height": 760}, reduced_motion="reduce")
    made.on("request", lambda r: strays.append(r.url) if urlsplit(r.url).netloc not in {own, ""} else None)
    made.on("response", lambda r: strays.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    made.on("console", lambda m: strays.append(m.text) if m.type == "error" or "Content Security" in m.text else None)
    made.on("weberror", lambda e: strays.append(str(e.error)))
    yield made
    made.close()
    assert strays == []


def watch(context: BrowserContext, address: str, query: str = "") -> Page:
    """Sign in and open the watch, its map drawn."""
    page = context.new_page()
    page.goto(f"{address}/login?next=/{query}")
    page.fill("[name=user]", "ploy")
    page.fill("[name=password]", "correct horse")
    page.click("button[type=submit]")
    ready(page)
    return page


def ready(page: Page) -> None:
    page.wait_for_selector("html[data-map-ready]", timeout=60_000)


def counts(page: Page) -> tuple[int, int, int]:
    """In the list, on the map, without a place."""
    values = page.locator("#counts").evaluate("e => [e.dataset.listCount, e.dataset.mapCount, e.dataset.unplaced]")
    return int(values[0]), int(values[1]), int(values[2])


@pytest.mark.parametrize(("lang", "heading"), [("th", "เหตุผลที่ตรวจพบ"), ("en", "Why")])
def test_from_the_watch_to_an_event_and_back(context: BrowserContext, address: str, lang: str, heading: str) -> None:
    page = watch(context, address, f"%3Flang%3D{lang}")
    assert page.locator("html").get_attribute("lang") == lang
    page.click(f'.row[data-id="{GAP}"] a')
    page.wait_for_selector(f'#card .card[data-id="{GAP}"]')
    assert f"sel={GAP}" in page.url
    page.click("#card .open")
    ready(page)
    assert page.locator(".panel h2").first.inner_text() == heading
    assert page.locator("[data-recipient]").count() == len(RECIPIENTS)
    page.click(".crumb a")
    ready(page)
    page.wait_for_selector(f'.row.is-selected[data-id="{GAP}"]')


def test_list_and_map_agree_for_every_filter(context: BrowserContext, address: str) -> None:
    page = watch(context, address)
    assert counts(page) == (len(ROWS), len(ROWS) - 1, 1)
    for facet, value in (
        ("mode", "real"),
        ("kind", "incident"),
        ("kind", "vessel"),
        ("mode", "exercise"),
        ("kind", "gap"),
    ):
        page.check(f"#{facet}-{value}", force=True)
        page.wait_for_selector(f'#list[data-query*="{facet}={value}"]')
        page.wait_for_selector("#counts[data-map-count]")
        listed, mapped, unplaced = counts(page)
        assert listed == mapped + unplaced > 0
        assert re.findall(r"\d+", page.locator("#map-count").inner_text()) == [str(mapped)]


def test_a_filter_is_in_the_address_and_the_back_button_undoes_it(context: BrowserContext, address: str) -> None:
    page = watch(context, address)
    page.check("#kind-gap", force=True)
    page.wait_for_url("**/?kind=gap")
    page.go_back()
    ready(page)
    assert counts(page)[0] == len(ROWS)


def test_a_click_on_the_map_selects_in_the_list(context: BrowserContext, address: str) -> None:
    page = watch(context, address, f"%3Fsel%3D{GAP}")
    page.wait_for_selector(f'#card .card[data-id="{GAP}"]')
    page.keyboard.press("Escape")
    page.wait_for_selector("#card .card", state="detached")
    box = page.locator("#map").bounding_box()
    assert box
    page.wait_for_timeout(200)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector(f'.row.is-selected[data-id="{GAP}"]')


def test_keys_move_and_open_with_any_layout(context: BrowserContext, address: str) -> None:
    page = watch(context, address)
    first, second = (page.locator(".row").nth(n).get_attribute("data-id") for n in (0, 1))
    page.keyboard.press("KeyJ")
    page.wait_for_selector(f'.row.is-selected[data-id="{first}"]')
    page.evaluate(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {code: 'KeyJ', key: '่', bubbles: true}))"
    )
    page.wait_for_selector(f'.row.is-selected[data-id="{second}"]')
    page.keyboard.press("KeyK")
    page.wait_for_selector(f'.row.is-selected[data-id="{first}"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/events/**")
    ready(page)


def test_letter_keys_can_be_switched_off_and_stay_so(context: BrowserContext, address: str) -> None:
    """WCAG 2.1.4: who speaks to the computer says letters. Keys that are no letters still work."""
    page = watch(context, address, f"%3Flang%3Den%26sel%3D{GAP}")
    page.wait_for_selector(f'#card .card[data-id="{GAP}"]')
    page.click(".keys-switch")
    ready(page)
    for there in (f"{address}/?sel={GAP}", page.url):
        page.goto(there)
        ready(page)
        page.wait_for_selector(f'#card .card[data-id="{GAP}"]')
        page.keyboard.press("KeyJ")
        page.keyboard.press("KeyK")
        page.wait_for_timeout(100)
        assert page.locator(".row.is-selected").get_attribute("data-id") == GAP
        assert page.locator(".keys kbd").all_inner_texts() == ["Enter", "Esc"]
    page.keyboard.press("Escape")
    page.wait_for_selector("#card .card", state="detached")
    page.click(".keys-switch")
    ready(page)
    assert "sel=" not in page.url
    page.keyboard.press("KeyJ")
    page.wait_for_selector(".row.is-selected")


def test_a_row_of_a_later_page_is_shown_when_chosen(context: BrowserContext, address: str, desk: MemoryDesk) -> None:
    ordered = [row.id for row in in_watch_order(desk.watch("th-mc", Filters())).rows]
    assert len(ordered) > ROWS_A_PAGE
    page = watch(context, address, f"%3Fsel%3D{ordered[-1]}")
    page.wait_for_selector(f'.row.is-selected[data-id="{ordered[-1]}"]')
    assert page.locator(f'.row[data-id="{ordered[0]}"]').count() == 0
    page.click(".pages a")
    page.wait_for_selector(f'.row[data-id="{ordered[0]}"]')
    assert counts(page)[0] == len(ROWS)


def test_sanitised_and_recalled_look_different(context: BrowserContext, address: str) -> None:
    page = watch(context, address)
    title = page.locator(f'.row[data-id="{RECALLED}"] .row-title')
    assert "line-through" in title.evaluate("e => getComputedStyle(e).textDecorationLine")
    page.goto(f"{address}/events/{COARSE}?lang=en")
    ready(page)
    assert page.locator(".badge.sanitised").inner_text() == "sanitised"


def test_thai_is_set_in_the_shipped_font(context: BrowserContext, address: str) -> None:
    page = watch(context, address, "%3Flang%3Dth")
    faces = page.evaluate(
        "[...document.fonts].filter(f => f.family.includes('Sarabun') && f.status === 'loaded').length"
    )
    assert faces >= 2
    assert "Sarabun" in page.evaluate("getComputedStyle(document.body).fontFamily")


def test_nothing_runs_over_the_edge_of_a_narrow_screen(context: BrowserContext, address: str) -> None:
    page = watch(context, address)
    page.set_viewport_size({"width": 420, "height": 860})
    for path in ("/", f"/events/{GAP}", "/partners", "/requests", "/interests"):
        for lang in ("th", "en"):
            page.goto(f"{address}{path}?lang={lang}", wait_until="domcontentloaded")
            assert page.evaluate("document.documentElement.scrollWidth") <= 420, path


def test_reading_works_without_scripts(browser: Browser, address: str) -> None:
    plain = browser.new_context(java_script_enabled=False)
    page = plain.new_page()
    page.goto(f"{address}/login?lang=en")
    page.fill("[name=user]", "ploy")
    page.fill("[name=password]", "correct horse")
    page.click("button[type=submit]")
    page.check("#kind-gap", force=True)
    page.click("noscript button, .filters button")
    assert page.locator(".row").count() == 2
    page.click(f'.row[data-id="{GAP}"] a')
    assert page.locator("[data-recipient]").count() == len(RECIPIENTS)
    plain.close()


def test_an_act_is_done_by_keyboard_without_scripts(browser: Browser, address: str, desk: MemoryDesk) -> None:
    plain = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = plain.new_page()
    page.goto(f"{address}/login?next=/partners%3Flang%3Dth")
    page.fill("[name=user]", "ploy")
    page.fill("[name=password]", "correct horse")
    page.click("main button[type=submit]")
    page.locator("article.ask summary", has_text="ไม่ยินยอม").focus()
    for key in ("Enter", "Tab"):
        page.keyboard.press(key)
    assert page.get_by_role("textbox", name="เหตุผล").first.evaluate("e => e === document.activeElement")
    page.keyboard.type("คดียังไม่ปิด")
    for key in ("Tab", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector("#done")
    assert page.url.endswith("/partners?lang=th#done")
    assert [(by, name, values) for by, name, _, values in desk.acted] == [
        ("ploy", "consent.refuse", {"reason": "คดียังไม่ปิด"})
    ]
    plain.close()


def test_news_reaches_list_and_map(context: BrowserContext, address: str, desk: MemoryDesk) -> None:
    page = watch(context, address)
    assert page.locator("#list").get_attribute("data-version") == "1"
    gap = next(row for row in ROWS if row.kind == "gap")
    desk.rows = (*ROWS, msgspec.structs.replace(gap, id="prasan-maritime-event--new"))
    desk.generation = "2"
    page.wait_for_selector('#list[data-version="2"]')
    page.wait_for_selector("#counts[data-map-count]")
    listed, mapped, unplaced = counts(page)
    assert listed == mapped + unplaced == len(ROWS) + 1
    news = page.locator("#news")
    assert news.locator("a").get_attribute("href") == "/events/prasan-maritime-event--new"
    assert "AIS" in news.inner_text()
