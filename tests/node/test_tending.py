"""What a running node does by itself with its archive."""

from pathlib import Path

import pytest

from node.node_kit import Hands, Kit, uuid_of
from node.test_pulls import until
from prasan.exercise.player import play
from prasan.feeds.reference import load_scenario
from prasan.node.keeping import tending
from prasan.node.keeping.founding import found
from prasan.node.keeping.tending import Tender
from prasan.node.settings import Settings, SourceSetting

DAY_US = 86_400 * 1_000_000


def test_rows_past_their_sources_days_go(tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tending, "ARCHIVE_S", 0.1)
    sources = [SourceSetting(name="brief", store_days=30), SourceSetting(name="long")]
    settings = Settings("th-mc", f"identity--{uuid_of('th-mc')}", "TH", source=sources, sync_every_s=0)
    hands = Hands()
    found(tmp_path / "home", settings, hands.clock)
    kit = Kit(tmp_path / "home", hands)
    for name in ("brief", "long"):
        made = play(load_scenario("gulf-andaman"), name)
        kit.node.archive.append(name, name, made.positions, made.statics)
    rows = kit.node.archive.sources()["long"].rows
    last = kit.node.archive.sources()["brief"].t_max
    hands.now_us = last * 1_000_000 + 10 * DAY_US
    tender = Tender(kit.node)
    tender.start()
    hands.now_us += 30 * DAY_US
    until(kit, lambda: "brief" not in kit.node.archive.sources())
    assert kit.node.archive.sources()["long"].rows == rows
    tender.stop()
    kit.close()
