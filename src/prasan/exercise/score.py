"""Event lines against truth lines: precision, recall and F1 by kind, false alerts, and the top of each day. Pure.

Matching rule: an event and a true event match if they are of the same kind, have an MMSI in common, and their times
overlap within `SLACK_S`. Each is matched at most once, and as many as possible are matched, observable truth first; so
a second event about the same fact is a false one. Only the newest revision of an event counts, and none that is
withdrawn.

Of gaps only those of class `dark` are judged: precision against all transmitters that were off. `recall` is the share
of observable truth that was found, `recall_all` that of all truth; F1 is made of precision and `recall`.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

import msgspec

from prasan.errors import FormatError
from prasan.picture.finding import ALERTING, KINDS

SLACK_S: Final = 1800.0
"""Detectors look at steps of minutes, and a vessel is not heard at the very second something happens."""

TOP: Final = 20
"""Alerts that a watch officer can look at in a day."""

RANK: Final = {"high": 0, "medium": 1, "low": 2}

RULE: Final = (
    "same kind, an MMSI in common, times overlap within 30 min; each matched at most once; gaps of class dark only; "
    "recall over observable truth, recall_all over all"
)


class Event(msgspec.Struct, frozen=True):
    """What scoring needs of an event line; the rest is not looked at."""

    id: str
    kind: str
    mmsi: tuple[int, ...]
    start: dt.datetime
    end: dt.datetime | None
    state: str
    confidence: str
    revision: int = 0
    gap_class: str | None = msgspec.field(name="class", default=None)


class Truth(msgspec.Struct, frozen=True):
    """One line of `truth.jsonl`: the run (`row` = run), a true event, or an innocent look-alike.

    `unjudged` is what real tracks held before anything was put into them: events about it are set aside, and counted.
    """

    row: str
    kind: str = ""
    what: str = ""
    mmsi: tuple[int, ...] = ()
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    observable: bool = True
    vessel_days: float = 0.0


T = TypeVar("T")
K = TypeVar("K", Event, Truth)


def read_events(lines: Iterable[bytes], name: str) -> list[Event]:
    """Event lines as values. FormatError names the first line that is not one."""
    return [_read(line, number, name, Event) for number, line in enumerate(lines, 1) if line.strip()]


def read_truth(lines: Iterable[bytes], name: str) -> list[Truth]:
    """Truth lines as values. FormatError names the first line that is not one, or says that there is no run."""
    truth = [_read(line, number, name, Truth) for number, line in enumerate(lines, 1) if line.strip()]
    if sum(one.vessel_days for one in truth if one.row == "run") <= 0:
        raise FormatError(f"{name} does not say how many vessel-days it is about", "Give the truth.jsonl of a run.")
    return truth


def _read(line: bytes, number: int, name: str, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(line, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError(
            f"line {number} of {name} cannot be used: {error}", "Give events first, then truth."
        ) from None


def score(events: Sequence[Event], truth: Sequence[Truth]) -> dict[str, Any]:
    """Everything that `prasan score` prints, as plain values; shares are rounded to four digits, null if of nothing."""
    days = sum(one.vessel_days for one in truth if one.row == "run")
    known = current(events)
    truth = sorted(truth, key=_place)
    real = [one for one in truth if one.row == "event"]
    matched = {kind: match(_of(known, kind), _of(real, kind)) for kind in _kinds(known, real)}
    hit = {event for pairs in matched.values() for event, _ in pairs}
    aside = _by_vessel([one for one in truth if one.row == "unjudged"])
    standing = [one for one in known if one in hit or not _near(one, aside)]
    alerts = [one for one in standing if one.kind in ALERTING]
    false = [one for one in alerts if one not in hit]
    return {
        "rule": RULE,
        "kinds": {kind: _kind(_of(standing, kind), _of(real, kind), pairs) for kind, pairs in matched.items()},
        "not_judged": len(known) - len(standing),
        "alerts": len(alerts),
        "false_alerts": len(false),
        "vessel_days": days,
        "false_alerts_per_1000_vessel_days": round(1000 * len(false) / days, 2) if days else None,
        "top_a_day": TOP,
        "top_a_day_precision": _share(sum(one in hit for one in _top(alerts)), len(_top(alerts))),
        "look_alikes": look_alikes(false, [one for one in truth if one.row == "innocent"]),
    }


def current(events: Sequence[Event]) -> list[Event]:
    """The newest revision of every event that is not withdrawn, gaps only of class `dark`, in a fixed order."""
    newest: dict[str, Event] = {}
    for one in events:
        if one.id not in newest or _age(one) > _age(newest[one.id]):
            newest[one.id] = one
    kept = [
        one for one in newest.values() if one.state != "withdrawn" and (one.kind != "gap" or one.gap_class == "dark")
    ]
    return sorted(kept, key=lambda one: (one.start, one.kind, one.mmsi, one.id))


def _age(one: Event) -> tuple[Any, ...]:
    return one.revision, one.state, one.start, one.mmsi, one.confidence, one.gap_class or "", one.kind


def match(events: Sequence[Event], truth: Sequence[Truth]) -> list[tuple[Event, Truth]]:
    """Pairs of one kind, as many as can be, observable truth first (augmenting paths, Kuhn 1955)."""
    by_mmsi: dict[int, set[int]] = defaultdict(set)
    for number, event in enumerate(events):
        for mmsi in event.mmsi:
            by_mmsi[mmsi].add(number)
    near = [
        sorted(at for at in set().union(*(by_mmsi[mmsi] for mmsi in one.mmsi)) if _overlap(events[at], one))
        for one in truth
    ]
    taken: dict[int, int] = {}
    for number in sorted(range(len(truth)), key=lambda at: not truth[at].observable):
        _augment(number, near, taken)
    return [(events[at], truth[number]) for at, number in taken.items()]


def _augment(start: int, near: list[list[int]], taken: dict[int, int]) -> bool:
    """Find an event for a truth, moving others to events of their own where that is possible. No recursion."""
    came: dict[int, int] = {}
    queue = [start]
    while queue:
        number = queue.pop()
        for at in near[number]:
            if at in came:
                continue
            came[at] = number
            if at not in taken:
                _flip(at, came, start, taken)
                return True
            queue.append(taken[at])
    return False


def _flip(at: int, came: dict[int, int], start: int, taken: dict[int, int]) -> None:
    had = {number: event for event, number in taken.items()}
    while True:
        number = came[at]
        taken[at] = number
        if number == start:
            return
        at = had[number]


def _overlap(event: Event, truth: Truth) -> bool:
    """Overlap of times; what has no end goes on for ever."""
    slack = dt.timedelta(seconds=SLACK_S)
    if truth.start is None:
        return False
    before = event.end is None or event.end >= truth.start - slack
    return before and (truth.end is None or event.start <= truth.end + slack)


def _kinds(events: Sequence[Event], truth: Sequence[Truth]) -> list[str]:
    seen = {one.kind for one in events} | {one.kind for one in truth}
    return [kind for kind in KINDS if kind in seen] + sorted(seen - set(KINDS))


def _of(items: Sequence[K], kind: str) -> list[K]:
    return [one for one in items if one.kind == kind]


def _kind(events: Sequence[Event], truth: Sequence[Truth], pairs: list[tuple[Event, Truth]]) -> dict[str, Any]:
    observable = sum(one.observable for one in truth)
    found = sum(one.observable for _, one in pairs)
    precision, recall = _share(len(pairs), len(events)), _share(found, observable)
    return {
        "events": len(events),
        "truth": len(truth),
        "observable": observable,
        "matched": len(pairs),
        "precision": precision,
        "recall": recall,
        "recall_all": _share(len(pairs), len(truth)),
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


def look_alikes(false: Sequence[Event], innocent: Sequence[Truth]) -> dict[str, dict[str, int]]:
    """What the false alerts really were, by kind, where an innocent look-alike explains them; else `unexplained`."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    known = _by_vessel(innocent)
    for event in false:
        causes = {one.what for one in _near(event, known)}
        counts[event.kind][min(causes, default="unexplained")] += 1
    return {kind: dict(sorted(counter.items())) for kind, counter in sorted(counts.items())}


ByVessel = dict[tuple[str, int], list[Truth]]


def _by_vessel(lines: Sequence[Truth]) -> ByVessel:
    found: ByVessel = defaultdict(list)
    for one in lines:
        for mmsi in one.mmsi:
            found[one.kind, mmsi].append(one)
    return found


def _near(event: Event, lines: ByVessel) -> list[Truth]:
    """Lines of the event's kind that share an MMSI with it and overlap it."""
    return [one for mmsi in event.mmsi for one in lines.get((event.kind, mmsi), []) if _overlap(event, one)]


def _place(one: Truth) -> tuple[Any, ...]:
    """Truth in one order, whatever the order of the lines."""
    far = dt.datetime.max.replace(tzinfo=dt.UTC)
    return one.row, one.kind, one.start or far, one.end or far, one.mmsi, one.what, one.observable
