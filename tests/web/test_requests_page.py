"""The page of requests for information, and who said what of an object, in both languages."""

import re

import msgspec
import pytest
from desk import GAP, INCIDENTS, MemoryDesk
from starlette.testclient import TestClient
from test_pages import client_for, signed_in

from prasan.node.acts.requests import Listed


@pytest.mark.parametrize("lang", ["en", "th"])
def test_requests_stand_where_they_wait(lang: str) -> None:
    with client_for(MemoryDesk()) as client:
        text = signed_in(client).get(f"/requests?lang={lang}").text
    groups = re.findall(r'<section data-group="(\w+)">(.*?)</section>', text, re.DOTALL)
    numbers = {code: re.findall(r'id="prasan-information-request--[^"]*(.)"', part) for code, part in groups}
    assert numbers == {"wait": ["a", "b"], "open": ["d"], "done": ["c"]}
    assert not re.search(r">(screen|request|priority|purpose)\.[a-z_.]+<", text)
    for words in ('value="request.accept"', 'value="request.settle"', 'value="bbbbbbbbbbbb"', f"/events/{GAP}"):
        assert words in text, words
    assert ("Overdue" if lang == "en" else "เกินกำหนด") in text
    assert "TLP:AMBER+STRICT" in text


def test_what_others_wrote_is_text() -> None:
    """A partner's words are shown as they are, and are nothing but words."""

    class Evil(MemoryDesk):
        def requests(self, audience: str) -> tuple[Listed, ...]:
            (first, *_) = super().requests(audience)
            return (msgspec.structs.replace(first, text="<script>alert(1)</script>"),)

    with client_for(Evil()) as client:
        text = signed_in(client).get("/requests").text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text


def test_without_requests_the_form_to_ask_is_there() -> None:
    class Quiet(MemoryDesk):
        def requests(self, audience: str) -> tuple[Listed, ...]:
            return ()

    with client_for(Quiet()) as client:
        page = signed_in(client).get(f"/requests?about={GAP}").text
    assert 'value="request.new"' in page
    assert f">{GAP}</textarea>" in page, "the object that it is about is filled in"


@pytest.mark.parametrize(("lang", "words"), [("en", "disagree"), ("th", "ไม่เห็นด้วย")])
def test_an_event_tells_who_said_what_of_it(lang: str, words: str) -> None:
    with client_for(MemoryDesk()) as client:
        signed_in(client)
        said = part(client, f"/events/{GAP}?lang={lang}")
        for one in (words, "Our radar had her.", "Seen by patrol.", "us-mo", "my-mc"):
            assert one in said, one
        assert part(client, f"/objects/{INCIDENTS[0].id}?lang={lang}") == ""


def part(client: TestClient, path: str) -> str:
    found = re.search(r'<section class="panel said".*?</section>', client.get(path).text, re.DOTALL)
    return found[0] if found else ""


def test_the_page_has_its_own_way_in() -> None:
    with client_for(MemoryDesk()) as client:
        assert client.get("/requests").status_code == 303
        assert 'href="/requests" aria-current="page"' in signed_in(client).get("/requests").text
