"""Three nodes: what came from A goes from B to C by A's consent alone, and comes back when A says so."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest

from node.node_kit import AMBER, PUBLIC, Kit
from node.test_accord_life import between, renewal
from node.test_transitions import adopt
from node.three_kit import Three, reasons
from prasan.errors import UsageError
from prasan.exchange.intake import Accepted
from prasan.exchange.statements import Statement
from prasan.formats.stix import header
from prasan.formats.stix_build import Stamp
from prasan.formats.stix_consent import Consent, answer_id, ask_id, consent_object, onto
from prasan.formats.stix_control import Recall
from prasan.formats.stix_ids import CONSENT, EVENT
from prasan.formats.stix_reception import Reception, reception_object
from prasan.node.acts.asking import Ask, ask
from prasan.node.acts.consenting import revoke_fallen
from prasan.node.acts.consents import Answer, answer, listed
from prasan.node.acts.control import take_pulled
from prasan.node.acts.obeying import obey
from prasan.node.finding.provenance import arrived, remember_arrived
from prasan.node.partners.accords import end, narrow
from prasan.node.partners.partnering import accept_accord, propose_accord
from prasan.node.record import verify
from prasan.node.releasing.consented import sent_of
from prasan.node.releasing.explaining import explain
from prasan.node.releasing.outlooks import refresh
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.recall import recall
from prasan.picture.marking import Marking, Tlp
from prasan.release.accord import Narrowing
from prasan.release.rules import Steps
from prasan.stores.traffic import Outgoing, ReceivedRow

ALL = 'id = "all"\nto = ["partners", "class:staff"]\nthen = "release"\n'


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None) -> Iterator[Three]:
    made = Three(tmp_path, monkeypatch)
    yield made
    made.close()


def shared(three: Three, key: str = "a") -> str:
    """An event of A's under its control, released by everybody's policy, as B holds it now."""
    marking = msgspec.structs.replace(AMBER, orcon=frozenset({three.a.id}))
    name = three.a.event(key, "encounter", marking)
    for kit in three.kits:
        adopt(kit, ALL)
    adopt(three.a, ALL.replace('"partners"', '"us-mo"'))
    three.pull(three.b)
    held = three.b.node.store.object(name)
    assert held is not None
    assert held.marking.orcon == {three.a.id}
    return name


def codes(kit: Kit, to: str, name: str) -> tuple[str, ...]:
    return tuple(reason.code for reason in explain(kit.node, name, to).reasons)


def at_c(three: Three) -> list[dict[str, Any]]:
    """The events that C's own staff may see of B's."""
    return [
        orjson.loads(row.raw)
        for _, row in three.c.node.store.objects(types=[EVENT])
        if row.origin == three.b.id and row.status == "current"
    ]


def consented(three: Three, name: str, given: Answer | None = None, **asked: Any) -> str:
    """B asks, A answers, B has heard; the id of the ask."""
    made = ask(three.b.node, Ask(name, "my-mc", **asked))
    three.pull(three.b)
    answer(three.a.node, made.id, given or Answer("given"))
    three.pull(three.b)
    return made.id


def standing(kit: Kit) -> list[str]:
    return [one.standing for one in listed(kit.node)]


def kinds(kit: Kit, log: str) -> list[str]:
    return [orjson.loads(row.entry)["kind"] for row in kit.node.store.leaf_rows(log) if row.entry]


def test_without_consent_it_stays_where_it_is_and_says_why(three: Three) -> None:
    name = shared(three)
    three.pull(three.c)
    assert at_c(three) == []
    assert set(codes(three.b, "my-mc", name)) == {"decision.onward", "decision.orcon"}


def test_asked_and_given_it_goes_on_for_that_purpose_until_then(three: Three) -> None:
    name = shared(three)
    consented(three, name, Answer("given", days=3))
    assert (standing(three.a), standing(three.b)) == (["given"], ["given"])
    assert "decision.by_consent" in codes(three.b, "my-mc", name)
    three.pull(three.c)
    (event,) = at_c(three)
    held = three.c.node.store.object(event["id"])
    assert held is not None
    assert held.marking.purposes == frozenset({"maritime_security"})
    assert held.marking.expires == three.b.hands.now_us // 1_000_000 + 3 * 86_400 - 72  # two pulls ago
    assert held.marking.orcon == {three.b.id}
    assert three.a.id not in event.values()
    for kit, other in ((three.a, three.b), (three.b, three.a)):
        assert [kind for kind in kinds(kit, other.id) if "consent" in kind] == ["consent_asked", "consent_given"]
        assert all(one.report.ok for one in verify(kit.node))


def test_what_the_originator_asks_of_the_view_is_done_to_it(three: Three) -> None:
    name = shared(three)
    steps = Steps(place_deg=1.0, time_min=360, drop=frozenset({"evidence"}))
    consented(three, name, Answer("given", steps=steps))
    assert {"decision.by_consent", "decision.consent_steps"} <= set(codes(three.b, "my-mc", name))
    three.pull(three.c)
    (event,) = at_c(three)
    assert (event["latitude"], event["longitude"]) == (9.5, 100.5)
    assert event["time_precision_min"] == 360
    assert "evidence" not in event


def test_refused_stays_refused_with_the_reason(three: Three) -> None:
    name = shared(three)
    consented(three, name, Answer("refused", "Not while the case is open."))
    (row,) = listed(three.b.node)
    assert (row.standing, row.reason) == ("refused", "Not while the case is open.")
    three.pull(three.c)
    assert at_c(three) == []
    with pytest.raises(UsageError, match="this consent is refused"):
        answer(three.a.node, row.id, Answer("given"))
    with pytest.raises(UsageError, match="this consent is refused"):
        answer(three.a.node, row.id, Answer("revoked"))


def test_revoked_narrows_at_once_and_recalls_if_that_is_asked(three: Three) -> None:
    name = shared(three)
    asked = consented(three, name)
    three.pull(three.c)
    assert len(at_c(three)) == 1
    answer(three.a.node, asked, Answer("revoked", "It is over.", recall_onward=True))
    three.pull(three.b)
    assert standing(three.b) == ["revoked"]
    assert "decision.onward" in codes(three.b, "my-mc", name)
    (issued,) = three.b.node.store.recalls_out(three.c.id)
    assert issued.reason == "onward"
    three.pull(three.c)
    assert at_c(three) == []
    assert three.b.node.store.recalls_out(three.c.id)[0].answered_us is not None


def test_revoked_without_a_recall_leaves_what_was_passed_on(three: Three) -> None:
    name = shared(three)
    answer(three.a.node, consented(three, name), Answer("revoked"))
    three.pull(three.b, three.c)
    assert at_c(three) == []
    assert three.b.node.store.recalls_out(three.c.id) == []


def test_pages_end_before_it_from_the_moment_the_revocation_is_taken(three: Three) -> None:
    """No decision has been made yet: the row is due, and that is enough."""
    name = shared(three)
    asked = consented(three, name)
    answer(three.a.node, asked, Answer("revoked"))
    (row,) = three.b.node.store.views_of(name)[-1:]
    assert row.status == "current"
    raw = three.a.node.store.view_page(three.b.id, "control", _Page(), three.a.hands.now_us)[-1].raw
    with three.b.node.store.write() as tx:
        hear(three.b, tx, three.a.id, raw)
    answered = three.b.taxii(three.c.id, "/taxii2/node/collections/alerts/objects/")
    assert orjson.loads(answered.body).get("objects", []) == []


class _Page(msgspec.Struct, frozen=True):
    after_us: int = 0
    limit: int = 100
    ids: None = None
    types: None = None
    versions: tuple[str, ...] = ("all",)
    spec_versions: None = None


def hear(kit: Kit, tx: Any, partner: str, raw: bytes) -> None:
    """What a partner's control lane brings, as a page leaves it to be taken."""
    stated = Statement(
        1, "x", "y", "", kit.id, "sanitised", None, (), "control", 1, "", None,  # type: ignore[arg-type]
    )  # fmt: skip
    take_pulled(kit.node, tx, partner, Accepted(header(raw), raw, "", stated, b"", PUBLIC, False))


