"""Revoking reaches whoever was told of an event by its own sources, and nobody is told of it anew."""

from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest

from node.node_kit import STAFF_RULE, Partner, their_object
from node.test_deriving import COAST, OPEN, POLICY, SECRET, World, back, ship, source, table
from node.test_inbox import counts, post, reasons
from prasan.errors import UsageError
from prasan.formats.stix_build import event_id
from prasan.formats.stix_ids import EVENT
from prasan.node.finding.register import Theirs
from prasan.node.lines.foreign import take_all
from prasan.node.partners.partnering import adopt_policy
from prasan.node.record import NODE_LOG
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.recall import recall
from prasan.node.releasing.revoking import revoke
from prasan.picture.marking import Marking, Tlp
from prasan.picture.source import Source

SENT = "2026-03-01T00:00:00.000Z"
SECRET_ROWS = table([(567_991_500, 3.0, 1.0, 90.0)], SECRET)
"""A ship that only the secret source heard: nothing of it is in the event."""


def entered(world: World, kind: str) -> list[dict[str, Any]]:
    rows = [orjson.loads(row.entry) for row in world.kit.node.store.leaf_rows(NODE_LOG) if row.entry]
    return [row for row in rows if row["kind"] == kind]


def told(tmp_path: Path, *secret: list[tuple[int, float, float, float]]) -> World:
    """A partner that was told of the ship's silence as the open source shows it."""
    world = World(tmp_path / "one")
    world.add(COAST)
    world.add(SECRET_ROWS)
    for rows in secret:
        world.add(table(rows, SECRET))
    world.look()
    world.kit.wait(1)
    assert len(world.events()) == 1
    return world


def ours(world: World) -> str:
    return event_id(world.kit.id, world.ours()[0].id)


def test_a_variant_under_the_same_id_is_revoked_in_its_own_words(tmp_path: Path, quick: None) -> None:
    world = told(tmp_path)
    (held,) = world.events()
    assert held["id"] == ours(world)
    done = revoke(world.kit.node, held["id"])
    work_due(world.kit.node)
    (last,) = world.events()
    assert last == held | {"modified": last["modified"], "revoked": True}
    assert last["modified"] > held["modified"]
    assert done.told_instead == ()
    (_, statement) = world.kit.rows(world.us, held["id"])
    assert orjson.loads(statement.statement)["handling"]["tlp"] == "green"
    world.add(table(back(), OPEN))
    world.kit.wait(1)
    world.look()
    assert world.events() == [last], "nothing follows"
    world.close()


def test_what_it_was_told_instead_is_revoked_too(tmp_path: Path, quick: None) -> None:
    world = told(tmp_path, ship(20, 20.1))  # our event begins later, under another id
    (held,) = world.events()
    name = ours(world)
    assert held["id"] != name
    done = revoke(world.kit.node, name)
    work_due(world.kit.node)
    (last,) = world.events()
    assert (last["id"], last["revoked"]) == (held["id"], True)
    assert done.told_instead == (held["id"],)
    assert [entry["detail"] for entry in entered(world, "revoked")] == [
        {"version": done.version, "told_instead": [held["id"]]}
    ]
    world.add(table(ship(20, 20.05), OPEN))  # it begins a little later there as well
    world.kit.wait(1)
    world.look()
    assert world.events() == [last], "it is not told of it anew, under whatever id"
    world.close()


def test_an_officer_revokes_what_only_a_partner_was_told(tmp_path: Path, quick: None) -> None:
    world = told(tmp_path, ship(20, 20.1))
    (held,) = world.events()
    revoke(world.kit.node, held["id"])
    work_due(world.kit.node)
    assert world.events()[0]["revoked"]
    row = world.kit.node.store.object(ours(world))
    assert row is not None
    assert row.status == "current", "ours stands"
    with pytest.raises(UsageError, match="revoked before"):
        revoke(world.kit.node, held["id"])
    world.close()


