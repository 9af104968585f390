"""What partners post: theirs from then on, judged by who may speak, and never judged in the answer."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from node.node_kit import STAFF_RULE, Kit, Partner, their_object
from node.test_transitions import RELEASE, policy
from partner import CREATED, START_US, uid
from prasan.exchange.http import Response
from prasan.exchange.lanes import INBOX
from prasan.formats.stix import format_time
from prasan.formats.stix_control import Receipt, receipt_object
from prasan.formats.stix_ids import EVENT, TLP1, TLP2
from prasan.ledger.entry import decode
from prasan.node.objects import STAFF
from prasan.node.record import NODE_LOG
from prasan.node.releasing.explaining import explain
from prasan.node.releasing.publish import work_due
from prasan.picture.marking import PUBLIC, Tlp
from prasan.release.facts import PUBLIC as EVERYBODY
from prasan.stores.rows import ObjectRow

LATER = "2026-02-01T00:00:00.000Z"


def note(number: int, about: str, **more: Any) -> dict[str, Any]:
    """What a partner says about an object."""
    head = {"type": "note", "spec_version": "2.1", "id": uid(number, "note"), "created": CREATED, "modified": CREATED}
    return head | {"content": "seen there too", "object_refs": [about]} | more


def campaign(number: int, **more: Any) -> dict[str, Any]:
    name = uid(number, "campaign")
    return {"type": "campaign", "spec_version": "2.1", "id": name, "created": CREATED, "modified": CREATED,
            "name": "c"} | more  # fmt: skip


def post(kit: Kit, who: str, *objects: Any) -> Response:
    body = b'{"objects":[' + b",".join(o if isinstance(o, bytes) else json.dumps(o).encode() for o in objects) + b"]}"
    return kit.taxii(who, f"/taxii2/node/collections/{INBOX}/objects/", method="POST", body=body)


def counts(answer: Response) -> tuple[int, int]:
    assert answer.status == 202, answer.body
    found = orjson.loads(answer.body)
    return found["success_count"], found["failure_count"]


def here(kit: Kit, object_id: str) -> ObjectRow:
    row = kit.node.store.object(object_id)
    assert row is not None
    return row


def reasons(kit: Kit, partner: Partner) -> list[tuple[str, str]]:
    return [(row.object_id, row.reason) for row in kit.node.store.quarantined(partner.id)]


def test_what_a_partner_posts_is_theirs_and_our_staff_sees_it(kit: Kit, us: Partner) -> None:
    policy(kit, STAFF_RULE.removeprefix("[[rule]]\n"))
    made = campaign(1, object_marking_refs=[TLP2[Tlp.GREEN]])
    raw = json.dumps(made, indent=1).encode()
    assert counts(post(kit, us.id, raw)) == (1, 0)
    row = here(kit, made["id"])
    assert (row.origin, row.raw, row.marking.tlp) == (us.id, raw, Tlp.GREEN)
    assert row.marking.orcon == frozenset({us.id})
    assert row.marking.purposes == frozenset({"maritime_security"})
    work_due(kit.node)
    assert [view.view_id for view in kit.node.store.views_of(made["id"]) if view.recipient == STAFF] == [made["id"]]
    kinds = [entry.kind for entry in _entries(kit, NODE_LOG)]
    assert kinds.count("posted") == 1
    assert kinds.count("posted") == [entry.kind for entry in _entries(kit, us.id)].count("posted")


@pytest.mark.parametrize(
    ("refs", "tlp"),
    [
        ([], Tlp.AMBER_STRICT),
        ([TLP1[Tlp.CLEAR]], Tlp.CLEAR),
        ([TLP1[Tlp.AMBER]], Tlp.AMBER),
        ([TLP2[Tlp.AMBER_STRICT]], Tlp.AMBER_STRICT),
        ([TLP1[Tlp.GREEN], TLP2[Tlp.RED]], Tlp.RED),
        ([uid(9, "marking-definition")], Tlp.AMBER_STRICT),
    ],
)
def test_its_label_counts_and_none_means_our_organization_only(
    kit: Kit, us: Partner, refs: list[str], tlp: Tlp
) -> None:
    made = campaign(1, **({"object_marking_refs": refs} if refs else {}))
    post(kit, us.id, made)
    assert here(kit, made["id"]).marking.tlp == tlp


def test_it_goes_to_nobody_else_without_its_sender(kit: Kit, us: Partner, tmp_path: Path) -> None:
    other = Partner("id-mo", tmp_path)
    kit.agree(other)
    policy(kit, RELEASE.replace('["us-mo"]', '["partners", "public"]'))
    made = campaign(1, object_marking_refs=[TLP2[Tlp.CLEAR]])
    post(kit, us.id, made)
    work_due(kit.node)
    for who in (other.id, us.id, EVERYBODY.id):
        assert explain(kit.node, made["id"], who).verdict == "withhold"
    assert kit.node.store.views_of(made["id"]) == []
    other.close()


@pytest.mark.parametrize(
    ("onward", "refs", "goes"),
    [
        ("tlp", [TLP2[Tlp.GREEN]], True),
        ("tlp", [TLP1[Tlp.CLEAR]], True),
        ("tlp", [TLP2[Tlp.AMBER]], False),
        ("tlp", [], False),
        ("tlp", [TLP2[Tlp.GREEN], uid(9, "marking-definition")], False),
        ("ask", [TLP2[Tlp.GREEN]], False),
        ("never", [TLP2[Tlp.CLEAR]], False),
    ],
)
def test_its_label_lets_it_pass_where_the_accord_says_that_labels_do(
    kit: Kit, tmp_path: Path, onward: str, refs: list[str], goes: bool
) -> None:
    us, other = Partner("us-mo", tmp_path), Partner("id-mo", tmp_path)
    kit.agree(us, onward=onward)
    kit.agree(other)
    policy(kit, RELEASE.replace('["us-mo"]', '["partners"]'))
    made = campaign(1, **({"object_marking_refs": refs} if refs else {}))
    post(kit, us.id, made)
    work_due(kit.node)
    assert (here(kit, made["id"]).marking.orcon == frozenset()) is goes
    told = explain(kit.node, made["id"], other.id)
    assert (told.verdict == "release") is goes
    assert goes or "decision.orcon" in [one.code for one in told.reasons]
    us.close()
    other.close()


def test_a_marking_inside_keeps_it_under_its_senders_control(kit: Kit, tmp_path: Path) -> None:
    us = Partner("us-mo", tmp_path)
    kit.agree(us, onward="tlp")
    inside = [{"marking_ref": TLP2[Tlp.RED], "selectors": ["name"]}]
    made = campaign(1, object_marking_refs=[TLP2[Tlp.GREEN]], granular_markings=inside)
    post(kit, us.id, made)
    assert here(kit, made["id"]).marking.orcon == frozenset({us.id})
    us.close()


def test_free_text_waits_for_an_officer(kit: Kit, us: Partner) -> None:
    made = note(1, uid(2))
    post(kit, us.id, made)
    assert orjson.loads(here(kit, made["id"]).facts)["unread_text"] is True


def test_who_has_no_partner_stays_private(kit: Kit) -> None:
    made = campaign(1)
    assert counts(post(kit, "user/someone", made)) == (1, 0)
    assert kit.node.store.object(made["id"]) is None


def test_what_is_not_theirs_to_say_is_kept_apart_and_the_answer_is_the_same(
    kit: Kit, us: Partner, tmp_path: Path
) -> None:
    other = Partner("id-mo", tmp_path)
    kit.agree(other)
    policy(kit, RELEASE)
    ours = kit.event("a")
    theirs = kit.receive(other.id, their_object(other.id, "b", EVENT, PUBLIC))
    far = format_time(START_US / 1e6 + 301)
    wrong = [
        _version_of(kit, ours, revoked=True),
        _version_of(kit, theirs),
        {"type": "identity", "spec_version": "2.1", "id": other.id, "created": CREATED, "modified": CREATED,
         "name": "x"},
        campaign(2, modified=far),
    ]  # fmt: skip
    for made, reason in zip(wrong, [*["may_not_speak"] * 3, "future_version"], strict=True):
        assert counts(post(kit, us.id, made)) == (1, 0)
        assert reasons(kit, us)[0] == (made["id"], reason)
    assert here(kit, ours).status == "current"
    assert here(kit, theirs).origin == other.id
    assert kit.node.store.object(wrong[3]["id"]) is None
    other.close()


def test_the_id_we_gave_a_partner_for_a_view_is_ours(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    policy(kit, RELEASE.replace('then = "release"', 'then = "sanitise"\nplace_deg = 0.5\ntime_min = 360'))
    work_due(kit.node)
    (view,) = kit.now_read(us, "alerts")
    assert view["id"] != name
    assert counts(post(kit, us.id, view | {"modified": format_time(START_US / 1e6 + 1), "revoked": True})) == (1, 0)
    assert reasons(kit, us) == [(view["id"], "may_not_speak")]
    assert kit.node.store.object(view["id"]) is None


def test_other_bytes_of_a_version_are_a_conflict_wherever_the_first_came_from(kit: Kit, us: Partner) -> None:
    posted, pulled = campaign(1), campaign(2)
    post(kit, us.id, posted)
    kit.receive(us.id, json.dumps(pulled).encode(), PUBLIC)
    assert counts(post(kit, us.id, posted | {"name": "other"})) == (0, 1)
    assert counts(post(kit, us.id, pulled | {"name": "other"})) == (1, 0)
    assert reasons(kit, us) == [(pulled["id"], "conflict"), (posted["id"], "conflict")]
    assert [one.object_id for one in kit.node.store.conflicts()] == [posted["id"], pulled["id"]]
    assert here(kit, posted["id"]).raw == json.dumps(posted).encode()


def test_without_an_accord_it_waits_and_counts_when_it_is_posted_again(kit: Kit, tmp_path: Path) -> None:
    us = Partner("us-mo", tmp_path)
    kit.meet(us)
    made = campaign(1)
    assert counts(post(kit, us.id, made)) == (1, 0)
    assert reasons(kit, us) == [(made["id"], "unknown_accord")]
    us.now_us += 1_000_000
    kit.agree(us)
    assert counts(post(kit, us.id, made)) == (1, 0)
    assert here(kit, made["id"]).origin == us.id
    us.close()


def test_its_sender_may_revoke_it_and_posting_again_changes_nothing(kit: Kit, us: Partner) -> None:
    made = campaign(1)
    gone = made | {"modified": LATER, "revoked": True}
    post(kit, us.id, made)
    post(kit, us.id, gone)
    assert here(kit, made["id"]).status == "revoked"
    before = _entries(kit, NODE_LOG), _entries(kit, us.id)
    assert counts(post(kit, us.id, made, gone)) == (2, 0)
    assert (_entries(kit, NODE_LOG), _entries(kit, us.id)) == before
    assert reasons(kit, us) == []


def test_control_is_no_object(kit: Kit, us: Partner) -> None:
    stamp = kit.stamp()
    raw = receipt_object(Receipt(uid(1, "prasan-recall"), ()), stamp, PUBLIC)
    assert counts(post(kit, us.id, raw)) == (1, 0)
    assert kit.node.store.object(orjson.loads(raw)["id"]) is None


def test_any_foreign_type_is_kept_as_its_bytes(kit: Kit, us: Partner) -> None:
    name = uid(1, "x-acme-thing")
    times = f'"created":"{CREATED}","modified":"{CREATED}"'
    raw = f'{{ "type":"x-acme-thing","spec_version":"2.1","id":"{name}",{times},"x":[1.50,{{"d":"\\u00e9"}}]}}'.encode()
    bare = b'{"type":"ipv4-addr","id":"%s","value":"198.51.100.1"}' % uid(2, "ipv4-addr").encode()
    assert counts(post(kit, us.id, raw, bare)) == (2, 0)
    assert here(kit, uid(1, "x-acme-thing")).raw == raw
    assert here(kit, uid(2, "ipv4-addr")).raw == bare
    work_due(kit.node)


def _version_of(kit: Kit, object_id: str, **changed: Any) -> dict[str, Any]:
    later = format_time(START_US / 1e6 + 1)
    return {**orjson.loads(here(kit, object_id).raw), "modified": later, **changed}


def _entries(kit: Kit, log: str) -> list[Any]:
    return [decode(row.entry) for row in kit.node.store.leaf_rows(log) if row.entry]
