"""A recipient that may not know every source is told what is left without the others, and cannot tell that there are.

Rows of one source are open to the partner, of another they are not. The law: what it is told is byte for byte what a
node says that never had the other source, or nothing.
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import orjson
import pyarrow as pa
import pytest

from node.leak_doors import plain
from node.node_kit import STAFF_RULE, Hands, Kit, Partner, new_home
from prasan.exercise.player import position_table
from prasan.formats.stix_build import event_id
from prasan.formats.stix_ids import EVENT
from prasan.node import settings as settings_file
from prasan.node.finding.clocks import fit
from prasan.node.lines.doors import People
from prasan.node.objects import STAFF
from prasan.node.partners.partnering import adopt_policy
from prasan.node.releasing.explaining import explain, preview
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.recall import recall
from prasan.node.seeing.picture import look, stale_looks
from prasan.node.settings import SourceSetting
from prasan.picture.event import Event
from prasan.picture.position import STATICS
from prasan.web.credentials import Credentials
from prasan.web.office import Office
from prasan.words.dates import iso

DAY, SHIP, OTHERS = 1_772_409_600, 567_990_100, 567_991_000
LAT, LON = 8.0, 101.0
OPEN, SECRET = "coast", "sat"
POLICY = STAFF_RULE + '[[rule]]\nid = "all"\nto = ["us-mo"]\nthen = "release"\n'
DECODE = msgspec.json.Decoder(Event)
Row = tuple[int, float, float, float]  # mmsi, hour, lat, lon


def table(rows: Sequence[Row], source: str) -> pa.Table:
    columns = {
        "mmsi": [row[0] for row in rows],
        "t": [DAY + round(row[1] * 3600) + 7 for row in rows],
        "lat": [round(row[2] * 600_000) for row in rows],
        "lon": [round(row[3] * 600_000) for row in rows],
    }
    return position_table(columns, source)


def ship(first: float, last: float, step_min: float = 2) -> list[Row]:
    """North along a lane at 8 knots; at the place at hour 20."""
    return [(SHIP, h, LAT + (h - 20) * 8 / 60, LON) for h in np.arange(first, last, step_min / 60).tolist()]


def traffic(first: float, last: float, count: int, step_min: float = 2) -> list[Row]:
    """Others that go to and fro around the place."""
    rows: list[Row] = []
    for n in range(count):
        for hour in np.arange(first + n / 100, last, step_min / 60).tolist():
            share = (hour * 10 / 60 / 3 + n / count) % 2.0
            rows.append(
                (OTHERS + n, hour, LAT - 1.5 + 3 * (share if share < 1 else 2 - share), LON + 0.125 * (n % 5 - 2))
            )
    return rows


def back() -> list[Row]:
    """The ship again after nine hours, not far from where it was last heard."""
    return [(SHIP, h, LAT + (h - 20) / 60, LON) for h in np.arange(29, 30, 2 / 60).tolist()]


SILENT = ship(18, 20)
COAST = table([*SILENT, *traffic(0, 34, 24)], OPEN)
"""All that is needed to call the silence dark."""


def source(name: str, **more: Any) -> SourceSetting:
    return SourceSetting(name=name, clock="sea", **({"tlp": "green"} | more))


class World:
    """A node with two sources of one clock, and a partner that may know one of them."""

    def __init__(self, folder: Path, **secret: Any) -> None:
        folder.mkdir(exist_ok=True)
        home = new_home(folder, hands=Hands(now_us=(DAY + 34 * 3600) * 1_000_000))
        known = settings_file.load(home)
        sources = [source(OPEN), source(SECRET, **(secret or {"tlp": "red"}))]
        (home / settings_file.FILE).write_text(settings_file.dump(msgspec.structs.replace(known, source=sources)))
        self.us = Partner("us-mo", folder)
        self.open(home)
        self.kit.agree(self.us)
        adopt_policy(self.kit.node, f'prasan_policy = 1\nname = "t"\n{POLICY}'.encode(), "test")

    def open(self, home: Path) -> None:
        self.kit = Kit(home, Hands(now_us=(DAY + 35 * 3600) * 1_000_000))

    def copy(self, folder: Path) -> "World":
        """The same node with the same keys again, at the same moment."""
        other = object.__new__(World)
        other.us = self.us
        self.kit.close()
        shutil.copytree(self.kit.node.home.root, folder / "home")
        self.open(self.kit.node.home.root)
        other.open(folder / "home")
        return other

    def add(self, rows: pa.Table, statics: pa.Table | None = None) -> None:
        name = rows["source"][0].as_py()
        number = self.kit.node.archive.stats().batches
        none = STATICS.empty_table()
        self.kit.node.archive.append(f"{name}{number}", name, rows, none if statics is None else statics)

    def look(self) -> None:
        look(self.kit.node, "sea")
        work_due(self.kit.node)

    def told(self) -> list[Any]:
        """Every answer the partner can get."""
        root, us, kit = "/taxii2/node/collections/", self.us.id, self.kit
        answers = [
            kit.taxii(us, f"{root}{lane}/{what}/") for lane in ("alerts", "objects") for what in ("objects", "manifest")
        ]
        answers += [kit.peer(us, f"/peer/v1/statements/{lane}") for lane in ("alerts", "objects")]
        return [*map(plain, [*answers, kit.peer(us, "/peer/v1/checkpoint", "from=1")]), *preview(kit.node, "us-mo")]

    def events(self) -> list[dict[str, Any]]:
        return self.kit.now_read(self.us, "alerts")

    def ours(self) -> list[Event]:
        return [DECODE.decode(row.body) for row in self.kit.node.store.events("gap")]

    def close(self) -> None:
        self.us.close()
        self.kit.close()


@pytest.fixture
def pair(tmp_path: Path, quick: None) -> Iterator[tuple[World, World]]:
    """With the secret source, and without it."""
    with_ = World(tmp_path / "with")
    without = with_.copy(tmp_path / "without")
    yield with_, without
    without.kit.close()
    with_.close()


def test_evidence_of_what_it_may_not_know_changes_nothing(pair: tuple[World, World]) -> None:
    """Neighbours that only the secret source heard stand in our evidence and not in the partner's."""
    for world in pair:
        world.add(COAST)
    pair[0].add(table([(m + 500, h, y, x) for m, h, y, x in traffic(0, 34, 9)], SECRET))
    for world in pair:
        world.look()
    (mine,) = pair[0].ours()
    (shown,) = pair[0].events()
    assert set(mine.finding.sources) >= {OPEN}
    assert shown["sources"] == [OPEN]
    assert pair[0].told() == pair[1].told()
    assert [one.code for one in explain(pair[0].kit.node, shown["id"], "us-mo").reasons] == [
        "decision.rule_releases", "decision.rederived",
    ]  # fmt: skip


