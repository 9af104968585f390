"""A second receiver's record, taken in later, withdraws a gap at the partner too: real commands, files and sockets."""

import csv
from pathlib import Path

import msgspec
import pytest
from pair_kit import READER, SENDER, Stage, entries, partner_id, problems

from prasan.detect.heard import HEARD
from prasan.detect.lines import iso
from prasan.formats.stix_build import event_id
from prasan.node import settings as settings_file
from prasan.node.node import Node
from prasan.node.settings import SourceSetting
from prasan.picture.event import Event
from prasan.picture.finding import Finding

pytestmark = pytest.mark.process
EVENT = msgspec.json.Decoder(Event)
SAT = SourceSetting(name="sat", clock="2026-03-02 exercise", tlp="amber", match="sat*", exercise=True)


def pull(stage: Stage) -> None:
    serving = stage.serve()
    assert stage.sync().wait() == 0
    serving.stop()
    assert problems(stage) == []


def sent_gap(stage: Stage) -> tuple[Event, str]:
    """A closed gap that the reader was sent, and the id it knows it by."""
    node = Node(stage.home(SENDER))
    to = partner_id(node)
    for row in node.store.events("gap"):
        event = EVENT.decode(row.body)
        view = node.store.view(to, event_id(node.id, event.id))
        if view is not None and event.finding.end is not None:
            node.close()
            return event, view.view_id
    raise AssertionError("no gap was sent")


def write_track(path: Path, finding: Finding) -> None:
    """What the satellite heard: the vessel on its way, every half hour."""
    a, b = finding.fixes[0], finding.fixes[-1]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["mmsi", "t", "lat", "lon"])
        for t in range(a.t + 1800, b.t - 60, 1800):
            share = (t - a.t) / (b.t - a.t)
            writer.writerow([a.mmsi, iso(t), a.lat + share * (b.lat - a.lat), a.lon + share * (b.lon - a.lon)])


def test_the_partner_hears_that_it_was_withdrawn(tmp_path: Path) -> None:
    stage = Stage.build(tmp_path / "pair")
    assert stage.ingest(SENDER).wait() == 0
    assert stage.ingest(READER).wait() == 0
    pull(stage)
    event, view_id = sent_gap(stage)
    home = stage.home(SENDER)
    known = settings_file.load(home)
    (home / settings_file.FILE).write_text(
        settings_file.dump(msgspec.structs.replace(known, source=[*known.source, SAT]))
    )
    write_track(stage.root / "sat.csv", event.finding)
    assert stage.start("ingest", str(stage.root / "sat.csv"), "--home", str(home)).wait() == 0
    pull(stage)

    sender, reader = Node(home), Node(stage.home(READER))
    kept = sender.store.event(event.id)
    assert kept is not None
    told = EVENT.decode(kept.body)
    assert (told.state, told.reason, told.finding.evidence["heard_by"]) == ("withdrawn", HEARD, ["sat"])
    assert [one.subject for one in entries(sender, "node") if one.kind == "withdrawn"].count(event.id) == 1
    row = reader.store.object(view_id)
    assert row is not None
    document = msgspec.json.decode(row.raw)
    assert (document["state"], document["reason"]) == ("withdrawn", HEARD)
    assert len([one for one in entries(sender, partner_id(sender)) if one.subject == view_id]) >= 2
    for node in (sender, reader):
        node.close()
