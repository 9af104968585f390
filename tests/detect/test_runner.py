"""Going back for late rows: whatever comes whenever inside the window, the last words are those of rows in time."""

from collections.abc import Mapping

import fleet
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_chain import RULES, WORLD, busy_day, in_pieces, traffic

from prasan.detect import runner
from prasan.detect.runner import Run, back_to, corrected, go_on, missed
from prasan.picture.finding import Finding


class Desk:
    """Rows as they arrive, and the register that a run keeps."""

    def __init__(self) -> None:
        self.run, self.rows, self.register = Run(), list[fleet.Row](), dict[str, Finding]()
        self.replays = 0

    def tick(self, arrived: list[fleet.Row], upto: int) -> None:
        self.rows += arrived
        run: Run = self.run
        since: Mapping[str, Finding] = {}
        times = np.array([row[1] for row in self.rows if run.steps[0].upto <= row[1] < run.upto], np.int64)
        late = missed(run, times)
        assert (late is None) == (not [row for row in arrived if row[1] < run.upto])
        if late is not None:
            run, since = back_to(run, late)
            self.replays += 1
        again, self.run = go_on(run, self.between(run.upto, upto), upto, RULES, WORLD)
        said, gone = corrected(run, since, again)
        self.register |= said
        for key in gone:
            del self.register[key]

    def between(self, begin: int, end: int) -> pa.Table:
        return fleet.table([row for row in self.rows if begin <= row[1] < end])


def arrive(rows: list[fleet.Row], delays: list[int], every: int) -> Desk:
    """Each row comes its delay after its time; a tick every so many seconds, and one at the end of all."""
    desk = Desk()
    coming = sorted((row[1] + delays[at % len(delays)], row) for at, row in enumerate(rows))
    now, last = rows[0][1], rows[-1][1] + 1
    while coming:
        now += every
        arrived = [row for when, row in coming if when < now]
        coming = [one for one in coming if one[0] >= now]
        desk.tick(arrived, min(now, last))
    return desk


@settings(max_examples=15, deadline=None)
@given(
    traffic(),
    st.lists(st.sampled_from([0, 0, 0, 30, 700, 5000]), min_size=1, max_size=9),
    st.sampled_from([1, runner.VESSELS_HELD]),
)
def test_late_rows_change_nothing_in_the_end(rows: list[fleet.Row], delays: list[int], held: int) -> None:
    whole, _ = in_pieces(rows, [], rows[-1][1] + 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "VESSELS_HELD", held)
        assert arrive(rows, delays, 2400).register == whole


def test_a_busy_day_with_late_rows_is_gone_over_again() -> None:
    rows = busy_day()
    whole, _ = in_pieces(rows, [], rows[-1][1] + 1)
    desk = arrive(rows, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5400], 1800)
    assert desk.replays > 5
    assert desk.register == whole


def test_what_a_late_row_undoes_stands_no_more() -> None:
    rows = fleet.sail(fleet.SHIP, fleet.every(10, 0, 4), 8.0, 102.0)
    desk = Desk()
    desk.tick(rows, fleet.DAY + 4 * 3600)
    desk.tick([], fleet.DAY + 11 * 3600)
    assert [one.kind for one in desk.register.values()] == ["gap"]
    desk.tick(fleet.sail(fleet.SHIP, [6.0, 8.0, 10.0], 8.0, 102.0), fleet.DAY + 11 * 3600)
    assert desk.register == {}


def test_what_was_said_before_the_late_row_stands_again() -> None:
    """An open gap that closed, then a row that moves its end."""
    rows = fleet.sail(fleet.SHIP, fleet.every(10, 0, 4), 8.0, 102.0)
    desk = Desk()
    desk.tick(rows, fleet.DAY + 4 * 3600)
    desk.tick([], fleet.DAY + 11 * 3600)
    (key,) = desk.register
    desk.tick(fleet.sail(fleet.SHIP, [12.5], 8.0, 102.0), fleet.DAY + 13 * 3600)
    closed = desk.register[key].end
    assert closed is not None
    desk.tick(fleet.sail(fleet.SHIP, [11.5], 8.0, 102.0), fleet.DAY + 13 * 3600)
    assert desk.register[key].end == closed - 3600


def test_a_run_holds_few_steps_however_often_it_ticks() -> None:
    run = Run()
    for tick in range(0, 24 * 3600, 120):
        _, run = go_on(run, fleet.table([]), fleet.DAY + tick, RULES, WORLD)
    assert len(run.steps) <= runner.WINDOW_S // runner.APART_S + 3
    assert run.steps[0].upto <= run.upto - runner.WINDOW_S


def test_a_run_of_many_vessels_holds_fewer_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "VESSELS_HELD", 40)
    run = Run()
    for tick in range(0, 8 * 3600, 300):
        rows = [(fleet.SHIP + ship, fleet.DAY + tick - 10, 8.0 + ship, 102.0) for ship in range(10)]
        _, run = go_on(run, fleet.table(rows), fleet.DAY + tick, RULES, WORLD)
    assert len(run.steps) <= 40 // 10
    assert run.steps[0].upto <= run.upto - runner.WINDOW_S
    assert run.upto - run.steps[-2].upto <= 2 * runner.APART_S  # what is late by minutes is near


def test_what_ended_long_ago_is_held_no_more_unless_its_rule_looks_far_back() -> None:
    rows = busy_day()
    last = rows[-1][1] + 1
    said, run = go_on(Run(), fleet.table(rows), last, RULES, WORLD)
    told = dict(said)
    for hours in (12, 40, 80, 120):
        said, run = go_on(run, fleet.table([]), last + hours * 3600, RULES, WORLD)
        told |= said
    ended = {one.kind for one in told.values() if one.end is not None}
    held = {one.kind for one in run.steps[0].said.values() if one.end is not None}
    assert ended - held == {"encounter", "loitering"}  # they know nothing longer than hours
    assert {"gap", "invalid_identity"} <= held  # one learns from a week, the other knows no time
