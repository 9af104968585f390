"""However little is decided in one transaction, everybody is answered the same in the end."""

from collections.abc import Iterator

import orjson
import pytest

from node.leak_plan import ACCORDS, plan
from node.leak_run import Run
from node.leak_world import World, quick, whose, worlds
from prasan.node.releasing import publish

SEEDS = 12


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[World]]:
    """One for each accord."""
    patch = quick()
    made = worlds(tmp_path_factory.mktemp("pieces"), ACCORDS)
    yield made
    for world in made:
        world.close()
    patch.undo()


def told(world: World) -> dict[tuple[str, str], tuple[str, dict[str, object]]]:
    """What everybody can read in the end. When a view was built, and how often on the way, is left out."""
    store, found = world.kit.node.store, dict[tuple[str, str], tuple[str, dict[str, object]]]()
    names = [row[0] for row in store._all("SELECT id FROM names")]
    for row in (row for name in names for row in store.views_of(name) if row.status == "current"):
        document = orjson.loads(store.view_bytes(row.recipient, row.seq) or b"")
        found[row.recipient, row.object_id] = row.form, document | {"modified": ""}
    return found


def test_pieces_however_small_tell_everybody_the_same(some: list[World]) -> None:
    ever = 0
    for seed in range(SEEDS):
        found = plan(seed, whose())
        world = some[found.accord]
        Run(found, world, to=()).go()
        whole = told(world)
        with pytest.MonkeyPatch.context() as patch:
            for name in ("CHUNK", "TOGETHER", "NARROWED", "ALIKE"):
                patch.setattr(publish, name, 1)
            for name in ("HOLD_S", "LEAST_S"):
                patch.setattr(publish, name, 0.0)
            Run(found, world, to=()).go()
        assert told(world) == whole
        ever += len(whole)
    assert ever > SEEDS
