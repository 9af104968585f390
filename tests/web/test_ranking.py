"""What is over a rule's budget stands behind, and what belongs together says so."""

from typing import Any

import msgspec
from desk import ROWS

from prasan.web.desk import Row, SourceNote, WatchPage
from prasan.web.pages import in_watch_order
from prasan.web.rows import sentences
from prasan.web.seen import mark_past, rank_events

E = next(row for row in ROWS if row.layer == "event")


def event(number: int, **more: Any) -> Row:
    return msgspec.structs.replace(E, id=f"prasan-maritime-event--{number:04}", state="closed", **more)


def test_the_twenty_best_of_a_day_stand_before_the_rest() -> None:
    rows = rank_events([event(n, start=1000 + n, end=1000 + n, mmsi=(n,), confidence="low") for n in range(30)])
    assert sum(row.folded for row in rows) == 10
    page = WatchPage(tuple(rows), (), {}, E.marking)
    shown = in_watch_order(page).rows
    assert [row.folded for row in shown] == [False] * 20 + [True] * 10


def test_a_dark_gap_is_never_behind_a_plain_one() -> None:
    plain = [event(n, kind="gap", gap_class="unknown", start=1000, end=2000, mmsi=(n,)) for n in range(25)]
    dark = event(99, kind="gap", gap_class="dark", start=1000, end=2000, mmsi=(99,))
    assert not next(row for row in rank_events([*plain, dark]) if row.id == dark.id).folded


def test_what_late_rows_show_of_days_long_past_is_no_alert() -> None:
    day = 86_400
    rows = [
        event(1, start=0, end=day, source="radar"),
        event(2, start=0, end=7 * day, source="radar"),
        event(3, start=0, end=None, source="radar"),
        event(4, start=0, end=day, source="from us-mo", origin="us-mo"),
    ]
    notes = [SourceNote("radar", "Radar", "live", E.marking, 0, 8 * day)]
    assert [row.past for row in mark_past(rows, notes)] == [True, False, False, False]


def test_events_of_one_vessel_at_one_time_are_one_case() -> None:
    rows = rank_events([
        event(1, kind="gap", start=1000, end=5000, mmsi=(7,)),
        event(2, kind="encounter", start=4000, end=6000, mmsi=(7, 8)),
        event(3, kind="gap", start=9000, end=9500, mmsi=(8,)),
    ])  # fmt: skip
    assert [row.case for row in rows] == ["prasan-maritime-event--0001"] * 2 + [""]


def test_an_event_says_all_its_evidence_in_order() -> None:
    told = sentences({"codes": ["gap_closed", "reception_dark"], "hours": 9, "fixes": [{"t": 1}]})
    assert [one.code for one in told] == ["finding.gap_closed", "finding.reception_dark"]
    assert told[1].params["hours"] == 9
    assert "fixes" not in told[0].params
    assert sentences({}) == ()
