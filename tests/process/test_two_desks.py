"""Two real nodes in one Chromium: what one officer sees in full the other sees coarsely or not at all.

Words that must not be at the partner are looked for on our own node too: a search that finds nothing anywhere would
prove nothing. Drawing a map without a graphics card is slow, so a test takes the watch as the one before left it.
"""

import html
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import msgspec
import orjson
import pytest
from pair_kit import READER, SENDER, Process, Stage, partner_id
from playwright.sync_api import Browser, Page, sync_playwright

import prasan.web
from loopback import HOST
from prasan.cli.demo.processes import client
from prasan.node.node import Node
from prasan.node.people import add_user
from prasan.stores.rows import OWN, ObjectRow
from prasan.web.pages import ROWS_A_PAGE

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
USER, PASSWORD = "watch", secrets.token_urlsafe(12)
WORDS = {
    "en": {
        "watch": "Watch",
        "why": "Why",
        "thresholds": "Thresholds",
        "who": "Who gets it, and why",
        "sanitised": "sanitised",
        "removed": "Rule and evidence were removed when the sender sanitised this event.",
    },
    "th": {
        "watch": "ภาพสถานการณ์",
        "why": "เหตุผลที่ตรวจพบ",
        "thresholds": "เกณฑ์",
        "who": "ใครได้รับ เพราะเหตุใด",
        "sanitised": "ปรับลดรายละเอียดแล้ว",
        "removed": "ผู้ส่งตัดกฎและหลักฐานออกเมื่อปรับลดรายละเอียด",
    },
}
OTHER = {"en": "th", "th": "en"}
pytestmark = [pytest.mark.browser, pytest.mark.process]


class Cast(msgspec.Struct, frozen=True):
    """The objects of the sender that the tests are about, and what must not be read of them at the partner."""

    gap: str
    coarse: str
    gap_place: tuple[float, float]
    gap_thresholds: int
    duplicate: str
    gap_secrets: frozenset[str]
    withheld_secrets: frozenset[str]


