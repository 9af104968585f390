"""A served node against TAXII 2.1 (OASIS Standard, 10 June 2021), from outside: every check by its id and section."""

import ast
from pathlib import Path

import pytest

from conformance import checks_front, checks_reading, checks_resources, checks_writing
from conformance.bench import INFO, MUST, Bench, Entry

HERE = Path(__file__).parent
MODULES = (checks_front, checks_reading, checks_resources, checks_writing)


@pytest.mark.process
@pytest.mark.parametrize("entry", MUST, ids=[f"{one.id} ({one.section})" for one in MUST])
def test_a_must(bench: Bench, entry: Entry) -> None:
    entry.check(bench)


@pytest.mark.process
@pytest.mark.parametrize("entry", INFO, ids=[f"{one.id} ({one.section})" for one in INFO])
def test_what_clients_suffer_from(bench: Bench, entry: Entry) -> None:
    entry.check(bench)


def test_the_table_is_whole() -> None:
    assert len(MUST) >= 88
    assert len(INFO) >= 8
    names = [one.id for one in (*MUST, *INFO)]
    assert len(set(names)) == len(names)
    assert all(one.what and one.section for one in (*MUST, *INFO))


def test_the_checks_know_nothing_of_the_program() -> None:
    found = set[str]()
    for path in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").partition(".")[0])
    assert "prasan" not in found
