import json

import fleet
import msgspec
import pytest

from prasan.detect.kinds import MESSAGES
from prasan.detect.life import compare, event_id
from prasan.detect.lines import event_line
from prasan.detect.rules import PRASAN, preset
from prasan.detect.run import detect
from prasan.picture.event import Event
from prasan.picture.finding import Finding
from prasan.picture.marking import PUBLIC, Marking, Tlp


def marking(sources: tuple[str, ...]) -> Marking:
    return PUBLIC


def gap(end: bool = True) -> Finding:
    hours = [*fleet.every(10, 0, 6), *([14.0] if end else [])]
    rows = fleet.table(fleet.sail(fleet.SHIP, hours, 8.0, 102.0))
    (one,) = detect(rows, None, preset(PRASAN), fleet.world(), fleet.DAY + 15 * 3600, kinds=["gap"]).findings
    return msgspec.structs.replace(one, gap_class="dark")  # the class is `test_gap_class`'s matter


def by_key(events: list[Event]) -> dict[str, Event]:
    return {event.finding.key: event for event in events}


def test_opened_closed_and_then_silent() -> None:
    (opened,) = compare({}, [gap(end=False)], marking, 100)
    assert (opened.state, opened.revision, opened.reason) == ("open", 1, "opened")
    assert compare(by_key([opened]), [gap(end=False)], marking, 110) == []
    (closed,) = compare(by_key([opened]), [gap()], marking, 120)
    assert (closed.state, closed.revision, closed.reason) == ("closed", 2, "closed")
    assert closed.id == opened.id
    assert compare(by_key([closed]), [gap()], marking, 130) == []


def test_a_finding_that_is_gone_is_withdrawn_and_can_come_back() -> None:
    (closed,) = compare({}, [gap()], marking, 100)
    (withdrawn,) = compare(by_key([closed]), [], marking, 110)
    assert (withdrawn.state, withdrawn.reason, withdrawn.finding) == ("withdrawn", "not_found", closed.finding)
    assert compare(by_key([withdrawn]), [], marking, 120) == []
    (again,) = compare(by_key([withdrawn]), [gap()], marking, 130)
    assert (again.state, again.reason, again.revision) == ("closed", "reopened", 3)


def test_a_closed_event_that_goes_on_after_all_is_open_again() -> None:
    (closed,) = compare({}, [gap()], marking, 100)
    (opened,) = compare(by_key([closed]), [gap(end=False)], marking, 110)
    assert (opened.state, opened.reason, opened.revision) == ("open", "reopened", 2)


def test_excluded_findings_are_no_events_and_withdraw_those_they_were() -> None:
    excluded = msgspec.structs.replace(gap(), excluded="port")
    assert compare({}, [excluded], marking, 100) == []
    (closed,) = compare({}, [gap()], marking, 100)
    (withdrawn,) = compare(by_key([closed]), [excluded], lambda _: Marking(tlp=Tlp.RED), 110)
    assert withdrawn.marking.tlp == Tlp.RED  # it now says what the excluded finding says
    assert (withdrawn.state, withdrawn.reason, withdrawn.finding.excluded) == ("withdrawn", "excluded", "port")


def test_class_confidence_or_marking_make_a_revision() -> None:
    (opened,) = compare({}, [gap(end=False)], marking, 100)
    sure = msgspec.structs.replace(gap(end=False), confidence="high")
    (revised,) = compare(by_key([opened]), [sure], marking, 110)
    assert (revised.state, revised.reason) == ("revised", "revised")
    (stricter,) = compare(by_key([opened]), [gap(end=False)], lambda _: Marking(tlp=Tlp.AMBER), 110)
    assert (stricter.state, stricter.marking.tlp) == ("revised", Tlp.AMBER)
    assert compare({}, [gap()], marking, 100, promotes=lambda _: False) == []


def test_the_id_is_the_same_in_every_run() -> None:
    assert event_id(gap()) == event_id(gap(end=False)) == "f01e10a8-b8b8-5bd3-986a-5b565b5069ec"


@pytest.mark.parametrize("end", [True, False])
def test_a_line_is_plain_json_with_the_promised_names(end: bool) -> None:
    (event,) = compare({}, [gap(end)], marking, fleet.DAY)
    line = json.loads(json.dumps(event_line(event)))
    promised = "id kind mmsi start end lat lon state class confidence preset revision known_at reason superseded_by"
    assert set(line) == {*promised.split(), "sources", "rule", "evidence"}
    assert set(line["rule"]) == {"id", "version", "thresholds", "differs"}
    assert (line["end"] is not None) is end
    assert line["known_at"] == "2026-03-02T00:00:00Z"
    for code in line["evidence"]["codes"]:
        assert set(MESSAGES["gap"][code]) <= set(line["evidence"])


def test_a_gap_is_published_only_where_others_were_heard() -> None:
    for gap_class, published in (("normal", 0), ("unknown", 0), ("suspicious", 1), ("dark", 1)):
        one = msgspec.structs.replace(gap(), gap_class=gap_class)
        assert len(compare({}, [one], marking, 100)) == published


def test_evidence_that_weakens_takes_the_event_back() -> None:
    (event,) = compare({}, [msgspec.structs.replace(gap(), gap_class="dark")], marking, 100)
    weaker = msgspec.structs.replace(gap(), gap_class="unknown")
    (gone,) = compare({event.finding.key: event}, [weaker], marking, 200)
    assert (gone.state, gone.reason, gone.revision) == ("withdrawn", "downgraded", 2)
    assert compare({gone.finding.key: gone}, [weaker], marking, 300) == []