def test_it_ends_by_the_clock(three: Three) -> None:
    name = shared(three)
    consented(three, name, days=1)
    three.pull(three.c)
    assert len(at_c(three)) == 1
    three.wait(25)
    assert standing(three.b) == ["expired"] == standing(three.a)
    assert "decision.onward" in codes(three.b, "my-mc", name)
    assert "decision.expired" in codes(three.c, "class:staff", at_c(three)[0]["id"])


def test_a_consent_for_one_version_is_none_for_the_next(three: Three) -> None:
    name = shared(three)
    consented(three, name)
    again = name
    three.a.event("a", "encounter", msgspec.structs.replace(AMBER, orcon=frozenset({three.a.id})), lat=9.2)
    three.pull(three.b)
    assert "decision.onward" in codes(three.b, "my-mc", again)
    consented(three, name, all_versions=True)
    three.a.event("a", "encounter", msgspec.structs.replace(AMBER, orcon=frozenset({three.a.id})), lat=9.3)
    three.pull(three.b)
    assert "decision.by_consent" in codes(three.b, "my-mc", again)


def test_never_is_never(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    three = Three(tmp_path, monkeypatch, onward="never")
    name = shared(three)
    with pytest.raises(UsageError, match="nothing is passed on"):
        ask(three.b.node, Ask(name, "my-mc"))
    three.close()


def test_what_cannot_be_asked_is_said(three: Three) -> None:
    name, own = shared(three), three.b.event("own")
    for asked, why in [
        (Ask(own, "my-mc"), "is our own"),
        (Ask(name, "th-mc"), "it came from th-mc"),
        (Ask(name, "nobody"), r"there is no partner 'nobody' \(registered: my-mc\)"),
        (Ask(name, "my-mc", "fishing"), "'fishing' is no purpose"),
        (Ask(EVENT + "--00000000-0000-4000-8000-000000000000", "my-mc"), "there is no object"),
    ]:
        with pytest.raises(UsageError, match=why):
            ask(three.b.node, asked)
    assert listed(three.b.node) == []


def test_a_consent_ends_with_its_accord_and_with_the_word_for_it(three: Three) -> None:
    """As where a partner's key was in other hands: what it vouched for counts for nothing until it does so again."""
    name = shared(three)
    consented(three, name)
    held = three.b.node.store
    assert "decision.by_consent" in codes(three.b, "my-mc", name)
    with held.write() as tx:
        tx.distrust(three.a.id, 0)
        refresh(three.b.node, tx, [three.a.id])
    assert three.b.taxii(three.c.id, "/taxii2/node/collections/alerts/objects/").body == b"{}"
    assert "decision.onward" in codes(three.b, "my-mc", name)
    (row,) = three.a.node.store.view_page(three.b.id, "control", _Page(), three.a.hands.now_us)
    with held.write() as tx:
        hear(three.b, tx, three.a.id, row.raw)
        tx.put_received(ReceivedRow(three.a.id, "control", 1, row.id, row.version, "", b"{}", 1))
    assert reasons(three.b, three.a.id) == []
    assert "decision.by_consent" in codes(three.b, "my-mc", name)
    (accord,) = [one for one in held.accords("in_force") if one.hash == sent_of(held.consents("ours")[0]).terms.accord]
    with held.write() as tx:
        tx.put_accord(msgspec.structs.replace(accord, state="ended"))
        refresh(three.b.node, tx, [three.a.id])
    work_due(three.b.node)
    assert "decision.onward" in codes(three.b, "my-mc", name)


def renewed(three: Three, **terms: Any) -> None:
    """A and B sign another accord in the place of theirs."""
    text = renewal(three.a, three.b, between(three.a, three.b), **{"onward": "ask", **terms})
    both, _ = accept_accord(three.b.node, propose_accord(three.a.node, text))
    accept_accord(three.a.node, both)
    three.wait(0.01)


def test_a_consent_outlives_a_renewal_of_its_accord(three: Three) -> None:
    name = shared(three)
    consented(three, name)
    renewed(three)
    assert "decision.by_consent" in codes(three.b, "my-mc", name)
    assert (standing(three.a), standing(three.b)) == (["given"], ["given"])
    three.pull(three.c)
    assert len(at_c(three)) == 1


def test_what_was_asked_under_the_old_accord_is_answered_under_the_new(three: Three) -> None:
    name = shared(three)
    ask(three.b.node, Ask(name, "my-mc"))
    renewed(three)
    three.pull(three.b)
    (row,) = listed(three.a.node)
    answer(three.a.node, row.id, Answer("given"))
    three.pull(three.b)
    assert "decision.by_consent" in codes(three.b, "my-mc", name)


@pytest.mark.parametrize(
    "terms",
    [{"onward": "never"}, {"purposes": ["safety"]}, {"highest_tlp": "green"}],
    ids=str,
)
def test_a_consent_ends_where_the_renewal_allows_it_no_more(three: Three, terms: dict[str, Any]) -> None:
    name = shared(three)
    consented(three, name)
    renewed(three, **terms)
    assert "decision.onward" in codes(three.b, "my-mc", name)
    assert standing(three.b) == ["expired"] == standing(three.a)


@pytest.mark.parametrize(
    "terms",
    [
        Narrowing(onward="never"), Narrowing(purposes=frozenset({"safety"})), Narrowing(highest_tlp=Tlp.GREEN),
        Narrowing(valid_until=1.0),
    ],
    ids=str,
)  # fmt: skip
def test_a_consent_ends_with_an_accord_that_is_ended_or_narrowed(three: Three, terms: Narrowing) -> None:
    """At once, by the word of one side alone."""
    name = shared(three)
    consented(three, name)
    three.pull(three.c)
    assert len(at_c(three)) == 1
    narrow(three.b.node, between(three.b, three.a), terms)
    assert three.b.taxii(three.c.id, "/taxii2/node/collections/alerts/objects/").body == b"{}"
    work_due(three.b.node)
    assert "decision.onward" in codes(three.b, "my-mc", name)
    assert standing(three.b) == ["expired"]


def test_a_renewal_that_ends_sooner_ends_the_consent_by_the_clock(three: Three) -> None:
    name = shared(three)
    consented(three, name)
    soon = datetime.fromtimestamp(three.b.hands.now_us / 1e6 + 3600, UTC)
    renewed(three, valid_until=soon)
    assert "decision.by_consent" in codes(three.b, "my-mc", name)
    three.wait(1.1)
    assert three.b.taxii(three.c.id, "/taxii2/node/collections/alerts/objects/").body == b"{}"
    assert "decision.onward" in codes(three.b, "my-mc", name)


def test_what_rests_on_a_consent_that_fell_with_its_accord_is_revoked(three: Three) -> None:
    name = shared(three)
    consented(three, name, all_versions=True)
    three.pull(three.c)
    (event,) = at_c(three)
    fourth = "identity--00000000-0000-4000-8000-000000000004"
    made, above = ask(three.c.node, Ask(event["id"], fourth)), ask(three.b.node, Ask(name, fourth, all_versions=True))
    three.pull(three.b, three.c)
    answer(three.a.node, above.id, Answer("given"))
    three.pull(three.b)
    answer(three.b.node, made.id, Answer("given"))
    revoke_fallen(three.b.node)
    three.pull(three.c)
    assert standing(three.c) == ["given"]
    end(three.b.node, between(three.b, three.a))
    revoke_fallen(three.b.node)
    three.pull(three.c)
    assert standing(three.c) == ["revoked"]


# What does not fit has no effect, and is shown


def forged(three: Three, name: str, **changes: Any) -> bytes:
    """An ask as B would make it, with something else in it."""
    real = ask(three.b.node, Ask(name, "my-mc"))
    terms = msgspec.structs.replace(sent_of(real).terms, **changes)
    return consent_object(Consent(terms=terms, state="asked", expires=sent_of(real).expires), three.b.stamp(), PUBLIC)


def post(three: Three, poster: Kit, raw: bytes) -> None:
    body = b'{"objects":[' + raw + b"]}"
    assert three.a.taxii(poster.id, "/taxii2/node/collections/inbox/objects/", method="POST", body=body).status == 202


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"accord": "f" * 64}, "other_terms"),
        ({"purpose": "fisheries_operation"}, "other_terms"),
        ({"requester": "c"}, "other_terms"),
        ({"recipients": "a"}, "other_terms"),
        ({"target_id": EVENT + "--00000000-0000-4000-8000-000000000000"}, "not_held"),
        ({"target_id": "withheld"}, "not_held"),
        ({"target_version": "2020-01-01T00:00:00.000Z"}, "not_held"),
    ],
    ids=str,
)
def test_an_ask_that_does_not_fit_is_kept_apart(three: Three, changes: dict[str, Any], reason: str) -> None:
    name, secret = shared(three), three.a.event("secret", "gap", Marking(rel_to=frozenset()))
    known = {"c": three.c.id, "a": onto([(three.a.id, "th-mc")]), "withheld": secret}
    post(three, three.b, forged(three, name, **{k: known.get(v, v) for k, v in changes.items()}))
    assert reasons(three.a, three.b.id) == [reason]
    assert listed(three.a.node) == []


