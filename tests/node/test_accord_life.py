"""An accord from its proposal to its end, between nodes that pull from one another."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest

from accord_text import accord_text
from node.node_kit import Kit, sign
from node.test_transitions import RELEASE
from node.three_kit import UNTIL, Three, reasons
from prasan.errors import UsageError
from prasan.exchange import jws
from prasan.node.partners.accords import end, find_accord, narrow
from prasan.node.partners.partnering import accept_accord, adopt_policy, propose_accord
from prasan.node.recipients import accord_now, accords_with
from prasan.node.releasing.explaining import explain
from prasan.node.releasing.publish import work_due
from prasan.picture.marking import Marking, Tlp
from prasan.release.accord import Narrowing, Onward, holding

TO_B = RELEASE.replace('"us-mo"', '"partners"')


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None) -> Iterator[Three]:
    made = Three(tmp_path, monkeypatch)
    for kit in made.kits:
        adopt_policy(kit.node, f'prasan_policy = 1\nname = "t"\n[[rule]]\n{TO_B}'.encode(), "test")
        work_due(kit.node)
    yield made
    made.close()


def renewal(first: Kit, second: Kit, old: str, **terms: Any) -> bytes:
    """An accord on other terms, which takes the place of the old one."""
    return accord_text(first, second, **{"valid_until": UNTIL, "name": "renewed", "replaces": [old], **terms})


def between(first: Kit, second: Kit) -> str:
    """The hash of the accord that holds between two nodes."""
    (one,) = holding(accords_with(first.node, second.id), first.node.clock.now())
    return one.hash


def held(kit: Kit) -> set[str]:
    """The events that came to a node."""
    return {row.id for row in kit.node.store.each_object() if row.type == "prasan-maritime-event"}


def test_a_proposal_travels_is_signed_and_comes_back(three: Three) -> None:
    a, b = three.a, three.b
    old = between(a, b)
    text = renewal(a, b, old, highest_tlp="green")
    propose_accord(a.node, text)
    three.pull(a)
    row = find_accord(b.node.store, "renewed")
    assert (row.state, accord_now(b.node, row.hash)[1]) == ("proposed", "proposed")
    assert between(b, a) == old, "one signature changes nothing"
    accept_accord(b.node, row.signed)
    assert between(b, a) == row.hash
    three.pull(b)
    assert between(a, b) == row.hash
    assert accord_now(a.node, old)[1] == accord_now(b.node, old)[1] == "replaced"
    three.round()
    assert reasons(a, b.id) == reasons(b, a.id) == []


def test_ids_survive_a_renewal_and_what_came_before_it_stays(three: Three) -> None:
    a, b = three.a, three.b
    name = a.event("1")
    three.round()
    assert name in held(b)
    collections = {kit.id: kit.taxii(b.id, "/taxii2/node/collections/").body for kit in (a,)}
    old = between(a, b)
    sign(a, b, renewal(a, b, old))
    assert a.taxii(b.id, "/taxii2/node/collections/").body == collections[a.id]
    three.round()
    second = a.event("2")
    three.round()
    assert {name, second} <= held(b)
    assert reasons(b, a.id) == []


def test_what_was_issued_under_the_old_accord_is_taken_after_the_renewal(three: Three) -> None:
    a, b = three.a, three.b
    name = a.event("1")
    work_due(a.node)
    old = between(a, b)
    sign(a, b, renewal(a, b, old))
    three.pull(b)
    assert name in held(b)
    assert reasons(b, a.id) == []


def test_one_side_narrows_and_both_hold_to_it(three: Three) -> None:
    a, b = three.a, three.b
    amber, green = a.event("1"), a.event("2", marking=Marking(tlp=Tlp.GREEN))
    three.round()
    assert {amber, green} <= held(b)
    after = narrow(b.node, between(b, a), Narrowing(highest_tlp=Tlp.GREEN))
    assert after.highest_tlp == Tlp.GREEN
    assert explain(b.node, b.event("3"), a.id).reasons[0].code == "decision.tlp_above", "on its own side at once"
    three.pull(b)
    third = a.event("4")
    assert explain(a.node, amber, b.id).reasons[0].code == "decision.tlp_above"
    assert explain(a.node, green, b.id).verdict == "release"
    three.round()
    assert third not in held(b)
    states = [accord_now(kit.node, after.hash)[0].highest_tlp for kit in (a, b)]
    assert states == [Tlp.GREEN, Tlp.GREEN]


@pytest.mark.parametrize("onward", ["ask", "never"])
def test_what_came_before_is_not_passed_on_by_looser_terms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None, onward: Onward
) -> None:
    """B passes A's object on by its label alone, until A says otherwise: then it leaves the pages."""
    three = Three(tmp_path, monkeypatch, onward="tlp")
    a, b, c = three.kits
    for kit in (a, b):
        adopt_policy(kit.node, f'prasan_policy = 1\nname = "t"\n[[rule]]\n{TO_B}'.encode(), "test")
    name = a.event("1", "encounter", Marking(tlp=Tlp.GREEN))
    three.pull(b)
    assert explain(b.node, name, c.id).verdict == "release"
    page = "/taxii2/node/collections/alerts/objects/"
    assert name.encode() in b.taxii(c.id, page).body
    narrow(a.node, between(a, b), Narrowing(onward=onward))
    three.pull(a)
    assert name.encode() not in b.taxii(c.id, page).body
    assert [one.code for one in explain(b.node, name, c.id).reasons] == ["decision.onward"]
    three.close()


