"""One bad object, one bad partner: named, set aside, and nobody else waits for it."""

from typing import Any

import msgspec
import pytest

from node.node_kit import AMBER, Kit, Partner
from node.test_transitions import policy
from prasan.formats.stix_ids import VESSEL
from prasan.node.lines import sync as sync_module
from prasan.node.lines.sync import sync
from prasan.node.objects import KEPT
from prasan.node.releasing import publish
from prasan.node.releasing.explaining import explain
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.settling import UNREADABLE
from prasan.stores.rows import Settled


def test_an_object_that_cannot_be_decided_holds_up_no_other(
    kit: Kit, us: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = kit.event("a"), kit.event("b")
    policy(kit, 'id = "all"\nto = ["us-mo", "class:staff"]\nthen = "release"\n')
    real = publish.settle

    def settle(desk: Any, recipient: str, object_id: str) -> Settled:
        settled = real(desk, recipient, object_id)
        if object_id == bad:
            raise AttributeError("no room can read it")
        return settled

    monkeypatch.setattr(publish, "settle", settle)
    with kit.node.store.write() as tx:
        for name in (bad, good):
            tx.bring_due_for_all(name, kit.node.clock.now_us())
    work_due(kit.node)
    assert kit.node.store.due(kit.node.clock.now_us()) == []
    assert UNREADABLE in kit.node.store.standings([bad]).of(us.id, bad).turned
    assert [one["id"] for one in kit.now_read(us, "alerts")] == [good]


def test_one_pull_that_fails_is_its_own(kit: Kit, us: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    def pull_from(*_: Any) -> None:
        raise OverflowError("too large for the store")

    monkeypatch.setattr(sync_module, "pull_from", pull_from)
    summary = sync(kit.node, [])["us-mo"]
    assert summary.failure == "defect"
    assert "OverflowError" in summary.message


def test_a_vessels_tags_keep_it_back_and_never_leave(kit: Kit, us: Partner) -> None:
    vessel = kit.vessel(567990001)
    row = kit.node.store.object(vessel)
    assert row is not None
    kept = msgspec.structs.replace(KEPT(row.facts), tags=frozenset({"gap"}))
    newer = msgspec.structs.replace(
        row, version="2030-01-01T00:00:00.000Z", facts=msgspec.json.encode(kept), marking=AMBER, profile=b""
    )
    with kit.node.store.write() as tx:
        tx.put_object(newer)
    policy(
        kit,
        f'id = "silent"\nto = ["us-mo"]\ntypes = ["{VESSEL}"]\nlabels = ["gap"]\nthen = "withhold"\n',
        'id = "rest"\nto = ["us-mo"]\nthen = "release"\n',
    )
    assert explain(kit.node, vessel, us.id).reasons[0].code == "decision.rule_withholds"
    assert b'"gap"' not in row.raw
