"""Requests for information between real nodes: their whole life, and what cannot be asked, named or said."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest

from node.node_kit import Kit
from node.test_duties import gauges
from node.test_third_party import kinds
from node.test_transitions import adopt
from node.three_kit import Three, reasons
from prasan.errors import UsageError
from prasan.exchange.inquiry import TYP
from prasan.exchange.jws import payload_of, sign
from prasan.formats.stix import parse_time
from prasan.formats.stix_ids import EVENT
from prasan.formats.stix_request import Change, Question, carrier_id, request_id, request_object, write_change
from prasan.node.acts.requesting import MARKING, history_of
from prasan.node.acts.requests import Listed, Said, Wanted, act_on, listed, request, settle
from prasan.node.keeping.dropping import drop_overdue
from prasan.node.partners.partnering import add_partner, own_card
from prasan.node.partners.rotation import rotate
from prasan.node.record import verify
from prasan.picture.marking import Marking

RELEASE = 'id = "all"\nto = ["partners", "class:staff"]\nthen = "release"\n'
COARSE = 'id = "all"\nto = ["partners", "class:staff"]\nthen = "sanitise"\nplace_deg = 0.5\n'


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None) -> Iterator[Three]:
    made = Three(tmp_path, monkeypatch)
    yield made
    made.close()


def soon(kit: Kit, hours: float = 48) -> float:
    return kit.hands.now_us / 1e6 + hours * 3600


def asked(three: Three, *about: str, text: str = "Who is she?") -> str:
    """B asks A, and both know."""
    row = request(three.b.node, Wanted("th-mc", soon(three.b), text, about))
    three.pull(three.b, three.a)
    return row.id


def at(kit: Kit) -> Listed:
    (found,) = listed(kit.node, changes=True)
    return found


def act(kit: Kit, name: str, act: Any, **said: Any) -> None:
    act_on(kit.node, name, Said(act, **said))


def same(three: Three) -> list[str]:
    """What both sides hold of the one request; they hold the same."""
    name = at(three.a).id
    here, there = history_of(three.a.node.store, three.b.id, name), history_of(three.b.node.store, three.a.id, name)
    assert here.texts == there.texts
    return [one.change.state for one in here.in_order()]


def test_the_whole_life_of_a_request(three: Three) -> None:
    event = three.a.event("a", "encounter")
    adopt(three.a, COARSE)
    three.pull(three.b)
    (held,) = [row.id for _, row in three.b.node.store.objects(types=[EVENT])]
    assert held != event, "B knows a view of it"
    name = asked(three, held)
    assert (at(three.b).standing, at(three.b).ours) == ("received", ("close",))
    assert (at(three.a).standing, at(three.a).ours) == ("received", ("accept", "refuse"))
    assert [one.id for one in at(three.a).objects] == [event], "A sees its own object"
    for what, said in (
        ("accept", {}),
        ("answer_in_part", {"text": "A tanker."}),
        ("answer", {"text": "This one.", "refs": (event,)}),
    ):
        act(three.a, name, what, **said)
    three.pull(three.a)
    assert at(three.b).standing == "answered"
    assert [one.id for one in at(three.b).changes[-1].objects] == [held], "B sees what it holds"
    act(three.b, name, "close")
    act(three.b, name, "rate", rating=5, text="Thanks.")
    three.pull(three.b)
    life = ["sent", "received", "accepted", "partly_answered", "answered", "closed", "rated"]
    assert same(three) == life
    for kit, other in ((three.a, three.b), (three.b, three.a)):
        told = kinds(kit, other.id)
        assert [kind for kind in told if kind.startswith("request")] == [f"request_{state}" for state in life]
        assert all(one.report.ok for one in verify(kit.node))
        assert reasons(kit, other.id) == []
    assert at(three.a).changes[-1].rating == 5
    assert listed(three.c.node) == []


def test_a_refusal_has_a_reason_and_ends_it(three: Three) -> None:
    name = asked(three)
    act(three.a, name, "refuse", text="Not while the case is open.")
    three.pull(three.a)
    assert at(three.b).standing == "refused"
    assert at(three.b).changes[-1].text == "Not while the case is open."
    with pytest.raises(UsageError, match="is refused, so we cannot answer"):
        act(three.a, name, "answer", text="After all.")


def test_what_the_partner_was_not_given_cannot_be_named(three: Three) -> None:
    adopt(three.a, RELEASE)
    secret = three.a.event("secret", "gap", Marking(rel_to=frozenset({three.c.id})))
    name = asked(three)
    act(three.a, name, "accept")
    nothing = EVENT + "--00000000-0000-4000-8000-000000000000"
    for one in (secret, nothing):
        with pytest.raises(UsageError, match=f"us-mo was not given {one}"):
            act(three.a, name, "answer", refs=(one,))
        with pytest.raises(UsageError, match="names an object's id"):
            act(three.a, name, "answer", text=f"It is {one}.")
        with pytest.raises(UsageError, match=f"th-mc was not given {one.replace(secret, own(three))}"):
            request(three.b.node, Wanted("th-mc", soon(three.b), about=(one.replace(secret, own(three)),)))
    three.round()
    raw = three.a.node.store.queued(three.b.id, carrier_id(three.a.id, name))
    assert raw is not None
    texts = b"".join(history_text(one) for one in orjson.loads(raw.raw)["changes"])
    assert secret.encode() not in texts


def own(three: Three) -> str:
    return three.b.event("own of b")


def history_text(text: str) -> bytes:
    return payload_of(text)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"to": "nobody"}, "there is no partner 'nobody'"),
        ({"needed_by": 5.0}, "has passed"),
        ({"text": " "}, "nothing is asked"),
        ({"text": "x" * 1001}, "1001 characters"),
        ({"purpose": "fisheries_operation"}, "no purpose that the accord allows"),
        ({"about": tuple(f"{EVENT}--{n:08d}-0000-4000-8000-000000000000" for n in range(51))}, "too many"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_said(three: Three, changed: dict[str, Any], why: str) -> None:
    wanted = msgspec.structs.replace(Wanted("th-mc", soon(three.b), "Who?"), **changed)
    with pytest.raises(UsageError, match=why):
        request(three.b.node, wanted)
    assert listed(three.b.node) == []


def test_what_is_owed_after_its_time_is_overdue_on_both_sides(three: Three) -> None:
    name = asked(three)
    assert not at(three.a).overdue
    three.wait(49)
    assert (at(three.a).overdue, at(three.b).overdue) == (True, True)
    assert [gauges(kit)["prasan_requests_overdue"] for kit in three.kits] == [1, 1, 0]
    act(three.a, name, "accept")
    act(three.a, name, "answer", text="Late.")
    three.pull(three.a)
    assert (at(three.a).overdue, at(three.b).overdue) == (False, False)
    assert [gauges(kit)["prasan_requests_overdue"] for kit in three.kits] == [0, 0, 0]


def test_two_histories_are_shown_and_an_officer_settles_them(three: Three) -> None:
    name = asked(three)
    act(three.a, name, "accept")
    act(three.b, name, "close", text="We know by now.")
    three.round()
    for kit in (three.a, three.b):
        assert at(kit).standing == "conflict"
        assert [one.state for one in at(kit).changes if one.end] in (["accepted", "closed"], ["closed", "accepted"])
        with pytest.raises(UsageError, match="different histories"):
            act(kit, name, "answer", text="x")
    assert "request_conflict" in kinds(three.a, three.b.id)
    closed = next(one.id for one in at(three.a).changes if one.state == "closed")
    with pytest.raises(UsageError, match="nothing of that name"):
        settle(three.a.node, name, "not a hash")
    settle(three.a.node, name, closed, "Agreed by telephone.")
    three.round()
    assert len(same(three)) == 5
    for kit in (three.a, three.b):
        assert at(kit).standing == "closed"
        assert [one.state for one in at(kit).changes if one.aside] == ["accepted"]
    act(three.b, name, "rate", rating=2)
    three.pull(three.b)
    assert at(three.a).standing == "rated"


def test_what_was_lost_comes_back_with_the_next_word(three: Three) -> None:
    """What A had posted never arrived, though A was told so."""
    name = asked(three)
    act(three.a, name, "accept")
    with three.a.node.store.write() as tx:
        for one in tx.outgoing(three.b.id):
            tx.posted(one.id, three.b.id, 1)
    three.pull(three.a)
    assert at(three.b).standing == "received"
    act(three.a, name, "answer", text="Here.")
    three.pull(three.a)
    assert at(three.b).standing == "answered"
    assert same(three) == ["sent", "received", "accepted", "answered"]


def test_a_side_that_lost_its_store_gets_its_own_word_back(three: Three) -> None:
    name = asked(three)
    with three.a.node.store.write() as tx:
        tx._do("DELETE FROM requests")
        tx._do("DELETE FROM request_changes")
    act(three.b, name, "close")
    three.round()
    assert same(three) == ["sent", "received", "closed"]


def post(to: Kit, who: str, raw: bytes) -> None:
    body = b'{"objects":[' + raw + b"]}"
    assert to.taxii(who, "/taxii2/node/collections/inbox/objects/", method="POST", body=body).status == 202


def forged(three: Three, signer: Kit, asker: str = "", **changes: Any) -> bytes:
    question = Question(
        asker=asker or three.b.id, asked=three.a.id, nonce="44444444-4444-4444-8444-444444444444",
        purpose="maritime_security", priority="routine", needed_by="2027-01-01T00:00:00Z",
    )  # fmt: skip
    question = msgspec.structs.replace(question, **changes)
    name = request_id(question)
    first = Change(request=name, n=0, prev="", state="sent", at="2026-01-01T00:00:00Z", question=question, text="Who?")
    text = sign(write_change(first), TYP, signer.node.key)
    return request_object(name, [text], three.b.stamp(), MARKING)


@pytest.mark.parametrize(
    ("signer", "changes", "why"),
    [
        ("c", {}, "other_terms"),
        ("b", {"asker": "c"}, "other_terms"),
        ("b", {"asked": "c"}, "other_terms"),
        ("b", {"purpose": "fisheries_operation"}, "other_terms"),
    ],
    ids=str,
)
def test_who_may_not_ask_is_not_heard(three: Three, signer: str, changes: dict[str, str], why: str) -> None:
    ids = {"a": three.a.id, "b": three.b.id, "c": three.c.id}
    kit = {"b": three.b, "c": three.c}[signer]
    said = {key: ids.get(value, value) for key, value in changes.items()}
    post(three.a, three.b.id, forged(three, kit, **said))
    assert reasons(three.a, three.b.id) == [why]
    assert listed(three.a.node) == []


def test_an_unreadable_request_is_kept_apart(three: Three) -> None:
    raw = orjson.loads(forged(three, three.b))
    for number, broken in enumerate(({"changes": []}, {"changes": [5]}, {"request": "x"}, {"changes": ["a.b.c"]})):
        post(three.a, three.b.id, orjson.dumps(raw | {"modified": f"2036-03-0{number + 1}T00:00:00.000Z"} | broken))
    assert set(reasons(three.a, three.b.id)) == {"bad_object", "bad_signature"}
    assert listed(three.a.node) == []


def test_a_post_that_is_repeated_changes_nothing(three: Three) -> None:
    name = asked(three)
    raw = three.b.node.store.queued(three.a.id, carrier_id(three.b.id, name))
    assert raw is not None
    before = len(list(three.a.node.store.leaf_rows(three.b.id)))
    post(three.a, three.b.id, raw.raw)
    later = orjson.loads(raw.raw)
    post(three.a, three.b.id, orjson.dumps(later | {"modified": "2036-01-01T00:00:00.000Z"}))
    assert len(list(three.a.node.store.leaf_rows(three.b.id))) == before
    assert at(three.a).standing == "received"
    assert same(three) == ["sent", "received"]


def test_times_and_texts_are_told(three: Three) -> None:
    asked(three, text="เรือลำนี้ชื่ออะไร")
    assert at(three.a).text == "เรือลำนี้ชื่ออะไร"
    assert parse_time(at(three.a).needed_by) > parse_time(at(three.a).opened_at)


def test_changes_by_an_older_key_stay_good(three: Three) -> None:
    name = asked(three)
    act(three.a, name, "accept")
    rotate(three.a.node)
    for kit in (three.b, three.c):
        add_partner(kit.node, own_card(three.a.node))
    act(three.a, name, "answer", text="Signed by the new key.")
    three.pull(three.a)
    assert same(three) == ["sent", "received", "accepted", "answered"]
    assert reasons(three.b, three.a.id) == []


def test_without_an_accord_nothing_new_is_asked_and_what_was_asked_goes_on(three: Three) -> None:
    name = asked(three)
    for kit in (three.a, three.b):
        with kit.node.store.write() as tx:
            for row in tx.accords("in_force"):
                tx.put_accord(msgspec.structs.replace(row, state="ended"))
    with pytest.raises(UsageError, match="no accord with th-mc is in force"):
        request(three.b.node, Wanted("th-mc", soon(three.b), "And who is he?"))
    post(three.a, three.b.id, forged(three, three.b))
    assert reasons(three.a, three.b.id) == ["other_terms"]
    act(three.a, name, "refuse", text="The accord has ended.")
    three.pull(three.a)
    assert at(three.b).standing == "refused"


def lies_in(kit: Kit, signed: str) -> bool:
    """Whether the payload of a signed change lies anywhere in a node's store."""
    kit.node.store._con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return signed.split(".")[1].encode() in kit.node.home.store.read_bytes()


