"""A recorded exercise is played to a serving node over TCP, faster than life: its alerts arrive on the open page."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pair_kit import SENDER, Stage
from playwright.sync_api import Page, sync_playwright
from test_two_desks import ARGUMENTS, CHROMIUM, PASSWORD, USER, answering, sign_in

from loopback import HOST
from prasan.node.node import Node
from prasan.node.people import add_user

SOURCE = "exercise-gulf-andaman"
SPEED = 12_000
"""Two days of exercise in some fifteen seconds."""
REPLAY = Path(__file__).parents[2] / "tools" / "replay.py"


@pytest.mark.timeout(180)
def test_alerts_arrive_on_the_page_while_a_feed_is_played(tmp_path: Path) -> None:
    if not CHROMIUM:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("browser tests left out: Chromium is not installed")
    stage = Stage.build(tmp_path / "pair")
    file = stage.root / f"{SOURCE}.nmea"
    replay = subprocess.Popen(
        [sys.executable, str(REPLAY), str(file), "--speed", str(SPEED), "--port", "0"], stderr=subprocess.PIPE
    )
    assert replay.stderr
    port = int(re.findall(rb":(\d+)", replay.stderr.readline())[0])
    home = stage.home(SENDER)
    settings = home / "prasan.toml"
    feed = f'\n[[feed]]\nurl = "tcp://{HOST}:{port}"\nsource = "{SOURCE}"\n'
    plain = re.sub(r"(?m)^(look_every_s|feed) = .*\n", "", settings.read_text(encoding="utf-8"))
    settings.write_text("look_every_s = 0.5\n" + plain + feed, encoding="utf-8")
    node = Node(home)
    add_user(node, USER, "watch", PASSWORD)
    node.close()
    serving = stage.start("serve", "--home", str(home))
    strays = list[str]()
    try:
        answering(stage, SENDER, serving)
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = sign_in(browser, f"https://{HOST}:{stage.ports[SENDER]}", "th", strays).watch()
            page.wait_for_selector("#news:not([hidden]) a[href^='/events/']", timeout=90_000)
            assert "ใหม่" in page.inner_text("#news")
            kinds = wait_for_kinds(page, {"gap", "encounter"})
            assert {"gap", "encounter"} <= kinds
            page.locator("#list .row[data-id^='prasan-maritime-event']").nth(1).wait_for(timeout=30_000)
            browser.close()
        serving.stop()
    finally:
        serving.kill()
        replay.kill()
        replay.stderr.close()
        replay.wait()
    assert strays == []


def wait_for_kinds(page: Page, wanted: set[str]) -> set[str]:
    """The kinds of events in the picture, once the wanted ones are there or the time is up."""
    end, kinds = time.monotonic() + 60, set[str]()
    while time.monotonic() < end and not wanted <= kinds:
        rows = page.evaluate("fetch('/api/v1/watch').then(a => a.json()).then(p => p.rows)")
        kinds = {row["kind"] for row in rows if row["layer"] == "event"}
        time.sleep(0.5)
    return kinds
