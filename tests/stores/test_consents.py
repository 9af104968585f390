"""Consents as they stand, the outbox in which a later answer takes the place of an earlier, and recalls sent on."""

import msgspec

from prasan.stores.sqlite import Store
from prasan.stores.traffic import ConsentRow, Outgoing, RecallIn, RecallOut
from stores.store_rows import uid

ASKED = ConsentRow("theirs", "consent--1", "us", uid(1), "asked", b"{}", 5, 5)
EARLY, LATE = "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.001Z"


def test_an_ask_is_kept_once_and_only_a_later_answer_changes_it(store: Store) -> None:
    given = msgspec.structs.replace(ASKED, state="given", changed_us=9)
    with store.write() as tx:
        assert tx.put_consent(ASKED)
        assert not tx.put_consent(msgspec.structs.replace(ASKED, body=b"other"))
        assert tx.consents_on(uid(1), "theirs") == []
        assert tx.change_consent(given, LATE)
        assert not tx.change_consent(msgspec.structs.replace(ASKED, state="refused"), EARLY)
        assert not tx.change_consent(msgspec.structs.replace(ASKED, state="refused"), LATE)
    kept = msgspec.structs.replace(given, answered_us=9)
    assert store.consent("theirs", "consent--1") == kept
    assert store.consent("ours", "consent--1") is None
    assert store.consents_on(uid(1), "theirs") == [kept] == store.consents("theirs", "us")
    assert store.consents("ours") == store.consents(partner="them") == store.consents_on(uid(1), "ours") == []


def test_what_is_queued_again_takes_the_place_of_what_was_posted(store: Store) -> None:
    first, second = Outgoing("r", "us", b"1", 5), Outgoing("r", "us", b"2", 6)
    with store.write() as tx:
        assert tx.queue_outgoing(first)
        assert not tx.queue_outgoing(msgspec.structs.replace(first, queued_us=6))
        assert tx.posted("r", "us", 7, b"1")
        assert tx.outgoing("us") == []
        assert tx.queue_outgoing(second)
        assert not tx.posted("r", "us", 8, b"1"), "what was posted is not what waits now"
        assert tx.outgoing("us") == [second]
        assert tx.posted("r", "us", 8, b"2")
        assert tx.queued("us", "r") == second
        assert tx.queued("them", "r") is None


def out(name: str, deadline_us: int = 10) -> RecallOut:
    return RecallOut(name, uid(1), uid(1), "them", "onward", deadline_us, 1)


def test_recalls_sent_on_are_found_from_both_ends(store: Store) -> None:
    came = RecallIn("in", "us", uid(1), "officer", 9, 1)
    with store.write() as tx:
        tx.put_recall_in(came)
        for name in ("a", "b"):
            tx.put_recall_out(out(name))
            tx.put_sent_on("us", "in", name)
            tx.put_sent_on("us", "in", name)
        assert not tx.is_recalled("them", uid(1)), "what is sent later is decided anew"
    assert store.sent_on("us", "in") == [out("a"), out("b")]
    assert store.sent_on_for("a") == [came] == [store.recall_in("us", "in")]
    assert [store.overdue_in(at) for at in (9, 10)] == [[], [came]]
    with store.write() as tx:
        tx.recall_answered("in", "us", 3)
        tx.answer_recall("a", "them", b"{}", EARLY, 4)
        assert tx.overdue_in(10) != [], "b has not answered"
        tx.answer_recall("b", "them", b"{}", EARLY, 4, pending=1)
        assert tx.overdue_in(10) != [], "nor have all behind b"
        tx.answer_recall("b", "them", b"{}", LATE, 4)
        assert tx.overdue_in(10) == []
    assert (store.sent_on("them", "in"), store.sent_on_for("c")) == ([], [])


def test_a_receipt_that_waits_for_others_is_overdue_too(store: Store) -> None:
    with store.write() as tx:
        tx.put_recall_out(out("a"))
        tx.put_recall_out(out("b"))
        assert tx.answer_recall("a", "them", b"{}", EARLY, 5, pending=2)
        assert tx.answer_recall("b", "them", b"{}", EARLY, 5)
    assert [(one.id, one.pending) for one in store.overdue(11)] == [("a", 2)]
    assert store.overdue(9) == []
    with store.write() as tx:
        assert tx.answer_recall("a", "them", b"{}", LATE, 12)
    assert store.overdue(13) == []


def test_what_rests_on_a_recalled_object_is_looked_at_once(store: Store) -> None:
    with store.write() as tx:
        tx.put_resting_on("us", "in", uid(2))
        tx.put_resting_on("us", "in", uid(2))
        assert tx.resting_on("us", "in") == [uid(2)]
        assert tx.looked_at(uid(2), 5) == 1
        assert tx.looked_at(uid(2), 6) == 0
    assert store.resting_on("us", "in") == []
