"""Whatever an act on a page can be refused for is said in both languages: each error there names its sentence."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import prasan
from prasan.words.catalogue import ENGLISH

SRC = Path(prasan.__file__).parent
BEHIND = (
    "exchange/cards.py:check_confirmed",
    "node/acts/asking.py",
    "node/acts/consents.py",
    "node/acts/requesting.py",
    "node/acts/requests.py",
    "node/keeping/timekeeping.py",
    "node/partners/histories.py:settle",
    "node/partners/partner_keys.py:confirm_partner",
    "node/releasing/naming.py",
    "node/releasing/reading.py",
    "node/releasing/recall.py",
    "web/acts.py",
    "web/form_fields.py",
)
"""Modules, or a function of one, that the table of acts leads to."""
ERRORS = {"UsageError", "Refused"}


def raised(where: str) -> Iterator[ast.Call]:
    path, _, function = where.partition(":")
    for node in ast.walk(ast.parse((SRC / path).read_text())):
        if isinstance(node, ast.FunctionDef) and function in ("", node.name):
            calls = (one for one in ast.walk(node) if isinstance(one, ast.Call))
            yield from (one for one in calls if isinstance(one.func, ast.Name) and one.func.id in ERRORS)


def names(template: str) -> set[str]:
    return {str(name) for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("where", BEHIND)
def test_every_refusal_has_its_sentence_and_what_to_do_next(where: str) -> None:
    calls = list(raised(where))
    assert calls
    for call in calls:
        given = {one.arg: one.value for one in call.keywords}
        place = f"{where}, line {call.lineno}"
        assert "code" in given, place
        said = given["code"]
        if isinstance(said, ast.Constant) and isinstance(said.value, str):
            code = f"fault.{said.value}"
            assert {code, f"{code}.remedy"} <= ENGLISH.keys(), place
            assert names(ENGLISH[code]) | names(ENGLISH[f"{code}.remedy"]) <= given.keys(), place