def test_somebody_elses_ask_does_not_count(three: Three) -> None:
    """C posts what B would ask: the same bytes."""
    name = shared(three)
    post(three, three.c, forged(three, name))
    assert reasons(three.a, three.c.id) == ["other_terms"]
    assert listed(three.a.node) == []


def test_an_ask_is_answered_once_however_often_it_is_sent(three: Three) -> None:
    name = shared(three)
    asked = consented(three, name, Answer("refused", "no"))
    raw = three.b.node.store.queued(three.a.id, asked)
    assert raw is not None
    later = orjson.loads(raw.raw) | {"modified": "2026-06-01T00:00:00.000Z"}
    post(three, three.b, orjson.dumps(later))
    assert standing(three.a) == ["refused"]
    assert kinds(three.a, three.b.id).count("consent_asked") == 1
    post(three, three.b, orjson.dumps(later | {"modified": "2026-06-02T00:00:00.000Z", "purpose": "safety"}))
    assert reasons(three.a, three.b.id) == ["out_of_order"]


def answered(three: Three, name: str, by: Kit, **changes: Any) -> bytes:
    """An answer to what B asks of A, made by somebody, with something else in it."""
    real = ask(three.b.node, Ask(name, "my-mc", days=30 + len(listed(three.b.node))))
    consent = msgspec.structs.replace(sent_of(real), state="given", answers=real.id)
    terms = msgspec.structs.replace(consent.terms, **changes.pop("terms", {}))
    made = msgspec.structs.replace(consent, terms=terms, **changes)
    return consent_object(made, Stamp(by.id, by.hands.now_us / 1e6, by.hands.now_us / 1e6), PUBLIC)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"expires": 4e9}, "other_terms"),
        ({"answers": f"{CONSENT}--00000000-0000-4000-8000-000000000000"}, "not_asked"),
        ({"terms": {"nonce": "00000000-0000-4000-8000-000000000000"}}, "other_terms"),
        ({"terms": {"accord": "f" * 64}}, "other_terms"),
        ({"terms": {"target_version": ""}}, "other_terms"),
        ({"terms": {"purpose": "safety"}}, "other_terms"),
    ],
    ids=str,
)
def test_an_answer_that_does_not_fit_has_no_effect(three: Three, changes: dict[str, Any], reason: str) -> None:
    name = shared(three)
    raw = answered(three, name, three.a, **changes)
    with three.b.node.store.write() as tx:
        hear(three.b, tx, three.a.id, raw)
    assert reasons(three.b, three.a.id) == [reason]
    assert standing(three.b) == ["asked"]
    work_due(three.b.node)
    assert "decision.onward" in codes(three.b, "my-mc", name)


