"""Counts and previews by profile and in columns say what deciding object by object says."""

from collections import Counter
from collections.abc import Iterator

import pytest

from node.node_kit import Kit, Partner
from node.test_no_leak import ACCORDS, Run, World, plan
from node.test_transitions import RELEASE, SANITISE, WITHHOLD, adopt, policy
from prasan.node.counting import counts
from prasan.node.desk import Desk
from prasan.node.explaining import explain
from prasan.node.looking_ahead import CHANGES, Ahead, changed_objects, look_ahead
from prasan.node.partnering import adopt_policy
from prasan.node.publish import work_due
from prasan.node.recall import recall
from prasan.release.decide import judge, prepare
from prasan.release.policy import parse_policy
from prasan.stores.sqlite import link

SEEDS = 60


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[World]]:
    """One for each accord."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(link, "SETTINGS", (*link.SETTINGS, "PRAGMA journal_mode = MEMORY", "PRAGMA synchronous = OFF"))
        made = [World(tmp_path_factory.mktemp("ahead"), changed) for changed in ACCORDS]
        yield made
        for world in made:
            world.close()


def seeded(worlds: list[World], seed: int) -> tuple[Kit, Run, tuple[bytes, bytes]]:
    """A random store decided under the first of two random policies."""
    found = plan(seed, worlds[0].kit.id, worlds[0].us.id)
    run = Run(found, worlds[found.accord])
    for one in found.store:
        run.put(one)
        run.names[run.name(one)] = one
    adopt_policy(run.kit.node, found.policies[0], "test")
    work_due(run.kit.node)
    return run.kit, run, found.policies


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_is_foretold_is_what_each_object_is_decided(worlds: list[World], seed: int) -> None:
    kit, run, policies = seeded(worlds, seed)
    after = parse_policy(policies[1])
    told = {one.recipient: one for one in look_ahead(kit.node, after)}
    with kit.node.store.write() as tx:
        desk = Desk(kit.node, tx)
        for recipient, case in desk.cases.items():
            then = prepare(case.recipient, after, case.now)
            found = dict[str, str]()
            for name in (*run.names, kit.id):
                subject = desk.subject(name, recipient)
                if subject is None or subject.row.origin == recipient:
                    continue
                before, later = judge(subject.facts, case), judge(subject.facts, then)
                how = CHANGES.get((before.verdict, later.verdict))
                if how is not None and (how != "remakes" or before.steps != later.steps):
                    found[name] = how
            tally = Counter(found.values())
            assert told[case.recipient.name] == Ahead(case.recipient.name, **tally), (seed, recipient)
            assert told[case.recipient.name].any == bool(found)
    for partner in (run.us, run.other):
        listed = dict(changed_objects(kit.node, after, partner.id))
        line = told["us-mo" if partner is run.us else "other"]
        assert Counter(listed.values()) == Counter(
            {
                name: getattr(line, name)
                for name in ("releases", "sanitises", "narrows", "remakes")
                if getattr(line, name)
            }
        )


@pytest.mark.parametrize("seed", range(SEEDS))
def test_counts_are_those_of_every_object_explained(worlds: list[World], seed: int) -> None:
    kit, run, _ = seeded(worlds, seed)
    for recipient in ("class:staff", "public", run.us.id, run.other.id):
        names = [name for name in (*run.names, kit.id) if here(kit, name, recipient)]
        sent = Counter(explain(kit.node, name, recipient).verdict for name in names)
        counted = counts(kit.node, recipient)
        assert (counted.released, counted.sanitised) == (sent["release"], sent["sanitise"]), (seed, recipient)
        assert sum(counted.withheld.values()) == sent["withhold"], (seed, recipient, counted)


def here(kit: Kit, name: str, recipient: str) -> bool:
    """True if it is here and did not come from the recipient."""
    row = kit.node.store.object(name)
    return row is not None and row.origin != recipient


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
