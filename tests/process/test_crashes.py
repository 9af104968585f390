"""Power cuts at the named points and at random ones (docs/wire.md, section 12): nothing acknowledged lost or doubled.

Each case is a copy of the same two homes. The process that passes the point dies there by SIGKILL, is started again
without the point, and the run is brought to its end.
"""

from pathlib import Path

import pytest
from alive_kit import Alive
from pair_kit import KILLED, READER, SENDER, Process, Stage, Taken, problems, taken

from prasan.cli import main

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Two homes; the reader has taken its own feed in, the sender nothing yet."""
    stage = Stage.build(tmp_path_factory.mktemp("pair") / "fresh")
    assert stage.ingest(READER).wait() == 0
    return stage


@pytest.fixture(scope="module")
def ingested(fresh: Stage) -> Stage:
    """The sender has taken its feeds in, undisturbed."""
    stage = fresh.copy(fresh.root.parent / "ingested")
    assert stage.ingest(SENDER).wait() == 0
    return stage


@pytest.fixture(scope="module")
def whole(ingested: Stage) -> Taken:
    """What an undisturbed run makes of the feeds."""
    return taken(ingested, SENDER)


@pytest.fixture(scope="module")
def recalled(ingested: Stage) -> Stage:
    """The reader has pulled everything, undisturbed; then one object was recalled."""
    stage = ingested.copy(ingested.root.parent / "recalled")
    serving = stage.serve()
    assert stage.sync().wait() == 0
    serving.stop()
    assert problems(stage) == []
    stage.recall_one()
    return stage


def finish(stage: Stage) -> None:
    """Serve and pull to the end, and check both sides."""
    serving = stage.serve()
    pull_and_check(stage, serving)


def pull_and_check(stage: Stage, serving: Process) -> None:
    assert stage.sync().wait() == 0
    serving.stop()
    assert problems(stage) == []
    for name in (SENDER, READER):
        assert main(["ledger", "verify", "--home", str(stage.home(name))]) == 0


@pytest.mark.parametrize("point", ["ingest:2", "commit:1", "commit:2"])
def test_ingest_killed(fresh: Stage, whole: Taken, tmp_path: Path, point: str) -> None:
    stage = fresh.copy(tmp_path / "run")
    assert stage.ingest(SENDER, crash_at=point).wait() == KILLED
    assert stage.ingest(SENDER).wait() == 0
    assert taken(stage, SENDER) == whole
    finish(stage)


def test_sender_killed_between_answering_and_sending_a_page(ingested: Stage, tmp_path: Path) -> None:
    stage = ingested.copy(tmp_path / "run")
    serving = stage.serve(crash_at="page:2")
    pulling = stage.sync()
    assert serving.wait() == KILLED
    assert pulling.wait() == 3
    finish(stage)


@pytest.mark.parametrize("point", ["apply:2", "applied:1"])
def test_reader_killed_while_applying_a_page(ingested: Stage, tmp_path: Path, point: str) -> None:
    stage = ingested.copy(tmp_path / "run")
    serving = stage.serve()
    assert stage.sync(crash_at=point).wait() == KILLED
    pull_and_check(stage, serving)


@pytest.mark.parametrize("point", ["apply", "applied", "receipt"])
def test_reader_killed_between_a_recall_and_its_receipt(recalled: Stage, tmp_path: Path, point: str) -> None:
    stage = recalled.copy(tmp_path / "run")
    serving = stage.serve()
    assert stage.sync(crash_at=point).wait() == KILLED
    pull_and_check(stage, serving)


def test_sending_everything_again_changes_nothing(recalled: Stage, whole: Taken, tmp_path: Path) -> None:
    stage = recalled.copy(tmp_path / "run")
    again = stage.ingest(SENDER)
    assert again.wait() == 0
    assert again.lines()[-1]["rows"] == again.lines()[-1]["objects"] == 0
    assert taken(stage, SENDER) == whole
    finish(stage)
    finish(stage)


def test_nodes_that_follow_each_other_are_killed_at_random_moments(tmp_path: Path) -> None:
    """At reduced size; `tools/kill_at_random.py` kills as often as asked."""
    seed = 20261123
    pair = Alive(tmp_path / "alive", seed)
    pair.begin()
    moments = [pair.kill_one() for _ in range(4)]
    assert pair.settle() == [], (seed, moments)
