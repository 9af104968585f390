"""Vessels of interest: lists that partners get, hits in what they hear, and sightings that come back."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pyarrow as pa
import pytest

from node.node_kit import AMBER, Kit
from node.test_transitions import adopt
from node.three_kit import Three
from prasan.errors import UsageError
from prasan.formats.stix import header
from prasan.formats.stix_feedback import SIGHTING
from prasan.formats.stix_ids import EVENT
from prasan.formats.stix_interest import GROUPING, Entry, list_id, list_object, read_entry, read_list
from prasan.node.acts.feedback import heard_of
from prasan.node.acts.hits import look_for
from prasan.node.acts.interests import LARGEST, Interest, add, interests, new, remove
from prasan.node.objects import STAFF
from prasan.node.releasing.explaining import explain
from prasan.node.releasing.publish import work_due
from prasan.node.seeing.ingest import ingest
from prasan.node.seeing.live_looking import Looking
from prasan.node.seeing.live_pace import Pace
from prasan.node.seeing.picture import sources_of
from prasan.node.settings import SourceSetting
from prasan.picture.marking import Marking, Tlp

GREEN = Marking(tlp=Tlp.GREEN)
ALL = 'id = "all"\nto = ["partners", "class:staff"]\nthen = "release"\n'
LUCKY = Entry(567000001, None, "LUCKY")
IMO = Entry(None, 9074729)
DAY = "2026-03-01"


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None) -> Iterator[Three]:
    made = Three(tmp_path, monkeypatch, onward="tlp")
    for kit in made.kits:
        sources = (
            SourceSetting(name="coast", clock="live", tlp="green"),
            SourceSetting(name="secret", clock="live", tlp="red"),
            SourceSetting(name="game", clock="game", tlp="green", exercise=True),
        )
        kit.node.settings = msgspec.structs.replace(kit.node.settings, source=sources)
        adopt(kit, ALL)
    yield made
    made.close()


def hear(kit: Kit, rows: Sequence[tuple[int, str]], source: str = "coast", **told: Any) -> None:
    """Positions as (MMSI, time), all with the same static values."""
    names = ",".join(told)
    values = ",".join(str(value) for value in told.values())
    lines = [f"mmsi,t,lat,lon,{names}", *(f"{mmsi},{t},9.5,101.2,{values}" for mmsi, t in rows)]
    path = kit.node.home.root / f"{len(list(kit.node.home.root.iterdir()))}-{source}.csv"
    path.write_text("\n".join(lines) + "\n")
    ingest(kit.node, [str(path)], name=source)
    work_due(kit.node)


def at(clock: str) -> str:
    return f"{DAY}T{clock}:00Z"


def lists(kit: Kit) -> list[Interest]:
    work_due(kit.node)
    return interests(kit.node)


def shared(three: Three, *entries: Entry) -> str:
    """A list of A's that B has."""
    name = new(three.a.node, "of interest", GREEN, "suspicious-activity")
    for entry in entries:
        add(three.a.node, "of interest", entry)
    three.pull(three.b)
    return name


def seen(kit: Kit, object_id: str) -> list[tuple[str, int | None]]:
    return [(one.by, one.count) for one in heard_of(kit.node, STAFF, object_id) if one.kind == SIGHTING]


def vessels(kit: Kit) -> dict[str, str]:
    """Key of each vessel on the one list, and its object's id."""
    (one,) = lists(kit)
    return {vessel.entry.key: vessel.object_id for vessel in one.here}


