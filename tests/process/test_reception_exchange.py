"""Reception summaries between two real nodes: sent where the policy says so, taken in, and of use at the next look."""

from pathlib import Path

import pytest
from pair_kit import READER, SENDER, Stage, problems

from prasan.cli import main
from prasan.formats.stix_ids import RECEPTION
from prasan.formats.stix_reception import read_reception
from prasan.node.finding.provenance import arrived, partners_of
from prasan.node.node import Node
from prasan.stores.rows import OWN

pytestmark = pytest.mark.process
RULE = (
    '\n[[rule]]\nid = "reception"\nto = ["us-mo"]\ntypes = ["prasan-reception"]\nmode = "exercise"\nthen = "release"\n'
)


def test_summaries_travel_and_count_as_a_source(tmp_path: Path) -> None:
    stage = Stage.build(tmp_path / "pair")
    policy = stage.home(SENDER) / "policies" / f"{SENDER}.toml"
    policy.write_text(policy.read_text() + RULE)
    assert main(["policy", "adopt", str(policy), "--home", str(stage.home(SENDER))]) == 0
    assert stage.ingest(SENDER).wait() == 0
    serving = stage.serve()
    assert stage.sync().wait() == 0
    serving.stop()
    assert problems(stage) == []

    sender, reader = Node(stage.home(SENDER)), Node(stage.home(READER))
    ours = {row.id: row for row in sender.store.each_object() if row.type == RECEPTION}
    real = {name for name, row in ours.items() if not row.marking.exercise}
    theirs = {row.id: row for row in reader.store.each_object() if row.type == RECEPTION and row.origin != OWN}
    assert set(theirs) == set(ours) - real
    assert real
    assert all(row.marking.exercise and row.marking.tlp == ours[name].marking.tlp for name, row in theirs.items())
    assert all(read_reception(row.raw) == read_reception(ours[name].raw) for name, row in theirs.items())
    assert arrived(reader.store) is not None
    for node in (sender, reader):
        node.close()
    assert stage.ingest(READER).wait() == 0
    reader = Node(stage.home(READER))
    assert list(partners_of(reader.store)) == ["from th-mc (exercise)"]
    reader.close()
