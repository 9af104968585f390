"""Event lines against truth lines: precision, recall and F1 by kind, false alerts, and the top of each day. Pure.

Several runs are judged each for itself and then added up, so that one table stands for all of them. Only the newest
revision of an event counts, and none that is withdrawn; see `score_match` for what matches.

Of gaps only those of class `dark` are judged: precision against all transmitters that were off. `recall` is the share
of observable truth that was found, `recall_all` that of all truth; F1 is made of precision and `recall`. What is found
beyond the observable is right too: it counts for precision.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

import msgspec

from prasan.exercise.calibration import Tally, calibration, tally
from prasan.exercise.score_lines import Event, Truth, by_vessel, in_order, judged, newest
from prasan.exercise.score_match import match, near
from prasan.picture.finding import ALERTING, KINDS

TOP: Final = 20
"""Alerts that a watch officer can look at in a day."""

RANK: Final = {"high": 0, "medium": 1, "low": 2}

RULE: Final = (
    "same kind, an MMSI in common, times overlap within 30 min; each matched at most once; gaps of class dark only; "
    "recall over observable truth, recall_all over all"
)

K = TypeVar("K", Event, Truth)


class Counts(msgspec.Struct, frozen=True):
    """One kind in some runs: events that are judged, true events, the observable of them, pairs, observable pairs."""

    events: int = 0
    truth: int = 0
    observable: int = 0
    matched: int = 0
    found: int = 0


class Judged(msgspec.Struct, frozen=True):
    """One run, judged. `top` are hits and alerts among the first of each day; `causes` what the false alerts were."""

    days: float
    kinds: dict[str, Counts]
    aside: int
    alerts: int
    false: int
    top: tuple[int, int]
    causes: dict[str, Counter[str]]
    said: tuple[Tally, ...]


def score(events: Sequence[Event], truth: Sequence[Truth]) -> dict[str, Any]:
    """One run: everything that `prasan score` prints; see `report`."""
    return report([judge(events, truth)])


def judge(events: Sequence[Event], truth: Sequence[Truth]) -> Judged:
    """The events of one run against its truth."""
    truth, last = in_order(truth), newest(events)
    known = judged(last)
    real = [one for one in truth if one.row == "event"]
    matched = {kind: match(_of(known, kind), _of(real, kind)) for kind in _kinds(known, real)}
    hit = {event for pairs in matched.values() for event, _ in pairs}
    unjudged = by_vessel([one for one in truth if one.row == "unjudged"])
    standing = [one for one in known if one in hit or not near(one, unjudged)]
    alerts = [one for one in standing if one.kind in ALERTING]
    false, top = [one for one in alerts if one not in hit], _top(alerts)
    return Judged(
        days=sum(one.vessel_days for one in truth if one.row == "run"),
        kinds={kind: _count(_of(standing, kind), _of(real, kind), pairs) for kind, pairs in matched.items()},
        aside=len(known) - len(standing),
        alerts=len(alerts),
        false=len(false),
        top=(sum(one in hit for one in top), len(top)),
        causes=look_alikes(false, [one for one in truth if one.row == "innocent"]),
        said=tuple(tally(last, truth)),
    )


def report(runs: Sequence[Judged]) -> dict[str, Any]:
    """Runs added up, as plain values; shares are rounded to four digits, null if of nothing."""
    days = sum(run.days for run in runs)
    false, alerts = sum(run.false for run in runs), sum(run.alerts for run in runs)
    hits, top = (sum(run.top[at] for run in runs) for at in (0, 1))
    causes: dict[str, Counter[str]] = defaultdict(Counter)
    for run in runs:
        for kind, counter in run.causes.items():
            causes[kind].update(counter)
    return {
        "rule": RULE,
        "runs": len(runs),
        "kinds": {kind: _kind([run.kinds[kind] for run in runs if kind in run.kinds]) for kind in _all(runs)},
        "not_judged": sum(run.aside for run in runs),
        "alerts": alerts,
        "false_alerts": false,
        "vessel_days": round(days, 2),
        "false_alerts_per_1000_vessel_days": round(1000 * false / days, 2) if days else None,
        "top_a_day": TOP,
        "top_a_day_precision": _share(hits, top),
        "look_alikes": {kind: dict(sorted(counter.items())) for kind, counter in sorted(causes.items())},
        "calibration": calibration([one for run in runs for one in run.said]),
    }


def _all(runs: Sequence[Judged]) -> list[str]:
    return _ordered({kind for run in runs for kind in run.kinds})


def _kinds(events: Sequence[Event], truth: Sequence[Truth]) -> list[str]:
    return _ordered({one.kind for one in events} | {one.kind for one in truth})


def _ordered(seen: set[str]) -> list[str]:
    return [kind for kind in KINDS if kind in seen] + sorted(seen - set(KINDS))


def _of(items: Iterable[K], kind: str) -> list[K]:
    return [one for one in items if one.kind == kind]


def _count(events: Sequence[Event], truth: Sequence[Truth], pairs: list[tuple[Event, Truth]]) -> Counts:
    observable, found = sum(one.observable for one in truth), sum(one.observable for _, one in pairs)
    return Counts(len(events), len(truth), observable, len(pairs), found)


def _kind(parts: Sequence[Counts]) -> dict[str, Any]:
    events, truth, observable, matched, found = (
        sum(getattr(part, name) for part in parts) for name in Counts.__struct_fields__
    )
    precision, recall = _share(matched, events), _share(found, observable)
    return {
        "events": events,
        "truth": truth,
        "observable": observable,
        "matched": matched,
        "precision": precision,
        "recall": recall,
        "recall_all": _share(matched, truth),
        "f1": _f1(precision, recall),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _f1(precision: float | None, recall: float | None) -> float | None:
    if precision is None or recall is None:
        return None
    return round(2 * precision * recall / (precision + recall), 4) if precision + recall else 0.0


def _top(alerts: Sequence[Event]) -> list[Event]:
    """The first `TOP` of every UTC day, by confidence, then by time."""
    days: dict[dt.date, list[Event]] = defaultdict(list)
    for one in sorted(alerts, key=lambda one: (RANK.get(one.confidence, 3), one.start, one.id)):
        days[one.start.astimezone(dt.UTC).date()].append(one)
    return [one for day in days.values() for one in day[:TOP]]


def look_alikes(false: Sequence[Event], innocent: Sequence[Truth]) -> dict[str, Counter[str]]:
    """What the false alerts really were, by kind, where an innocent look-alike explains them; else `unexplained`."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    known = by_vessel(innocent)
    for event in false:
        causes = {one.what for one in near(event, known)}
        counts[event.kind][min(causes, default="unexplained")] += 1
    return dict(counts)
