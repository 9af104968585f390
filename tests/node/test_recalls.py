"""Recalls both ways: asked, shown, answered once; and what a recall of something unknown is answered."""

from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import pytest

from node.node_kit import AMBER, START_US, Kit, Partner, their_object
from node.test_transitions import RELEASE, policy
from node.three_kit import Line
from partner import CREATED, uid
from partner import incident as raw_incident
from prasan.errors import FormatError, UsageError
from prasan.formats.stix import header
from prasan.formats.stix_build import Stamp
from prasan.formats.stix_control import Recall, Receipt, read_recall, recall_object, receipt_object
from prasan.formats.stix_ids import EVENT, RECEIPT
from prasan.node.acts.obeying import obey
from prasan.node.lines import sync as sync_module
from prasan.node.releasing.explaining import explain
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.recall import recall
from prasan.picture.marking import PUBLIC
from prasan.stores.traffic import Outgoing, Quarantined


class All(NamedTuple):
    """Every row of an inbox."""

    after_us: int = 0
    limit: int = 100
    ids: None = None
    types: None = None
    versions: tuple[str, ...] = ("all",)
    spec_versions: None = None


class Served:
    """The node as a `Partner` pulls from it."""

    def __init__(self, kit: Kit) -> None:
        self.id, self.serve = kit.id, kit.serve


def pull(kit: Kit, us: Partner) -> Any:
    return us.pull(Served(kit))  # type: ignore[arg-type]


