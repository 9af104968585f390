"""Rules of a node: tried dry, put in force as a version, on record."""

from pathlib import Path

import msgspec
import pytest

from node.node_kit import Hands, Kit, new_home
from node.test_deriving import COAST, source
from prasan.detect.rules import PRASAN, preset
from prasan.errors import UsageError
from prasan.ledger.entry import decode
from prasan.node import settings as settings_file
from prasan.node.record import NODE_LOG
from prasan.node.rules import adopt_rules, history, rules_in_force
from prasan.node.seeing.picture import clocks, look
from prasan.node.seeing.trying import try_rules
from prasan.node.seeing.watching import Watcher
from prasan.picture.event import Event
from prasan.picture.position import STATICS

EVENT = msgspec.json.Decoder(Event)
LONGER = "gap.min_h=16"


@pytest.fixture
def sea(tmp_path: Path, quick: None) -> Kit:
    home = new_home(tmp_path)
    known = settings_file.load(home)
    (home / settings_file.FILE).write_text(settings_file.dump(msgspec.structs.replace(known, source=[source("coast")])))
    kit = Kit(home, Hands())
    kit.node.archive.append("a", "coast", COAST, STATICS.empty_table())
    return kit


def gap(kit: Kit) -> Event:
    (row,) = kit.node.store.events("gap")
    return EVENT.decode(row.body)


def test_a_dry_run_says_what_would_be_withdrawn_and_changes_nothing(sea: Kit) -> None:
    look(sea.node, "sea")
    before = gap(sea)
    (change,) = try_rules(sea.node, "sea", [LONGER])
    assert (change.sort, change.after.id) == ("withdrawn", before.id)
    assert try_rules(sea.node, "sea", []) == []
    assert gap(sea) == before
    assert history(sea.node.store) == ()
    sea.close()


def test_what_was_said_dry_is_what_happens(sea: Kit) -> None:
    look(sea.node, "sea")
    (change,) = try_rules(sea.node, "sea", [LONGER])
    adopt_rules(sea.node, [LONGER], "officer")
    look(sea.node, "sea")
    assert (gap(sea).id, gap(sea).state, gap(sea).reason) == (change.after.id, "withdrawn", "rule_changed")
    (back,) = try_rules(sea.node, "sea", [])
    assert back.sort == "opened"
    adopt_rules(sea.node, [], "officer")
    look(sea.node, "sea")
    assert (gap(sea).state, gap(sea).reason) == ("open", "reopened")
    assert clocks(sea.node) == ["sea"]
    sea.close()


def test_each_change_is_a_version_of_its_rules_and_on_record(sea: Kit) -> None:
    adopt_rules(sea.node, [LONGER], "a")
    adopt_rules(sea.node, [LONGER, "encounter.port_km=2"], "b")
    rules, plain = rules_in_force(sea.node.store), preset(PRASAN)
    assert rules["gap"].version == plain["gap"].version * 1000 + 1, "the second change did not touch it"
    assert rules["encounter"].version == plain["encounter"].version * 1000 + 2
    assert rules["gap"].differs[-1] == "min_h was set here: 16, not 6"
    assert rules["stop"] == plain["stop"]
    entries = [decode(row.entry) for row in sea.node.store.leaf_rows(NODE_LOG) if row.entry]
    assert [one.detail["by"] for one in entries if one.kind == "rules"] == ["a", "b"]
    sea.close()


def test_what_does_not_hold_is_refused(sea: Kit) -> None:
    for setting in ("gap.min_h=0", "gap.nothing=1", "gap"):
        with pytest.raises(UsageError):
            adopt_rules(sea.node, [setting], "officer")
    assert history(sea.node.store) == ()
    sea.close()


def test_a_running_watch_takes_new_rules_up(sea: Kit) -> None:
    end = int(COAST["t"].to_numpy().max()) + 1
    watcher = Watcher(sea.node, "sea")
    adopt_rules(sea.node, [LONGER], "officer")
    watcher.step(end)
    assert sea.node.store.events("gap") == []
    adopt_rules(sea.node, [], "officer")
    watcher.step(end)
    assert gap(sea).finding.rule == preset(PRASAN)["gap"]
    sea.close()
