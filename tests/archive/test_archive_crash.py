"""Kill -9 at any moment: nothing acknowledged is lost, and sending everything again doubles nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from archive_rows import as_rows, finding, track

from prasan.archive import Archive, Carry
from prasan.picture.position import STATICS

BATCHES, SIZE = 12, 40
HERE = Path(__file__).parent

# A writer that tells of each batch once it is acknowledged, and kills itself: at a named point of one batch, or
# after so many seconds wherever it is then.
WRITER = """
import os, signal, sys, threading
sys.path.insert(0, sys.argv[1])
from prasan.archive import Archive
from test_archive_crash import BATCHES, send

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def at(point):
    if point == where and number == target:
        die()

where, target, number = sys.argv[3], float(sys.argv[4]), 0
with Archive.open(sys.argv[2], at=at) as archive:
    if where == "random":
        threading.Timer(target, die).start()
    while True:
        for number in range(BATCHES):
            send(archive, number)
            print(number, flush=True)
        if where == "compact":
            archive.compact(at_least=2)
        if where != "random":
            break
"""


def send(archive: Archive, number: int) -> bool:
    """Send batch `number`; True if it was stored now."""
    carry = {"gap": Carry(number, str(number).encode())}
    rows = track(number * SIZE, SIZE)
    stored = archive.append(
        f"b{number}", "amsa", rows, STATICS.empty_table(), findings=[finding(f"k{number}")], carry=carry
    )
    return not stored.duplicate


def killed_writer(folder: Path, where: str, target: float) -> set[int]:
    """Run the writer until it is dead; the batches it had acknowledged."""
    command = [sys.executable, "-c", WRITER, str(HERE), str(folder), where, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    return {int(line) for line in done.stdout.split()}


def check(folder: Path, acknowledged: set[int]) -> set[int]:
    """Open what is left, check it, send everything again and check that; the batches found at first."""
    with Archive.open(folder) as archive:
        found = {n for n in range(BATCHES) if archive.has_batch(f"b{n}")}
        assert acknowledged <= found
        assert archive.check() == []
        assert archive.read().num_rows == len(found) * SIZE
        assert len(archive.findings()) == len(found)
        assert {n for n in range(BATCHES) if send(archive, n)} == set(range(BATCHES)) - found
        assert as_rows(archive.read()) == as_rows(track(0, BATCHES * SIZE))
        assert [f.finding.key for f in archive.findings()] == [f"k{n}" for n in range(BATCHES)]
        assert archive.carry("gap") == Carry(BATCHES - 1, str(BATCHES - 1).encode())
        assert archive.stats().positions == BATCHES * SIZE
    with Archive.open(folder) as archive:
        assert (archive.recovered.temporary, archive.recovered.moved) == (0, 0)
    return found


def test_killed_before_the_commit(tmp_path: Path) -> None:
    acknowledged = killed_writer(tmp_path, "ingest", 5)
    assert acknowledged == set(range(5))
    assert check(tmp_path, acknowledged) == set(range(5))
    assert list(tmp_path.glob("lost/positions/*/*/*.parquet"))


def test_killed_after_the_commit_and_before_the_answer(tmp_path: Path) -> None:
    acknowledged = killed_writer(tmp_path, "commit", 5)
    assert acknowledged == set(range(5))
    assert check(tmp_path, acknowledged) == set(range(6))


def test_killed_while_compacting(tmp_path: Path) -> None:
    acknowledged = killed_writer(tmp_path, "compact", BATCHES - 1)
    assert check(tmp_path, acknowledged) == acknowledged == set(range(BATCHES))


@pytest.mark.parametrize("seconds", [0.003, 0.04])
def test_killed_at_some_moment(tmp_path: Path, seconds: float) -> None:
    check(tmp_path, killed_writer(tmp_path, "random", seconds))
