"""Files into the archive: batches are stored while the next are read, and nothing is lost or doubled on the way."""

import gzip
from importlib.resources import files
from pathlib import Path

import pytest

from node.node_kit import Hands, Kit, uuid_of
from prasan.node import ingest as module
from prasan.node.founding import found
from prasan.node.ingest import ingest, tidy
from prasan.node.settings import Settings


def made(tmp_path: Path) -> Kit:
    settings = Settings("th-mc", f"identity--{uuid_of('th-mc')}", "TH", sync_every_s=0)
    hands = Hands()
    found(tmp_path / "home", settings, hands.clock)
    return Kit(tmp_path / "home", hands)


def table(tmp_path: Path, lines: int) -> str:
    raw = gzip.decompress(files("prasan").joinpath("data", "ais", "noaa_2022-01-03_sample.csv.gz").read_bytes())
    path = tmp_path / "day.csv"
    path.write_bytes(b"".join(raw.splitlines(keepends=True)[: lines + 1]))
    return str(path)


def test_rows_and_account_do_not_depend_on_the_batches(
    tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS", 4_000)
    kit = made(tmp_path)
    path = table(tmp_path, 20_000)
    (first,), _ = ingest(kit.node, [path])
    assert (first.lines, first.kept, first.rows, first.dropped) == (20_001, 20_000, 20_000, {"header": 1})
    assert kit.node.archive.read().num_rows == 20_000
    assert kit.node.archive.stats().batches > 1
    (again,), _ = ingest(kit.node, [path])
    assert (again.rows, again.duplicates) == (0, 20_000)
    before = kit.node.archive.read()
    assert tidy(kit.node).closed
    assert kit.node.archive.read().equals(before)
    assert kit.node.archive.stats().bins > 0
    kit.close()
