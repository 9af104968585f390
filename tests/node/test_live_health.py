"""How a node stands: every code has its words, and what is wrong with feeds, disk and stages is told."""

from pathlib import Path
from typing import get_args

import pytest

from node.node_kit import Hands, Kit, Partner, new_home
from prasan.archive.values import Tended
from prasan.exchange.steps import Summary
from prasan.exercise.player import play
from prasan.feeds.live import FindingKind, State
from prasan.feeds.reference import load_scenario
from prasan.formats.ais_batch import OUTCOMES
from prasan.node.keeping.live_health import CODES, Ward
from prasan.node.keeping.tending import Tender
from prasan.node.lines.sync import told
from prasan.node.seeing.live import Live
from prasan.node.seeing.live_pace import STAGES, Pace
from prasan.node.settings import FeedSetting
from prasan.words.catalogue import ENGLISH


def test_every_code_has_a_sentence_and_what_to_do() -> None:
    wanted = {
        *(f"ill.{code}" for code in CODES), *(f"ill.{code}.remedy" for code in CODES),
        *(f"lag.{stage}" for stage in STAGES), *(f"feed.{state}" for state in get_args(State)),
        *(f"drop.{reason}" for reason in OUTCOMES if reason != "kept"),
    }  # fmt: skip
    assert sorted(wanted - ENGLISH.keys()) == []
    assert set(get_args(FindingKind)) <= set(CODES)


def test_a_pace_knows_what_the_last_took_and_what_waits() -> None:
    pace = Pace()
    pace.wait("stored", "a", 10.0)
    pace.wait("stored", "a", 12.0)  # the first that waits counts
    pace.wait("stored", "b", 11.0)
    pace.wait("detected", "c", 13.0)
    assert [(lag.took_s, lag.waiting_s) for lag in pace.lags(15.0)][:2] == [(None, 5.0), (None, 2.0)]
    pace.passed("stored", "a", 15.0)
    pace.passed("detected", "never waited", 15.0)
    pace.forget("detected", "c")
    assert [(lag.took_s, lag.waiting_s) for lag in pace.lags(16.0)][:2] == [(5.0, 5.0), (None, 0.0)]


def test_a_silent_feed_a_full_disk_damage_and_a_stage_behind_are_told(
    tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = Kit(new_home(tmp_path))
    live = Live(kit.node, [FeedSetting("udp://127.0.0.1:1", "quiet", silent_s=60)])
    tender = Tender(kit.node, live.pace)
    ward = Ward(kit.node, live, tender)
    assert ward.ills() == ()
    kit.wait(1)
    monkeypatch.setattr(kit.node.archive, "room", lambda: 5 << 20)
    tender.tended = Tended(damaged=("positions/date=2026-03-02",))
    live.pace.wait("detected", "live", kit.hands.now_us / 1e6 - 600)
    ills = ward.ills()
    assert [ill.code for ill in ills] == ["feed_silent", "disk_low", "archive_damaged", "behind"]
    assert (ills[0].values["silent_min"], ills[1].values["mib"], ills[3].values["minutes"]) == (60, 5, 10)
    monkeypatch.setattr(kit.node.archive, "room", lambda: -1)
    assert ward.ills()[0].code == "disk_full"
    assert ward.standing().feeds[0][1] == ("feed_silent",)
    kit.close()


def test_the_archive_is_counted(tmp_path: Path, quick: None) -> None:
    kit = Kit(new_home(tmp_path), Hands())
    made = play(load_scenario("gulf-andaman"), "x")
    kit.node.archive.append("a", "x", made.positions, made.statics)
    before = Ward(kit.node).standing().archive
    assert (before.positions, before.hot, before.days_closed) == (made.positions.num_rows, 0, 0)
    assert before.days_open == 2
    kit.node.archive.tend(kit.hands.now_us / 1e6 + 5 * 86_400)
    after = Ward(kit.node).standing().archive
    assert (after.days_open, after.days_closed) == (0, 2)
    kit.close()


def test_decisions_that_wait_are_a_lag(tmp_path: Path, quick: None) -> None:
    """A new home has its own identity to decide on; an hour later that has waited for an hour."""
    kit = Kit(new_home(tmp_path))
    pace = Pace()
    due = kit.node.store.next_due()
    assert due is not None
    kit.wait(1)
    Tender(kit.node, pace)._decide()
    now = kit.hands.now_us / 1e6
    assert (pace.lags(now)[3].took_s, pace.lags(now)[3].waiting_s) == (now - due / 1e6, 0.0)
    kit.close()


def test_a_partner_that_cannot_be_reached_for_a_while_is_told(tmp_path: Path, quick: None) -> None:
    """One pull that fails is the line; it is told once all have failed for ten minutes, and until one does not."""
    kit = Kit(new_home(tmp_path))
    kit.agree(Partner("us-mo", tmp_path))
    (row,) = kit.node.store.partners()
    began, ills = kit.node.clock.now(), []
    for failure in ("unreachable", "refused", "unreachable", ""):
        told(kit.node, row, Summary(failure=failure))
        ills.append([(ill.values, ill.since) for ill in Ward(kit.node).ills() if ill.code == "partners_unreached"])
        kit.hands.now_us += 300_000_000
    assert ills == [[], [], [({"number": 1}, began)], []]
    kit.close()