def test_days_that_are_none_are_refused(three: Three) -> None:
    for terms in ({"store_days": 0}, {"recall_days": -1}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(terms, Narrowing)


def test_an_accord_is_ended_by_one_side(three: Three) -> None:
    a, b = three.a, three.b
    name = a.event("1")
    three.round()
    ended = end(b.node, between(b, a))
    three.pull(b)
    assert [accord_now(kit.node, ended.hash)[1] for kit in (a, b)] == ["ended", "ended"]
    assert explain(a.node, name, b.id).reasons[0].code == "decision.no_accord"
    assert name in held(b), "what was sent stays until it is recalled"
    assert explain(a.node, name, three.c.id).verdict == "release", "others' accords are their own"
    with pytest.raises(UsageError, match="nothing of it would be stricter"):
        end(b.node, ended.hash)


def test_nothing_is_ever_made_wider(three: Three) -> None:
    a, b = three.a, three.b
    for terms in (Narrowing(highest_tlp=Tlp.RED), Narrowing(onward="tlp"), Narrowing(recall_days=900), Narrowing()):
        with pytest.raises(UsageError, match="nothing of it would be stricter"):
            narrow(a.node, between(a, b), terms)
    with pytest.raises(UsageError, match="no accord is called"):
        narrow(a.node, "nobody", Narrowing(recall_days=1))


@pytest.mark.parametrize("forged", ["another_signs", "another_party", "another_accord", "not_a_change"])
def test_a_change_that_is_not_the_partys_own_is_set_apart(three: Three, forged: str) -> None:
    """C tells A that the accord between A and B is over, in four ways."""
    a, b, c = three.kits
    said = {"accord": between(a, b), "party": b.id, "at_us": 1, "terms": {"valid_until": 0}}
    if forged == "another_party":
        said |= {"party": c.id}
    if forged == "another_accord":
        said |= {"accord": "0" * 64}
    body = orjson.dumps({"x": 1} if forged == "not_a_change" else said)
    signed = jws.sign(body, "prasan-accord-change", c.node.key)
    accord = str(said["accord"])
    stamp = {"created": "2026-06-01T00:00:00.000Z", "modified": "2026-06-01T00:00:00.000Z"}
    made = {
        "type": "prasan-accord", "spec_version": "2.1", "created_by_ref": c.id, "accord": accord, "change": signed,
        "id": "prasan-accord--00000000-0000-4000-8000-000000000001", **stamp,
    }  # fmt: skip
    answer = a.taxii(
        c.id, "/taxii2/node/collections/inbox/objects/", method="POST", body=orjson.dumps({"objects": [made]})
    )
    assert answer.status == 202
    assert reasons(a, c.id) == ["accord_refused"]
    assert accord_now(a.node, between(a, b))[1] == "in_force"


def test_the_same_change_twice_is_one(three: Three) -> None:
    a, b = three.a, three.b
    narrow(b.node, between(b, a), Narrowing(recall_days=1))
    three.round()
    three.round()
    assert len(a.node.store.accord_changes()) == len(b.node.store.accord_changes()) == 1
    entries = [orjson.loads(row.entry) for row in a.node.store.leaf_rows(b.id) if row.entry]
    assert [one["detail"] for one in entries if one["kind"] == "accord"][-1] == {"by": b.id, "state": "narrowed"}
