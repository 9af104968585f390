"""Counts that anybody may read: steps, months that are told once, nothing of any single case."""

from datetime import UTC, datetime

import orjson

from node.node_kit import PUBLIC, Kit, Partner
from node.test_transitions import policy
from prasan.formats.stix_ids import NOTE, object_id
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.summing import STATISTICS, publish_counts
from prasan.picture.marking import Marking

NGO = f'id = "numbers"\nto = ["us-mo", "public"]\ntypes = ["note"]\nlabels = ["{STATISTICS}"]\nthen = "release"\n'


def month(kit: Kit, name: str) -> dict[str, object]:
    row = kit.node.store.object(object_id(NOTE, kit.id, f"{STATISTICS}/{name}"))
    assert row is not None
    (inner,) = orjson.loads(row.raw)["extensions"].values()
    return dict(inner)


def fill(kit: Kit, kind: str, count: int, marking: Marking = PUBLIC) -> None:
    for number in range(count):
        kit.event(f"{kind}{number}{marking.exercise}", kind, marking)


def test_a_month_is_told_by_kind_and_small_counts_are_not(kit: Kit) -> None:
    """The events of the kit began on 14 November 2023."""
    fill(kit, "gap", 12)
    fill(kit, "encounter", 3)
    fill(kit, "loitering", 6, Marking(exercise=True))
    assert publish_counts(kit.node)
    told = month(kit, "2023-11")
    assert (told["counts"], told["hidden"], told["total"]) == ({}, ["encounter", "gap"], 15)
    assert "2566" in orjson.dumps(told["texts"]).decode()
    assert not publish_counts(kit.node)


def test_a_month_is_told_once(kit: Kit) -> None:
    fill(kit, "gap", 12)
    publish_counts(kit.node)
    before = month(kit, "2023-11")
    kit.event("late", "gap", PUBLIC)
    publish_counts(kit.node)
    assert month(kit, "2023-11") == before


def test_a_month_that_goes_on_is_not_told(kit: Kit) -> None:
    at = datetime.fromtimestamp(kit.node.clock.now(), UTC)
    now = at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    for number in range(6):
        kit.event(f"now{number}", "gap", PUBLIC, start_time=now, end_time=now)
    publish_counts(kit.node)
    name = object_id(NOTE, kit.id, f"{STATISTICS}/{now[:7]}")
    assert kit.node.store.object(name) is None
    kit.wait(24 * 45)
    publish_counts(kit.node)
    assert month(kit, now[:7])["counts"] == {"gap": 6}


def test_the_running_counts_go_in_steps(kit: Kit) -> None:
    def running() -> object:
        publish_counts(kit.node)
        row = kit.node.store.object(object_id(NOTE, kit.id, "public-summary"))
        assert row is not None
        (inner,) = orjson.loads(row.raw)["extensions"].values()
        return inner["counts"]

    fill(kit, "gap", 4)
    assert running() == {"events": 0, "incidents": 0}
    fill(kit, "gap", 9)
    assert running() == {"events": 5, "incidents": 0}


def test_a_partner_that_may_see_nothing_else_gets_the_numbers(kit: Kit, us: Partner) -> None:
    fill(kit, "gap", 12)
    publish_counts(kit.node)
    policy(kit, NGO)
    work_due(kit.node)
    assert kit.now_read(us, "alerts") == []
    (note,) = kit.now_read(us, "objects")
    assert (note["type"], note["labels"]) == ("note", [STATISTICS])
