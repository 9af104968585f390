"""A real node whose store was put back from a copy, without `restore`: its partner catches it at the next pull."""

import shutil
from pathlib import Path

import pytest
from pair_kit import READER, SENDER, Stage

from prasan.cli import main
from prasan.node.node import Node

pytestmark = pytest.mark.process


def test_a_store_put_back_by_hand_is_caught(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stage = Stage.build(tmp_path / "pair")
    store, old = stage.home(SENDER) / "store.sqlite", tmp_path / "old.sqlite"
    node = Node(stage.home(SENDER))
    node.store.copy_to(old)
    node.close()
    assert stage.ingest(SENDER).wait() == 0
    serving = stage.serve()
    assert stage.sync().wait() == 0
    serving.stop()

    for name in ("store.sqlite", "store.sqlite-wal", "store.sqlite-shm"):
        (stage.home(SENDER) / name).unlink(missing_ok=True)
    shutil.copy(old, store)
    serving = stage.serve()
    for _ in range(2):
        pull = stage.sync()
        assert pull.wait() == 1
        assert [line["failure"] for line in pull.lines()] == ["ledger"]
    serving.stop()
    assert "two histories" in pull.errors()

    capfd.readouterr()
    assert main(["ledger", "verify", "--home", str(stage.home(READER))]) == 1
    assert f"{SENDER} showed two histories of its log" in capfd.readouterr().err
    assert main(["ledger", "verify", "--home", str(stage.home(SENDER))]) == 1
    assert "another history of this node's log" in capfd.readouterr().err