def test_a_hit_at_a_partner_comes_back_as_a_sighting(three: Three) -> None:
    shared(three, LUCKY)
    (held,) = lists(three.b)
    assert (held.name, held.partner, held.context) == ("of interest", "th-mc", "suspicious-activity")
    assert [one.entry for one in held.here] == [LUCKY]
    hear(three.b, [(567000001, at("01:10")), (567000001, at("01:50")), (567000001, at("03:00")), (5, at("03:00"))])
    three.pull(three.a)
    (name,) = vessels(three.a).values()
    assert seen(three.a, name) == [("us-mo", 2)], "two hours of one day"
    assert seen(three.b, name) == [("", 2)]
    ((_, row),) = three.a.node.store.objects(types=[SIGHTING])
    document = orjson.loads(row.raw)
    assert (document["first_seen"], document["last_seen"]) == (f"{DAY}T01:10:00.000Z", f"{DAY}T03:00:00.000Z")
    ((_, place),) = three.a.node.store.objects(types=["location"])
    assert document["where_sighted_refs"] == [three.b.id, place.id]
    assert [orjson.loads(place.raw)[name] for name in ("latitude", "longitude")] == [9.5, 101.2]
    assert header(row.raw).type == SIGHTING


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ('then = "sanitise"\nplace_deg = 1.0', [9.5, 101.5]),
        ('then = "withhold"', None),
    ],
)
def test_where_it_was_heard_is_decided_for_itself(three: Three, rule: str, place: list[float] | None) -> None:
    adopt(three.b, f'id = "where"\nto = ["th-mc"]\ntypes = ["location"]\n{rule}\n[[rule]]\n{ALL}')
    shared(three, LUCKY)
    hear(three.b, [(567000001, at("01:10"))])
    three.pull(three.a)
    found = [orjson.loads(row.raw) for _, row in three.a.node.store.objects(types=["location"])]
    assert [[one["latitude"], one["longitude"]] for one in found] == ([place] if place else [])
    ((_, row),) = three.a.node.store.objects(types=[SIGHTING])
    assert orjson.loads(row.raw)["where_sighted_refs"] == [three.b.id, *(one["id"] for one in found)]
    (name,) = vessels(three.a).values()
    assert seen(three.a, name) == [("us-mo", 1)]


def test_a_source_whose_rows_may_not_be_passed_on_says_no_place(three: Three) -> None:
    shared(three, LUCKY)
    sources = (SourceSetting(name="coast", clock="live", tlp="green", onward=False),)
    three.b.node.settings = msgspec.structs.replace(three.b.node.settings, source=sources)
    hear(three.b, [(567000001, at("01:10"))])
    ((_, row),) = three.b.node.store.objects(types=[SIGHTING])
    assert orjson.loads(row.raw)["where_sighted_refs"] == [three.b.id]
    assert three.b.node.store.objects(types=["location"]) == []


def test_our_own_watch_is_alerted_and_nobody_else(three: Three) -> None:
    shared(three, LUCKY)
    hear(three.b, [(567000001, at("01:10")), (567000001, at("03:00"))])
    ((_, row),) = [one for one in three.b.node.store.objects(types=[EVENT]) if one[1].kind == "watchlist_hit"]
    document = orjson.loads(row.raw)
    assert document["evidence"]["list"] == "of interest"
    assert (document["evidence"]["keeper"], document["evidence"]["heard_hours"]) == ("th-mc", 2)
    assert document["vessel_refs"] == [*vessels(three.b).values()]
    assert three.b.node.store.view(STAFF, row.id) is not None
    for other in (three.a, three.c):
        told = explain(three.b.node, row.id, other.id)
        assert told.verdict == "withhold"
        assert "decision.rel_to" in {one.code for one in told.reasons}


def test_it_says_so_once_an_hour_at_most(three: Three) -> None:
    shared(three, LUCKY)
    for minute in range(0, 50, 10):
        hear(three.b, [(567000001, at(f"01:{minute:02d}"))])
    (row,) = [row for _, row in three.b.node.store.objects(types=[SIGHTING])]
    assert len(three.b.node.store.object_versions(row.id)) == 1
    hear(three.b, [(567000001, at("02:00"))])
    assert len(three.b.node.store.object_versions(row.id)) == 2


def test_a_vessel_is_known_by_its_imo_number_or_its_name_too(three: Three) -> None:
    shared(three, IMO, Entry(None, None, "Sea Lark"))
    hear(three.b, [(636000001, at("01:00"))], imo=9074729)
    hear(three.b, [(636000002, at("01:00"))], name="SEA LARK")
    hear(three.b, [(636000003, at("01:00"))], name="SEA LARK II", imo=9074731)
    found = vessels(three.b)
    assert [seen(three.b, name) for name in found.values()] == [[("", 1)], [("", 1)]]
    assert len(three.b.node.store.objects(types=[SIGHTING])) == 2


