"""Consents on the pages of real nodes: asked from the object's page, answered and taken back on the partners page."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from node.node_kit import AMBER
from node.page_kit import Pages, on_record
from node.test_third_party import shared
from node.three_kit import Three
from prasan.node.acts.asking import Ask, ask
from prasan.node.acts.consents import listed
from prasan.node.releasing.recall import recall


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None) -> Iterator[Three]:
    made = Three(tmp_path, monkeypatch)
    yield made
    made.close()


def standing(kit: object) -> list[str]:
    return [one.standing for one in listed(kit.node)]  # type: ignore[attr-defined]


def test_from_the_object_to_the_answer_and_back(three: Three) -> None:
    name = shared(three)
    holder, sender = Pages(three.b), Pages(three.a)
    page = holder.get("release", f"/events/{name}")
    assert "The ask goes to th-mc" in page
    assert '<option value="my-mc"' in page
    assert '<option value="th-mc"' not in page
    holder.done("release", f"/events/{name}", "consent.ask", name, onto="my-mc", purpose="maritime_security", days="9")
    again = {"onto": "my-mc", "purpose": "maritime_security", "days": "9"}
    assert "waits for the answer" in holder.not_done("release", f"/events/{name}", "consent.ask", name, **again)
    (asked,) = listed(three.b.node)
    assert on_record(three.b, "by_hand") == [(asked.id, {"act": "consent_asked", "by": "release"})]
    three.pull(three.b)
    waiting = sender.get("release", "/partners")
    assert "us-mo asks to pass it on to my-mc" in waiting
    coarser = {"place_deg": "0.5", "time_min": "60", "drop": ["identity"], "days": "3"}
    sender.done("release", "/partners", "consent.give", asked.id, **coarser)
    three.pull(three.b)
    (given,) = listed(three.b.node)
    assert (given.standing, given.place_deg, given.time_min, given.drop) == ("given", 0.5, 60, ("identity",))
    assert f'<option value="{asked.id}"' in sender.get("admin", "/partners")
    sender.done("admin", "/partners", "consent.revoke", "us-mo", consent=asked.id, reason="The case was closed.")
    three.pull(three.b)
    assert standing(three.b) == ["revoked"]
    hands = [(detail["act"], detail["by"]) for _, detail in on_record(three.a, "by_hand")]
    assert hands == [("consent_given", "release"), ("consent_revoked", "admin")]


def test_a_refusal_needs_a_reason_and_a_second_answer_is_told_what_stands(three: Three) -> None:
    made = ask(three.b.node, Ask(shared(three), "my-mc"))
    three.pull(three.b)
    pages = Pages(three.a)
    assert "Reason" in pages.not_done("release", "/partners", "consent.refuse", made.id)
    wrong = pages.do("release", "/partners", "consent.give", made.id, days="0", place_deg="0.5")
    assert 'value="0.5"' in wrong.text, "what was filled in is kept"
    assert standing(three.a) == ["asked"]
    pages.done("release", "/partners", "consent.refuse", made.id, reason="Not while the case is open.")
    told = pages.not_done("release", "/partners", "consent.give", made.id)
    assert "It stands at: Refused" in told
    assert standing(three.a) == ["refused"]
    assert len(on_record(three.a, "by_hand")) == 1


def test_who_may_not_is_not_offered_it_and_is_refused(three: Three) -> None:
    name = shared(three)
    made = ask(three.b.node, Ask(name, "my-mc"))
    three.pull(three.b)
    pages, holder = Pages(three.a), Pages(three.b)
    for role in ("watch", "analyst", "auditor", "partner", "protection"):
        assert pages.do(role, "/partners", "consent.give", made.id).status_code == 403, role
        assert pages.do(role, f"/events/{name}", "consent.give", made.id).status_code == 403, role
    assert 'value="consent.give"' not in pages.get("watch", "/partners")
    assert 'value="consent.ask"' not in holder.get("watch", f"/events/{name}")
    assert 'value="consent.ask"' not in pages.get("release", f"/events/{name}"), "it is our own"
    assert standing(three.a) == ["asked"]


def test_what_rests_on_a_recall_is_looked_at(three: Three) -> None:
    """A note of ours on what was recalled is named until somebody has looked at it."""
    name = shared(three)
    described = three.b.node.store.object(three.b.identity("x"))
    assert described is not None
    note = three.b.keep(orjson.dumps(orjson.loads(described.raw) | {"name": f"about {name}"}), AMBER)
    recall(three.a.node, name, "us-mo", "Wrong ship.")
    three.pull(three.b)
    pages = Pages(three.b)
    page = pages.get("release", "/partners")
    assert "Ours that refer to what they recalled" in page
    assert note[-12:] in page
    assert pages.do("watch", "/partners", "recall.looked", "th-mc", object=note).status_code == 403
    page = pages.done("release", "/partners", "recall.looked", "th-mc", object=note)
    assert "Ours that refer to what they recalled" not in page
    assert "Nothing is left" in pages.not_done("release", "/partners", "recall.looked", "th-mc", object=note)
    assert on_record(three.b, "recall_looked") == [(note, {"recalls": 1, "by": "release"})]
