"""What our own watch sees of vessels of interest: lists by its policy, and an alert of each hit."""

from node.node_kit import Kit
from node.test_transitions import adopt
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
