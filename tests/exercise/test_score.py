"""Laws of the scorer: perfect events score 1, order does not matter, a false event never helps."""

import datetime as dt

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prasan.errors import FormatError
from prasan.exercise.score import judge, report, score
from prasan.exercise.score_lines import Event, Evidence, Fix, Truth, read_events, read_truth
from prasan.exercise.score_match import match
from prasan.exercise.score_table import table

DAY = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
RUN = Truth(row="run", vessel_days=500.0)
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
KINDS = ("gap", "encounter", "zone_entry", "speed_jump")


def hours(value: float) -> dt.datetime:
    return DAY + dt.timedelta(hours=value)


@st.composite
def truths(draw: st.DrawFn) -> list[Truth]:
    made = []
    for number in range(draw(st.integers(0, 12))):
        start = draw(st.floats(0, 40))
        made.append(
            Truth(
                row=draw(st.sampled_from(("event", "event", "innocent", "unjudged"))),
                kind=draw(st.sampled_from(KINDS)),
                what="w",
                mmsi=(draw(st.integers(1, 4)), 10 + number),
                start=hours(start),
                end=hours(start + draw(st.floats(0, 20))),
                observable=draw(st.booleans()),
            )
        )
    return [RUN, *made]


def event_of(truth: Truth, number: int, confidence: str = "high") -> Event:
    assert truth.start is not None
    return Event(str(number), truth.kind, truth.mmsi, truth.start, truth.end, "closed", confidence, gap_class="dark")


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    made = []
    for number in range(draw(st.integers(0, 12))):
        start = draw(st.floats(0, 40))
        made.append(
            Event(
                f"e{number}",
                draw(st.sampled_from(KINDS)),
                (draw(st.integers(1, 4)),),
                hours(start),
                draw(st.one_of(st.none(), st.just(hours(start + 3)))),
                draw(st.sampled_from(("open", "closed", "withdrawn"))),
                draw(st.sampled_from(("low", "medium", "high"))),
                draw(st.integers(0, 3)),
                draw(st.sampled_from(("dark", "unknown"))),
            )
        )
    return made


@settings(UNTIMED, max_examples=60)
@given(truths())
def test_perfect_events_score_one(truth: list[Truth]) -> None:
    real = [one for one in truth if one.row == "event"]
    said = score([event_of(one, number) for number, one in enumerate(real)], truth)
    assert said["false_alerts"] == 0
    for kind in said["kinds"].values():
        assert kind["precision"] == kind["recall_all"] == 1.0
        assert kind["recall"] in (1.0, None)