def test_the_final_recipient_cannot_consent_for_the_originator(three: Three) -> None:
    name = shared(three)
    for speaker in (three.c, three.a):
        raw = answered(three, name, speaker)
        with three.b.node.store.write() as tx:
            hear(three.b, tx, three.c.id, raw)
    assert reasons(three.b, three.c.id) == ["not_asked"]
    assert standing(three.b) == ["asked", "asked"]


def test_given_again_after_it_was_revoked_is_out_of_order(three: Three) -> None:
    name = shared(three)
    asked = consented(three, name)
    rows = three.a.node.store.view_page(three.b.id, "control", _Page(), three.a.hands.now_us)
    given = rows[-1].raw
    answer(three.a.node, asked, Answer("revoked"))
    three.pull(three.b)
    later = orjson.dumps(orjson.loads(given) | {"modified": "2026-06-10T00:00:00.000Z"})
    for raw in (given, later):
        with three.b.node.store.write() as tx:
            hear(three.b, tx, three.a.id, raw)
    assert standing(three.b) == ["revoked"]
    assert reasons(three.b, three.a.id) == ["out_of_order"]


def test_a_consent_missed_and_then_revoked_comes_as_revoked(three: Three) -> None:
    name = shared(three)
    made = ask(three.b.node, Ask(name, "my-mc"))
    three.pull(three.b)
    answer(three.a.node, made.id, Answer("given"))
    answer(three.a.node, made.id, Answer("revoked"))
    three.pull(three.b)
    assert standing(three.b) == ["revoked"]
    assert reasons(three.b, three.a.id) == []


