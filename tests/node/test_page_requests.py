"""Requests for information worked with on the pages of real nodes: asked, answered, closed, rated, settled."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.node_kit import Kit
from node.page_kit import Pages, on_record
from node.test_requests import COARSE, at
from node.test_transitions import adopt
from node.three_kit import Three
from prasan.formats.stix import format_time

PATH = "/requests"


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None) -> Iterator[Three]:
    made = Three(tmp_path, monkeypatch)
    yield made
    made.close()


def soon(kit: Kit, hours: float = 48) -> str:
    """As a browser sends a moment."""
    return format_time(kit.hands.now_us / 1e6 + hours * 3600)[:16]


def question(three: Three, **changed: str) -> dict[str, str]:
    asked = {"to": "th-mc", "text": "Who is she?", "purpose": "maritime_security", "priority": "immediate"}
    return asked | {"by": soon(three.b)} | changed


def test_the_whole_life_on_the_pages(three: Three) -> None:
    event = three.a.event("a", "encounter")
    adopt(three.a, COARSE)
    three.pull(three.b)
    asker, asked = Pages(three.b), Pages(three.a)
    told = asker.not_done("watch", PATH, "request.new", **question(three, objects=event))
    assert "was not given" in told, "B knows it by another id"
    asker.done("watch", PATH, "request.new", **question(three))
    three.pull(three.b, three.a)
    name = at(three.a).id
    page = asked.get("analyst", PATH)
    assert 'value="request.accept"' in page
    assert 'value="request.answer"' not in page, "it is accepted first"
    asked.done("analyst", PATH, "request.accept", name)
    assert "Write it in words" in asked.not_done("watch", PATH, "request.answer", name)
    wrong = asked.not_done("watch", PATH, "request.answer", name, text="See these.", objects=f"{event}, SEA LARK")
    assert "SEA" in wrong
    asked.done("watch", PATH, "request.answer", name, text="More follows.", partly="yes")
    asked.done("watch", PATH, "request.answer", name, text="This is what we saw.", objects=f" {event}\r\n")
    three.pull(three.a, three.b)
    assert (at(three.b).standing, [one.text for one in at(three.b).changes][-1]) == ("answered", "This is what we saw.")
    asker.done("watch", PATH, "request.close", name, text="Thank you.")
    asker.done("watch", PATH, "request.rate", name, rating="5")
    three.pull(three.b)
    assert at(three.a).standing == "rated"
    hands = [(detail["act"], detail["by"]) for _, detail in on_record(three.a, "by_hand")]
    assert hands == [("request_accept", "analyst"), ("request_answer_in_part", "watch"), ("request_answer", "watch")]
    acts = [detail["act"] for _, detail in on_record(three.b, "by_hand")]
    assert acts == ["request_sent", "request_close", "request_rate"]


def test_what_cannot_be_asked_is_said_in_the_readers_language(three: Three) -> None:
    pages = Pages(three.b)
    late = question(three, by=soon(three.b, -1))
    assert "has passed" in pages.not_done("watch", PATH, "request.new", **late)
    assert "ผ่านไปแล้ว" in pages.not_done("watch", f"{PATH}?lang=th", "request.new", **late)
    empty = question(three, text=" ")
    assert "ยังไม่ได้ระบุ" in pages.not_done("watch", f"{PATH}?lang=th", "request.new", **empty)
    assert "ไม่ได้กรอก" not in pages.get("watch", PATH)
    assert on_record(three.b, "by_hand") == []


def test_a_second_answer_and_a_page_left_open_are_harmless(three: Three) -> None:
    asker, asked = Pages(three.b), Pages(three.a)
    asker.done("watch", PATH, "request.new", **question(three))
    three.pull(three.b, three.a)
    name = at(three.a).id
    assert asked.do("watch", PATH, "request.refuse", name).status_code == 400, "a refusal has a reason"
    asked.done("watch", PATH, "request.refuse", name, reason="Not while the case is open.")
    assert "stands at: Refused" in asked.not_done("watch", PATH, "request.accept", name)
    assert len(at(three.a).changes) == 3


def test_a_form_that_is_sent_twice_asks_and_answers_once(three: Three) -> None:
    asker, asked = Pages(three.b), Pages(three.a)
    form = question(three)
    asker.done("watch", PATH, "request.new", **form)
    assert "asked of this partner already" in asker.not_done("watch", PATH, "request.new", **form)
    three.pull(three.b, three.a)
    name = at(three.a).id
    asked.done("watch", PATH, "request.accept", name)
    part = {"text": "More follows.", "partly": "yes"}
    asked.done("watch", PATH, "request.answer", name, **part)
    assert "answered just before" in asked.not_done("watch", PATH, "request.answer", name, **part)
    asked.done("watch", PATH, "request.answer", name, text="That is all.", partly="yes")
    assert [one.text for one in at(three.a).changes if one.text] == ["Who is she?", "More follows.", "That is all."]


def test_two_histories_are_settled_on_the_page(three: Three) -> None:
    asker, asked = Pages(three.b), Pages(three.a)
    asker.done("watch", PATH, "request.new", **question(three))
    three.pull(three.b, three.a)
    name = at(three.a).id
    asker.done("watch", PATH, "request.close", name)
    asked.done("watch", PATH, "request.accept", name)
    three.round()
    assert at(three.a).standing == "conflict"
    closed = next(one.id for one in at(three.a).changes if one.state == "closed")
    page = asked.get("watch", PATH)
    assert f'<option value="{closed}"' in page
    assert "us-mo: Closed" in page
    assert "nothing of that name" in asked.not_done("watch", PATH, "request.settle", name, keep="0" * 12)
    asked.done("watch", PATH, "request.settle", name, keep=closed, text="Agreed by telephone.")
    three.round()
    assert (at(three.a).standing, at(three.b).standing) == ("closed", "closed")
    assert ("request_settled", "watch") in [(d["act"], d["by"]) for _, d in on_record(three.a, "by_hand")]


def test_who_only_reads_has_no_forms(three: Three) -> None:
    pages = Pages(three.b)
    assert 'name="act"' not in pages.get("auditor", PATH)
    for role in ("auditor", "protection", "partner"):
        assert pages.do(role, PATH, "request.new", **question(three)).status_code == 403, role
    assert on_record(three.b, "by_hand") == []
