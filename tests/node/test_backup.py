"""A backup is whole or not there; a home restored from it is the same node in a new epoch, and nothing is lost."""

import io
import tarfile
import threading
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.node_kit import Hands, Kit
from node.test_transitions import RELEASE, policy
from node.trust_kit import Two, pulled, row
from prasan.errors import IntegrityError, UsageError
from prasan.ledger.entry import decode
from prasan.node.keeping.backup import backup
from prasan.node.keeping.keysafe import lock, unlock
from prasan.node.keeping.restoring import restore
from prasan.node.keeping.tarball import LIST, check, reading
from prasan.node.partners import rotation
from prasan.node.record import verify

PASS = b"correct horse battery staple"


def restored(two: Two, path: Path) -> Kit:
    """The node `a` as it was, in a new folder, with its clock going on."""
    home = path.with_name("anew")
    hands = Hands("anew", two.a.hands.now_us)
    restore(path, home, PASS, hands.clock)
    return Kit(home, hands)


def replaced(two: Two, path: Path) -> Kit:
    """An hour later, in the place of the node `a`."""
    for kit in (two.a, two.b):
        kit.wait(1)
    anew = restored(two, path)
    two.a.close()
    two.a = anew
    return anew


def verifies(*kits: Kit) -> bool:
    return all(one.report.ok for kit in kits for one in verify(kit.node))


def once(kit: Kit) -> bool:
    """Every version a node was sent is kept exactly once."""
    rows = kit.node.store._all("SELECT object_id, version, count(*) FROM received GROUP BY 1, 2 HAVING count(*) > 1")
    return rows == []


def test_a_restored_node_is_the_same_in_a_new_epoch(two: Two, tmp_path: Path) -> None:
    two.a.event("one")
    assert pulled(two.b, two.a).accepted == 2
    saved = backup(two.a.node, tmp_path / "a.backup", PASS)
    assert sorted(path.name for path in tmp_path.glob("a.backup*")) == ["a.backup"]
    anew = restored(two, tmp_path / "a.backup")
    assert (anew.id, anew.print) == (two.a.id, two.a.print)
    assert anew.node.store.epoch() != two.a.node.store.epoch()
    assert saved.members == len(check(tmp_path / "a.backup").members)
    assert (anew.node.home.root / "keys" / "node.pem").stat().st_mode & 0o777 == 0o600
    assert verifies(anew)
    anew.close()


def test_partners_lose_nothing(two: Two, tmp_path: Path) -> None:
    """What was there, what came after the backup and what comes after the restore: each at the partner exactly once."""
    two.a.event("before")
    assert pulled(two.b, two.a).failure == ""
    backup(two.a.node, tmp_path / "a.backup", PASS)
    two.a.event("after")
    assert pulled(two.b, two.a).accepted == 1
    anew = replaced(two, tmp_path / "a.backup")
    again = pulled(two.b, anew)
    assert (again.failure, again.accepted, again.same) == ("", 0, 2), again
    anew.event("after")
    anew.event("new")
    assert pulled(two.b, anew).failure == ""
    sent = {one.view_id for one in anew.node.store.views_of(anew.event("after"))}
    assert sent <= {one.id for one in two.b.node.store.each_object()}
    assert once(two.b)
    assert verifies(anew, two.b)


def test_both_ways_over_a_restore(two: Two, tmp_path: Path) -> None:
    """What `a` had read and acknowledged after the backup it reads again; `b` counts nothing twice."""
    policy(two.b, RELEASE.replace("us-mo", "a"))
    two.b.event("early")
    assert pulled(two.a, two.b).failure == ""
    backup(two.a.node, tmp_path / "a.backup", PASS)
    two.b.event("late")
    assert pulled(two.a, two.b).accepted == 1
    anew = replaced(two, tmp_path / "a.backup")
    again = pulled(anew, two.b)
    assert (again.failure, again.accepted, again.same) == ("", 1, 0), again
    assert pulled(two.b, anew).failure == ""
    assert pulled(anew, two.b).accepted == 0
    assert once(anew)
    assert once(two.b)
    sent = {
        row[0]
        for row in two.b.node.store._all(
            "SELECT view_id FROM views WHERE r = (SELECT r FROM recipients WHERE id = ?)", (anew.id,)
        )
    }
    held = {row[0] for row in anew.node.store._all("SELECT object_id FROM received WHERE partner = ?", (two.b.id,))}
    assert sent == held
    assert verifies(anew, two.b)


def test_a_backup_while_the_node_writes(two: Two, tmp_path: Path) -> None:
    """Every copy is of one moment: its ledgers verify, whatever was half-way."""
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            two.a.event(f"w{number}")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            backup(two.a.node, tmp_path / "busy.backup", PASS)
            home = tmp_path / f"busy{number}"
            restore(tmp_path / "busy.backup", home, PASS, Hands("busy", two.a.hands.now_us).clock)
    finally:
        stop.set()
        writer.join()