def test_what_only_the_secret_source_shows_is_withheld_with_the_reason(pair: tuple[World, World]) -> None:
    """The partner's source heard the ship, but too few others: to it the silence is unknown, and so no event."""
    for world in pair:
        world.add(table([*SILENT, *traffic(0, 34, 2)], OPEN))
    pair[0].add(table([*SILENT, *traffic(0, 34, 24)], SECRET))
    for world in pair:
        world.look()
    (mine,) = pair[0].ours()
    assert mine.finding.gap_class in ("suspicious", "dark")
    assert pair[0].events() == []
    assert pair[0].told() == pair[1].told()
    told = explain(pair[0].kit.node, event_id(pair[0].kit.id, mine.id), "us-mo")
    assert (told.verdict, [one.code for one in told.reasons]) == ("withhold", ["decision.tlp_above"])
    assert pair[0].kit.node.store.view(STAFF, event_id(pair[0].kit.id, mine.id)) is not None


def test_a_source_that_forbids_what_is_derived_counts_as_one_it_may_not_know(tmp_path: Path, quick: None) -> None:
    world = World(tmp_path / "terms", derived=False)
    world.add(COAST)
    world.add(table([(m + 500, h, y, x) for m, h, y, x in traffic(0, 34, 9)], SECRET))
    world.look()
    (shown,) = world.events()
    assert shown["sources"] == [OPEN]
    world.close()


