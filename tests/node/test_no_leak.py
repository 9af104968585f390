"""Non-interference (docs/wire.md, section 5): what is withheld from somebody changes no byte that they are answered.

For random stores, policies, accords, acts of officers and posts of partners the node is run whole, and once more
without each object that was withheld from anybody; the clock and the randomness of each purpose are the same. Every
answer at every door must be equal, and words planted in what is withheld or left out must not be in any of them.
`tools/no_leak.py` tries as many cases as one has time for.

Left out, as docs/wire.md says: how long answers take, the public note of counts, the roots of the hour log. Left out
too: the pages on which our own officers see on purpose what others hold (partners, health, an event as a partner holds
it).
Variants by source rest on rows, not on objects: test_deriving holds them to the same law.
"""

from collections.abc import Callable, Iterator

import pytest

from node import leak_doors
from node.leak_plan import ACCORDS, plan
from node.leak_run import RECIPIENTS, Run, try_plan
from node.leak_world import World, quick, whose, worlds
from prasan.exchange import taxii

CASES = 1000
PARTS = 4


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[World]]:
    """A node for each way of agreeing."""
    patch = quick()
    leak_doors.quick_stream(patch)
    made = worlds(tmp_path_factory.mktemp("leak"), ACCORDS)
    yield made
    for world in made:
        world.close()
    patch.undo()


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_withheld_changes_no_answer(four: list[World], part: int) -> None:
    done, given, doors, seed = dict.fromkeys(RECIPIENTS, 0), 0, set[str](), part * 1_000_000
    while sum(done.values()) < CASES // PARTS:
        found = plan(seed, whose())
        tried = try_plan(found, four[found.accord])
        assert not tried.leaks
        done = {name: count + tried.cases[name] for name, count in done.items()}
        given, doors, seed = given + tried.given, doors | set(tried.compared), seed + 1
    assert given > CASES // PARTS // 8, "the cases must also send something"
    assert min(done.values()) > 0
    assert len(doors) >= 20, sorted(doors)


def test_a_leak_would_be_seen(four: list[World], monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that told in a title how many objects it holds, and one that told what nobody was given."""
    world, found = four[0], plan(5, whose())

    def new_id(who: str) -> Callable[[], str]:
        return lambda: world.kit.node.clock.uuid(f"status/{who}")

    def counting(who: str) -> taxii.Site:
        return taxii.Site(f"{world.kit.node.store.object_count()} objects", new_id(who))

    monkeypatch.setattr(world, "site", counting)
    assert any("taxii about" in leak for leak in try_plan(found, world).leaks)

    def telling(who: str) -> taxii.Site:
        return taxii.Site(found.store[0].word, new_id(who))

    monkeypatch.setattr(world, "site", telling)
    run = Run(found, world)
    run.go()
    hidden = [name for name in RECIPIENTS[:3] if found.store[0].word in run.hidden_words(name)]
    leaks = try_plan(found, world).leaks
    assert hidden
    assert {f"{found.seed} {name}: {found.store[0].word}" for name in hidden} <= set(leaks)
