"""Why somebody gets what they get is answered for every object and every recipient."""

import pytest

from node.node_kit import Kit, Partner
from node.test_transitions import RELEASE, SANITISE, policy
from prasan.errors import UsageError
from prasan.node.releasing.explaining import explain, explain_to_all
from prasan.node.releasing.recall import recall


def test_every_object_and_every_recipient(kit: Kit, us: Partner, other: Partner) -> None:
    """Own ones, received ones, and what travels in the control lane."""
    names = [kit.event("a"), kit.vessel(567000001), kit.incident("i"), kit.id]
    policy(kit, RELEASE)
    recall(kit.node, names[0], "us-mo", "a mistake")
    (asked,) = kit.now_read(us, "control")
    told = {name: {one.recipient: one for one in explain_to_all(kit.node, name)} for name in (*names, asked["id"])}
    for by_recipient in told.values():
        assert {*by_recipient} == {"class:staff", "public", "us-mo", "other"} or {*by_recipient} == {
            "staff", "public", "us-mo", "other",
        }  # fmt: skip
        for one in by_recipient.values():
            assert one.reasons
            assert all(reason.text["en"] and reason.text["th"] for reason in one.reasons)
    assert told[asked["id"]]["us-mo"].verdict == "release"
    assert told[asked["id"]]["other"].reasons[0].code == "decision.control_of_another"
    assert told[names[0]]["us-mo"].reasons[0].code == "decision.recalled"


def test_by_the_id_that_a_partner_knows_it_by(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    policy(kit, SANITISE)
    (built,) = kit.now_read(us, "alerts")
    explained = explain(kit.node, built["id"], "us-mo")
    assert (explained.object_id, explained.view_id, explained.verdict) == (name, built["id"], "sanitise")


def test_what_is_not_here_is_said(kit: Kit, us: Partner) -> None:
    with pytest.raises(UsageError, match="there is no object"):
        explain(kit.node, "incident--00000000-0000-4000-8000-000000000000", "us-mo")
    with pytest.raises(UsageError, match="there is no recipient"):
        explain(kit.node, kit.id, "nobody")