def test_no_more_is_given_than_was_had(three: Three) -> None:
    """C has it from B, who has it from A: B consents to nothing for which it has no consent itself."""
    name = shared(three)
    asked = consented(three, name, all_versions=True)
    three.pull(three.c)
    (event,) = at_c(three)
    fourth = "identity--00000000-0000-4000-8000-000000000004"
    made = ask(three.c.node, Ask(event["id"], fourth))
    three.pull(three.c)
    with pytest.raises(UsageError, match="it came from th-mc, who has not consented"):
        answer(three.b.node, made.id, Answer("given"))
    above = ask(three.b.node, Ask(name, fourth, days=2, all_versions=True))
    three.pull(three.b)
    answer(three.a.node, above.id, Answer("given", steps=Steps(place_deg=1.0)))
    three.pull(three.b)
    given = sent_of(answer(three.b.node, made.id, Answer("given", steps=Steps(place_deg=0.5, time_min=60))))
    assert (given.place_deg, given.time_min) == (1.0, 60)
    assert given.expires == sent_of(above).expires
    three.pull(three.c)
    assert standing(three.c) == ["given"]
    answer(three.a.node, above.id, Answer("revoked"))
    three.pull(three.b, three.c)
    assert standing(three.c) == ["revoked"], "what rested on it is revoked with it"
    assert [one.standing for one in listed(three.b.node) if one.id == asked] == ["given"]