def test_what_a_partner_said_is_dropped_and_the_history_stays(three: Three) -> None:
    """Each side drops what the other said; states, hashes and what it said itself stay, and both can go on."""
    name = asked(three, text="A canary asks.")
    act(three.a, name, "accept")
    act(three.a, name, "answer_in_part", text="A canary answers.")
    three.pull(three.a, three.b)
    before = [(one.id, one.n, one.state) for one in at(three.a).changes]
    question, _, _, answer = history_of(three.a.node.store, three.b.id, name).texts
    assert all(lies_in(kit, text) for kit in (three.a, three.b) for text in (question, answer))
    three.wait(365 * 24 + 1)
    assert [drop_overdue(kit.node) for kit in three.kits] == [1, 3, 0]
    for kit in (three.a, three.b):
        assert [(one.id, one.n, one.state) for one in at(kit).changes] == before
        assert all(one.report.ok for one in verify(kit.node))
    assert [(one.text, one.dropped) for one in at(three.a).changes] == [
        ("", True), ("", False), ("", False), ("A canary answers.", False),
    ]  # fmt: skip
    assert [(one.text, one.dropped) for one in at(three.b).changes] == [
        ("A canary asks.", False), ("", True), ("", True), ("", True),
    ]  # fmt: skip
    gone = [orjson.loads(row.entry) for row in three.a.node.store.leaf_rows(three.b.id) if row.entry]
    assert [one["detail"]["n"] for one in gone if one["kind"] == "dropped"] == [0]
    assert (lies_in(three.a, question), lies_in(three.b, question)) == (False, True)
    assert (lies_in(three.a, answer), lies_in(three.b, answer)) == (True, False)
    act(three.a, name, "answer", text="The rest.")
    three.pull(three.a)
    act(three.b, name, "close")
    three.round()
    for kit in (three.a, three.b):
        assert at(kit).standing == "closed"
        assert at(kit).changes[0].dropped is (kit is three.a), "sent again it stays dropped"
    assert not lies_in(three.a, question)
    assert not lies_in(three.b, answer)
    assert reasons(three.a, three.b.id) == reasons(three.b, three.a.id) == []
    three.round()
    assert [kit.node.store.outgoing(other.id) for kit, other in ((three.a, three.b), (three.b, three.a))] == [[], []]
    assert [drop_overdue(kit.node) for kit in three.kits] == [0, 0, 0]
