"""Live steps over rows as they come, some late, end with the events that one look at all rows makes."""

from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from node.node_kit import Hands, Kit, new_home
from prasan.exercise.player import Exercise, play
from prasan.feeds.reference import load_scenario
from prasan.node.seeing.live_looking import Looking
from prasan.node.seeing.live_pace import Pace
from prasan.node.seeing.picture import look
from prasan.node.seeing.watching import Watcher
from prasan.picture.event import Event
from prasan.picture.finding import Finding

EVENT = msgspec.json.Decoder(Event)
SOURCE, CLOCK = "exercise-gulf-andaman", "file"


@pytest.fixture(scope="module")
def exercise() -> Exercise:
    return play(load_scenario("gulf-andaman"), SOURCE)


def standing(kit: Kit) -> dict[str, Finding]:
    events = [EVENT.decode(row.body) for row in kit.node.store.events()]
    return {event.id: event.finding for event in events if event.state != "withdrawn"}


def test_live_steps_find_what_one_look_finds(tmp_path: Path, quick: None, exercise: Exercise) -> None:
    rows, statics = exercise.positions, exercise.statics
    t = rows["t"].to_numpy().astype(np.int64)
    begin, end = int(t.min()), int(t.max()) + 1
    late = np.random.default_rng(5).random(len(t)) < 0.02
    arrival = t + np.where(late, 5400, 0)

    whole = Kit(new_home(tmp_path / "whole"))
    whole.node.archive.append("all", SOURCE, rows, statics)
    look(whole.node, CLOCK)

    live = Kit(new_home(tmp_path / "live"), Hands())
    live.node.archive.append("statics", SOURCE, rows.slice(0, 0), statics)
    watcher, fewer = Watcher(live.node, CLOCK), 0
    for number, now in enumerate(range(begin + 3600, end + 7200, 3600)):
        came = (arrival < now) & (arrival >= now - 3600)
        live.node.archive.append(f"b{number}", SOURCE, rows.filter(pa.array(came)), statics.slice(0, 0))
        live.hands.now_us = now * 1_000_000
        watcher.step(min(now, end))
        fewer += bool((came & late).any())
    assert fewer > 10, "rows did come late"
    assert standing(live) == standing(whole)
    assert {one.kind for one in standing(live).values()} >= {"gap", "encounter"}
    whole.close()
    live.close()


def test_a_step_without_news_changes_nothing(tmp_path: Path, quick: None, exercise: Exercise) -> None:
    kit = Kit(new_home(tmp_path))
    kit.node.archive.append("all", SOURCE, exercise.positions, exercise.statics)
    end = int(exercise.positions["t"].to_numpy().max()) + 1
    watcher = Watcher(kit.node, CLOCK)
    assert watcher.step(end).changed > 0
    before = standing(kit)
    assert watcher.step(end).changed == 0
    assert watcher.step(end + 1).changed == 0
    assert standing(kit) == before
    kit.close()


def test_looking_anew_beside_live_steps_says_nothing_of_what_they_have_not_seen(
    tmp_path: Path, quick: None, exercise: Exercise
) -> None:
    """What a partner told, say, makes a clock be looked at anew: its newest rows may not be in order yet."""
    rows, statics = exercise.positions, exercise.statics
    t = rows["t"].to_numpy().astype(np.int64)
    half = int(np.median(t))
    kit = Kit(new_home(tmp_path))
    kit.node.archive.append("first", SOURCE, rows.filter(pa.array(t < half)), statics)
    looking = Looking(kit.node, None, Pace())
    looking._look(CLOCK)
    before = standing(kit)
    assert before
    kit.node.archive.append("second", SOURCE, rows.filter(pa.array(t >= half)), statics.slice(0, 0))
    assert looking.look_anew(CLOCK).changed == 0
    assert standing(kit) == before
    looking._look(CLOCK)
    grown = standing(kit)
    assert grown != before
    assert looking.look_anew(CLOCK).changed == 0, "both say the same of the same rows"
    assert standing(kit) == grown
    kit.close()