def test_a_recall_reaches_the_partner_and_its_receipt_comes_back(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    policy(kit, RELEASE)
    first = pull(kit, us)
    assert not first.failure
    assert us.store.object(name) is not None
    (issued,) = recall(kit.node, name, "us-mo", "wrong place")
    assert kit.now_read(us, "alerts") == []
    (asked,) = kit.now_read(us, "control")
    assert (asked["id"], asked["target_id"], asked["reason"]) == (issued.recall, name, "officer")
    pull(kit, us)
    held = us.store.object(name)
    assert held is not None
    assert held.status == "withdrawn"
    pull(kit, us)
    (out,) = kit.node.store.recalls_out(us.id)
    assert out.answered_us == kit.hands.now_us


def test_a_second_receipt_changes_nothing(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    policy(kit, RELEASE)
    (issued,) = recall(kit.node, name, "us-mo", "wrong place")
    raw = receipt_object(Receipt(issued.recall, (name,)), Stamp(us.id, 1.78e9, 1.78e9), PUBLIC)
    for answer in ("new", "again"):
        body = b'{"objects":[' + raw + b"]}"
        told = kit.taxii(us.id, "/taxii2/node/collections/inbox/objects/", method="POST", body=body)
        assert told.status == 202, answer
        after = (kit.node.store.recalls_out(us.id), kit.node.store.frontier(us.id).size)
        if answer == "new":
            before, now_us = after, kit.hands.now_us
        kit.wait(1)
    assert after == before
    assert after[0][0].answered_us == now_us


def test_a_receipt_from_somebody_else_counts_for_nothing(kit: Kit, us: Partner, tmp_path: Path) -> None:
    other = Partner("other", tmp_path)
    kit.agree(other)
    name = kit.event("a")
    policy(kit, RELEASE)
    (issued,) = recall(kit.node, name, "us-mo", "wrong place")
    raw = receipt_object(Receipt(issued.recall, (name,)), Stamp(other.id, 1.78e9, 1.78e9), PUBLIC)
    kit.taxii(other.id, "/taxii2/node/collections/inbox/objects/", method="POST", body=b'{"objects":[' + raw + b"]}")
    assert kit.node.store.recalls_out(us.id)[0].answered_us is None
    other.close()


def test_nobody_is_asked_twice_or_for_what_it_never_had(kit: Kit, us: Partner) -> None:
    name, kept = kit.event("a"), kit.event("b")
    policy(kit, RELEASE)
    recall(kit.node, name, "all", "wrong")
    with pytest.raises(UsageError, match="was recalled before"):
        recall(kit.node, name, "us-mo", "wrong")
    with pytest.raises(UsageError, match=r"there is no partner 'nobody' \(registered: us-mo\)"):
        recall(kit.node, kept, "nobody", "wrong")
    with pytest.raises(UsageError, match="there is no object"):
        recall(kit.node, f"{EVENT}--{UUID(int=5, version=4)}", "us-mo", "wrong")


def test_an_officer_may_name_the_partners_id(kit: Kit, us: Partner) -> None:
    kit.event("a")
    policy(kit, 'id = "s"\nto = ["us-mo"]\nthen = "sanitise"\nplace_deg = 0.5\n')
    (view,) = kit.now_read(us, "alerts")
    (issued,) = recall(kit.node, view["id"], "us-mo", "wrong")
    assert issued.target == view["id"]
    work_due(kit.node)
    assert kit.now_read(us, "alerts") == []


def answer_to(kit: Kit, us: Partner, target: str, number: int) -> bytes:
    """Our receipt for a partner's recall of a target, with the id of the recall taken out."""
    asked = Recall(kit.id, target, ("2026-01-01T00:00:00.000Z",), "officer", 1.79e9)
    raw = recall_object(asked, Stamp(us.id, 1.78e9, 1.78e9), AMBER)
    with kit.node.store.write() as tx:
        obey(kit.node, tx, us.id, header(raw).id, read_recall(raw, kit.id))
    receipt = receipts(kit, us)[number]
    document = orjson.loads(receipt.raw)
    assert document.pop("recall_id") == header(raw).id
    assert document.pop("id").startswith("prasan-receipt--")
    assert document["not_withdrawn"][0].pop("id") == target
    return orjson.dumps(document)


def test_a_recall_of_what_we_did_not_get_from_there_says_not_held(kit: Kit, us: Partner) -> None:
    """The same bytes for our own object, for another partner's, and for one that nobody has."""
    third = f"identity--{UUID(int=3, version=4)}"
    theirs = kit.receive(third, their_object(third, "x", EVENT, AMBER))
    targets = [kit.event("a"), theirs, f"{EVENT}--{UUID(int=5, version=4)}"]
    answers = {answer_to(kit, us, target, number) for number, target in enumerate(targets)}
    assert len(answers) == 1
    assert orjson.loads(answers.pop())["not_withdrawn"] == [{"reason": "not_held"}]
    assert kit.node.store.object(theirs) is not None


def test_what_was_turned_away_is_withdrawn_like_what_was_taken(kit: Kit, us: Partner) -> None:
    """Else the answer would tell a partner that somebody else speaks for an id it guessed."""
    third = f"identity--{UUID(int=3, version=4)}"
    theirs = kit.receive(third, their_object(third, "x", EVENT, AMBER))
    version = "2026-01-01T00:00:00.000Z"
    with kit.node.store.write() as tx:
        tx.put_quarantined(Quarantined(us.id, theirs, version, "may_not_speak", b"{}", 1))
        asked = recall_object(
            Recall(kit.id, theirs, (version,), "officer", 1.79e9), Stamp(us.id, 1.78e9, 1.78e9), AMBER
        )
        obey(kit.node, tx, us.id, header(asked).id, read_recall(asked, kit.id))
    (receipt,) = receipts(kit, us)
    assert orjson.loads(receipt.raw)["withdrawn"] == [theirs]
    kept = kit.node.store.object(theirs)
    assert kept is not None
    assert kept.status == "current"


@pytest.mark.parametrize("broken", [{"deadline": "soon"}, {"target_versions": 7}, {"target_id": None}])
def test_a_recall_that_cannot_be_read_is_refused(kit: Kit, us: Partner, broken: dict[str, Any]) -> None:
    good = Recall(kit.id, f"{EVENT}--{UUID(int=5, version=4)}", ("2026-01-01T00:00:00.000Z",), "officer", 1.79e9)
    document = orjson.loads(recall_object(good, Stamp(us.id, 1.78e9, 1.78e9), AMBER)) | broken
    with pytest.raises(FormatError):
        read_recall(orjson.dumps(document), kit.id)


def receipts(kit: Kit, us: Partner) -> list[Outgoing]:
    """Those that wait for a partner's inbox."""
    return [one for one in kit.node.store.outgoing(us.id) if one.id.startswith(RECEIPT)]


@pytest.fixture
def wired(kit: Kit, us: Partner, monkeypatch: pytest.MonkeyPatch) -> Kit:
    monkeypatch.setattr(sync_module, "Client", lambda *_: Line(kit, us))
    return kit


def test_a_pulled_recall_is_obeyed_and_answered(wired: Kit, us: Partner) -> None:
    us.publish(Served(wired), raw_incident(1))  # type: ignore[arg-type]
    (summary,) = sync_module.sync(wired.node, []).values()
    assert not summary.failure, summary
    assert wired.node.store.object(uid(1)) is not None
    us.recall(Served(wired), uid(1), [CREATED])  # type: ignore[arg-type]
    sync_module.sync(wired.node, [])
    held = wired.node.store.object(uid(1))
    assert held is not None
    assert held.status == "withdrawn"
    posted = us.store.inbox_page(wired.id, All())
    answers = [orjson.loads(one.raw) for one in posted]
    assert [one["withdrawn"] for one in answers if one["type"] == RECEIPT] == [[uid(1)]]
    again = wired.node.store.frontier(us.id).size
    sync_module.sync(wired.node, [])
    assert wired.node.store.outgoing(us.id) == []
    assert wired.node.store.frontier(us.id).size == again


def test_what_has_no_business_in_the_control_lane_is_no_object_here(wired: Kit, us: Partner) -> None:
    """A receipt is posted; one that is pulled would be shown as an object, and passed on as one."""
    stamp = Stamp(us.id, START_US / 1e6 - 60, START_US / 1e6 - 60)
    receipt = receipt_object(Receipt(uid(7), (uid(1),)), stamp, AMBER)
    us.publish(Served(wired), receipt, lane="control")  # type: ignore[arg-type]
    (summary,) = sync_module.sync(wired.node, []).values()
    assert wired.node.store.object(header(receipt).id) is None
    assert wired.node.store.quarantine_counts(us.id) == {"bad_object": 1}
    assert not summary.failure


@pytest.mark.parametrize("known", [False, True])
def test_the_log_a_partner_sees_does_not_say_whose_an_id_is(wired: Kit, us: Partner, known: bool) -> None:
    """It sends us an id that another partner spoke for first, or that nobody did: its log has the same entries."""
    if known:
        wired.receive(f"identity--{UUID(int=3, version=4)}", raw_incident(1))
    us.publish(Served(wired), raw_incident(1))  # type: ignore[arg-type]
    (summary,) = sync_module.sync(wired.node, []).values()
    assert summary.quarantined == ({"may_not_speak": 1} if known else {})
    entries = [orjson.loads(row.entry) for row in wired.node.store.leaf_rows(us.id) if row.entry]
    assert [one["detail"] for one in entries if one["kind"] == "applied"] == [{"lane": "objects", "upto": 1}]


def test_free_text_of_a_partner_waits_for_an_officers_eyes(wired: Kit, us: Partner, tmp_path: Path) -> None:
    """Also where the accord it came under would let it pass on."""
    other = Partner("other", tmp_path)
    wired.agree(other)
    us.publish(Served(wired), raw_incident(1, description="seen by KANARI"), raw_incident(2))  # type: ignore[arg-type]
    sync_module.sync(wired.node, ["us-mo"])
    codes = {number: explain(wired.node, uid(number), other.id) for number in (1, 2)}
    unread = [any(one.code == "decision.unread_text" for one in codes[number].reasons) for number in (1, 2)]
    assert unread == [True, False]
    other.close()