def test_a_later_secret_source_is_not_noticed(pair: tuple[World, World]) -> None:
    """Nor when it refutes what was told: an officer may recall it, the node itself says nothing."""
    for world in pair:
        world.add(COAST)
        world.look()
        world.kit.wait(1)
    before = pair[0].told()
    assert len(pair[0].events()) == 1
    pair[0].add(table(ship(21, 30, 30), SECRET))
    for world in pair:
        world.look()
    (mine,) = pair[0].ours()
    assert (mine.state, mine.reason) == ("withdrawn", "heard_meanwhile")
    assert pair[0].told() == pair[1].told() == before
    node, name = pair[0].kit.node, event_id(pair[0].kit.id, mine.id)
    assert [one.code for one in explain(node, name, "us-mo").reasons][-1] == "decision.stands_there"
    for world in pair:
        world.add(table(back(), OPEN))
        world.kit.wait(1)
        world.look()
    assert pair[0].events()[0]["state"] == "closed"
    assert pair[0].told() == pair[1].told()


def test_what_the_whole_picture_never_held_is_not_told(pair: tuple[World, World]) -> None:
    """The vessel was heard all along: that the partner's sources missed it is no event."""
    for world in pair:
        world.add(COAST)
    pair[0].add(table(ship(20, 30, 30), SECRET))
    for world in pair:
        world.look()
    assert pair[0].ours() == []
    assert pair[0].events() == []
    assert len(pair[1].events()) == 1


def test_names_and_places_of_ships_come_from_what_it_may_know(pair: tuple[World, World]) -> None:
    def said(name: str, source: str, hour: float) -> pa.Table:
        row = {"t": DAY + int(hour * 3600), "mmsi": SHIP, "name": name, "time_source": 0, "flags": 0, "source": source}
        return pa.Table.from_pylist([row], schema=STATICS)

    for world in pair:
        world.add(COAST, said("OPEN NAME", OPEN, 19))
    pair[0].add(table([(OTHERS + 700, 3.0, 1.0, 90.0)], SECRET), said("SECRET NAME", SECRET, 20))
    for world in pair:
        world.look()
    assert pair[0].told() == pair[1].told()
    read = orjson.dumps(pair[0].kit.now_read(pair[0].us, "objects"))
    assert b"OPEN NAME" in read
    assert b"SECRET NAME" not in read
    row = pair[0].kit.node.store.object(event_id(pair[0].kit.id, pair[0].ours()[0].id))
    assert row is not None
    vessels = [one for one in pair[0].kit.node.store.each_object() if one.type == "prasan-vessel"]
    assert b"SECRET NAME" in vessels[0].raw


def test_a_clock_that_a_secret_source_finds_off_is_not_noticed(pair: tuple[World, World]) -> None:
    """Two stations of the secret source heard the same ships ten minutes earlier: ours leaves the open one out."""
    open_rows = under_way(COAST)
    early = open_rows.set_column(0, COAST.schema.field("t"), pa.array(open_rows["t"].to_numpy() - 600))
    for world in pair:
        world.add(open_rows)
    for station in ("a", "b"):
        named = pa.array([station] * early.num_rows).dictionary_encode()
        at = early.column_names.index("station")
        secret = early.set_column(at, COAST.schema.field("station"), named)
        pair[0].add(
            secret.set_column(secret.column_names.index("source"), COAST.schema.field("source"), said_by(early))
        )
    whole = pair[0].kit.node.archive.read()
    assert set(fit(whole)["source"].to_pylist()) == {SECRET}, "all of the open one is off"
    for world in pair:
        world.look()
    with_, without = ({one["id"]: one for one in world.events()} for world in pair)
    assert len(with_) == len(without) == 1
    assert with_ == without
    assert pair[0].told() == pair[1].told()


def under_way(rows: pa.Table) -> pa.Table:
    """With the speed and course that the ships of `ship` and `traffic` have."""
    mmsi, lat = rows["mmsi"].to_numpy(), rows["lat"].to_numpy()
    south = np.append((lat[1:] < lat[:-1]) & (mmsi[1:] == mmsi[:-1]), False)
    told = {"sog": np.where(mmsi == SHIP, 80, 100), "cog": np.where(south, 1800, 0)}
    for name, values in told.items():
        field = rows.schema.field(name)
        rows = rows.set_column(rows.column_names.index(name), field, pa.array(values, field.type))
    return rows


def said_by(rows: pa.Table) -> Any:
    return pa.array([SECRET] * rows.num_rows).dictionary_encode()


