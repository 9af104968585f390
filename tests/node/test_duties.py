"""Recalls as officers see them: late ones first, what is owed by whom, and how one is lifted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from node.node_kit import Kit, Partner
from node.test_third_party import consented, shared
from node.test_transitions import RELEASE, SANITISE, policy
from node.three_kit import Three
from prasan.cli import main
from prasan.errors import UsageError
from prasan.node import node as node_module
from prasan.node.acts.consents import listed
from prasan.node.acts.duties import duties, looked
from prasan.node.lines.doors import People
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.recall import lift, recall
from prasan.web.credentials import Credentials
from prasan.web.office import Office


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None) -> Iterator[Three]:
    made = Three(tmp_path, monkeypatch)
    yield made
    made.close()


def standings(kit: Kit) -> list[tuple[bool, str, int]]:
    return [(one.sent, one.standing, one.onward) for one in duties(kit.node)]


def gauges(kit: Kit) -> dict[str, float]:
    """The numbers of /metrics that are about the node as a whole."""
    families = Office(kit.node, Credentials(People(kit.node))).metrics()
    return {one.name: one.samples[0][1] for one in families if len(one.samples) == 1}


def test_a_chain_of_recalls_as_each_node_sees_it(three: Three) -> None:
    name = shared(three)
    consented(three, name)
    three.pull(three.c)
    recall(three.a.node, name, "us-mo", "Wrong ship.")
    assert standings(three.a) == [(True, "pending", 0)]
    three.pull(three.b)
    assert standings(three.a) == [(True, "onward", 1)]
    assert sorted(standings(three.b)) == [(False, "onward", 1), (True, "pending", 0)]
    for kit in three.kits:
        kit.wait(49)
    assert standings(three.a) == [(True, "overdue", 1)]
    assert sorted(standings(three.b)) == [(False, "overdue", 1), (True, "overdue", 0)]
    assert len(three.b.node.store.overdue_in(three.b.hands.now_us)) == 1
    assert [gauges(kit)["prasan_recalls_overdue"] for kit in (three.a, three.b)] == [1, 2]
    three.pull(three.c, three.b)
    assert standings(three.a) == [(True, "answered", 0)]
    assert sorted(standings(three.b)) == [(False, "answered", 0), (True, "answered", 0)]
    assert standings(three.c) == [(False, "answered", 0)]


def test_what_is_late_comes_first(kit: Kit, us: Partner) -> None:
    names = [kit.event("a"), kit.event("b")]
    policy(kit, RELEASE)
    recall(kit.node, names[0], "us-mo", "wrong")
    kit.wait(49)
    recall(kit.node, names[1], "us-mo", "wrong")
    assert [(one.object_id, one.standing) for one in duties(kit.node)] == [
        (names[0], "overdue"), (names[1], "pending"),
    ]  # fmt: skip


def test_a_recall_that_is_lifted_lets_a_new_version_go(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    policy(kit, RELEASE)
    before = kit.node.store.object(name)
    recall(kit.node, name, "us-mo", "wrong")
    work_due(kit.node)
    assert kit.now_read(us, "alerts") == []
    (lifted,) = lift(kit.node, name, "us-mo")
    assert (lifted.recalls, lifted.renewed) == (1, True)
    work_due(kit.node)
    (again,) = kit.now_read(us, "alerts")
    assert before is not None
    was = orjson.loads(before.raw)
    assert again["modified"] > was["modified"], "the version that was recalled stays withdrawn there"
    assert again | {"modified": ""} == was | {"modified": ""}
    assert standings(kit) == [(True, "lifted", 0)]
    with pytest.raises(UsageError, match=r"no recall of .* stands"):
        lift(kit.node, name, "us-mo")
    (issued,) = recall(kit.node, name, "us-mo", "wrong after all")
    assert issued.versions == 1


def test_a_view_that_was_built_is_built_anew(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    policy(kit, SANITISE)
    (first,) = kit.now_read(us, "alerts")
    recall(kit.node, name, "us-mo", "wrong")
    kit.wait(1)
    (lifted,) = lift(kit.node, name, "us-mo")
    assert not lifted.renewed
    work_due(kit.node)
    (again,) = kit.now_read(us, "alerts")
    assert again["id"] == first["id"]
    assert again["modified"] > first["modified"]


class Shell:
    """The commands, as typed, at the time of a node's own clock."""

    def __init__(self, capfd: pytest.CaptureFixture[str], kit: Kit) -> None:
        self.capfd, self.home, self.clock = capfd, str(kit.node.home.root), kit.hands.clock

    def __call__(self, *words: str, code: int = 0) -> list[Any]:
        self.capfd.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(node_module, "Clock", lambda: self.clock)
            assert main([*words, "--home", self.home]) == code, self.capfd.readouterr().err
        said = self.capfd.readouterr()
        assert "Traceback" not in said.err
        return [orjson.loads(line) for line in said.out.splitlines()] if code < 2 else [said.err]


def test_consent_by_command(three: Three, capfd: pytest.CaptureFixture[str]) -> None:
    name = shared(three)
    holder, sender = Shell(capfd, three.b), Shell(capfd, three.a)
    (asked,) = holder("consent", "ask", name, "--to", "my-mc", "--days", "3", "--all-versions")
    assert (asked["standing"], asked["to"], asked["purpose"]) == ("asked", ["my-mc"], "maritime_security")
    three.pull(three.b)
    (waiting,) = sender("consent", "list")
    assert (waiting["side"], waiting["standing"], waiting["partner"]) == ("theirs", "asked", "us-mo")
    tail = waiting["id"][-6:]
    (said,) = sender("consent", "refuse", tail, "--reason", " ", code=2)
    assert "needs a reason" in said
    (said,) = sender("consent", "give", tail, "--place-deg", "11", code=2)
    assert "out of range" in said
    (given,) = sender("consent", "give", tail, "--place-deg", "0.5", "--drop", "identity", "--days", "1")
    assert (given["standing"], given["place_deg"], given["drop"]) == ("given", 0.5, ["identity"])
    (revoked,) = sender("consent", "revoke", tail, "--reason", "Closed.", "--recall-onward")
    assert (revoked["standing"], revoked["reason"]) == ("revoked", "Closed.")
    (said,) = sender("consent", "give", "nothing", code=2)
    assert "there is no consent 'nothing'" in said
    assert len(listed(three.a.node)) == 1


def test_recalls_by_command(three: Three, capfd: pytest.CaptureFixture[str]) -> None:
    name = shared(three)
    shell = Shell(capfd, three.a)
    assert shell("recall", "list") == []
    assert shell("recall", "list", "--overdue") == []
    for words, why in [
        ((name, "--to", "us-mo"), "needs a reason"),
        ((name, "--reason", "wrong"), "not said from whom"),
        ((name, name), "one word too many"),
        (("list", name), "one word too many"),
        (("lift", "--to", "us-mo"), "needs one object's id"),
        (("lift", name, "--to", "us-mo"), "no recall of"),
    ]:
        assert why in shell("recall", *words, code=2)[0]
    (issued,) = shell("recall", name, "--to", "us-mo", "--reason", "wrong")
    (one,) = shell("recall", "list")
    assert (one["recall"], one["direction"], one["standing"]) == (issued["recall"], "sent", "pending")
    (lifted,) = shell("recall", "lift", name, "--to", "all")
    assert lifted["recalls"] == 1
    assert shell("recall", "looked", name) == [{"object_id": name, "recalls": 0}]
    assert looked(three.a.node, name) == 0
