"""A second source that heard the vessel withdraws its gap: with the reason, at partners, and on record."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from node.node_kit import STAFF_RULE, Hands, Kit, Partner, new_home
from prasan.detect.heard import HEARD
from prasan.exercise.player import Exercise, play, position_table
from prasan.feeds.reference import load_scenario
from prasan.formats.stix_build import event_id
from prasan.ledger.entry import decode
from prasan.node.objects import STAFF
from prasan.node.partners.partnering import adopt_policy
from prasan.node.record import NODE_LOG
from prasan.node.releasing.publish import work_due
from prasan.node.seeing.picture import look
from prasan.node.seeing.watching import Watcher
from prasan.picture.event import Event
from prasan.picture.finding import Finding

EVENT = msgspec.json.Decoder(Event)
SOURCE, CLOCK, HOUR = "exercise-gulf-andaman", "file", 3600
RELEASE = STAFF_RULE + '[[rule]]\nid = "all"\nto = ["partners"]\nthen = "release"\n'


@pytest.fixture(scope="module")
def exercise() -> Exercise:
    return play(load_scenario("gulf-andaman"), SOURCE)


@pytest.fixture
def heard(kit: Kit, exercise: Exercise) -> Kit:
    """A node that has looked at the exercise and published to its own staff and to a partner."""
    adopt_policy(kit.node, f'prasan_policy = 1\nname = "t"\n{RELEASE}'.encode(), "test")
    kit.node.archive.append("all", SOURCE, exercise.positions, exercise.statics)
    look(kit.node, CLOCK)
    work_due(kit.node)
    kit.wait(0.1)
    return kit


def gaps(kit: Kit) -> list[Event]:
    events = [EVENT.decode(row.body) for row in kit.node.store.events("gap")]
    return [event for event in events if event.state != "withdrawn"]


def standing(kit: Kit) -> dict[str, Finding]:
    events = [EVENT.decode(row.body) for row in kit.node.store.events()]
    return {event.id: event.finding for event in events if event.state != "withdrawn"}


def between(finding: Finding, source: str, count: int = 30) -> pa.Table:
    """The vessel all along its silence, on the straight way."""
    a, b = finding.fixes[0], finding.fixes[-1]
    share = np.linspace(0, 1, count + 2)[1:-1]
    columns = {
        "mmsi": [a.mmsi] * count,
        "t": [round(a.t + s * (b.t - a.t)) for s in share],
        "lat": [round((a.lat + s * (b.lat - a.lat)) * 600_000) for s in share],
        "lon": [round((a.lon + s * (b.lon - a.lon)) * 600_000) for s in share],
    }
    return position_table(columns, source)


def closed_gap(kit: Kit) -> Event:
    return next(event for event in gaps(kit) if event.finding.end is not None)


@pytest.mark.parametrize("source", ["sat", SOURCE])
def test_a_gap_is_withdrawn_and_says_who_heard_the_vessel(heard: Kit, exercise: Exercise, source: str) -> None:
    """Also if its own source's rows came late."""
    event = closed_gap(heard)
    heard.node.archive.append("more", source, between(event.finding, source), exercise.statics.slice(0, 0))
    look(heard.node, CLOCK)
    row = heard.node.store.event(event.id)
    assert row is not None
    told = EVENT.decode(row.body)
    assert (told.state, told.reason, told.revision) == ("withdrawn", HEARD, event.revision + 1)
    assert told.finding.evidence["heard_by"] == [source]
    assert set(told.finding.sources) == {SOURCE, source}
    entries = [decode(one.entry) for one in heard.node.store.leaf_rows(NODE_LOG) if one.entry is not None]
    (kept,) = [one for one in entries if one.kind == "withdrawn" and one.subject == event.id]
    assert kept.detail == {"revision": told.revision, "why": HEARD}


def test_a_partner_that_had_it_is_told(kit: Kit, us: Partner, heard: Kit, exercise: Exercise) -> None:
    work_due(kit.node)
    event = closed_gap(kit)
    name = event_id(kit.id, event.id)
    (before,) = kit.rows(us, name)
    kit.node.archive.append("more", "sat", between(event.finding, "sat"), exercise.statics.slice(0, 0))
    look(kit.node, CLOCK)
    work_due(kit.node)
    assert [row.status for row in kit.rows(us, name)] == ["superseded", "current"]
    (shown,) = [one for one in kit.now_read(us, "alerts") if one["id"] == before.view_id]
    assert (shown["state"], shown["reason"]) == ("withdrawn", HEARD)
    assert shown["evidence"]["heard_by"] == ["sat"]
    leaves = [decode(one.entry) for one in kit.node.store.leaf_rows(us.id) if one.entry is not None]
    assert [one.kind for one in leaves if one.subject == name] == ["view", "view"]
    assert kit.node.store.view(STAFF, name) is not None


def test_late_rows_of_hours_ago_withdraw_it_live(tmp_path: Path, quick: None, exercise: Exercise) -> None:
    """They are older than the run can be taken back to, and the silence is still open when they come."""
    t = exercise.positions["t"].to_numpy().astype(np.int64)
    end = int(t.max()) + 1
    kit = Kit(new_home(tmp_path), Hands())
    kit.node.archive.append("all", SOURCE, exercise.positions, exercise.statics)
    watcher = Watcher(kit.node, CLOCK)
    for now in range(int(t.min()) + HOUR, end, HOUR):
        watcher.step(now)
    watcher.step(end)
    event = next(one for one in gaps(kit) if one.finding.start < end - 12 * HOUR)
    late: Any = between(event.finding, "sat") if event.finding.end else None
    assert late is not None
    assert int(late["t"].to_numpy().max()) < end - 6 * HOUR
    kit.node.archive.append("late", "sat", late, exercise.statics.slice(0, 0), hot=True)
    assert watcher.step(end + 1).changed > 0

    whole = Kit(new_home(tmp_path / "whole"))
    whole.node.archive.append("all", SOURCE, exercise.positions, exercise.statics)
    whole.node.archive.append("late", "sat", late, exercise.statics.slice(0, 0))
    look(whole.node, CLOCK)
    assert standing(kit) == standing(whole)
    told = EVENT.decode(kit.node.store.event(event.id).body)  # type: ignore[union-attr]
    assert (told.state, told.reason) == ("withdrawn", HEARD)
    assert watcher.step(end + 2).changed == 0
    whole.close()
    kit.close()
