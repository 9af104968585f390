"""What our own watch sees of vessels of interest: lists by its policy, and an alert of each hit."""

from node.node_kit import Kit, Partner, their_object
from node.test_transitions import adopt
from prasan.formats.stix_ids import VESSEL
from prasan.formats.stix_interest import Entry
from prasan.node.acts.interests import add, new
from prasan.node.lines.doors import People
from prasan.node.objects import STAFF
from prasan.node.releasing.publish import work_due
from prasan.node.seeing.ingest import ingest
from prasan.picture.marking import Marking, Tlp
from prasan.web.credentials import Credentials
from prasan.web.desk import Filters
from prasan.web.interest_values import lists_of
from prasan.web.office import Office
from prasan.words import say_message
from prasan.words.catalogue import known


def test_a_list_is_shown_to_whoever_may_read_it(kit: Kit) -> None:
    new(kit.node, "ours", Marking(tlp=Tlp.GREEN), "unspecified")
    add(kit.node, "ours", Entry(567000001))
    adopt(kit, 'id = "no"\nto = ["class:staff"]\ntypes = ["grouping"]\nthen = "withhold"\n')
    work_due(kit.node)
    assert lists_of(kit.node, STAFF) == ()
    adopt(kit, 'id = "lists"\nto = ["class:staff"]\ntypes = ["grouping"]\nthen = "release"\n')
    work_due(kit.node)
    (one,) = lists_of(kit.node, STAFF)
    assert (one.name, one.vessels) == ("ours", ())
    adopt(kit, 'id = "all"\nto = ["class:staff"]\nthen = "release"\n')
    work_due(kit.node)
    assert [vessel.mmsi for vessel in lists_of(kit.node, STAFF)[0].vessels] == [567000001]


def test_a_hit_is_an_alert_on_the_watch_with_a_page(kit: Kit) -> None:
    adopt(kit, 'id = "all"\nto = ["class:staff"]\nthen = "release"\n')
    new(kit.node, "ours", Marking(tlp=Tlp.GREEN), "unspecified")
    add(kit.node, "ours", Entry(567000001))
    path = kit.node.home.root / "coast.csv"
    path.write_text("mmsi,t,lat,lon\n567000001,2026-03-01T01:00:00Z,9.5,101.2\n")
    ingest(kit.node, [str(path)])
    work_due(kit.node)
    office = Office(kit.node, Credentials(People(kit.node)))
    (row,) = [one for one in office.watch(STAFF, Filters()).rows if one.kind == "watchlist_hit"]
    told = office.event(STAFF, row.id)
    assert told is not None
    assert "on our list “ours”" in say_message(told.row.summary, "en")
    assert "บัญชี “ours” ของเรา" in say_message(told.row.summary, "th")
    assert all(known(f"measure.{name}") for name in told.evidence if name != "codes")
    assert (row.lat, row.lon, len(told.fixes)) == (9.5, 101.2, 1)


def test_every_object_has_a_page_for_whoever_may_read_it(kit: Kit, us: Partner) -> None:
    """A list and its vessels do not stand on the map, yet a request or what was said of them leads there."""
    marking = Marking(tlp=Tlp.GREEN)
    mine = kit.vessel(567000001)
    theirs = kit.receive(us.id, their_object(us.id, "3", VESSEL, marking), marking)
    listed = new(kit.node, "ours", marking, "unspecified")
    adopt(kit, 'id = "all"\nto = ["class:staff"]\nthen = "release"\n')
    work_due(kit.node)
    office = Office(kit.node, Credentials(People(kit.node)))
    pages = {name: office.object_page(STAFF, name) for name in (mine, theirs, listed)}
    heads = [(page.row.title, page.row.kind, page.row.origin) for page in pages.values() if page is not None]
    assert heads == [("SEA 567000001", "vessel", "own"), ("THEIR 3", "vessel", "us-mo"), ("ours", "other", "own")]
    assert all(page is not None and office.row(STAFF, name) is None for name, page in pages.items())
    assert office.object_page("public", mine) is None
