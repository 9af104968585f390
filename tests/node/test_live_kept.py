"""A node that ends, however it ends, and starts again says in the end what one look at all rows says."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.node_kit import Hands, Kit, new_home
from prasan.archive.values import Carry
from prasan.errors import PrasanError
from prasan.exercise.player import Exercise, play
from prasan.feeds.reference import load_scenario
from prasan.node.node import Node
from prasan.node.seeing.live_carry import unpack
from prasan.node.seeing.picture import look
from prasan.node.seeing.watching import Watcher, pieces
from prasan.picture.event import Event
from prasan.picture.finding import Finding

EVENT = msgspec.json.Decoder(Event)
SOURCE, CLOCK = "exercise-gulf-andaman", "file"
STEP_S, HOURS = 3600, 20


def twenty_hours() -> Exercise:
    """The exercise until the tanker is heard again, with one static report in twenty."""
    made = play(load_scenario("gulf-andaman"), SOURCE)
    t, said = (table["t"].to_numpy().astype(np.int64) for table in (made.positions, made.statics))
    end = t.min() + HOURS * 3600
    some = (said < end) & (np.arange(len(said)) % 20 == 0)
    return Exercise(made.positions.filter(pa.array(t < end)), made.statics.filter(pa.array(some)))


@pytest.fixture(scope="module")
def exercise() -> Exercise:
    return twenty_hours()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, exercise: Exercise) -> dict[str, Finding]:
    """What one look at all rows says."""
    kit = Kit(new_home(tmp_path_factory.mktemp("whole")))
    kit.node.archive.append("all", SOURCE, exercise.positions, exercise.statics)
    look(kit.node, CLOCK)
    found = standing(kit.node)
    kit.close()
    assert {one.kind for one in found.values()} >= {"gap", "encounter"}
    return found


def standing(node: Node) -> dict[str, Finding]:
    events = [EVENT.decode(row.body) for row in node.store.events()]
    return {event.id: event.finding for event in events if event.state != "withdrawn"}


class Feed:
    """The exercise as a feed that brings an hour at a time, one row in fifty hours late."""

    def __init__(self, node: Node, exercise: Exercise) -> None:
        self.node, self.rows, self.statics = node, exercise.positions, exercise.statics
        self.t = self.rows["t"].to_numpy().astype(np.int64)
        late = np.random.default_rng(5).random(len(self.t)) < 0.02
        self.arrival = self.t + np.where(late, 5400, 0)
        self.begin, self.end = int(self.t.min()), int(self.t.max()) + 1
        if not node.archive.sources():
            node.archive.append("statics", SOURCE, self.rows.slice(0, 0), self.statics)

    def moments(self) -> range:
        return range(self.begin + STEP_S, self.end + 3 * STEP_S, STEP_S)

    def bring(self, now: int) -> None:
        """What arrived since the moment before; what was brought before stays as it is."""
        came = (self.arrival < now) & (self.arrival >= now - STEP_S)
        self.node.archive.append(f"b{now}", SOURCE, self.rows.filter(pa.array(came)), self.statics.slice(0, 0))


def test_started_again_at_every_step_it_finds_the_same(
    tmp_path: Path, quick: None, exercise: Exercise, whole: dict[str, Finding]
) -> None:
    kit = Kit(new_home(tmp_path / "live"), Hands())
    feed = Feed(kit.node, exercise)
    reads: list[int] = []
    for now in feed.moments():
        feed.bring(now)
        kit.hands.now_us = now * 1_000_000
        watcher = Watcher(kit.node, CLOCK)
        reads.append(int(str(watcher.step(min(now, feed.end)).counts.get("rows", 0))))
    assert standing(kit.node) == whole
    assert sum(reads) < 6 * len(feed.t), "it goes on where it was and does not read the last days each time"
    kit.close()


@pytest.mark.parametrize("spoil", [lambda raw: raw[:-9], lambda _raw: b""], ids=["torn", "empty"])
def test_a_run_that_cannot_be_read_is_made_again_from_the_rows(
    tmp_path: Path, quick: None, exercise: Exercise, spoil: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    kit = Kit(new_home(tmp_path), Hands())
    feed = Feed(kit.node, exercise)
    for now in list(feed.moments())[:12]:
        feed.bring(now)
        Watcher(kit.node, CLOCK).step(now)
    before = standing(kit.node)
    name = next(f"run/{CLOCK}/{slot}" for slot in range(99) if kit.node.archive.carry(f"run/{CLOCK}/{slot}"))
    raw = kit.node.archive.carry(name)
    assert raw is not None
    kit.node.archive.put_findings("", (), {name: Carry(0, spoil(raw.data))})
    for slot in range(9):
        kit.node.archive.put_findings("", (), {f"run/{CLOCK}/{slot}": Carry(0, spoil(raw.data))})
    Watcher(kit.node, CLOCK).step(now)
    assert standing(kit.node) == before
    assert "it begins anew" in caplog.text
    kit.close()


def test_what_is_kept_is_bounded(tmp_path: Path, quick: None, exercise: Exercise) -> None:
    kit = Kit(new_home(tmp_path), Hands())
    feed = Feed(kit.node, exercise)
    watcher = Watcher(kit.node, CLOCK)
    for now in feed.moments():
        feed.bring(now)
        watcher.step(min(now, feed.end))
    kept = [slot for slot in range(200) if kit.node.archive.carry(f"run/{CLOCK}/{slot}")]
    assert max(kept) < 40, "slots are used again"
    assert all(unpack(found.data).upto for slot in kept if (found := kit.node.archive.carry(f"run/{CLOCK}/{slot}")))
    kit.close()


def test_a_look_that_fails_half_way_is_made_good(
    tmp_path: Path, quick: None, exercise: Exercise, whole: dict[str, Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store refuses after the events were published: the next watcher goes on from what was kept."""
    kit = Kit(new_home(tmp_path / "live"), Hands())
    feed = Feed(kit.node, exercise)
    fails = iter([False, True, False, False, True] * 99)

    def at(point: str) -> None:
        if point == "look" and next(fails):
            raise PrasanError("The disk is full.", "Make room.")

    monkeypatch.setattr(kit.node, "at", at)
    watcher = None
    for now in feed.moments():
        feed.bring(now)
        watcher = watcher or Watcher(kit.node, CLOCK)
        try:
            watcher.step(min(now, feed.end))
        except PrasanError:
            watcher = None
    Watcher(kit.node, CLOCK).step(feed.end)
    assert standing(kit.node) == whole
    kit.close()


