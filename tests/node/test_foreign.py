"""Objects of sources that are no partners: whose they are, under which marking, and what is not theirs to say."""

import json
from typing import Any

import orjson
import pytest

from node.node_kit import STAFF_RULE, Kit, Partner, their_object
from node.test_transitions import RELEASE, policy
from partner import CREATED, START_US, uid
from prasan.formats.stix import format_time
from prasan.formats.stix_ids import EVENT, TLP1, TLP2
from prasan.node.lines.foreign import Came, take_all
from prasan.node.objects import KEPT
from prasan.node.releasing.publish import work_due
from prasan.picture.marking import PUBLIC, Marking, Tlp
from prasan.picture.source import Source, Terms
from prasan.stores.rows import OWN

CERT = Source("cert", "file", Marking(tlp=Tlp.GREEN))


def raw(number: int, **more: Any) -> bytes:
    head = {"type": "campaign", "spec_version": "2.1", "id": uid(number, "campaign"), "created": CREATED}
    return json.dumps(head | {"modified": CREATED, "name": f"c {number}"} | more).encode()


@pytest.mark.parametrize(
    ("refs", "tlp"),
    [
        ([], Tlp.GREEN),
        ([TLP1[Tlp.CLEAR]], Tlp.GREEN),
        ([TLP1[Tlp.AMBER]], Tlp.AMBER),
        ([TLP2[Tlp.RED]], Tlp.RED),
    ],
)
def test_it_is_under_the_marking_of_its_source_and_its_own(kit: Kit, refs: list[str], tlp: Tlp) -> None:
    given = raw(1, **({"object_marking_refs": refs} if refs else {}))
    assert take_all(kit.node, [given], CERT) == Came(1)
    row = kit.node.store.object(uid(1, "campaign"))
    assert row is not None
    assert (row.raw, row.origin, row.marking.tlp) == (given, OWN, tlp)
    assert KEPT(row.facts).tags == frozenset({"source:cert"})


def test_it_goes_out_as_it_came_and_a_policy_can_name_its_source(kit: Kit, us: Partner) -> None:
    take_all(kit.node, [raw(1)], CERT)
    take_all(kit.node, [raw(2)], Source("other", "file", Marking(tlp=Tlp.GREEN)))
    policy(kit, RELEASE + 'labels = ["source:cert"]\n')
    work_due(kit.node)
    assert kit.now_read(us, "objects") == [orjson.loads(raw(1))]


def test_what_a_source_keeps_to_itself_goes_to_nobody(kit: Kit, us: Partner) -> None:
    kept = Source("shy", "file", Marking(tlp=Tlp.GREEN), Terms(onward=False))
    take_all(kit.node, [raw(1)], kept)
    policy(kit, RELEASE, STAFF_RULE.removeprefix("[[rule]]\n"))
    work_due(kit.node)
    assert [one["type"] for one in kit.now_read(us, "objects")] == ["identity"]  # the node's own


def test_the_same_again_changes_nothing_and_a_new_version_replaces(kit: Kit) -> None:
    later = raw(1, modified="2026-02-01T00:00:00.000Z", name="new")
    assert take_all(kit.node, [raw(1), raw(1)], CERT) == Came(1, 1)
    assert take_all(kit.node, [later, raw(1)], CERT) == Came(1, 1)
    row = kit.node.store.object(uid(1, "campaign"))
    assert row is not None
    assert row.raw == later


def test_constants_are_passed_over(kit: Kit) -> None:
    definition = {"type": "marking-definition", "spec_version": "2.1", "id": TLP2[Tlp.GREEN], "created": CREATED,
                  "definition_type": "tlp:green", "definition": {"tlp": "green"}}  # fmt: skip
    assert take_all(kit.node, [json.dumps(definition).encode()], CERT) == Came(0, 1)
    assert kit.node.store.object(TLP2[Tlp.GREEN]) is None


def test_what_is_not_its_to_say_is_kept_apart(kit: Kit, us: Partner) -> None:
    ours = kit.event("a")
    theirs = kit.receive(us.id, their_object(us.id, "b", EVENT, PUBLIC))
    take_all(kit.node, [raw(1), raw(2)], CERT)
    taken = kit.node.store.object(ours)
    assert taken is not None
    hijacked = json.dumps(orjson.loads(taken.raw) | {"modified": format_time(START_US / 1e6 + 1)}).encode()
    wrong = {
        "may_not_speak": [hijacked, their_object(us.id, "b", EVENT, PUBLIC), _identity(us.id), _identity(kit.id)],
        "future_version": [raw(3, modified=format_time(START_US / 1e6 + 301))],
        "conflict": [raw(1, name="other")],
        "bad_object": [b"{}", b"junk", b'{"type":"campaign"}'],
        "too_large": [raw(4, x="x" * 70_000), raw(5, x=json.loads("[" * 20 + "]" * 20))],
    }
    for reason, raws in wrong.items():
        assert take_all(kit.node, raws, CERT) == Came(0, 0, {reason: len(raws)})
    other = Source("other", "file", Marking())
    assert take_all(kit.node, [raw(2, modified="2026-02-01T00:00:00.000Z")], other).turned == {"may_not_speak": 1}
    assert {row.reason for row in kit.node.store.quarantined("source/cert")} == set(wrong)
    again = kit.node.store.object(ours)
    assert again is not None
    assert (again.raw, again.status) == (taken.raw, "current")
    assert kit.node.store.speaker(theirs) == us.id


def _identity(name: str) -> bytes:
    head = {"type": "identity", "spec_version": "2.1", "id": name, "created": CREATED}
    return json.dumps(head | {"modified": CREATED, "name": "x"}).encode()
