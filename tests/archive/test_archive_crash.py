"""Kill -9 at any moment: nothing acknowledged is lost, and sending everything again doubles nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from archive_rows import MIDNIGHT, as_rows, finding, track

from prasan.archive import Archive, Carry, Recovered, Tuning
from prasan.archive.bins import make_bins
from prasan.picture.position import STATICS

BATCHES, SIZE = 12, 40
FAR = 2.0**33
AT_ONCE = Tuning(quiet_s=0, grace_s=0, drain_s=0)
HERE = Path(__file__).parent

# A writer that tells of each batch once it is acknowledged, and kills itself: at a named point of one batch, or
# after so many seconds wherever it is then. Every other batch goes to the log; all is tended again and again.
WRITER = """
import os, signal, sys, threading
sys.path.insert(0, sys.argv[1])
from prasan.archive import Archive
from test_archive_crash import AT_ONCE, BATCHES, FAR, expire, send

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def at(point):
    if point == where and number == target:
        die()

where, target, number = sys.argv[3], float(sys.argv[4]), 0
with Archive.open(sys.argv[2], at=at, tuning=AT_ONCE) as archive:
    if where == "random":
        threading.Timer(target, die).start()
    while True:
        for number in range(BATCHES):
            send(archive, number)
            print(number, flush=True)
            if where == "random" and number % 3 == 2:
                archive.tend(FAR)
        if where == "expire":
            expire(archive)
        if where != "random":
            archive.tend(FAR)
            break
"""


def send(archive: Archive, number: int) -> bool:
    """Send batch `number`; True if it was stored now."""
    stored = archive.append(
        f"b{number}", "amsa", track(number * SIZE, SIZE), STATICS.empty_table(),
        findings=[finding(f"k{number}")], carry={"gap": carry(number)}, hot=number % 2 == 1,
    )  # fmt: skip
    return not stored.duplicate


def carry(number: int) -> Carry:
    """What the run after batch `number` asks to be remembered."""
    return Carry(number, str(number).encode())


def expire(archive: Archive) -> int:
    """Delete the rows of the first two days; how many went."""
    return archive.expire(MIDNIGHT + 5 * 86_400, {"amsa": 3}).get("amsa", 0)


def killed_writer(folder: Path, where: str, target: float) -> set[int]:
    """Run the writer until it is dead; the batches it had acknowledged."""
    command = [sys.executable, "-c", WRITER, str(HERE), str(folder), where, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    return {int(line) for line in done.stdout.split()}


def check(folder: Path, acknowledged: set[int]) -> set[int]:
    """Open what is left, check it, send everything again, tend and check that; the batches found at first."""
    with Archive.open(folder, tuning=AT_ONCE) as archive:
        found = {n for n in range(BATCHES) if archive.has_batch(f"b{n}")}
        assert acknowledged <= found
        assert archive.check() == []
        assert archive.read().num_rows == len(found) * SIZE
        assert len(archive.findings()) == len(found)
        assert {n for n in range(BATCHES) if send(archive, n)} == set(range(BATCHES)) - found
        check_whole(archive)
        archive.tend(FAR)
        check_whole(archive)
        assert archive.stats().hot == 0
    with Archive.open(folder) as archive:
        assert archive.recovered == Recovered()
        check_whole(archive)
    return found


def check_whole(archive: Archive) -> None:
    whole = track(0, BATCHES * SIZE)
    assert as_rows(archive.read()) == as_rows(whole)
    assert archive.bins().to_pylist() == make_bins(whole).to_pylist()
    assert [f.finding.key for f in archive.findings()] == [f"k{n}" for n in range(BATCHES)]
    assert archive.carry("gap") == carry(BATCHES - 1)
    assert archive.stats().positions == BATCHES * SIZE
    assert archive.check() == []


@pytest.mark.parametrize("number", [4, 5])
def test_killed_before_the_commit(tmp_path: Path, number: int) -> None:
    acknowledged = killed_writer(tmp_path, "ingest", number)
    assert acknowledged == set(range(number))
    with Archive.open(tmp_path) as archive:
        assert (archive.recovered.moved > 0, archive.recovered.torn) == ((True, 0) if number == 4 else (False, 1))
    assert check(tmp_path, acknowledged) == set(range(number))


def test_killed_after_the_commit_and_before_the_answer(tmp_path: Path) -> None:
    acknowledged = killed_writer(tmp_path, "commit", 5)
    assert acknowledged == set(range(5))
    assert check(tmp_path, acknowledged) == set(range(6))


@pytest.mark.parametrize("where", ["drain", "bins", "compact"])
def test_killed_while_tending(tmp_path: Path, where: str) -> None:
    acknowledged = killed_writer(tmp_path, where, BATCHES - 1)
    assert check(tmp_path, acknowledged) == acknowledged == set(range(BATCHES))


def test_killed_while_expiring(tmp_path: Path) -> None:
    assert killed_writer(tmp_path, "expire", BATCHES - 1) == set(range(BATCHES))
    whole = track(0, BATCHES * SIZE)
    with Archive.open(tmp_path, tuning=AT_ONCE) as archive:
        before = archive.read().num_rows
        gone = expire(archive)
        assert before > gone > 0
        assert archive.read().num_rows == before - gone
        assert archive.read(t_to=MIDNIGHT + 2 * 86_400).num_rows == 0
        assert archive.bins().to_pylist() == make_bins(whole).to_pylist()
        assert archive.check() == []


@pytest.mark.parametrize("seconds", [0.04, 0.4])
def test_killed_at_some_moment(tmp_path: Path, seconds: float) -> None:
    check(tmp_path, killed_writer(tmp_path, "random", seconds))
