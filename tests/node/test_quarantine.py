"""What was not taken is shown with its reason: on the command line and on the partners page."""

import json

import pytest

from node.node_kit import Kit, Partner, their_object
from node.test_inbox import campaign, post
from prasan.cli import main
from prasan.errors import UsageError
from prasan.formats.stix_ids import EVENT
from prasan.node.acts.apart import listed, shown
from prasan.node.lines.foreign import take_all
from prasan.picture.marking import PUBLIC
from prasan.picture.source import Source
from prasan.web.exchange_page import partners_page


def test_each_is_listed_with_its_sender_reason_and_whose_id_it_is(kit: Kit, us: Partner, other: Partner) -> None:
    ours = kit.event("a")
    theirs = kit.receive(other.id, their_object(other.id, "b", EVENT, PUBLIC))
    post(kit, us.id, campaign(1, id=ours.replace(EVENT, "campaign")), campaign(2, modified="2036-01-01T00:00:00.000Z"))
    post(kit, us.id, their_object(us.id, "a", EVENT, PUBLIC, id=ours))
    post(kit, us.id, their_object(us.id, "a", EVENT, PUBLIC, id=theirs))
    found = listed(kit.node)
    assert [(one.sender, one.reason, one.speaker) for one in found] == [
        ("us-mo", "may_not_speak", "other"),
        ("us-mo", "may_not_speak", "us"),
        ("us-mo", "future_version", ""),
    ]
    assert found[0].text["en"] == "The sender may not speak for this object"
    assert found[0].text["th"] != found[0].text["en"]
    assert [one.number for one in listed(kit.node, "us-mo", "future_version")] == [found[2].number]
    assert listed(kit.node, "other") == []
    one, raw = shown(kit.node, found[1].number)
    assert (one, json.loads(raw)["id"]) == (found[1], ours)
    (page,) = [partner for partner in partners_page(kit.node).partners if partner.name == "us-mo"]
    assert [(line.object_id, line.reason) for line in page.apart] == [(one.object_id, one.reason) for one in found]


def test_sources_are_senders_too(kit: Kit) -> None:
    take_all(kit.node, [b"{}"], Source("cert", "file", PUBLIC))
    assert [(one.sender, one.reason) for one in listed(kit.node, "source/cert")] == [("source/cert", "bad_object")]


@pytest.mark.parametrize(("words", "why"), [(("--partner", "nobody"), "is no partner"), (("--partner", "x/y"), "x/y")])
def test_who_is_nobody_is_said(kit: Kit, words: tuple[str, str], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        listed(kit.node, words[1])
    with pytest.raises(UsageError, match="no number 9"):
        shown(kit.node, 9)


def test_on_the_command_line(kit: Kit, us: Partner, capfd: pytest.CaptureFixture[str]) -> None:
    ours, home = kit.event("a"), str(kit.node.home.root)
    post(kit, us.id, their_object(us.id, "a", EVENT, PUBLIC, id=ours))
    assert main(["quarantine", "list", "--partner", "us-mo", "--home", home]) == 0
    (line,) = capfd.readouterr().out.splitlines()
    number = json.loads(line)["number"]
    assert main(["quarantine", "show", str(number), "--home", home]) == 0
    assert json.loads(json.loads(capfd.readouterr().out)["came"])["id"] == ours
    assert main(["quarantine", "show", "99", "--home", home]) == 2