# Recalls sent on


def pending_at(three: Three) -> list[tuple[bool, int]]:
    return [(one.answered_us is not None, one.pending) for one in three.a.node.store.recalls_out(three.b.id)]


def test_a_recall_is_sent_on_and_the_chain_is_told_in_numbers(three: Three) -> None:
    name = shared(three)
    consented(three, name)
    three.pull(three.c)
    (event,) = at_c(three)
    recall(three.a.node, name, "us-mo", "Wrong ship. KANARI-7731")
    three.pull(three.b)
    assert pending_at(three) == [(True, 1)]
    (sent,) = three.b.node.store.recalls_out(three.c.id)
    assert (sent.reason, sent.view_id) == ("onward", event["id"])
    (came,) = three.b.node.store.recalls_in(three.a.id)
    assert sent.deadline_us <= came.deadline_us
    page = three.b.taxii(three.c.id, "/taxii2/node/collections/control/objects/").body
    assert b"KANARI-7731" not in page
    three.pull(three.c)
    assert at_c(three) == []
    three.pull(three.b)
    assert pending_at(three) == [(True, 0)]
    for kit in three.kits:
        assert all(one.report.ok for one in verify(kit.node))
    size = three.a.node.store.frontier(three.b.id).size
    three.pull(three.c, three.b)
    assert pending_at(three) == [(True, 0)]
    assert three.a.node.store.frontier(three.b.id).size == size, "told once"


def test_a_late_onward_answer_makes_the_first_recall_overdue_too(three: Three) -> None:
    name = shared(three)
    consented(three, name)
    three.pull(three.c)
    recall(three.a.node, name, "us-mo", "Wrong ship.")
    three.pull(three.b)
    for hours, late in ((47, 0), (2, 1)):
        for kit in three.kits:
            kit.wait(hours)
        assert len(three.a.node.store.overdue(three.a.hands.now_us)) == late
    three.pull(three.c, three.b)
    assert three.a.node.store.overdue(three.a.hands.now_us) == []


