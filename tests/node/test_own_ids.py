"""Ids that we make are ours, whoever sent something under them before."""

import json

import pytest

from node.node_kit import STAFF_RULE, Kit, Partner, their_object
from node.test_inbox import counts, here, post, reasons
from node.test_transitions import RELEASE, policy
from prasan.formats.stix import format_time
from prasan.formats.stix_build import event_id
from prasan.formats.stix_ids import EVENT
from prasan.ledger.entry import decode
from prasan.node.lines.foreign import take_all
from prasan.node.objects import STAFF
from prasan.node.record import NODE_LOG
from prasan.node.releasing.publish import work_due
from prasan.picture.marking import Marking, Tlp
from prasan.picture.source import Source
from prasan.stores.rows import OWN

GREEN = Marking(tlp=Tlp.GREEN)


def reclaimed(kit: Kit) -> list[str]:
    rows = kit.node.store.leaf_rows(NODE_LOG)
    entries = [decode(row.entry) for row in rows if row.entry is not None]
    return [entry.subject for entry in entries if entry.kind == "reclaimed"]


@pytest.mark.parametrize("revoked", [False, True])
def test_a_partner_that_took_an_id_before_us_loses_it(kit: Kit, us: Partner, revoked: bool) -> None:
    policy(kit, STAFF_RULE.removeprefix("[[rule]]\n"), RELEASE)
    name = event_id(kit.id, "a")
    times = [format_time(kit.hands.now_us / 1e6 + ahead) for ahead in (200, 250)]
    first, later = (
        their_object(us.id, "a", EVENT, GREEN, id=name, description="theirs", modified=time, revoked=revoked)
        for time in times
    )
    assert counts(post(kit, us.id, first)) == (1, 0)
    work_due(kit.node)
    assert here(kit, name).origin == us.id
    assert kit.event("a", marking=GREEN) == name
    work_due(kit.node)
    row = here(kit, name)
    assert (row.origin, row.status) == (OWN, "current")
    assert "description" not in json.loads(row.raw)
    assert row.version > times[0], "whoever holds theirs gets ours as a later version"
    assert [one.version for one in kit.node.store.object_versions(name)] == [row.version]
    assert reasons(kit, us) == [(name, "may_not_speak")]
    assert reclaimed(kit) == [name]
    (staff,) = [view for view in kit.node.store.views_of(name) if (view.recipient, view.status) == (STAFF, "current")]
    assert staff.version == row.version
    assert counts(post(kit, us.id, later)) == (1, 0)
    assert here(kit, name).raw == row.raw
    kit.event("a", marking=GREEN)
    assert reclaimed(kit) == [name], "once"


def test_a_foreign_source_that_took_one_loses_it_too(kit: Kit, us: Partner) -> None:
    name = event_id(kit.id, "a")
    raw = their_object(us.id, "a", EVENT, GREEN, id=name, description="theirs")
    assert take_all(kit.node, [raw], Source("cert", "file", GREEN)).new == 1
    kit.event("a", marking=GREEN)
    assert "description" not in json.loads(here(kit, name).raw)
    assert kit.node.store.quarantine_counts("source/cert") == {"may_not_speak": 1}
    assert reclaimed(kit) == [name]
