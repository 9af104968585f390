"""Posting a form of a page: who may, what comes back, and that nothing is done twice or for a stranger."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from desk import NOW, STANDING, MemoryDesk
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from test_pages import client_for, signed_in, token_in

from prasan.errors import PrasanError, Refused, Unreachable, UsageError
from prasan.node.clock_guard import Stopped
from prasan.node.keeping.timekeeping import ClockState
from prasan.web.acts import ACTS
from prasan.web.desk import HealthPage
from prasan.web.form_fields import Field, read
from prasan.words import known

STOP = str(NOW * 1_000_000)
FORM = {"act": "clock.confirm", "subject": STOP, "looked": "yes"}


class Acted(MemoryDesk):
    """A desk whose release is stopped by the clock; what it is asked to do fails by `error`, if there is one."""

    def __init__(self, error: PrasanError | None = None) -> None:
        super().__init__()
        self.error = error

    def health(self, audience: str) -> HealthPage | None:
        clock = ClockState(NOW * 1_000_000, None, Stopped("clock_jumped", 900, NOW * 1_000_000))
        return HealthPage(STANDING, (), clock)

    def act(self, by: str, name: str, subject: str, values: Mapping[str, Any]) -> None:
        if self.error is not None:
            raise self.error
        super().act(by, name, subject, values)


def admin(desk: MemoryDesk) -> TestClient:
    return signed_in(client_for(desk), "chai", "battery staple")


def test_an_act_is_done_once_in_the_users_name_and_leads_back(desk_client: tuple[Acted, TestClient]) -> None:
    desk, client = desk_client
    token = token_in(client.get("/health").text)
    answer = client.post("/health?lang=en", data=FORM | {"token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/health?lang=en#done")
    assert desk.acted == [("chai", "clock.confirm", STOP, {"looked": True})]
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "secure"))
    assert 'id="done"' in client.get("/health?lang=en").text
    assert 'id="done"' not in client.get("/health?lang=en").text, "said once"


def test_what_cannot_be_done_is_said_beside_the_form_with_what_was_filled_in() -> None:
    desk = Acted(UsageError("the clock was stopped again since", "See 'prasan clock show'.", code="clock_again"))
    with admin(desk) as client:
        token = token_in(client.get("/health").text)
        for lang, words in (("en", "stopped again since"), ("th", "ผิดปกติอีกครั้ง")):
            answer = client.post(f"/health?lang={lang}", data=FORM | {"token": token})
            assert answer.status_code == 400
            form = re.search(r'<form method="post" id="act-clock.*?</form>', answer.text, re.DOTALL)
            assert form, answer.text
            assert words in form[0]
            assert "checked" in form[0]
            assert answer.text.count('class="not-done"') == 1
            assert "prasan clock show" not in form[0]


@pytest.mark.parametrize(("error", "status"), [(Refused("no. <b>"), 403), (Unreachable("gone"), 503)])
def test_an_error_without_a_code_is_said_as_it_is(error: PrasanError, status: int) -> None:
    with admin(Acted(error)) as client:
        answer = client.post("/health?lang=th", data=FORM | {"token": token_in(client.get("/health").text)})
        assert answer.status_code == status
        assert "ดำเนินการไม่ได้" in answer.text
        assert "<b>" not in re.findall(r'<div class="not-done".*?</div>', answer.text, re.DOTALL)[0]


def test_what_has_no_form_any_more_is_said_at_the_top() -> None:
    with admin(Acted(UsageError("gone", code="clock_goes"))) as client:
        form = FORM | {"token": token_in(client.get("/health").text), "subject": "another"}
        answer = client.post("/health?lang=en", data=form)
        assert answer.text.count('class="not-done"') == 1
        assert answer.text.index('class="not-done"') < answer.text.index("<h1")


@pytest.fixture
def desk_client() -> Any:
    desk = Acted()
    with admin(desk) as client:
        yield desk, client


def test_strangers_forged_forms_and_other_roles_do_nothing(desk_client: tuple[Acted, TestClient]) -> None:
    desk, client = desk_client
    assert client.post("/health", data=FORM).status_code == 403
    assert client.post("/health", data=FORM | {"token": "x"}).status_code == 403
    token = token_in(client.get("/health").text)
    assert client.post("/health", data=FORM | {"token": token, "act": "nothing"}).status_code == 400
    assert client.post("/health", data=FORM | {"token": token, "filler": "x" * 200_000}).status_code == 413
    with client_for(desk) as stranger:
        answer = stranger.post("/health", data=FORM | {"token": token})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fhealth")
        signed_in(stranger)
        assert stranger.post("/health", data=FORM | {"token": token}).status_code == 403, "another's token"
        own = token_in(stranger.get("/health").text)
        assert stranger.post("/health", data=FORM | {"token": own}).status_code == 403, "another role"
    assert desk.acted == []


def test_partners_accounts_are_answered_alike_whatever_they_post() -> None:
    desk = Acted()
    with signed_in(client_for(desk), "us-reader", "partner horse") as client:
        forms = [{"act": name, "subject": subject} for name in (*ACTS, "nothing") for subject in ("", STOP)]
        answers = {
            (answer.status_code, answer.text)
            for path in ("/health", "/partners", "/requests", "/events/x", "/objects/y")
            for form in forms
            for answer in [client.post(path, data=form)]
        }
    assert [status for status, _ in answers] == [403] * len(answers)
    assert len({re.sub(r'href="[^"]*lang=..|href="[^"]*theme=[a-z]*', "", text) for _, text in answers}) == 1
    assert desk.acted == []


def test_every_act_and_field_has_its_words() -> None:
    for name, act in ACTS.items():
        assert known(f"act.{name}"), name
        assert known(f"done.{name}"), name
        for field in act.fields:
            assert known(f"act.field.{field.name}"), field.name
            assert all(known(f"{field.family}.{option}") for option in field.options), field.name


FIELDS = tuple(
    Field(kind, kind, least=1, most=9, options=("a", "b") if kind in ("choice", "many") else ())
    for kind in ("line", "words", "whole", "number", "moment", "choice", "many", "tick")
)


@given(st.dictionaries(st.sampled_from([one.name for one in FIELDS]), st.lists(st.text(max_size=12), max_size=3)))
def test_whatever_comes_is_read_or_refused_with_a_sentence(form: dict[str, list[str]]) -> None:
    fault = ""
    try:
        values = read(FIELDS, form)
    except UsageError as error:
        fault = error.code
    if fault:
        assert known(f"fault.{fault}")
    else:
        assert values.keys() == {one.name for one in FIELDS}
        assert values["whole"] is None or 1 <= values["whole"] <= 9
        assert set(values["many"]) <= {"a", "b"}


def test_what_fits_is_read() -> None:
    form = {"line": [" x "], "words": ["a\r\nb"], "whole": ["3"], "number": ["2.5"], "moment": ["2026-11-22T10:00"],
            "choice": ["b"], "many": ["a", "b"], "tick": ["yes"]}  # fmt: skip
    found = read(FIELDS, form)
    assert found == {
        "line": "x", "words": "a\nb", "whole": 3, "number": 2.5, "moment": 1_795_341_600.0, "choice": "b",
        "many": ("a", "b"), "tick": True,
    }  # fmt: skip
    must = msgspec.structs.replace(FIELDS[0], required=True)
    with pytest.raises(UsageError):
        read([must], {"line": ["  "]})
