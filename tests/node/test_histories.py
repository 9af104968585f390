"""A log that goes on, one that was restored, and one that shows two histories: what a partner says of each."""

import shutil
from pathlib import Path

import msgspec
import pytest

from node.node_kit import Hands, Kit
from node.test_backup import PASS
from node.trust_kit import Two, fetcher, pulled, row
from prasan.cli import main
from prasan.errors import IntegrityError, UsageError
from prasan.exchange.asks import Ask
from prasan.exchange.histories import TwoHistories, checkpoint_of
from prasan.exchange.http import Response
from prasan.exchange.steps import Reply
from prasan.ledger.checkpoint import Checkpoint, sign_checkpoint
from prasan.node.keeping.backup import backup
from prasan.node.keeping.live_health import Ward
from prasan.node.keeping.restoring import restore
from prasan.node.partners import rotation
from prasan.node.partners.histories import ADDRESS, caught, look, settle
from prasan.node.record import HOURS_LOG, NODE_LOG, mark_hour, verify
from prasan.web.exchange_page import partners_page


def step(two: Two, name: str) -> None:
    """Something new at `a`, read by `b`, a minute later."""
    for kit in (two.a, two.b):
        kit.wait(1 / 60)
    two.a.event(name)
    assert pulled(two.b, two.a).failure == ""


def copied(two: Two, folder: Path) -> Path:
    """What somebody does who has no `backup`: a copy of the store, put back later."""
    two.a.node.store.copy_to(folder / "old.sqlite")
    return folder / "old.sqlite"


def put_back(two: Two, old: Path) -> None:
    home, hands = two.a.node.home.root, two.a.hands
    two.a.close()
    for name in ("store.sqlite", "store.sqlite-wal", "store.sqlite-shm"):
        (home / name).unlink(missing_ok=True)
    shutil.copy(old, home / "store.sqlite")
    two.a = Kit(home, hands)


def put_back_and_seen(two: Two, folder: Path) -> None:
    """`a` has its store put back by hand, and `b` sees it."""
    step(two, "one")
    old = copied(two, folder)
    step(two, "two")
    put_back(two, old)
    with pytest.raises(TwoHistories, match="that does not go on"):
        pulled(two.b, two.a)


def test_a_store_put_back_by_hand_is_caught_at_the_next_pull(two: Two, tmp_path: Path) -> None:
    put_back_and_seen(two, tmp_path)
    (evidence,) = two.b.node.store.evidence(two.a.id)
    assert checkpoint_of(evidence.held).size > checkpoint_of(evidence.shown).size
    with pytest.raises(IntegrityError, match="two histories"):
        pulled(two.b, two.a)
    assert [one.kind for one in two.a.node.store.evidence(two.a.id)] == ["own_history"], "and the keeper learns of it"


def test_a_store_put_back_is_caught_though_it_grew_longer_again(two: Two, tmp_path: Path) -> None:
    step(two, "one")
    old = copied(two, tmp_path)
    step(two, "two")
    put_back(two, old)
    for number in range(20):
        two.a.event(f"other {number}")
    with pytest.raises(TwoHistories):
        pulled(two.b, two.a)


def test_two_checkpoints_of_one_size_and_epoch_are_evidence(two: Two) -> None:
    """A keeper that signs another root of the same size, as one with two sets of books would."""
    step(two, "one")

    def forge(ask: Ask) -> Reply:
        answer = fetcher(two.b, two.a)(ask)
        if ask.method == "GET" and isinstance(answer, Response) and ask.target.startswith(ADDRESS):
            said = msgspec.json.decode(answer.body)
            true = checkpoint_of(said["checkpoint"])
            note = sign_checkpoint(Checkpoint(true.origin, true.size, b"\1" * 32), two.a.node.key)
            return Response(200, msgspec.json.encode({**said, "checkpoint": note}), answer.headers)
        return answer

    with pytest.raises(TwoHistories):
        look(two.b.node, row(two.b, two.a), forge)
    assert len(two.b.node.store.evidence(two.a.id, open_only=True)) == 1


def test_what_a_restore_lost_is_counted_and_not_called_fraud(two: Two, tmp_path: Path) -> None:
    step(two, "one")
    mark_hour(two.a.node)
    backup(two.a.node, tmp_path / "a.backup", PASS)
    step(two, "two")
    step(two, "three")
    seen = two.b.node.store.last_seen(f"theirs/{two.a.id}", two.a.id)
    hands = Hands("anew", two.a.hands.now_us + 60_000_000)
    two.b.wait(1 / 60)
    restore(tmp_path / "a.backup", tmp_path / "anew", PASS, hands.clock)
    two.a.close()
    two.a = Kit(tmp_path / "anew", hands)
    assert pulled(two.b, two.a).failure == ""
    assert two.b.node.store.evidence() == two.a.node.store.evidence() == []
    (at_us, lost, why) = msgspec.json.decode((two.b.node.store.meta(f"lost/{two.a.id}") or "").encode())
    assert (lost > 0, why, at_us) == (True, "restore", two.b.hands.now_us)
    held = [one.size for one in two.a.node.store.checkpoints(two.b.id) if one.by == two.b.id]
    assert seen is not None
    assert seen.size in held, "the restored node knows what its partner saw"
    step(two, "four")