@settings(UNTIMED, max_examples=60)
@given(truths(), events(), st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(truth: list[Truth], said: list[Event], random: object) -> None:
    first = score(said, truth)
    mixed, other = list(said), list(truth)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    random.shuffle(other)  # type: ignore[attr-defined]
    assert score(mixed, other) == first


@settings(UNTIMED, max_examples=60)
@given(truths(), events(), st.sampled_from(KINDS), st.floats(0, 40))
def test_a_false_event_never_raises_precision(truth: list[Truth], said: list[Event], kind: str, start: float) -> None:
    false = Event("false", kind, (999,), hours(start), hours(start + 1), "closed", "high", gap_class="dark")
    before, after = score(said, truth), score([*said, false], truth)
    for name, one in before["kinds"].items():
        if one["precision"] is not None:
            assert after["kinds"][name]["precision"] <= one["precision"]
        assert after["kinds"][name]["matched"] == one["matched"]
    assert after["false_alerts"] == before["false_alerts"] + (kind != "speed_jump")
    assert after["not_judged"] == before["not_judged"]


@settings(UNTIMED, max_examples=60)
@given(truths(), events())
def test_nothing_is_matched_twice_and_shares_lie_between_0_and_1(truth: list[Truth], said: list[Event]) -> None:
    for kind in score(said, truth)["kinds"].values():
        assert kind["matched"] <= min(kind["events"], kind["truth"])
        for name in ("precision", "recall", "recall_all", "f1"):
            assert kind[name] is None or 0 <= kind[name] <= 1


@settings(UNTIMED, max_examples=60)
@given(truths(), events())
def test_no_other_way_to_match_finds_more(truth: list[Truth], said: list[Event]) -> None:
    for kind in KINDS:
        some = [one for one in said if one.kind == kind][:5]
        real = [one for one in truth if one.row == "event" and one.kind == kind][:5]
        pairs = match(some, real)
        assert len(pairs) == most(some, real)
        seen = [one for one in real if one.observable]
        assert sum(one.observable for _, one in pairs) == most(some, seen)


def most(said: list[Event], truth: list[Truth]) -> int:
    """Brute force."""
    if not truth:
        return 0
    rest = truth[1:]
    return max(
        [most(said, rest)]
        + [1 + most([e for e in said if e is not event], rest) for event in said if match([event], truth[:1])]
    )


def test_only_the_newest_revision_counts_and_a_withdrawn_event_is_gone() -> None:
    truth = Truth("event", "gap", "transmitter_off", (7,), hours(1), hours(9))
    dark = event_of(truth, 1)
    doubt = msgspec.structs.replace(dark, revision=2, gap_class="unknown")
    gone = msgspec.structs.replace(dark, revision=3, state="withdrawn")
    assert score([dark], [RUN, truth])["kinds"]["gap"]["f1"] == 1.0
    for later in (doubt, gone):
        assert score([later, dark], [RUN, truth])["kinds"]["gap"]["events"] == 0


def test_a_second_event_of_the_same_fact_is_false_and_a_look_alike_is_named() -> None:
    truth = Truth("event", "gap", "transmitter_off", (7,), hours(1), hours(9))
    innocent = Truth("innocent", "gap", "station_outage", (8,), hours(1), hours(9))
    said = score([event_of(truth, 1), event_of(truth, 2), event_of(innocent, 3)], [RUN, truth, innocent])
    assert said["kinds"]["gap"]["precision"] == 0.3333
    assert said["look_alikes"] == {"gap": {"station_outage": 1, "unexplained": 1}}
    assert said["false_alerts_per_1000_vessel_days"] == 4.0


def test_the_top_of_a_day_is_ranked_by_confidence() -> None:
    truth = Truth("event", "encounter", "alongside", (7, 8), hours(1), hours(9))
    low = [Event(f"n{n}", "encounter", (100 + n,), hours(0), hours(1), "closed", "low") for n in range(30)]
    said = score([*low, event_of(truth, 1, "high")], [RUN, truth])
    assert said["top_a_day_precision"] == 0.05
    hidden = score([*low, event_of(truth, 1, "low")], [RUN, truth])
    assert hidden["top_a_day_precision"] == 0.0


def test_lines_that_are_neither_are_named() -> None:
    with pytest.raises(FormatError, match="line 2 of x"):
        read_events([b"", b'{"id":1}'], "x")
    with pytest.raises(FormatError, match="vessel-days"):
        read_truth([b'{"row":"event"}'], "x")


@settings(UNTIMED, max_examples=40)
@given(truths(), events(), truths(), events())
def test_runs_are_judged_each_for_itself_and_added_up(
    truth: list[Truth], said: list[Event], other: list[Truth], also: list[Event]
) -> None:
    both = [judge(said, truth), judge(also, other)]
    whole, parts = report(both), [report([one]) for one in both]
    assert report(both[::-1])["kinds"] == whole["kinds"]
    for kind, row in whole["kinds"].items():
        for name in ("events", "truth", "observable", "matched"):
            assert row[name] == sum(part["kinds"].get(kind, {}).get(name, 0) for part in parts)
    for name in ("alerts", "false_alerts", "vessel_days", "not_judged"):
        assert whole[name] == sum(part[name] for part in parts)
    assert [line.split()[0] for line in table(whole)[3 : 3 + len(whole["kinds"])]] == list(whole["kinds"])


def silence(mmsi: int, start: float, k: int, n: int, at: str = "begin") -> Event:
    fixes = (Fix(10.0, 100.0), Fix(11.0, 101.0))
    said = Evidence(fixes, at, n, k, 0.5, rate_km=15.0, lasted_h=6.0)
    return Event(str(mmsi), "gap", (mmsi,), hours(start), hours(start + 8), "closed", "low", 1, "unknown", said)


Cell = tuple[float, float]
HERE, THERE, BESIDE, FAR = (10.1, 100.0), (11.0, 101.1), (10.2, 100.0), (14.0, 100.0)
WHOLE = msgspec.structs.replace(RUN, start=hours(0), end=hours(48))
GONE = Truth("event", "gap", "transmitter_off", (7,), hours(8), hours(16))


def period(mmsi: int, start: float, cell: Cell = HERE, lost: float | None = 0, back: float = 0) -> Truth:
    """A vessel-hour; `lost` and `back`: hours of the silence that began or ended in it, 0: none, None: for ever."""
    lost_at, back_at = (cell if hours_ != 0 else None for hours_ in (lost, back))
    return Truth(
        "reception", mmsi=(mmsi,), start=hours(start), cells=(cell,), lost_at=lost_at, lost_h=lost, back_at=back_at,
        back_h=back,
    )  # fmt: skip


def observed(said: Event, *lines: Truth) -> tuple[int, float | None]:
    off = score([said], [WHOLE, GONE, *lines])["calibration"]["when_off"]
    return off["periods"], off["observed"]


def test_calibration_lays_the_stated_rate_beside_the_one_around_the_silence() -> None:
    around = [
        period(7, 8, lost=9),  # the vessel itself
        period(8, 8, lost=9),
        *(period(20 + number, 6 + number) for number in range(3)),
        period(9, 2, lost=9),  # before
        period(10, 8, FAR, lost=9),
        *(period(30 + number, 16, THERE, back=9 * (number == 0)) for number in range(2)),
    ]
    said = score([silence(7, 8, 1, 20)], [WHOLE, GONE, *around])["calibration"]
    assert said["when_off"] == {"periods": 4, "stated": 0.05, "upper_95": 0.5, "observed": 0.25}
    assert [(one["up_to"], one["silences"], one["off"]) for one in said["bins"] if one["silences"]] == [(0.05, 1, 1)]
    said = score([silence(7, 8, 1, 20, "end")], [WHOLE, GONE, *around])["calibration"]
    assert said["when_off"] == {"periods": 2, "stated": 0.05, "upper_95": 0.5, "observed": 0.5}
    on = Truth("innocent", "gap", "out_of_coverage", (7,), hours(8), hours(16))
    said = score([silence(7, 8, 0, 20)], [WHOLE, on, *around])["calibration"]
    assert (said["bins"][0]["on"], said["bins"][0]["off"], said["when_off"]["periods"]) == (1, 0, 0)


def test_here_is_the_radius_of_the_rate_that_was_stated() -> None:
    said = silence(7, 8, 1, 20)  # 15 km
    assert observed(said, period(20, 8, HERE), period(21, 8, BESIDE)) == (1, 0.0)
    line = msgspec.json.encode(said).replace(b'"rate_km":15.0', b'"near_km":30.0,"rate_km":15.0')
    assert observed(read_events([line], "x")[0], period(20, 8, HERE), period(21, 8, BESIDE)) == (1, 0.0)


@pytest.mark.parametrize(("at", "periods"), [("begin", 2), ("way", 2), ("end", 1)])
def test_the_way_states_the_rate_of_the_beginning(at: str, periods: int) -> None:
    around = [period(20, 8), period(21, 8), period(22, 16, THERE)]
    assert observed(silence(7, 8, 1, 20, at), *around) == (periods, 0.0)


def test_silence_is_counted_as_the_gap_counts_it() -> None:
    said = silence(7, 8, 1, 20)
    assert observed(said, period(20, 8, lost=6.5), period(21, 8)) == (2, 0.5)
    assert observed(said, period(20, 8, lost=5.5), period(21, 8)) == (2, 0.0), "shorter than what is stated"
    assert observed(said, period(20, 8, lost=None), period(21, 8)) == (1, 0.0), "never heard again"
    away = msgspec.structs.replace(period(20, 8, lost=9), lost_at=FAR)
    assert observed(said, away, period(21, 8)) == (2, 0.0), "it fell silent elsewhere"
    light = msgspec.structs.replace(period(21, 8), light=True)
    own = msgspec.structs.replace(period(7, 2, FAR), light=True)
    assert observed(said, period(20, 8, lost=9), light) == (2, 0.5)
    assert observed(said, period(20, 8, lost=9), light, own) == (1, 0.0), "class B is compared with class B"


@pytest.mark.parametrize(("start", "at", "periods"), [(40.5, "begin", 1), (42, "begin", 0), (1, "end", 0)])
def test_hours_too_near_the_edge_of_the_run_cannot_tell(start: float, at: str, periods: int) -> None:
    off = Truth("event", "gap", "transmitter_off", (7,), hours(0), hours(48))
    said = msgspec.structs.replace(
        silence(7, start, 1, 20, at), end=hours(start + 8) if at == "begin" else hours(start)
    )
    lines = [period(20, float(int(start)), HERE if at == "begin" else THERE)]
    assert score([said], [WHOLE, off, *lines])["calibration"]["when_off"]["periods"] == periods