def test_once_it_may_know_all_it_is_told_all(tmp_path: Path, quick: None) -> None:
    world = World(tmp_path / "more")
    world.add(COAST)
    world.add(table(back(), SECRET))
    world.look()
    assert world.events()[0]["state"] == "open"
    settings = world.kit.node.settings
    world.kit.node.settings = msgspec.structs.replace(settings, source=[source(OPEN), source(SECRET)])
    world.kit.wait(1)
    assert [one.clock for one in stale_looks(world.kit.node)] == ["sea"]
    work_due(world.kit.node)
    assert world.events()[0]["state"] == "closed"
    assert set(world.events()[0]["sources"]) == {OPEN, SECRET}
    assert stale_looks(world.kit.node) == []
    world.close()


def test_what_it_may_know_no_more_is_withheld_and_nothing_is_said(tmp_path: Path, quick: None) -> None:
    world = World(tmp_path / "less", tlp="green")
    world.add(COAST)
    world.add(table([(m + 500, h, y, x) for m, h, y, x in traffic(0, 34, 9)], SECRET))
    world.look()
    assert len(world.events()) == 1
    settings = world.kit.node.settings
    closed = source(OPEN, tlp="red")
    world.kit.node.settings = msgspec.structs.replace(settings, source=[closed, source(SECRET)])
    world.kit.wait(1)
    world.look()
    assert world.events() == []
    name = world.kit.node.store.view(STAFF, event_id(world.kit.id, world.ours()[0].id))
    assert name is not None
    assert [row.status for row in world.kit.rows(world.us, name.object_id)] == ["narrowed"]
    world.close()


def test_an_officer_recalls_what_was_told(pair: tuple[World, World]) -> None:
    """By the id the partner knows, marked as the partner was told of it."""
    for world in pair:
        world.add(COAST)
    pair[0].add(table(ship(20, 20.1), SECRET))  # our event begins later, under another id
    for world in pair:
        world.look()
        world.kit.wait(1)
    (shown,) = pair[0].events()
    assert shown["type"] == EVENT
    assert pair[0].kit.node.store.object(shown["id"]) is None
    told = explain(pair[0].kit.node, event_id(pair[0].kit.id, pair[0].ours()[0].id), "us-mo")
    assert told.verdict == "withhold"
    assert (told.reasons[-1].code, told.reasons[-1].params) == ("decision.told_instead", {"id": shown["id"]})
    office = Office(pair[0].kit.node, Credentials(People(pair[0].kit.node)))
    held = office.told(STAFF, pair[0].us.id, shown["id"])
    assert held is not None
    assert (held[0], iso(held[1].row.start, "second")) == ("us-mo", shown["start_time"].replace(".000Z", "Z"))
    assert office.told(pair[0].us.id, pair[0].us.id, shown["id"]) is None, "it is for our own staff"
    assert office.told(STAFF, "public", shown["id"]) is None
    assert office.told(STAFF, pair[0].us.id, "no id at all") is None
    for world in pair:
        (issued,) = recall(world.kit.node, shown["id"], "us-mo", "wrong after all")
        work_due(world.kit.node)
        assert issued.target == shown["id"]
        assert world.events() == []
    both = [world.kit.now_read(world.us, "control") for world in pair]
    assert both[0] == both[1]
    assert len(both[0]) == 1


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_secret_source_heard_no_version_differs(pair: tuple[World, World], seed: int) -> None:
    """Random hearings of the ship and of others, before, in and after its silence."""
    chance = np.random.default_rng(seed)
    heard = [*ship(18, 20.5), *traffic(0, 34, 24), *[(m + 500, h, y, x) for m, h, y, x in traffic(0, 34, 9)]]
    secret = [row for row in heard if chance.random() < chance.choice([0.02, 0.3])]
    secret += [row for row in ship(20.5, 29, 60) if chance.random() < seed / 30]
    for world in pair:
        world.add(COAST)
    pair[0].add(table(secret, SECRET))
    for rows in ((), back()):
        for world in pair:
            if rows:
                world.add(table(rows, OPEN))
            world.look()
            world.kit.wait(1)
        with_, without = ({one["id"]: one for one in world.events()} for world in pair)
        assert with_.items() <= without.items()
        if with_.keys() == without.keys():
            assert pair[0].told() == pair[1].told()
