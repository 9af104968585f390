"""One post of many is as many posts of one; each object of a post stands or falls alone."""

import itertools
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.node_kit import STAFF_RULE, Kit, Partner, new_home, their_object, uuid_of
from node.test_inbox import LATER, campaign, counts, here, note, post, reasons
from node.test_transitions import policy
from partner import START_US, uid
from prasan.exchange.asked import Query
from prasan.formats.stix import format_time
from prasan.ledger.entry import decode
from prasan.node import objects
from prasan.node.objects import STAFF
from prasan.node.record import NODE_LOG
from prasan.node.releasing.publish import work_due
from prasan.picture.marking import PUBLIC
from prasan.stores.sqlite import link

EVERYTHING = Query(versions=("all",), spec_versions=("2.1",), limit=1000)
FAR = format_time(START_US / 1e6 + 301)


def _object(number: int, variant: int) -> Any:
    """One of a few things to say under one of a few ids, right or wrong."""
    made = [
        campaign(number),
        campaign(number, name="other bytes of this version"),
        campaign(number, modified=LATER),
        campaign(number, modified=LATER, revoked=True),
        campaign(number, modified=FAR),
        note(number, uid(number + 1, "campaign")),
        campaign(number, name=None, created="no time"),
        {"type": "campaign", "id": f"campaign--{number}"},
        {"type": "identity", "spec_version": "2.1", "id": f"identity--{uuid_of('th-mc')}", "name": "you",
         "created": LATER, "modified": LATER},
    ]  # fmt: skip
    return made[variant]


posts = st.lists(st.builds(_object, st.integers(1, 3), st.integers(0, 8)), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def homes() -> Iterator[Path]:
    """A folder with the home of a node that has a partner under an accord, closed."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(link, "SETTINGS", (*link.SETTINGS, "PRAGMA synchronous = OFF"))
        kit = Kit(new_home(Path(folder)))
        us = Partner("us-mo", Path(folder))
        kit.agree(us)
        policy(kit, STAFF_RULE.removeprefix("[[rule]]\n"))
        kit.receive(us.id, their_object(us.id, "7", "x", PUBLIC))
        us.close()
        kit.close()
        yield Path(folder)


def _after(homes: Path, folder: str, lots: list[list[Any]]) -> dict[str, Any]:
    """All that a node holds and said after these posts, but for ids of posts and times."""
    home = Path(folder) / "home"
    shutil.copytree(homes / "th-mc-home", home)
    kit = Kit(home)
    (us,) = kit.node.store.partners()
    said = [orjson.loads(post(kit, us.id, *lot).body) for lot in lots]
    work_due(kit.node)
    store = kit.node.store
    inbox = store.inbox_page(us.id, EVERYTHING)
    times = [row.date_added_us for row in inbox]
    assert all(before < after for before, after in itertools.pairwise(times))
    entries = [decode(row.entry) for log in (NODE_LOG, us.id) for row in store.leaf_rows(log) if row.entry]
    notes = [entry.detail for entry in entries if entry.kind == "posted"]
    found = {
        "inbox": [(row.id, row.version, row.raw) for row in inbox],
        "objects": [row for number in range(1, 4) for kind in ("campaign", "note")
                    for row in store.object_versions(uid(number, kind))],
        "arrived": [row.id for _, row in store.objects()],
        "apart": [(row.object_id, row.version, row.reason, row.raw) for row in store.quarantined(us.id)],
        "conflicts": store.conflicts(),
        "staff": [(row.id, row.raw) for row in store.current_views(STAFF, kit.hands.now_us)],
        "said": {name: sorted(json.dumps(one) for answer in said for one in answer.get(name, []))
                 for name in ("successes", "failures")},
        "record": {name: sum(int(str(one.get(name, 0))) for one in notes) for name in ("objects", "taken", "turned")},
    }  # fmt: skip
    kit.close()
    shutil.rmtree(home)
    return found


@given(posts)
@settings(max_examples=12, deadline=None)
def test_one_post_of_many_is_as_many_posts_of_one(homes: Path, made: list[Any]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(link, "SETTINGS", (*link.SETTINGS, "PRAGMA synchronous = OFF"))
        assert _after(homes, folder, [made]) == _after(homes, folder, [[one] for one in made])


def test_one_bad_object_of_many_is_the_only_one_that_is_not_taken(kit: Kit, us: Partner) -> None:
    made = [campaign(number) for number in range(1, 501)]
    del made[250]["name"]
    answer = post(kit, us.id, *made)
    assert counts(answer) == (499, 1)
    (failure,) = orjson.loads(answer.body)["failures"]
    assert failure["id"] == made[250]["id"]
    assert "has no 'name'" in failure["message"]
    assert [row.id for _, row in kit.node.store.objects(types=["campaign"])] == [
        one["id"] for one in made if one is not made[250]
    ]
    assert reasons(kit, us) == []


def test_a_post_may_name_more_ids_than_one_question_holds(
    kit: Kit, us: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "ASKED_AT_ONCE", 50)
    kit.node.store._con.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 60)
    named = [uid(number, "tool") for number in range(1, 131)]
    made = note(1, named[0], object_refs=named)
    assert counts(post(kit, us.id, made)) == (1, 0)
    assert kit.node.store.referred_to(named) == set(named)
    assert here(kit, made["id"]).origin == us.id
