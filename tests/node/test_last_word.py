"""A revocation reaches everybody who holds a view, and nobody else."""

import orjson
import pytest

from node.node_kit import AMBER, Kit, Partner, their_object
from node.test_transitions import RELEASE, SANITISE, WITHHOLD, policy, read_ids
from prasan.cli import main
from prasan.errors import UsageError
from prasan.formats.stix_ids import EVENT
from prasan.node.partners.partnering import suspend
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.recall import recall
from prasan.node.releasing.revoking import revoke


def revoked(kit: Kit, us: Partner) -> list[bool]:
    return [one.get("revoked", False) for one in kit.now_read(us, "alerts")]


def test_who_reads_it_now_gets_the_revoked_version(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    policy(kit, RELEASE)
    done = revoke(kit.node, name)
    work_due(kit.node)
    (read,) = kit.now_read(us, "alerts")
    assert (read["id"], read["modified"], read["revoked"]) == (name, done.version, True)
    assert [row.form for row in kit.rows(us, name)] == ["verbatim", "verbatim"]


@pytest.mark.parametrize("rule", [RELEASE, SANITISE])
def test_after_a_narrow_it_is_told_with_what_it_holds_and_no_more(kit: Kit, us: Partner, rule: str) -> None:
    name = kit.event("a")
    policy(kit, rule)
    (held,) = kit.now_read(us, "alerts")
    policy(kit, WITHHOLD)
    kit.event("a", confidence=15)  # a version that it never got
    work_due(kit.node)
    assert read_ids(kit, us) == []
    kit.wait(1)
    revoke(kit.node, name)
    work_due(kit.node)
    (last,) = kit.now_read(us, "alerts")
    assert last["modified"] > held["modified"]
    assert last == held | {"modified": last["modified"], "revoked": True}
    rows = len(kit.rows(us, name))
    for rules in (WITHHOLD, rule, WITHHOLD):
        policy(kit, rules)
        assert kit.now_read(us, "alerts") == [last], "it stays, and nothing follows"
    assert len(kit.rows(us, name)) == rows


def test_what_was_narrowed_by_the_same_change_that_came_after_stays_readable(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    policy(kit, RELEASE)
    revoke(kit.node, name)
    policy(kit, WITHHOLD)
    assert revoked(kit, us) == [True]


def test_who_never_had_it_or_gave_it_back_gets_nothing(kit: Kit, us: Partner) -> None:
    never, back = kit.event("a"), kit.event("b")
    policy(kit, WITHHOLD)
    revoke(kit.node, never)
    work_due(kit.node)
    assert kit.now_read(us, "alerts") == []
    policy(kit, RELEASE)
    recall(kit.node, back, "us-mo", "wrong")
    revoke(kit.node, back)
    work_due(kit.node)
    assert back not in read_ids(kit, us)


def test_a_suspended_partner_is_told_when_it_goes_on(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    policy(kit, RELEASE)
    policy(kit, WITHHOLD)
    suspend(kit.node, "us-mo", True)
    revoke(kit.node, name)
    work_due(kit.node)
    assert kit.now_read(us, "alerts") == []
    suspend(kit.node, "us-mo", False)
    work_due(kit.node)
    assert revoked(kit, us) == [True]
    suspend(kit.node, "us-mo", True)
    assert kit.now_read(us, "alerts") == [], "before anything is decided"
    work_due(kit.node)
    assert kit.now_read(us, "alerts") == []
    kit.wait(0.1)
    suspend(kit.node, "us-mo", False)
    work_due(kit.node)
    assert revoked(kit, us) == [True]


def test_nothing_follows_a_revocation(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    policy(kit, RELEASE)
    revoke(kit.node, name)
    kit.event("a", confidence=15)
    held = kit.node.store.object(name)
    assert held is not None
    assert orjson.loads(held.raw)["revoked"]
    with pytest.raises(UsageError, match="revoked before"):
        revoke(kit.node, name)
    with pytest.raises(UsageError, match="there is no object"):
        revoke(kit.node, us.id)
    theirs = kit.receive(us.id, their_object(us.id, "x", EVENT, AMBER))
    with pytest.raises(UsageError, match="came from a partner"):
        revoke(kit.node, theirs)


def test_by_command(kit: Kit, us: Partner, capfd: pytest.CaptureFixture[str]) -> None:
    name = kit.event("a")
    assert main(["revoke", name, "--home", str(kit.node.home.root)]) == 0
    assert orjson.loads(capfd.readouterr().out)["object_id"] == name
    assert main(["revoke", name, "--home", str(kit.node.home.root)]) == 2
