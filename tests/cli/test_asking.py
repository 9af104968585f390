"""Requests, feedback and lists on the command line: one JSON line for what is done, one sentence for what is not."""

from pathlib import Path

import pytest

from cli.test_commands import Shell
from prasan.cli import main

NOTHING = "prasan-maritime-event--00000000-0000-4000-8000-000000000000"


@pytest.fixture
def shell(capfd: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capfd)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("homes") / "th"
    assert main(["init", str(made), "--name", "th-mc", "--country", "TH"]) == 0
    return made


def test_a_list_is_kept(home: Path, shell: Shell) -> None:
    (begun,) = shell("interest", "new", "watch", "--suspicious", "--home", home).lines
    (added,) = shell("interest", "add", "watch", "--mmsi", 567000001, "--name", "SEA LARK", "--home", home).lines
    (one,) = shell("interest", "list", "--home", home).lines
    assert (one["object_id"], one["context"], one["partner"]) == (begun["id"], "suspicious-activity", "")
    assert one["vessels"] == [{"id": added["id"], "mmsi": 567000001, "name": "SEA LARK", "seen": []}]
    assert shell("interest", "list", "other", "--home", home).lines == []
    shell("interest", "remove", "watch", "--name", "sea lark", "--home", home)
    assert shell("interest", "list", "watch", "--home", home).lines[0]["vessels"] == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["interest", "add", "watch", "--mmsi", "0"], "0 is no MMSI"),
        (["interest", "add", "watch", "--imo", "5"], "5 is no IMO number"),
        (["interest", "add", "watch", "--name", "x" * 61], "61 characters"),
        (["interest", "add", "nothing", "--mmsi", "5"], "we have no list 'nothing'"),
        (["feedback", "agree", NOTHING], "there is no object"),
        (["feedback", "note", NOTHING, "--text", " "], "a note says something"),
        (["request", "new", "--to", "us-mo", "--about", "Who?", "--by", "2036-01-01"], "there is no partner 'us-mo'"),
        (["request", "new", "--to", "us-mo", "--about", "Who?", "--by", "soon"], "--by is 'soonT23:59:59Z'"),
        (["request", "show", "abc"], "there is no request 'abc'"),
        (["request", "rate", "abc", "7"], "7 is no rating"),
        (["request", "refuse", "abc", "--reason", " "], "a refusal needs a reason"),
        (["request", "settle", "abc", "--keep", "a"], "there is no request"),
    ],
    ids=" ".join,
)
def test_what_is_refused_is_said_in_one_sentence(home: Path, shell: Shell, words: list[str], why: str) -> None:
    assert why in shell.refuses(*words, "--home", home)


def test_nothing_asked_and_nothing_said_are_no_lines(home: Path, shell: Shell) -> None:
    for words in (["request", "list"], ["request", "list", "--overdue"], ["feedback", "list", NOTHING]):
        said = shell(*words, "--home", home)
        assert (said.code, said.out) == (0, "")
