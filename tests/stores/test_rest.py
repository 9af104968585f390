"""Standing, partners, people, intake, recalls, logs, meta."""

import msgspec
import pytest

from prasan.ledger.entry import Entry
from prasan.ledger.tree import verify_consistency, verify_inclusion
from prasan.picture.posted import Item
from prasan.stores.rows import AccordRow, CheckpointRow, Due, Mapped, PartnerRow, Settled, UserRow
from prasan.stores.sqlite import Store
from prasan.stores.traffic import Conflict, Cursor, Outgoing, Quarantined, RecallIn, RecallOut, ReceivedRow
from stores.store_rows import Ask, uid

US = "identity--us"
V1, V2, V3 = (f"2026-01-01T00:00:0{n}Z" for n in (1, 2, 3))


def test_standing(store: Store) -> None:
    with store.write() as tx:
        tx.set_turned([(uid(1), US, b'["unknown_type"]'), (uid(2), US, b'["too_large"]')])
        tx.set_turned([(uid(2), US, None)])
        tx.set_mapped(Mapped(US, uid(1), uid(9), 5, b'{"cell":1}'))
        tx.set_mapped(Mapped(US, uid(1), uid(8), 7, b'{"cell":2}'))
        tx.bring_due([US], uid(1), 50)
        tx.bring_due([US], uid(1), 40)
    found = store.standings([uid(1), uid(2)])
    assert (found.of(US, uid(1)).turned, found.of(US, uid(2)).turned) == (("unknown_type",), ())
    assert (found.of(US, uid(1)).held, found.of(US, uid(1)).rows) == (None, ())
    assert store.mapped(US, uid(1)) == Mapped(US, uid(1), uid(9), 5, b'{"cell":2}')
    assert store.mapped_back(US, uid(9)) == uid(1)
    assert (store.due(39), store.due(40), store.next_due()) == ([], [Due(US, uid(1), 40)], 40)


def test_partners_accords_policies(store: Store) -> None:
    partner, accord = PartnerRow(US, "us-mo", b"card", 1), AccordRow("h", "th-us", b"toml", b"jws", "proposed", 1)
    with store.write() as tx:
        tx.put_partner(partner)
        assert tx.suspend(US) == 1
        tx.put_partner(msgspec.structs.replace(partner, card=b"card 2"))
        tx.put_accord(accord)
        tx.put_accord(msgspec.structs.replace(accord, state="in_force", signed=b"jws 2"))
        assert [tx.adopt_policy("s", b"p", "admin", n) for n in (1, 2)] == [1, 2]
    assert store.partner("us-mo") == store.partner(US) == PartnerRow(US, "us-mo", b"card 2", 1, True)
    assert store.partners() == [store.partner(US)]
    assert [row.signed for row in store.accords("in_force")] == [b"jws 2"]
    assert store.accord("h") is not None
    policy = store.policy()
    assert policy is not None
    assert policy.number == len(store.policies()) == 2


def test_people(store: Store) -> None:
    user = UserRow("ann", "partner", "hash", US, 1)
    with store.write() as tx:
        tx.put_user(user)
        tx.put_token("t", "ann", 1)
    assert store.token_user("t") == store.user("ann") == user
    assert store.users() == [user]
    with store.write() as tx:
        tx.put_user(msgspec.structs.replace(user, password="other"))
        assert tx.remove_user("ann") == 1
    assert store.token_user("t") is None
    assert store.user("ann") is None


def test_intake_is_idempotent(store: Store) -> None:
    cursor = Cursor(US, "objects", "c", "2026-01-01T00:00:00Z", 7, 3)
    for fresh in (True, False):
        with store.write() as tx:
            tx.set_cursor(cursor)
            assert tx.put_received(ReceivedRow(US, "objects", 7, uid(1), "v", "h", b"{}", 1)) is fresh
            assert tx.put_quarantined(Quarantined(US, uid(2), "v", "wrong_hash", b"{}", 1)) is fresh
            assert tx.put_conflict(Conflict(US, uid(1), "v", "h", "i", b"{}", 1)) is fresh
    assert store.cursor(US, "objects") == cursor
    assert store.cursor(US, "alerts") == Cursor(US, "alerts")
    assert store.received_count(US) == len(store.received(US, uid(1))) == 1
    assert store.quarantine_counts(US) == {"wrong_hash": 1}
    assert [row.object_id for row in store.quarantined(US)] == [uid(2)]
    assert len(store.conflicts()) == 1


