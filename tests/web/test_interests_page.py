"""The page of vessels of interest, in both languages."""

import re
from pathlib import Path

import pytest
from desk import MemoryDesk
from test_pages import client_for, signed_in

from node.node_kit import Kit, new_home
from node.test_transitions import adopt
from prasan.formats.stix_interest import Entry
from prasan.node.interests import add, new
from prasan.node.objects import STAFF
from prasan.node.publish import work_due
from prasan.picture.marking import Marking, Tlp
from prasan.web.interest_values import ListRow, lists_of


@pytest.mark.parametrize(("lang", "words"), [("en", "hours 3, last"), ("th", "3 ชั่วโมง")])
def test_lists_show_their_vessels_and_who_heard_them(lang: str, words: str) -> None:
    with client_for(MemoryDesk()) as client:
        assert client.get("/interests").status_code == 303
        text = signed_in(client).get(f"/interests?lang={lang}").text
    for one in ("november watch", "567000001", "9074729", "my-mc", words, "TLP:GREEN"):
        assert one in text, one
    assert text.count('class="hit"') == 1
    assert not re.search(r">(screen|interest|field)\.[a-z_.-]+<", text)


def test_no_lists_say_how_to_begin_one() -> None:
    class Quiet(MemoryDesk):
        def interests(self, audience: str) -> tuple[ListRow, ...]:
            return ()

    with client_for(Quiet()) as client:
        assert "prasan interest new" in signed_in(client).get("/interests").text


def test_a_list_is_shown_to_whoever_may_read_it(tmp_path: Path) -> None:
    kit = Kit(new_home(tmp_path))
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
    kit.close()