@given(begin=st.integers(0, 2**31), length=st.integers(1, 40 * 86_400))
def test_a_stretch_is_cut_without_hole_or_overlap(begin: int, length: int) -> None:
    ends = pieces(begin, begin + length)
    assert ends[-1] == begin + length
    steps = [b - a for a, b in pairwise([begin, *ends])]
    assert all(0 < step <= 6 * 3600 for step in steps)
    recent = [end for end in ends if end > begin + length - 6 * 3600]
    assert all(b - a <= 3600 for a, b in pairwise(recent))


def test_old_rows_are_looked_at_now_and_then_and_never_forgotten(
    tmp_path: Path, quick: None, exercise: Exercise, whole: dict[str, Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A feed that goes on sending old rows does not keep the node from the new ones."""
    kit = Kit(new_home(tmp_path), Hands())
    feed = Feed(kit.node, exercise)
    old = feed.t < feed.begin + 3600
    kit.node.archive.append("new", SOURCE, feed.rows.filter(pa.array(~old)), feed.statics.slice(0, 0))
    watcher = Watcher(kit.node, CLOCK)
    watcher.step(feed.begin + 10 * 3600)
    watcher.step(feed.end)
    monkeypatch.setattr(watcher, "_rest_until", float("inf"))
    kit.node.archive.append("old", SOURCE, feed.rows.filter(pa.array(old)), feed.statics.slice(0, 0))
    assert watcher.step(feed.end).counts == {}
    monkeypatch.setattr(watcher, "_rest_until", 0.0)
    assert watcher.step(feed.end).counts == {"rows": len(feed.t)}
    assert watcher._rest_until > 0
    assert standing(kit.node) == whole
    kit.close()


@pytest.mark.process
@pytest.mark.parametrize("point", ["look:12", "commit:9"])
def test_killed_and_started_again_it_finds_the_same(tmp_path: Path, whole: dict[str, Finding], point: str) -> None:
    """A real process, killed as by a power cut between publishing and keeping, or between storing and looking."""
    home = new_home(tmp_path / "live")
    assert run(home, point) == -signal.SIGKILL
    assert run(home, "") == 0
    node = Node(home)
    found = standing(node)
    node.close()
    assert found == whole


def run(home: Path, crash_at: str) -> int:
    environment = {**os.environ, "PRASAN_CRASH_AT": crash_at, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, __file__, str(home)], env=environment, check=False, timeout=120).returncode


def main(home: Path) -> None:
    """What the killed process does: it stores and looks, from wherever the one before it was."""
    node = Node(home)
    feed = Feed(node, twenty_hours())
    watcher = Watcher(node, CLOCK)
    for now in feed.moments():
        feed.bring(now)
        watcher.step(min(now, feed.end))
    node.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