def test_recalls_are_answered_once_and_only_by_their_recipient(store: Store) -> None:
    recall = RecallOut("r1", uid(1), uid(9), US, "wrong_place", 100, 1)
    with store.write() as tx:
        assert tx.put_recall_out(recall)
        assert not tx.put_recall_out(recall)
        assert tx.put_recall_in(RecallIn("r2", US, uid(3), "x", 100, 1))
        assert tx.queue_outgoing(Outgoing("o1", US, b"{}", 1))
        assert not tx.queue_outgoing(Outgoing("o1", US, b"{}", 1))
    assert store.is_recalled(US, uid(1))
    assert not store.is_recalled("identity--other", uid(1))
    assert (store.overdue(100), store.overdue(101)) == ([], [recall])
    assert [row.id for row in store.outgoing(US)] == ["o1"]
    with store.write() as tx:
        assert not tx.answer_recall("r1", "identity--other", b"{}", V2, 2)
        assert tx.answer_recall("r1", US, b"{1}", V2, 2)
        assert not tx.answer_recall("r1", US, b"{0}", V1, 3), "an older receipt replaces nothing"
        assert not tx.answer_recall("r1", US, b"{1}", V2, 3)
        assert tx.answer_recall("r1", US, b"{2}", V3, 3)
        assert tx.posted("o1", US, 2)
        assert not tx.posted("o1", US, 2)
        assert tx.recall_answered("r2", US, 2)
    assert store.overdue(101) == []
    assert store.outgoing(US) == []
    answered = store.recall_out("r1")
    assert answered is not None
    assert (answered.answered_us, answered.receipt) == (2, b"{2}")
    assert store.recalls_out(US) == [answered]
    assert [row.answered_us for row in store.recalls_in()] == [2]
    with store.write() as tx:
        assert tx.allow_again(US, uid(1), 5) == 1
        assert tx.put_recall_out(recall), "it stands anew"
        assert tx.is_recalled(US, uid(1))
        assert tx.allow_again(US, uid(1), 6) == 1
    assert not store.is_recalled(US, uid(1))


def test_acks_only_go_forward_and_nonces_are_used_once(store: Store) -> None:
    with store.write() as tx:
        assert tx.put_ack(US, "objects", 7, 1)
        assert not tx.put_ack(US, "objects", 5, 2)
        assert tx.first_use(US, "n", 100, 1)
        assert not tx.first_use(US, "n", 100, 99)
        assert tx.first_use("identity--other", "n", 100, 99)
        assert tx.first_use(US, "n", 300, 200), "it was forgotten when its time was over"
    assert (store.acked(US, "objects"), store.acked(US, "alerts")) == (7, 0)


def test_what_is_due_again_is_due_at_its_first_moment(store: Store) -> None:
    with store.write() as tx:
        tx.put_settled([Settled(US, uid(1), again_us=900), Settled(US, uid(2), again_us=40), Settled(US, uid(3))])
        tx.put_settled([Settled(US, uid(1), again_us=50)])
    assert store.due(50) == [Due(US, uid(2), 40), Due(US, uid(1), 50)]
    with store.write() as tx:
        tx.not_due([(US, uid(2))])
    assert store.due(50) == [Due(US, uid(1), 50)]


def test_what_others_refer_to_keeps_its_place(store: Store) -> None:
    """A vessel that is kept again with a later event is still decided before the events queued since."""
    with store.write() as tx:
        tx.bring_due([US], uid(1), 99)
        tx.bring_due([US], uid(2), 100)
        tx.bring_due([US], uid(1), 150)
    assert [due.object_id for due in store.due(200)] == [uid(1), uid(2)]


def test_logs_prove_themselves(store: Store) -> None:
    with store.write() as tx:
        for n in range(11):
            assert tx.append_log("pair/us", Entry("page", n, "x", {"n": n}), bytes([n]) * 32) == n
        tx.put_checkpoint(CheckpointRow("pair/us", 4, "", "note 4", 1))
        tx.put_checkpoint(CheckpointRow("pair/us", 11, "", "note 11", 2))
        assert tx.erase_entry("pair/us", 3)
    rows = list(store.leaf_rows("pair/us"))
    frontier = store.frontier("pair/us")
    assert (rows[3].entry, rows[3].salt) == (None, None)
    verify_inclusion(rows[3].leaf, 3, 11, store.log_inclusion("pair/us", 3, 11), frontier.root())
    old = store.log_consistency("pair/us", 4, 11)
    with pytest.raises(Exception, match="does not continue"):
        verify_consistency(4, frontier.root(), 11, frontier.root(), old)
    latest = store.checkpoint("pair/us")
    assert latest is not None
    assert (latest.note, len(store.checkpoints("pair/us"))) == ("note 11", 2)
    assert store.logs() == ["pair/us"]
    assert store.frontier("node").size == 0


def test_what_is_posted_is_kept_once(store: Store) -> None:
    item = Item(uid(1), "2026-01-01T00:00:00Z", "incident", "2.1", "h", b"{}", {})
    with store.write() as tx:
        assert tx.put_inbox(US, [item], 5) == ["new"]
        assert tx.put_inbox(US, [item], 6) == ["same"]
        assert tx.put_inbox(US, [msgspec.structs.replace(item, sha256="i")], 7) == ["conflict"]
        tx.put_status("s1", US, b"{}", 5)
        tx.set_epoch("e1")
    (kept,) = store.inbox_page(US, Ask())
    assert (kept.id, kept.raw, kept.date_added_us) == (item.id, item.raw, 5)
    assert store.inbox_page("identity--other", Ask()) == []
    assert store.epoch() == "e1"
    assert store.status(US, "s1") == b"{}"
    assert store.status("identity--other", "s1") is None