def test_a_new_epoch_that_no_entry_explains_is_two_histories(two: Two) -> None:
    step(two, "one")
    with two.a.node.store.write() as tx:
        tx.set_epoch(two.a.node.clock.uuid("sly"))
    with pytest.raises(TwoHistories, match="without an entry that says why"):
        pulled(two.b, two.a)


def test_several_epochs_while_nobody_looked(two: Two, tmp_path: Path) -> None:
    step(two, "one")
    for number in range(3):
        backup(two.a.node, tmp_path / "a.backup", PASS)
        if number == 1:
            step(two, "lost in the second restore")
        for kit in (two.a, two.b):
            kit.wait(1)
        hands = Hands(f"anew {number}", two.a.hands.now_us)
        restore(tmp_path / "a.backup", tmp_path / f"anew{number}", PASS, hands.clock)
        two.a.close()
        two.a = Kit(tmp_path / f"anew{number}", hands)
    two.b.wait(1)
    two.a.wait(1)
    assert pulled(two.b, two.a).failure == ""
    rotation.revoke(two.a.node, two.a.hands.now_us, carry=True)
    assert all(one.report.ok for one in verify(two.a.node))


def test_settled_by_an_officer_the_pulls_go_on_and_the_evidence_stays(two: Two, tmp_path: Path) -> None:
    put_back_and_seen(two, tmp_path)
    assert settle(two.b.node, "a", "they told us") == 1
    assert pulled(two.b, two.a).failure == ""
    assert len(two.b.node.store.evidence(two.a.id)) == 1
    with pytest.raises(UsageError, match="nothing is held"):
        settle(two.b.node, "a", "again")


def test_the_hour_log_tells_hours_and_nothing_else(two: Two) -> None:
    """However much the node log grows, a partner sees one more leaf an hour, and signs it."""
    assert mark_hour(two.a.node)
    assert not mark_hour(two.a.node)
    for number in range(30):
        two.a.event(f"e{number}")
    two.a.wait(1)
    two.b.wait(1)
    assert mark_hour(two.a.node)
    assert pulled(two.b, two.a).failure == ""
    seen = two.b.node.store.last_seen(f"theirs-hours/{two.a.id}", two.a.id)
    assert seen is not None
    assert checkpoint_of(seen.note).size == 2
    assert [one.size for one in two.a.node.store.checkpoints(HOURS_LOG) if one.by == two.b.id] == [2]
    assert two.a.node.store.frontier(NODE_LOG).size > 2


def test_a_partner_cannot_bring_what_we_did_not_sign(two: Two) -> None:
    step(two, "one")
    note = sign_checkpoint(Checkpoint(f"prasan/{two.a.id}/{two.a.node.store.epoch()}/{two.b.id}", 3, b"\1" * 32),
                           two.b.node.key)  # fmt: skip
    for body in (b"", b"{", msgspec.json.encode({"checkpoint": note}), msgspec.json.encode({"checkpoint": "x"})):
        answer = fetcher(two.b, two.a)(Ask("POST", ADDRESS, body))
        assert isinstance(answer, Response)
        assert answer.status == 400
    assert two.a.node.store.evidence() == []


def test_verify_says_what_is_held(two: Two, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_back_and_seen(two, tmp_path)
    home = str(two.b.node.home.root)
    assert main(["ledger", "verify", "--home", home]) == 1
    assert "a showed two histories of its log" in capsys.readouterr().err
    assert main(["ledger", "evidence", "--home", home]) == 1
    assert '"partner":"a"' in capsys.readouterr().out
    assert main(["ledger", "settle", "a", "--reason", "explained", "--home", home]) == 0
    assert main(["ledger", "verify", "--home", home]) == 0


def test_the_partners_page_says_what_to_know_before_believing(two: Two, tmp_path: Path) -> None:
    def said() -> list[str]:
        (partner,) = partners_page(two.b.node).partners
        return [one.code for one in partner.trust]

    step(two, "one")
    assert said() == []
    old = copied(two, tmp_path)
    step(two, "two")
    put_back(two, old)
    with pytest.raises(TwoHistories):
        pulled(two.b, two.a)
    assert said() == ["trust.two_histories"]
    assert [one.code for one in Ward(two.b.node).ills()] == ["two_histories"]
    assert [one.code for one in Ward(two.a.node).ills()] == ["own_history"]


def test_a_note_in_a_bundle_that_denies_what_was_pulled_is_evidence(two: Two) -> None:
    step(two, "one")
    held = two.b.node.store.last_seen(f"theirs/{two.a.id}", two.a.id)
    assert held is not None
    true = checkpoint_of(held.note)
    other = sign_checkpoint(Checkpoint(true.origin, true.size, b"\2" * 32), two.a.node.key)
    caught(two.b.node, two.a.id, other)
    caught(two.b.node, two.a.id, other)
    (found,) = two.b.node.store.evidence(two.a.id)
    assert (found.held, found.shown) == (held.note, other)
    with pytest.raises(IntegrityError, match="two histories"):
        pulled(two.b, two.a)


def test_a_note_that_was_changed_here_is_named(two: Two, capsys: pytest.CaptureFixture[str]) -> None:
    step(two, "one")
    with two.b.node.store.write() as tx:
        tx._do("UPDATE checkpoints SET note = replace(note, 'prasan/', 'Prasan/') WHERE log LIKE 'theirs/%'")
    assert main(["ledger", "verify", "--home", str(two.b.node.home.root)]) == 1
    assert "signed by no key of its own" in capsys.readouterr().err