def test_a_backup_after_a_change_of_key_signs_with_the_new_one(two: Two, tmp_path: Path) -> None:
    change = rotation.rotate(two.a.node)
    backup(two.a.node, tmp_path / "a.backup", PASS)
    anew = restored(two, tmp_path / "a.backup")
    assert anew.print == change.new
    anew.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    two = Two(folder)
    two.a.event("one")
    backup(two.a.node, folder / "a.backup", PASS)
    two.close()
    return folder / "a.backup"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**9), bit=st.integers(0, 7))
def test_one_flipped_bit_is_refused_or_changes_nothing(whole: Path, tmp_path: Path, place: int, bit: int) -> None:
    raw = bytearray(whole.read_bytes())
    raw[place % len(raw)] ^= 1 << bit
    damaged = tmp_path / "damaged.backup"
    damaged.write_bytes(raw)
    with suppress(IntegrityError):
        assert check(damaged) == check(whole)


@pytest.mark.parametrize("keep", [0, 1, 100, 0.5, 0.99])
def test_one_that_was_cut_is_refused(whole: Path, tmp_path: Path, keep: float) -> None:
    raw = whole.read_bytes()
    cut = tmp_path / "cut.backup"
    cut.write_bytes(raw[: int(keep if keep >= 1 else keep * len(raw))])
    with pytest.raises(IntegrityError, match=r"cut\.backup is damaged"):
        restore(cut, tmp_path / "home", PASS)
    assert not (tmp_path / "home").exists()
    assert not (tmp_path / "home.part").exists()


def rewritten(whole: Path, target: Path, change: dict[str, bytes | None]) -> Path:
    """The backup with members replaced, added or left out."""
    members = {name: source.read() for name, source in reading(whole)}
    for name, raw in change.items():
        members.pop(name, None)
        if raw is not None:
            members[name] = raw
    with pa.CompressedOutputStream(str(target), "zstd") as out, tarfile.open(fileobj=out, mode="w|") as tar:
        for name, raw in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            tar.addfile(info, io.BytesIO(raw))
    return target


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"store.sqlite": b"x"}, "store.sqlite is not the file that was saved"),
        ({"store.sqlite": None}, "store.sqlite is missing"),
        ({LIST: None}, "manifest.json is missing"),
        ({LIST: b"{"}, "manifest.json is missing or cannot be read"),
        ({"areas/more.geojson": b"{}"}, "areas/more.geojson is not the file"),
        ({"../evil": b"x"}, "which no backup does"),
        ({"areas/../../evil": b"x"}, "which no backup does"),
        ({"archive/bins/../../evil": b"x"}, "which no backup does"),
    ],
)
def test_the_file_that_is_wrong_is_named(
    whole: Path, tmp_path: Path, change: dict[str, bytes | None], says: str
) -> None:
    with pytest.raises(IntegrityError, match=says):
        restore(rewritten(whole, tmp_path / "odd.backup", change), tmp_path / "home", PASS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["odd.backup"]


def test_a_wrong_passphrase_is_refused(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="does not open with this passphrase"):
        restore(whole, tmp_path / "home", b"another passphrase")
    with pytest.raises(UsageError, match="it needs 14"):
        lock(b"x", b"short")
    assert not (tmp_path / "home").exists()


@settings(max_examples=15, deadline=None)
@given(place=st.integers(0, 10**6))
def test_locked_keys_do_not_open_when_changed(place: int) -> None:
    locked = bytearray(LOCKED)
    place %= len(locked)
    locked[place] = ord("A") if locked[place] != ord("A") else ord("B")
    try:
        assert unlock(bytes(locked), PASS) == b"the keys"
    except IntegrityError:
        return


LOCKED = lock(b"the keys", PASS)


def test_nothing_is_overwritten(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "note").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        restore(whole, tmp_path / "home", PASS)
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["note"]


class Killed(BaseException):
    """What a crash point raises here in place of a kill."""


def test_killed_before_the_name_is_given_the_old_backup_stays(two: Two, tmp_path: Path) -> None:
    path = tmp_path / "a.backup"
    backup(two.a.node, path, PASS)
    before = path.read_bytes()

    def die(name: str) -> None:
        if name == "backup":
            raise Killed

    two.a.node.at = die
    with pytest.raises(Killed):
        backup(two.a.node, path, PASS)
    assert path.read_bytes() == before
    # what a real kill leaves is cleared by the next backup
    path.with_name("a.backup.part").write_bytes(b"half")
    path.with_name("a.backup.work").mkdir()
    (path.with_name("a.backup.work") / "store.sqlite").write_bytes(b"half")
    two.a.node.at = lambda _: None
    backup(two.a.node, path, PASS)
    assert sorted(one.name for one in tmp_path.glob("a.backup*")) == ["a.backup"]


def test_each_log_says_why_its_name_changed(two: Two, tmp_path: Path) -> None:
    before = two.a.node.store.epoch()
    backup(two.a.node, tmp_path / "a.backup", PASS)
    anew = restored(two, tmp_path / "a.backup")
    said = [decode(one.entry) for one in anew.node.store.leaf_rows(two.b.id) if one.entry]
    assert [(one.kind, one.detail["why"], one.detail["before"]) for one in said[-1:]] == [("epoch", "restore", before)]
    assert said[-1].detail["size"] == len(said) - 1
    assert row(anew, two.b).card == row(two.a, two.b).card
    anew.close()
