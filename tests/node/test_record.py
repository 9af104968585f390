"""One flipped byte anywhere in the record is found, and the command says in which log and where."""

import sqlite3
from pathlib import Path

import orjson
import pytest

from node.node_kit import Kit, Partner
from node.test_transitions import RELEASE, policy
from prasan.cli import main
from prasan.node.record import seal_all


def verified(kit: Kit, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, dict[str, object]], str]:
    """Exit code, the reports by log, and the sentences."""
    code = main(["ledger", "verify", "--home", str(kit.node.home.root)])
    said = capsys.readouterr()
    reports = [orjson.loads(line) for line in said.out.splitlines()]
    return code, {report["log"]: report for report in reports}, said.err


@pytest.fixture
def sealed(kit: Kit, us: Partner) -> Kit:
    """A node whose logs have some entries, all signed."""
    for key in "abc":
        kit.event(key)
    policy(kit, RELEASE)
    seal_all(kit.node)
    return kit


def flip(file: Path, table: str, column: str, where: str, at: int) -> None:
    with sqlite3.connect(file) as store:
        (value,) = store.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchone()
        raw = bytearray(value.encode() if isinstance(value, str) else value)
        raw[at] ^= 1
        store.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (raw.decode() if table == "checkpoints" else
                                                                        bytes(raw),))  # fmt: skip
    store.close()


def test_an_untouched_record_verifies(sealed: Kit, us: Partner, capsys: pytest.CaptureFixture[str]) -> None:
    code, reports, said = verified(sealed, capsys)
    assert code == 0
    assert set(reports) == {"node", us.id}
    assert all(report["ok"] and report["signed"] == report["entries"] for report in reports.values())
    assert said.splitlines()[-1] == "the record verifies"


@pytest.mark.parametrize(("table", "column"), [("entries", "entry"), ("entries", "salt"), ("leaves", "leaf")])
@pytest.mark.parametrize("log", ["node", "pair"])
def test_one_flipped_byte_is_found_and_named(
    sealed: Kit, us: Partner, capsys: pytest.CaptureFixture[str], *, table: str, column: str, log: str
) -> None:
    name = "node" if log == "node" else us.id
    flip(sealed.node.home.store, table, column, f"log = '{name}' AND i = 2", 5)
    code, reports, said = verified(sealed, capsys)
    assert code == 1
    assert (reports[name]["ok"], reports[name]["first_bad"], reports[name]["fault"]) == (False, 2, "leaf")
    assert f"log {name}: Entry 2" in said
    assert all(report["ok"] for other, report in reports.items() if other != name)


def test_a_flipped_checkpoint_is_found(sealed: Kit, us: Partner, capsys: pytest.CaptureFixture[str]) -> None:
    flip(sealed.node.home.store, "checkpoints", "note", f"log = '{us.id}' AND by = ''", -3)
    code, reports, said = verified(sealed, capsys)
    assert code == 1
    assert reports[us.id]["fault"] == "signature"
    assert f"log {us.id}: Checkpoint" in said


def test_entries_cut_off_after_they_were_signed_are_missed(
    sealed: Kit, us: Partner, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(sealed.node.home.store) as store:
        last = store.execute("SELECT max(i) FROM leaves WHERE log = ?", (us.id,)).fetchone()[0]
        for table in ("leaves", "entries"):
            store.execute(f"DELETE FROM {table} WHERE log = ? AND i = ?", (us.id, last))
    store.close()
    code, reports, _ = verified(sealed, capsys)
    assert code == 1
    assert (reports[us.id]["fault"], reports[us.id]["first_bad"]) == ("cut_off", last)


def test_an_erased_entry_is_a_hole_that_verifies(sealed: Kit, us: Partner, capsys: pytest.CaptureFixture[str]) -> None:
    with sealed.node.store.write() as tx:
        assert tx.erase_entry(us.id, 1)
    code, reports, _ = verified(sealed, capsys)
    assert code == 0
    assert reports[us.id]["erased"] == 1
