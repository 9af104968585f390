"""What a partner's receivers heard takes a class back: two nodes, one summary, and whoever may not know of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import orjson
import pyarrow as pa
import pytest

from node.node_kit import STAFF_RULE, Hands, Kit, Partner, new_home
from node.test_deriving import COAST, DAY, OPEN, SILENT, source, table, traffic
from prasan.detect.rules import PRASAN, preset
from prasan.detect.shared_reception import SHARED
from prasan.formats.stix import header
from prasan.formats.stix_ids import RECEPTION
from prasan.formats.stix_reception import read_reception
from prasan.node import settings as settings_file
from prasan.node.finding.provenance import arrived, partners_of
from prasan.node.finding.reception import Telling, arrives, publish_reception
from prasan.node.partners.partnering import adopt_policy
from prasan.node.releasing.publish import work_due
from prasan.node.seeing.picture import look, sources_of, stale_looks
from prasan.picture.event import Event
from prasan.picture.marking import Marking, Tlp
from prasan.picture.position import STATICS

SHARE = '[[rule]]\nid = "reception"\nto = ["partners"]\ntypes = ["prasan-reception"]\nthen = "release"\n'
EVENTS = '[[rule]]\nid = "events"\nto = ["partners"]\ntypes = ["prasan-maritime-event"]\nthen = "release"\n'
DECODE = msgspec.json.Decoder(Event)


class One:
    """A node with one source."""

    def __init__(self, folder: Path, name: str, rules: str, **terms: Any) -> None:
        folder.mkdir(exist_ok=True)
        home = new_home(folder, name, Hands(name, (DAY + 34 * 3600) * 1_000_000))
        known = settings_file.load(home)
        declared = [source(OPEN, **terms)]
        (home / settings_file.FILE).write_text(settings_file.dump(msgspec.structs.replace(known, source=declared)))
        self.kit = Kit(home, Hands(name, (DAY + 35 * 3600) * 1_000_000))
        self.policy = f'prasan_policy = 1\nname = "t"\n{STAFF_RULE}{rules}'.encode()

    def take(self, rows: pa.Table) -> None:
        number = self.kit.node.archive.stats().batches
        self.kit.node.archive.append(f"b{number}", OPEN, rows, STATICS.empty_table())
        self.look()

    def look(self) -> None:
        look(self.kit.node, "sea")
        work_due(self.kit.node)

    def gaps(self) -> list[Event]:
        return [DECODE.decode(row.body) for row in self.kit.node.store.events("gap")]


@pytest.fixture
def us(tmp_path: Path, quick: None) -> Iterator[tuple[One, Partner, Partner]]:
    """A node with two partners, of whom one tells what it heard."""
    one = One(tmp_path / "us", "th-mc", SHARE + EVENTS)
    friend, other = Partner("friend", tmp_path), Partner("other", tmp_path)
    for partner in (friend, other):
        one.kit.agree(partner)
    adopt_policy(one.kit.node, one.policy, "test")
    yield one, friend, other
    for made in (friend, other, one.kit):
        made.close()


def told_by(partner: Partner, folder: Path, count: int, marking: str = "green") -> list[bytes]:
    """The summaries that a node with a station of its own, near the place, would send."""
    them = One(folder, "them", SHARE, tlp=marking)
    reader = Partner("reader", folder)
    them.kit.agree(reader)
    adopt_policy(them.kit.node, them.policy, "test")
    them.take(table([(m + 5000, h, y, x) for m, h, y, x in traffic(0, 34, count)], OPEN))
    found = [orjson.dumps(one) for one in them.kit.now_read(reader, "objects") if one["type"] == RECEPTION]
    for made in (reader, them.kit):
        made.close()
    assert found
    for raw in found:
        assert header(raw).type == RECEPTION
    return found


def hear_of(one: One, partner: Partner, raws: list[bytes]) -> None:
    """As a page from a partner leaves them here."""
    for raw in raws:
        one.kit.receive(partner.id, raw, Marking(tlp=Tlp.GREEN))
        with one.kit.node.store.write() as tx:
            arrives(tx, raw)


def test_ours_are_made_where_the_policy_names_them(tmp_path: Path, quick: None) -> None:
    silent = One(tmp_path / "a", "them", EVENTS)
    reader = Partner("reader", tmp_path)
    silent.kit.agree(reader)
    adopt_policy(silent.kit.node, silent.policy, "test")
    silent.take(COAST)
    assert [one for one in silent.kit.node.store.each_object() if one.type == RECEPTION] == []
    silent.kit.close()
    reader.close()


def test_a_summary_is_numbers_of_one_source_under_its_marking(us: tuple[One, Partner, Partner]) -> None:
    one, friend, _ = us
    one.take(COAST)
    rows = [row for row in one.kit.node.store.each_object() if row.type == RECEPTION]
    assert {row.marking.tlp for row in rows} == {Tlp.GREEN}
    read = [read_reception(row.raw) for row in rows]
    assert {told.source for told in read} == {OPEN}
    assert all(b"mmsi" not in row.raw for row in rows)
    shown = [document for document in one.kit.now_read(friend, "objects") if document["type"] == RECEPTION]
    assert {document["id"] for document in shown} == {row.id for row in rows}
    one.look()
    again = [row for row in one.kit.node.store.each_object() if row.type == RECEPTION]
    assert [row.version for row in again] == [row.version for row in rows], "nothing new, no new version"


def test_a_hole_in_our_reception_takes_a_class_back(us: tuple[One, Partner, Partner], tmp_path: Path) -> None:
    """We heard few of the ships that a partner heard there: the silence says nothing, and it is said who told us."""
    one, friend, other = us
    one.take(COAST)
    (before,) = one.gaps()
    assert before.finding.gap_class in ("suspicious", "dark")
    assert len(one.kit.now_read(other, "alerts")) == 1
    sent = one.kit.now_read(other, "alerts")
    hear_of(one, friend, told_by(friend, tmp_path / "them", 90))
    assert arrived(one.kit.node.store) is not None
    assert [looked.clock for looked in stale_looks(one.kit.node)] == ["sea"]
    work_due(one.kit.node)
    assert arrived(one.kit.node.store) is None
    (after,) = one.gaps()
    assert (after.state, after.reason, after.finding.gap_class) == ("withdrawn", "downgraded", "unknown")
    evidence = after.finding.evidence
    assert (evidence["codes"][-1], evidence["shared_by"]) == (SHARED, ["from friend"])
    assert evidence["own_heard"] < preset(PRASAN)["gap"].thresholds["heard_share"] * evidence["there_heard"]
    assert partners_of(one.kit.node.store)["from friend"].orcon == {friend.id}
    assert after.marking.orcon == {friend.id}
    assert one.kit.now_read(friend, "alerts")[0]["state"] == "withdrawn", "its own numbers may go back to it"
    assert one.kit.now_read(other, "alerts") == sent, "the other may not know of them"


def test_a_partner_that_heard_no_more_than_we_changes_nothing(us: tuple[One, Partner, Partner], tmp_path: Path) -> None:
    one, friend, _ = us
    one.take(COAST)
    before = one.gaps()
    hear_of(one, friend, told_by(friend, tmp_path / "them", 4))
    stale_looks(one.kit.node)
    assert one.gaps() == before


def test_nobody_is_made_dark_by_a_partner(us: tuple[One, Partner, Partner], tmp_path: Path) -> None:
    one, friend, _ = us
    hear_of(one, friend, told_by(friend, tmp_path / "them", 90))
    one.take(table([*SILENT, *traffic(0, 34, 2)], OPEN))
    assert one.gaps() == []


def test_a_recalled_summary_counts_no_more(us: tuple[One, Partner, Partner], tmp_path: Path) -> None:
    one, friend, _ = us
    raws = told_by(friend, tmp_path / "them", 90)
    one.take(COAST)
    hear_of(one, friend, raws)
    stale_looks(one.kit.node)
    assert one.gaps()[0].state == "withdrawn"
    with one.kit.node.store.write() as tx:
        for raw in raws:
            document = orjson.loads(raw)
            tx.take_back(friend.id, document["id"], [document["modified"]])
    one.look()
    assert (one.gaps()[0].state, one.gaps()[0].reason) == ("open", "reopened")


def test_what_comes_in_is_told_when_its_hour_is_over(us: tuple[One, Partner, Partner]) -> None:
    one, _, _ = us
    node, telling = one.kit.node, Telling(one.kit.node)
    t = COAST["t"].to_numpy()
    half = int(np.median(t))
    node.archive.append("first", OPEN, COAST.filter(pa.array(t < half)), STATICS.empty_table(), hot=True)
    assert telling.step("sea", sources_of(node, "sea")) > 0
    assert telling.step("sea", sources_of(node, "sea")) == 0
    node.archive.append("second", OPEN, COAST.filter(pa.array(t >= half)), STATICS.empty_table(), hot=True)
    assert telling.step("sea", sources_of(node, "sea")) > 0
    told = {row.id: row.sha256 for row in node.store.each_object() if row.type == RECEPTION}
    assert publish_reception(node, sources_of(node, "sea")) == 0, "as when all is looked at at once"
    assert told == {row.id: row.sha256 for row in node.store.each_object() if row.type == RECEPTION}