def test_only_the_versions_that_were_recalled_are_recalled_on(three: Three) -> None:
    name = shared(three)
    consented(three, name, all_versions=True)
    first = three.b.node.store.object(name)
    assert first is not None
    three.a.event("a", "encounter", msgspec.structs.replace(AMBER, orcon=frozenset({three.a.id})), lat=9.9)
    three.pull(three.b)
    with three.b.node.store.write() as tx:
        asked = Recall(three.b.id, name, (first.version,), "officer", 4e9)
        done = obey(three.b.node, tx, three.a.id, "prasan-recall--00000000-0000-4000-8000-000000000001", asked)
    assert done.onward == 1
    assert [row.status for row in three.b.node.store.views_of(name) if row.recipient == three.c.id] == [
        "recalled", "current",
    ]  # fmt: skip
    work_due(three.b.node)
    three.pull(three.c)
    assert len(at_c(three)) == 1


def test_what_of_ours_refers_to_it_is_put_before_an_officer(three: Three) -> None:
    name = shared(three)
    note = three.b.keep(
        orjson.dumps(
            orjson.loads(three.b.node.store.object(three.b.identity("x")).raw)  # type: ignore[union-attr]
            | {"name": f"about {name}"}
        ),
        AMBER,
    )
    recall(three.a.node, name, "us-mo", "Wrong ship.")
    three.pull(three.b)
    (came,) = three.b.node.store.recalls_in(three.a.id)
    assert three.b.node.store.resting_on(three.a.id, came.id) == [note]


def test_what_was_judged_by_a_recalled_summary_is_judged_again(three: Three) -> None:
    made = Reception("coast", 1_699_920_000, 9, 100, ((178_005, 3, "A", 4, 5),))
    raw = reception_object(made, three.a.stamp(), AMBER)
    adopt(three.a, ALL)
    name = three.a.keep(raw, AMBER)
    work_due(three.a.node)
    three.pull(three.b)
    with three.b.node.store.write() as tx:
        assert arrived(tx) is not None
        remember_arrived(tx, None)
    recall(three.a.node, name, "us-mo", "Miscounted.")
    three.pull(three.b)
    assert arrived(three.b.node.store) == (1_699_920_000, 1_699_920_000 + 86_400)


@pytest.mark.parametrize("target", ["withheld", "unknown"])
def test_an_ask_is_answered_alike_for_what_is_withheld_and_what_is_not_there(three: Three, target: str) -> None:
    name, secret = shared(three), three.a.event("secret", "gap", Marking(rel_to=frozenset()))
    unknown = EVENT + "--00000000-0000-4000-8000-000000000000"
    before = three.a.node.store.frontier(three.b.id).size
    post(three, three.b, forged(three, name, target_id=secret if target == "withheld" else unknown))
    assert reasons(three.a, three.b.id) == ["not_held"]
    assert three.a.node.store.frontier(three.b.id).size == before
    answered = three.a.taxii(three.b.id, "/taxii2/node/collections/control/objects/")
    assert orjson.loads(answered.body) == {}


def test_a_receipt_that_cannot_be_read_is_kept_apart(three: Three) -> None:
    name = shared(three)
    (issued,) = recall(three.a.node, name, "us-mo", "wrong")
    receipt = {
        "type": "prasan-receipt", "spec_version": "2.1", "id": "prasan-receipt--00000000-0000-4000-8000-000000000001",
        "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "recall_id": issued.recall,
        "withdrawn": [], "not_withdrawn": [], "onward_pending": "many",
    }  # fmt: skip
    post(three, three.b, orjson.dumps(receipt))
    assert reasons(three.a, three.b.id) == ["bad_object"]
    assert pending_at(three) == [(False, 0)]


def test_the_ids_of_ask_and_answer_are_each_sides_own(three: Three) -> None:
    name = shared(three)
    made = ask(three.b.node, Ask(name, "my-mc"))
    assert made.id == ask_id(sent_of(made).terms)
    assert answer_id(three.a.id, made.id) != answer_id(three.c.id, made.id)
    assert three.b.node.store.outgoing(three.a.id) == [
        Outgoing(made.id, three.a.id, three.b.node.store.outgoing(three.a.id)[0].raw, made.asked_us)
    ]
