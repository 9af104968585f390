"""The main job as its users run it: one command, two nodes, a summary that holds."""

import base64
import gzip
import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from loopback import HOST, free_ports
from prasan.cli.demo import canary

FIELDS = [
    "rows", "dropped", "vessels", "events", "objects", "released", "sanitised", "withheld", "received", "recalled",
    "acknowledged", "consent", "leaks", "ledger", "seconds",
]  # fmt: skip
NAMES = {"th-mc", "us-mo"}
THIRD = "my-mc"
PORTS = 6
WORD = "PHRA-NANG-CANARY-7731"


def prasan(*arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "prasan.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=170)


def six_ports() -> int:
    """The first of six ports in a row that nobody has."""
    while True:
        (first,) = free_ports(1)
        try:
            for port in range(first, first + PORTS):
                with socket.socket() as listener:
                    listener.bind((HOST, port))
        except (OSError, OverflowError):
            continue
        return first


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> "subprocess.CompletedProcess[str]":
    folder = tmp_path_factory.mktemp("demo") / "homes"
    return prasan("demo", "--once", "--dir", str(folder), "--port", str(six_ports()))


@pytest.fixture(scope="module")
def told(ran: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    assert ran.returncode == 0, ran.stderr
    summary: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return summary


@pytest.mark.process
def test_the_summary_has_every_field_with_something_in_it(told: dict[str, Any]) -> None:
    assert list(told) == FIELDS
    assert [name for name in FIELDS if not told[name]] == ["leaks"]
    assert told["ledger"] == "ok"
    assert told["recalled"] == told["acknowledged"] >= 1


@pytest.mark.process
def test_events_of_real_data_and_of_the_exercise_are_counted_apart(told: dict[str, Any]) -> None:
    assert {"gap", "encounter", "zone_entry"} <= told["events"]["exercise"].keys()
    assert {"duplicate_identity", "speed_jump", "invalid_identity"} <= told["events"]["real"].keys()
    assert all(count > 0 for kinds in told["events"].values() for count in kinds.values())


@pytest.mark.process
def test_every_partner_gets_some_whole_some_in_part_and_some_not_at_all(told: dict[str, Any]) -> None:
    for verdict in ("released", "sanitised", "withheld"):
        assert told[verdict].keys() >= NAMES
        assert all(told[verdict][name] for name in NAMES), (verdict, told[verdict])
    assert told["received"].keys() == {*NAMES, THIRD}
    assert all(told["received"].values())
    assert told["released"]["public"] > 0
    assert all(isinstance(count, int) and count > 0 for name in NAMES for count in told["withheld"][name].values())


@pytest.mark.process
def test_a_third_gets_what_the_first_consents_to_until_it_is_recalled(told: dict[str, Any]) -> None:
    consent = told["consent"]
    assert consent == {
        "refused": ["onward", "orcon"], "given": 1, "received": 1, "onward_pending": [1, 0],
        "steps": {"place_deg": 0.5, "time_min": 60, "drop": ["evidence", "identity"]},
    }  # fmt: skip
    assert told["recalled"] == 2, "by the first, and sent on by the second"
    assert told["released"][THIRD] > 0
    assert told["withheld"][THIRD]["onward"] > 1000, "nothing else of the first's went on"


@pytest.mark.process
def test_nothing_but_the_summary_is_on_standard_output(ran: "subprocess.CompletedProcess[str]") -> None:
    assert len(ran.stdout.splitlines()) == 1
    assert "Traceback" not in ran.stderr


@pytest.mark.process
def test_a_busy_port_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        busy = listener.getsockname()[1]
        done = prasan("demo", "--once", "--dir", str(tmp_path / "d"), "--port", str(busy))
    assert done.returncode == 3
    assert done.stdout == ""
    assert str(busy) in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "d").exists()


@pytest.mark.process
def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    done = prasan("demo", "--once", "--dir", str(tmp_path), "--port", str(six_ports()))
    assert done.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def search(folder: Path, words: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """The search as the demo runs it: a program that knows nothing of prasan."""
    command = [sys.executable, "-I", str(canary.__file__), str(folder)]
    return subprocess.run(command, input="\n".join(words), capture_output=True, text=True, check=False)


HIDDEN = {
    "plain": WORD.encode(),
    "in a sentence": f'{{"name":"{WORD}"}}'.encode(),
    "utf-16": WORD.encode("utf-16-le"),
    "base64": base64.b64encode(WORD.encode()),
    "base64, one off": base64.b64encode(b"x" + WORD.encode() + b"y"),
    "base64, two off": base64.urlsafe_b64encode(b"xy" + WORD.encode() + b"z"),
    "gzip": gzip.compress(f"a line before\n{WORD}\n".encode()),
    "gzip of base64": gzip.compress(base64.b64encode(b"..." + WORD.encode() + b"...")),
}


@pytest.mark.parametrize("how", HIDDEN)
def test_a_planted_word_is_found_however_it_hides(tmp_path: Path, how: str) -> None:
    path = tmp_path / "us-mo" / "store.sqlite"
    path.parent.mkdir()
    path.write_bytes(os.urandom(1000) + HIDDEN[how] + os.urandom(1000) if "gzip" not in how else HIDDEN[how])
    done = search(tmp_path, ["another-word", WORD])
    assert (done.returncode, done.stdout) == (1, f"{WORD}\t{path}\n"), done.stderr


PLACE = "39.036929"
NUMBERS = {
    "in JSON": (f'"lon":{PLACE},', True),
    "at the end": (f"lon={PLACE}", True),
    "alone": (PLACE, True),
    "of a longer number": (f'"lon":1{PLACE}', False),
    "with more digits": (f'"lon":{PLACE}1', False),
    "in a time": (f'"2026-11-22T21:25:{PLACE}Z"', False),
}


@pytest.mark.parametrize("coded", ["plain", "utf-16", "base64 0", "base64 1", "base64 2"])
@pytest.mark.parametrize("where", NUMBERS)
def test_a_number_counts_only_where_it_stands_alone(tmp_path: Path, where: str, coded: str) -> None:
    text, counts = NUMBERS[where]
    how, _, shift = coded.partition(" ")
    padded = (b"." * int(shift or 0)) + text.encode()
    raw = {"plain": padded, "utf-16": text.encode("utf-16-le"), "base64": base64.b64encode(padded)}[how]
    (tmp_path / "store").write_bytes(b'"' + raw + b'"')
    assert search(tmp_path, [PLACE]).returncode == int(counts)


def test_a_word_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").write_bytes(WORD[:-1].encode() + os.urandom(100_000))
    done = search(tmp_path, [WORD])
    assert (done.returncode, done.stdout) == (0, "")


def test_a_search_without_words_or_files_is_no_search(tmp_path: Path) -> None:
    assert search(tmp_path, [WORD]).returncode == 2
    (tmp_path / "file").write_bytes(b"x")
    assert search(tmp_path, []).returncode == 2


def test_the_search_imports_nothing_from_prasan() -> None:
    lines = Path(str(canary.__file__)).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith(("import", "from")) and "prasan" in line] == []
