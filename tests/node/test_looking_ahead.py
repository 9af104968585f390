"""Counts and previews by profile and in columns say what deciding object by object says."""

from collections import Counter
from collections.abc import Iterator

import pytest

from node.leak_plan import ACCORDS, Plan, plan
from node.leak_run import Run
from node.leak_world import World, quick, whose, worlds
from node.node_kit import Kit, Partner
from node.test_transitions import RELEASE, SANITISE, WITHHOLD, adopt, policy
from prasan.node.partners.partnering import adopt_policy
from prasan.node.releasing.counting import counts
from prasan.node.releasing.desk import Desk
from prasan.node.releasing.explaining import explain
from prasan.node.releasing.looking_ahead import CHANGES, Ahead, changed_objects, look_ahead
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.recall import recall
from prasan.release.decide import judge, prepare
from prasan.release.policy import parse_policy

SEEDS = 60
EVERYBODY = ("class:staff", "public", *whose().partners.values())


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[World]]:
    """One for each accord."""
    patch = quick()
    made = worlds(tmp_path_factory.mktemp("ahead"), ACCORDS)
    yield made
    for world in made:
        world.close()
    patch.undo()


def seeded(some: list[World], seed: int) -> tuple[World, Plan]:
    """A random store decided under the first of two random policies, with what officers did after it."""
    found = plan(seed, whose())
    world = some[found.accord]
    run = Run(found, world, to=())
    for one in found.store:
        run.put(one)
    adopt_policy(world.kit.node, found.policies[0], "test")
    work_due(world.kit.node)
    run.happen()
    work_due(world.kit.node)
    return world, found


def names_of(world: World, recipient: str) -> list[str]:
    """What is here and did not come from the recipient; what partners posted and who we are, too."""
    store = world.kit.node.store
    rows = [*store.each_object(), *(store.object(name) for name, _ in store.withdrawn_ids())]
    return sorted({row.id for row in rows if row is not None and row.origin != recipient})


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_is_foretold_is_what_each_object_is_decided(some: list[World], seed: int) -> None:
    world, found = seeded(some, seed)
    node, after = world.kit.node, parse_policy(found.policies[1])
    told = {one.recipient: one for one in look_ahead(node, after)}
    listed = {
        name: dict(changed_objects(node, after, name)) for name in ("class:staff", "public", *whose().partners.values())
    }
    with node.store.write() as tx:
        desk = Desk(node, tx)
        for recipient, case in desk.cases.items():
            then = prepare(case.recipient, after, case.now)
            changes = dict[str, str]()
            for name in names_of(world, recipient):
                subject = desk.subject(name, recipient)
                if subject is None or subject.row.status not in ("current", "revoked"):
                    continue
                facts = subject.facts_for(recipient, recalled=tx.is_recalled(recipient, name))
                before, later = judge(facts, case), judge(facts, then)
                how = CHANGES.get((before.verdict, later.verdict))
                if how is not None and (how != "remakes" or before.steps != later.steps):
                    changes[name] = how
            line = told[case.recipient.name]
            assert line == Ahead(case.recipient.name, **Counter(changes.values())), (seed, recipient)
            assert listed[recipient] == changes, (seed, recipient)
            assert line.any == bool(changes)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_counts_are_those_of_every_object_explained(some: list[World], seed: int) -> None:
    world, _ = seeded(some, seed)
    node = world.kit.node
    for recipient in EVERYBODY:
        sent = Counter(explain(node, name, recipient).verdict for name in names_of(world, recipient))
        counted = counts(node, recipient)
        assert (counted.released, counted.sanitised) == (sent["release"], sent["sanitise"]), (seed, recipient)
        assert sum(counted.withheld.values()) == sent["withhold"], (seed, recipient, counted)


def test_a_recalled_object_is_not_foretold(kit: Kit, us: Partner) -> None:
    first, second = kit.event("a"), kit.event("b")
    policy(kit, RELEASE)
    recall(kit.node, first, "us-mo", "wrong")
    narrowed = parse_policy(b'prasan_policy = 1\nname = "t"\n[[rule]]\n' + WITHHOLD.encode())
    assert [one for one, _ in changed_objects(kit.node, narrowed, us.id) if "event" in one] == [second]
    (line,) = (one for one in look_ahead(kit.node, narrowed) if one.recipient == "us-mo")
    assert (line.narrows, line.releases) == (2, 0), "the other event, and who we are"
    assert counts(kit.node, us.id).withheld == {"recalled": 1}


def test_only_what_fares_differently_is_decided_anew(kit: Kit, us: Partner) -> None:
    kit.event("a")
    kit.vessel(567000001)
    policy(kit, RELEASE)
    other = RELEASE.replace('"r"', '"another"')
    adopt(kit, other)
    assert kit.node.store.pending() == []
    assert work_due(kit.node) == 0
    only_events = SANITISE + 'types = ["prasan-maritime-event"]\n'
    adopt_policy(
        kit.node, f'prasan_policy = 1\nname = "s"\n[[rule]]\n{only_events}[[rule]]\n{RELEASE}'.encode(), "test"
    )
    assert len(kit.node.store.pending()) == 1


def test_a_page_waits_for_what_is_pending_and_for_nothing_else(kit: Kit, us: Partner) -> None:
    event, vessel = kit.event("a"), kit.vessel(567000001)
    policy(kit, RELEASE)
    adopt(kit, WITHHOLD + 'kinds = ["gap"]\n', RELEASE)
    assert kit.now_read(us, "alerts") == [], "before anything was decided again"
    assert vessel in [one["id"] for one in kit.now_read(us, "objects")]
    work_due(kit.node)
    assert [row.status for row in kit.rows(us, event)] == ["narrowed"]


def test_what_refers_to_it_is_made_again(kit: Kit, us: Partner) -> None:
    """A vessel that goes out whole later lets the event that names it go out whole too."""
    vessel = kit.vessel(567000001)
    event = kit.event("a", vessels=[vessel])
    without = WITHHOLD + 'types = ["prasan-vessel"]\n'
    policy(kit, without, RELEASE)
    (built,) = kit.now_read(us, "alerts")
    assert (built["id"] == event, "vessel_refs" in built) == (False, False)
    policy(kit, RELEASE)
    (whole,) = kit.now_read(us, "alerts")
    assert (whole["id"], whole["vessel_refs"]) == (event, [vessel])
