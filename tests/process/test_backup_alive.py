"""Real processes: a backup of a serving node that takes rows in, one that is killed, the restored node served."""

from pathlib import Path

import pytest
from pair_kit import KILLED, READER, SENDER, Stage, problems

from prasan.cli import main
from prasan.node.node import Node
from prasan.node.record import verify

pytestmark = pytest.mark.process


def secret(stage: Stage) -> str:
    path = stage.root / "passphrase"
    path.write_text("four random words here\n")
    return str(path)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    made = Stage.build(tmp_path_factory.mktemp("backup") / "pair")
    assert made.ingest(READER).wait() == 0
    return made


def save(stage: Stage, path: Path, crash_at: str = "") -> int:
    words = ["backup", str(path), "--passphrase-file", secret(stage), "--home", str(stage.home(SENDER))]
    return stage.start(*words, crash_at=crash_at).wait()


def test_backup_restore_and_both_sides_hold_everything_once(stage: Stage) -> None:
    path = stage.root / "th.backup"
    serving = stage.serve()
    taking = stage.ingest(SENDER)
    assert save(stage, path) == 0, "while rows come in"
    assert taking.wait() == 0
    assert stage.sync().wait() == 0
    stage.recall_one()
    assert save(stage, path, crash_at="backup") == KILLED
    assert path.exists(), "the earlier one is still whole"
    assert save(stage, path) == 0
    assert sorted(one.name for one in path.parent.glob("th.backup*")) == ["th.backup"]
    serving.stop()

    old = stage.root / "old"
    stage.home(SENDER).rename(old)
    words = ["restore", str(path), "--passphrase-file", secret(stage), "--home", str(stage.home(SENDER))]
    assert stage.start(*words).wait() == 0
    assert main(["ledger", "verify", "--home", str(stage.home(SENDER))]) == 0
    serving = stage.serve()
    assert stage.sync().wait() == 0
    again = stage.sync()
    assert again.wait() == 0
    serving.stop()
    assert [line["failure"] for line in again.lines()] == [""]
    found = [one for one in problems(stage) if "applied out of order" not in one]
    assert found == []
    reader = Node(stage.home(READER))
    assert all(one.report.ok for one in verify(reader))
    reader.close()