def test_a_list_that_comes_later_is_looked_for_in_what_was_heard(three: Three) -> None:
    hear(three.b, [(567000001, at("01:00"))])
    shared(three, LUCKY)
    assert look_for(three.b.node, "live", sources_of(three.b.node, "live")) == 1
    assert look_for(three.b.node, "live", sources_of(three.b.node, "live")) == 0
    assert look_for(three.b.node, "live", sources_of(three.b.node, "live"), 60) == 0


def test_what_was_removed_is_not_looked_for(three: Three) -> None:
    shared(three, LUCKY, IMO)
    taken = remove(three.a.node, "of interest", Entry(567000001))
    three.pull(three.b)
    assert list(vessels(three.b)) == ["imo/9074729"]
    hear(three.b, [(567000001, at("01:00"))])
    assert three.b.node.store.objects(types=[SIGHTING]) == []
    remove(three.a.node, "of interest", IMO)
    three.pull(three.b)
    assert vessels(three.b) == {}
    assert three.b.node.store.object(taken) is not None
    versions = three.b.node.store.object_versions(lists(three.b)[0].object_id)
    assert len(versions) == 3, "each change is a version"


def test_a_source_that_the_partner_may_not_know_tells_it_nothing(three: Three) -> None:
    """One sighting is of one source: that of another one is the same with and without it."""
    shared(three, LUCKY)
    hear(three.b, [(567000001, at("01:00"))])
    three.pull(three.a)
    rows = three.a.node.store.objects(types=[SIGHTING])
    hear(three.b, [(567000001, at("05:00"))], source="secret")
    three.pull(three.a)
    assert three.a.node.store.objects(types=[SIGHTING]) == rows
    (name,) = vessels(three.b).values()
    assert sorted(seen(three.b, name)) == [("", 1), ("", 1)]
    secret = [row for _, row in three.b.node.store.objects(types=[SIGHTING]) if row.marking.tlp == Tlp.RED]
    assert "decision.tlp_above" in {one.code for one in explain(three.b.node, secret[0].id, "th-mc").reasons}


def test_exercise_and_real_are_not_mixed(three: Three) -> None:
    shared(three, LUCKY)
    hear(three.b, [(567000001, at("01:00"))], source="game")
    assert three.b.node.store.objects(types=[SIGHTING]) == []
    new(three.a.node, "game", msgspec.structs.replace(GREEN, exercise=True), "unspecified")
    add(three.a.node, "game", LUCKY)
    three.pull(three.b)
    hear(three.b, [(567000001, at("02:00"))], source="game")
    ((_, row),) = three.b.node.store.objects(types=[SIGHTING])
    assert row.marking.exercise
    assert header(row.raw).labels == ("exercise",)


def test_what_the_partner_may_not_see_is_left_out_of_its_list(three: Three) -> None:
    """A built view has the vessels that the recipient knows; its name leaves with the vessels' names."""
    secret = 'id = "no"\nto = ["us-mo"]\ntypes = ["prasan-vessel"]\nlabels = ["hidden"]\nthen = "withhold"\n[[rule]]\n'
    coarse = 'id = "list"\nto = ["us-mo"]\ntypes = ["grouping"]\nthen = "sanitise"\ndrop = ["identity"]\n[[rule]]\n'
    adopt(three.a, secret + coarse + ALL)
    name = shared(three, LUCKY)
    with three.a.node.store.write() as tx:
        row = tx.object(name)
        assert row is not None
    hidden = three.a.vessel(567000009, GREEN, labels=["hidden"])
    known, context, refs = read_list(row.raw)
    three.a.keep(orjson.dumps(orjson.loads(row.raw) | {"object_refs": [*refs, hidden]}), GREEN)
    three.pull(three.b)
    ((_, held),) = three.b.node.store.objects(types=[GROUPING])
    assert (known, context) == ("of interest", "suspicious-activity")
    assert read_list(held.raw)[:2] == ("", "suspicious-activity")
    assert hidden not in held.raw.decode()
    assert [one.entry for one in lists(three.b)[0].here] == [LUCKY]