class Desk(msgspec.Struct):
    """One officer's browser at one node."""

    page: Page
    address: str
    lang: str

    def open(self, path: str) -> None:
        """Open a page with a map and wait until it is drawn."""
        self.page.goto(f"{self.address}{path}")
        self.ready()

    def watch(self) -> Page:
        """The watch, drawn; opened again only if another page is shown."""
        if urlsplit(self.page.url).path != "/":
            self.open(f"/?lang={self.lang}")
        self.page.wait_for_selector("#counts[data-map-count]")
        return self.page

    def ready(self) -> None:
        """Wait for the drawn map of a page in this officer's language."""
        drawn = f'html[lang="{self.lang}"][data-map-ready]'
        self.page.wait_for_selector(drawn, state="attached", timeout=60_000)

    def read(self, path: str) -> str:
        """An answer as the server gave it, with ids whole again."""
        answer = self.page.context.request.get(f"{self.address}{path}")
        assert answer.status == 200, path
        return plain(answer.text())

    def rows(self) -> dict[str, dict[str, object]]:
        """The picture by id, as machines get it."""
        return {row["id"]: row for row in orjson.loads(self.read(f"/api/v1/watch?lang={self.lang}"))["rows"]}

    def picture(self) -> str:
        """The text of the watch for people, all pages of its list, and for machines."""
        pages = range(1, -(-len(self.rows()) // ROWS_A_PAGE) + 1)
        paths = [f"/api/v1/watch?lang={self.lang}", *(f"/?lang={self.lang}&page={page}" for page in pages)]
        return "\n".join(map(self.read, paths))

    def depths(self) -> str:
        """The text of everything one may open from there: every event and vessel, its card, and the partners."""
        rows = [(one, row["layer"]) for one, row in self.rows().items() if row["layer"] != "incident"]
        paths = ["/partners", *(f"/{room}/{one}" for room in ("objects", "card") for one, _ in rows)]
        paths += [f"/events/{one}" for one, layer in rows if layer == "event"]
        return "\n".join(self.read(f"{path}?lang={self.lang}") for path in paths)


def plain(text: str) -> str:
    """HTML without what may stand inside a word."""
    return html.unescape(text.replace("<wbr>", ""))


def found(words: frozenset[str], text: str) -> set[str]:
    """The words that are in a text."""
    whole = plain(text)
    return {word for word in words if word in whole}


@pytest.fixture(scope="module", autouse=True)
def _needs_chromium() -> None:
    lacking = "" if CHROMIUM else "browser tests left out: Chromium is not installed (apt-get install chromium)"
    if not lacking and not VENDOR.is_file():
        lacking = "browser tests left out: browser assets are not fetched (make assets)"
    if lacking:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(lacking)


@pytest.fixture(scope="module")
def stage(_needs_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Both nodes with their feeds, serving, each having pulled from the other."""
    made = Stage.build(tmp_path_factory.mktemp("desks") / "pair")
    for taking in [made.ingest(name) for name in (SENDER, READER)]:
        assert taking.wait() == 0, taking.errors()
    for name in (SENDER, READER):
        node = Node(made.home(name))
        add_user(node, USER, "watch", PASSWORD)
        node.close()
    serving = [made.start("serve", "--home", str(made.home(name))) for name in (SENDER, READER)]
    try:
        for name, process in zip((SENDER, READER), serving, strict=True):
            answering(made, name, process)
        for pulling in [made.start("sync", "--home", str(made.home(name))) for name in (READER, SENDER)]:
            assert pulling.wait() == 0, pulling.errors()
        yield made
        for process in serving:
            process.stop()
    finally:
        for process in serving:
            process.kill()


def answering(stage: Stage, name: str, process: Process) -> None:
    """Wait until a node answers."""
    end = time.monotonic() + 60
    with client(stage.home(name)) as http:
        while process.running() and time.monotonic() < end:
            try:
                if http.get(f"https://{HOST}:{stage.ports[name]}/healthz").status_code == 200:
                    return
            except httpx2.HTTPError:
                time.sleep(0.05)
    raise AssertionError(f"{name} did not start: {process.errors()}")


@pytest.fixture(scope="module")
def cast(stage: Stage) -> Iterator[Cast]:
    """Read from the sender's own store."""
    node = Node(stage.home(SENDER))
    to = partner_id(node)
    own = [row for row in node.store.each_object() if row.origin == OWN]
    (gap,) = [row for row in own if row.kind == "gap" and row.marking.exercise]
    mapped, document = node.store.mapped(to, gap.id), orjson.loads(gap.raw)
    assert mapped
    given = {view.object_id for row in own for view in node.store.views_of(row.id) if view.recipient == to}
    hidden = [row for row in own if row.id not in given]
    duplicate = next(row for row in hidden if row.kind == "duplicate_identity")
    vessels = {row.id: orjson.loads(row.raw) for row in own if row.type == "prasan-vessel"}
    ship = vessels[document["vessel_refs"][0]]
    yield Cast(
        gap=gap.id,
        coarse=mapped.view_id,
        gap_place=(document["latitude"], document["longitude"]),
        gap_thresholds=len(document["rule"]["thresholds"]),
        duplicate=duplicate.id,
        gap_secrets=frozenset({key(gap.id), str(ship["name"]), str(ship["mmsi"]), *exact_places(gap)}),
        withheld_secrets=frozenset({key(row.id) for row in hidden if row.type == "prasan-maritime-event"})
        | {str(fix["mmsi"]) for fix in orjson.loads(duplicate.raw)["evidence"]["fixes"]}
        | exact_places(duplicate),
    )
    node.close()


def key(object_id: str) -> str:
    """The part of an id that names one object."""
    return object_id.partition("--")[2]


def exact_places(row: ObjectRow) -> set[str]:
    """The latitude of an event as it is written for machines."""
    return {str(orjson.loads(row.raw)["latitude"])}


@pytest.fixture(scope="module")
def browser(_needs_chromium: None) -> Iterator[Browser]:
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module", params=["en", "th"])
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def strays() -> list[str]:
    """Requests to another host, refusals and script errors."""
    return []


@pytest.fixture(autouse=True)
def _nothing_strays(strays: list[str]) -> Iterator[None]:
    yield
    assert strays == []


@pytest.fixture(scope="module")
def desks(browser: Browser, stage: Stage, lang: str, strays: list[str]) -> Iterator[dict[str, Desk]]:
    """Signed in at both nodes. Cookies know no ports, so each officer has a browser context of their own."""
    made = {name: sign_in(browser, f"https://{HOST}:{port}", lang, strays) for name, port in stage.ports.items()}
    yield made
    for desk in made.values():
        desk.page.context.close()


def sign_in(browser: Browser, address: str, lang: str, strays: list[str]) -> Desk:
    """Through the form, as a person does."""
    # The node's certificate is its own, as the browser would warn once.
    context = browser.new_context(
        viewport={"width": 1000, "height": 600}, reduced_motion="reduce", ignore_https_errors=True
    )
    context.on("request", lambda r: strays.append(r.url) if urlsplit(r.url).hostname not in {HOST, None} else None)
    context.on("response", lambda r: strays.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    context.on("console", lambda m: strays.append(m.text) if m.type == "error" else None)
    context.on("weberror", lambda e: strays.append(str(e.error)))
    desk = Desk(context.new_page(), address, lang)
    desk.page.goto(f"{address}/login?lang={lang}")
    desk.page.fill("[name=user]", USER)
    desk.page.fill("[name=password]", PASSWORD)
    desk.page.click("button[type=submit]")
    desk.ready()
    return desk


@pytest.mark.parametrize("name", [SENDER, READER])
def test_list_map_and_machines_count_the_same(desks: dict[str, Desk], name: str) -> None:
    page, rows = desks[name].watch(), desks[name].rows()
    data = [page.get_attribute("#counts", f"data-{what}") or "" for what in ("list-count", "map-count", "unplaced")]
    listed, mapped, unplaced = map(int, data)
    assert listed == len(rows) > 0
    assert listed == mapped + unplaced
    assert unplaced == sum(row.get("lat") is None for row in rows.values())


def test_the_gap_opens_with_its_reasons_and_who_gets_it(desks: dict[str, Desk], cast: Cast) -> None:
    desk, words = desks[SENDER], WORDS[desks[SENDER].lang]
    page = desk.watch()
    page.click(f'.row[data-id="{cast.gap}"] a')
    page.wait_for_selector(f'#card .card[data-id="{cast.gap}"]')
    page.click("#card .open")
    page.wait_for_selector(f'.detail[data-id="{cast.gap}"]')
    desk.ready()
    assert page.locator(".panel h2").first.inner_text() == words["why"]
    judged = page.locator("details.judged")
    assert not judged.locator("table").is_visible()
    judged.locator("summary").click()
    assert judged.locator("caption").inner_text() == words["thresholds"]
    assert judged.locator("tr").count() == cast.gap_thresholds > 0
    assert page.locator("#who h2").inner_text() == words["who"]
    verdicts = page.locator("#who [data-recipient]").evaluate_all(
        "e => e.map(r => [r.dataset.recipient, r.dataset.verdict])"
    )
    assert dict(verdicts)[READER] == "sanitise"
    assert "withhold" in dict(verdicts).values()
    assert all(row.locator(".reasons li").count() for row in page.locator("#who [data-recipient]").all())


def test_the_partner_sees_the_gap_coarsely_and_is_told_so(desks: dict[str, Desk], cast: Cast) -> None:
    desk, words = desks[READER], WORDS[desks[READER].lang]
    page = desk.watch()
    badge = page.locator(f'.row[data-id="{cast.coarse}"] .badge.sanitised')
    assert badge.inner_text() == words["sanitised"]
    assert found(cast.gap_secrets, page.content()) == set()
    desk.open(f"/events/{cast.coarse}?lang={desk.lang}")
    assert page.inner_text(".detail-badges .badge.sanitised") == words["sanitised"]
    assert page.locator(".panel").first.locator("p").inner_text() == words["removed"]
    assert page.locator(".numbers, .fixes").count() == 0
    assert found(cast.gap_secrets, page.content()) == set()
    machine = desk.rows()[cast.coarse]
    assert machine["sanitised"] is True
    assert machine["radius_m"]
    assert (machine["lat"], machine["lon"]) != cast.gap_place


def test_what_is_hidden_is_read_at_our_node_and_nowhere_at_the_partners(desks: dict[str, Desk], cast: Cast) -> None:
    secret = cast.gap_secrets | cast.withheld_secrets
    assert found(secret, desks[SENDER].picture()) == secret
    assert found(secret, desks[READER].picture() + desks[READER].depths()) == set()


def test_a_withheld_event_is_a_page_here_and_no_page_there(desks: dict[str, Desk], cast: Cast) -> None:
    here, there = desks[SENDER], desks[READER]
    assert f'data-recipient="{READER}" data-verdict="withhold"' in here.read(f"/events/{cast.duplicate}")
    for path in ("events", "objects", "card"):
        for hidden in (cast.duplicate, cast.gap):
            answer = there.page.context.request.get(f"{there.address}/{path}/{hidden}?lang={there.lang}")
            assert answer.status == 404, path


@pytest.mark.parametrize("name", [SENDER, READER])
def test_the_language_switch_turns_the_page_and_back(desks: dict[str, Desk], name: str) -> None:
    desk = desks[name]
    desk.page.goto(f"{desk.address}/partners?lang={desk.lang}")
    for lang in (OTHER[desk.lang], desk.lang):
        desk.page.click(f'.langs a[hreflang="{lang}"]')
        desk.page.wait_for_selector(f'html[lang="{lang}"]')
        assert desk.page.inner_text('.tabs a[href="/"]') == WORDS[lang]["watch"]
