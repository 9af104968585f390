"""The partners page of real nodes: what waits for us or is late, and how consents and recalls stand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.test_third_party import consented, shared
from node.three_kit import Three
from prasan.node.acts.asking import Ask, ask
from prasan.node.acts.consents import Answer, answer
from prasan.node.releasing.recall import recall
from prasan.release.rules import Steps
from prasan.web.exchange_page import partners_page
from prasan.words import Message


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None) -> Iterator[Three]:
    made = Three(tmp_path, monkeypatch)
    yield made
    made.close()


def test_an_ask_waits_at_the_sender_until_it_is_answered(three: Three) -> None:
    name = shared(three)
    made = ask(three.b.node, Ask(name, "my-mc"))
    three.pull(three.b)
    (waiting,) = partners_page(three.a.node).asks
    assert (waiting.partner, waiting.to, waiting.page) == ("us-mo", ("my-mc",), f"/events/{name}")
    assert (waiting.title, waiting.purpose) == (Message("kind.encounter"), Message("purpose.maritime_security"))
    assert partners_page(three.b.node).asks == (), "it is not ours to answer"
    answer(three.a.node, made.id, Answer("given", steps=Steps(place_deg=0.5)))
    three.pull(three.b)
    for kit, side in ((three.a, "theirs"), (three.b, "ours")):
        page = partners_page(kit.node)
        (one,) = [one for partner in page.partners for one in partner.consents]
        assert (page.asks, one.side, one.standing) == ((), side, "given")
        assert one.steps == (Message("step.place_deg", {"place_deg": 0.5}),)


def test_what_is_late_is_gathered_from_all_partners_both_ways(three: Three) -> None:
    name = shared(three)
    consented(three, name)
    three.pull(three.c)
    recall(three.a.node, name, "us-mo", "Wrong ship.")
    three.pull(three.b)
    assert partners_page(three.b.node).late == ()
    three.wait(49)
    late = partners_page(three.b.node).late
    assert sorted((one.partner, one.sent, one.onward) for one in late) == [("my-mc", True, 0), ("th-mc", False, 1)]
    (ours,) = partners_page(three.a.node).late
    assert (ours.partner, ours.onward, ours.standing) == ("us-mo", 1, "overdue")