def test_a_number_that_is_none_is_nobodys(three: Three) -> None:
    shared(three, Entry(None, 2**40, "BIG"), Entry(2**30 - 1, 5), LUCKY)
    hear(three.b, [(567000001, at("01:00"))], imo=5)
    assert len(three.b.node.store.objects(types=[SIGHTING])) == 1


def test_our_own_lists_are_looked_for_here(three: Three) -> None:
    new(three.c.node, "ours", AMBER, "unspecified")
    name = add(three.c.node, "ours", LUCKY)
    hear(three.c, [(567000001, at("01:00"))])
    assert seen(three.c, name) == [("", 1)]


def test_what_cannot_be_is_said(three: Three) -> None:
    node = three.a.node
    new(node, "a", GREEN, "unspecified")
    add(node, "a", Entry(1, None, "X"))
    add(node, "a", Entry(2, None, "X"))
    refused: list[tuple[Callable[[], str], str]] = [
        (lambda: new(node, "a", GREEN, "unspecified"), "there is a list 'a' already"),
        (lambda: new(node, "/a", GREEN, "unspecified"), "is no name"),
        (lambda: add(node, "b", LUCKY), "we have no list 'b'"),
        (lambda: add(node, "a", Entry()), "no vessel is named"),
        (lambda: remove(node, "a", Entry(3)), "no vessels of the list"),
        (lambda: remove(node, "a", Entry(None, None, "x")), "2 vessels of the list"),
        (lambda: remove(node, "a", Entry()), "no vessels of the list"),
    ]
    for act, why in refused:
        with pytest.raises(UsageError, match=why):
            act()
    remove(node, "a", Entry(1, None, "x"))
    assert len(lists(three.a)[0].here) == 1


def test_a_partner_cannot_take_the_place_of_a_list_of_ours(three: Three) -> None:
    """It works out which id the list will have, and sends something under it before there is one."""
    node = three.a.node
    forged = list_object("mine", "unspecified", (), three.b.stamp(), GREEN)
    claim = orjson.dumps(orjson.loads(forged) | {"id": list_id(node.id, "mine")})
    three.a.receive(three.b.id, claim, GREEN)
    with pytest.raises(UsageError, match="we have no list"):
        add(node, "mine", LUCKY)
    new(node, "mine", GREEN, "unspecified")
    add(node, "mine", LUCKY)
    (one,) = [one for one in lists(three.a) if one.name == "mine"]
    assert (one.partner, [vessel.entry for vessel in one.here]) == ("", [LUCKY])


def test_a_list_has_an_end(three: Three, monkeypatch: pytest.MonkeyPatch) -> None:
    from prasan.node.acts import interests as module

    monkeypatch.setattr(module, "LARGEST", 1)
    new(three.a.node, "a", GREEN, "unspecified")
    add(three.a.node, "a", LUCKY)
    add(three.a.node, "a", LUCKY)
    with pytest.raises(UsageError, match="1 vessels"):
        add(three.a.node, "a", IMO)
    assert LARGEST == 1000


def test_what_a_partner_calls_a_list_may_be_of_any_shape(three: Three) -> None:
    for broken in (b"{}", b'{"object_refs":5}', b'{"object_refs":[],"name":7}'):
        assert read_list(broken) == ("", "", ())
    assert read_entry(b'{"mmsi":"x"}') == Entry()


def test_live_rows_are_looked_at_too(three: Three) -> None:
    shared(three, LUCKY)
    node = three.b.node
    ingest(node, [str(table(node.home.root, at("01:00")))], name="secret")
    assert len(three.b.node.store.objects(types=[SIGHTING])) == 1
    looking = Looking(node, None, Pace())
    looking.start()
    rows = node.archive.read(["secret"])
    coast = pa.array(["coast"] * rows.num_rows).dictionary_encode()
    live = rows.set_column(rows.schema.get_field_index("source"), "source", coast)
    node.archive.append("live/1", "coast", live, node.archive.read_statics(["secret"]).slice(0, 0), hot=True)
    looking.add("live")
    looking.stop()
    assert looking.failures() == {}
    assert len(three.b.node.store.objects(types=[SIGHTING])) == 2


def table(folder: Path, t: str) -> Path:
    path = folder / "live.csv"
    path.write_text(f"mmsi,t,lat,lon\n567000001,{t},9.5,101.2\n")
    return path
