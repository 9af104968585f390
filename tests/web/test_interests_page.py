"""The page of vessels of interest, in both languages."""

import re

import pytest
from desk import MemoryDesk
from test_pages import client_for, signed_in

from prasan.web.interest_values import ListRow


@pytest.mark.parametrize(("lang", "words"), [("en", "in 3 hours, last"), ("th", "3 ชั่วโมง")])
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