def test_who_was_told_nothing_or_gave_it_back_is_told_nothing(tmp_path: Path, quick: None) -> None:
    world = told(tmp_path)
    (held,) = world.events()
    recall(world.kit.node, held["id"], "us-mo", "wrong")
    work_due(world.kit.node)
    revoke(world.kit.node, held["id"])
    work_due(world.kit.node)
    assert world.events() == []
    world.close()


def test_revoked_before_it_was_found_for_others_it_is_never_told(tmp_path: Path, quick: None) -> None:
    world = World(tmp_path / "late")
    adopt(world, STAFF_RULE)
    for rows in (COAST, SECRET_ROWS):
        world.add(rows)
    world.look()
    revoke(world.kit.node, ours(world))
    adopt(world, POLICY)
    world.kit.wait(1)
    world.look()
    assert world.events() == []
    assert list(Theirs(world.kit.node, world.us.id).events()) == []
    world.close()


def adopt(world: World, rules: str) -> None:
    adopt_policy(world.kit.node, f'prasan_policy = 1\nname = "t"\n{rules}'.encode(), "test")
    work_due(world.kit.node)


def test_what_may_not_be_told_any_more_is_revoked_in_the_last_words(tmp_path: Path, quick: None) -> None:
    """It rests on a source that the partner may not know by now: it hears what it held, under what it held it."""
    world = told(tmp_path)
    (held,) = world.events()
    with world.kit.node.store.write() as tx:
        (event,) = (one for one in Theirs(world.kit.node, world.us.id).events())
        Theirs(world.kit.node, world.us.id).drop(tx, event)
    work_due(world.kit.node)
    assert world.events() == []
    revoke(world.kit.node, held["id"])
    work_due(world.kit.node)
    (last,) = world.events()
    assert last == held | {"modified": last["modified"], "revoked": True}
    handling = orjson.loads(world.kit.rows(world.us, held["id"])[-1].statement)["handling"]
    assert handling["tlp"] == "green"
    world.close()


def test_what_it_was_told_instead_leaves_the_pages_with_its_source(tmp_path: Path, quick: None) -> None:
    world = told(tmp_path, ship(20, 20.1))
    settings = world.kit.node.settings
    world.kit.node.settings = msgspec.structs.replace(settings, source=[source(OPEN, tlp="red"), source(SECRET)])
    world.look()
    assert world.events() == []
    world.close()


def test_a_claim_on_the_id_of_a_variant_ends_when_it_is_made(tmp_path: Path, quick: None) -> None:
    """Somebody sent an object under the id of what one partner alone is told: it is ours, whoever was first."""
    world = told(tmp_path, ship(20, 20.1))
    (held,) = world.events()
    world.close()
    world = World(tmp_path / "two")
    other = Partner("other", tmp_path)
    world.kit.agree(other, onward="tlp")
    claim = their_object(other.id, "a", EVENT, Marking(tlp=Tlp.GREEN), id=held["id"], created=SENT, modified=SENT)
    assert counts(post(world.kit, other.id, claim)) == (1, 0)
    work_due(world.kit.node)
    for rows in (COAST, SECRET_ROWS, table(ship(20, 20.1), SECRET)):
        world.add(rows)
    world.look()
    assert [one["id"] for one in world.events()] == [held["id"]]
    assert world.events()[0]["start_time"] == held["start_time"]
    assert reasons(world.kit, other) == [(held["id"], "may_not_speak")]
    assert [entry["subject"] for entry in entered(world, "reclaimed")] == [held["id"]]
    later = orjson.dumps(orjson.loads(claim) | {"modified": "2026-03-01T00:00:01.000Z"})
    assert counts(post(world.kit, other.id, later)) == (1, 0)
    assert take_all(world.kit.node, [later], Source("cert", "file", Marking())).turned == {"may_not_speak": 1}
    assert world.kit.node.store.object(held["id"]) is None
    other.close()
    world.close()
