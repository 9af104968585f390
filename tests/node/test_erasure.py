"""Proofs that travel, entries that are erased by order, and objects that are dropped when their time is over."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from node.node_kit import AMBER, Kit, Partner, their_object
from node.test_transitions import RELEASE, policy
from prasan.cli import main
from prasan.errors import Refused, UsageError
from prasan.ledger.entry import decode
from prasan.node.keeping.dropping import drop_overdue
from prasan.node.keeping.erasure import erase, place_of
from prasan.node.partners import rotation
from prasan.node.partners.partnering import own_card
from prasan.node.record import seal_all, verify
from prasan.node.releasing.publish import work_due
from prasan.stores.traffic import ReceivedRow


def reports(kit: Kit) -> dict[str, tuple[bool, int]]:
    return {one.log: (one.report.ok, one.report.erased) for one in verify(kit.node)}


def test_an_erased_entry_leaves_a_hole_that_verifies(kit: Kit, us: Partner) -> None:
    kit.event("a")
    seal_all(kit.node)
    place = erase(kit.node, "us-mo:0", "12/2569")
    assert (place.log, place.index) == (us.id, 0)
    assert reports(kit)[us.id] == (True, 1)
    last = kit.node.store.frontier(us.id).size - 1
    row = next(iter(kit.node.store.leaf_rows(us.id, last)))
    assert row.entry is not None
    said = json.loads(row.entry)
    assert (said["kind"], said["subject"], said["detail"]) == ("erased", "0", {"order": "12/2569"})
    hole = next(iter(kit.node.store.leaf_rows(us.id, 0)))
    assert (hole.salt, hole.entry) == (None, None)


def test_what_may_not_be_erased_is_said(kit: Kit, us: Partner) -> None:
    erase(kit.node, "us-mo:0", "1")
    last = kit.node.store.frontier(us.id).size - 1
    with pytest.raises(Refused, match="'erased'"):
        erase(kit.node, f"us-mo:{last}", "2")
    with pytest.raises(Refused, match="'init'"):
        erase(kit.node, "node:0", "2")
    with pytest.raises(UsageError, match="erased before"):
        erase(kit.node, "us-mo:0", "2")
    for order in ("", " ", "x" * 65, "a\nb"):
        with pytest.raises(UsageError, match="reference"):
            erase(kit.node, "node:1", order)


@pytest.mark.parametrize("text", ["", "node", "node:", "node:x", "node:-1", "nobody:1", ":1", "node:99999", "node:²"])
def test_an_entry_that_is_none_is_wrong_use(kit: Kit, text: str) -> None:
    with pytest.raises(UsageError):
        place_of(kit.node.store, text)


def test_a_proof_is_checked_with_the_card_alone(
    kit: Kit, us: Partner, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Also one that was made before the key changed, with a card from after that."""
    home, proof, card = str(kit.node.home.root), tmp_path / "proof.json", tmp_path / "card"
    assert main(["ledger", "prove", "node:0", "--home", home]) == 0
    proof.write_text(capfd.readouterr().out)
    rotation.rotate(kit.node)
    card.write_bytes(own_card(kit.node))
    assert main(["ledger", "check-proof", str(proof), "--card", str(card)]) == 0
    said = json.loads(capfd.readouterr().out)
    assert (said["index"], said["entry"]["kind"], said["erased"]) == (0, "init", False)
    card.write_bytes(us.card())
    assert main(["ledger", "check-proof", str(proof), "--card", str(card)]) == 1
    assert "another node's" in capfd.readouterr().err


def test_the_command_erases_and_verify_counts(kit: Kit, us: Partner, capfd: pytest.CaptureFixture[str]) -> None:
    home = str(kit.node.home.root)
    assert main(["ledger", "erase", "us-mo:0", "--order", "7", "--home", home]) == 0
    assert main(["ledger", "verify", "--home", home]) == 0
    assert "1 erased; their leaves verify" in capfd.readouterr().err


def theirs(kit: Kit, us: Partner, key: str, **marking: Any) -> str:
    """An object as the partner's page leaves it here, with the statement that it came under."""
    raw = their_object(us.id, key, "incident", AMBER, name=f"canary {key}")
    name = kit.receive(us.id, raw, replace(AMBER, **marking))
    row = kit.node.store.object(name)
    assert row is not None
    with kit.node.store.write() as tx:
        tx.put_received(ReceivedRow(us.id, "objects", 1, name, row.version, row.sha256, b"{}", kit.hands.now_us))
    work_due(kit.node)
    return name


def test_what_a_partner_sent_is_dropped_when_its_time_is_over(kit: Kit, us: Partner) -> None:
    policy(kit, RELEASE.replace("us-mo", "class:staff"))
    now = kit.hands.now_us // 10**6
    long, soon = theirs(kit, us, "1"), theirs(kit, us, "2", expires=now + 3600)
    assert drop_overdue(kit.node) == 0
    kit.wait(2)
    assert drop_overdue(kit.node) == 1
    dropped, kept = kit.node.store.object(soon), kit.node.store.object(long)
    assert dropped is not None
    assert kept is not None
    assert (dropped.status, kept.status) == ("withdrawn", "current")
    assert b"canary" not in dropped.raw
    assert b"canary" in kept.raw
    work_due(kit.node)
    shown = {row.object_id for row in kit.node.store.views_of(soon) + kit.node.store.views_of(long)
             if row.recipient == "class:staff" and row.status == "current"}  # fmt: skip
    assert shown == {long}
    kit.wait(365 * 24)
    assert drop_overdue(kit.node) == 1
    assert drop_overdue(kit.node) == 0
    assert kit.node.store.dropped_count() == 2


def test_a_dropped_object_leaves_a_hole_that_can_be_checked(kit: Kit, us: Partner) -> None:
    """Its id, version and hash are in what the sender vouched for and in the pair log; its bytes are nowhere."""
    policy(kit, RELEASE.replace("us-mo", "class:staff"))
    name = theirs(kit, us, "3", expires=kit.hands.now_us // 10**6 + 60)
    before = kit.node.store.object(name)
    assert before is not None
    kit.wait(1)
    drop_overdue(kit.node)
    work_due(kit.node)
    said = [decode(row.entry) for row in kit.node.store.leaf_rows(us.id) if row.entry]
    (gone,) = [one for one in said if one.kind == "dropped"]
    assert (gone.subject, gone.detail["sha256"], gone.detail["why"]) == (name, before.sha256, "expires")
    assert [one.sha256 for one in kit.node.store.received(us.id, name)] == [before.sha256]
    assert all(one.report.ok for one in verify(kit.node))
    again = kit.receive(us.id, before.raw)
    row = kit.node.store.object(again)
    assert row is not None
    assert b"canary" not in row.raw, "sent again it stays dropped"
    kit.node.store._con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"canary 3" not in kit.node.home.store.read_bytes()
