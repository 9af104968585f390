"""Event lines and truth lines as values: what scoring needs of them, the rest is not looked at. Pure."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from prasan.errors import FormatError

Place = tuple[float, float]
"""Latitude and longitude in decimal degrees."""


class Fix(msgspec.Struct, frozen=True):
    """Where an event says that a vessel was."""

    lat: float
    lon: float


class Evidence(msgspec.Struct, frozen=True):
    """What a silence states of reception: of `n_periods` vessel-hours here `k_silent` were silent so long.

    `judged_at` says what decided (the rate is that of the beginning, or of the "end"), `rate_km` what "here" is,
    `lasted_h` what "so long" is.
    """

    fixes: tuple[Fix, ...] = ()
    judged_at: str = ""
    n_periods: int = 0
    k_silent: int = 0
    upper_95: float = 1.0
    rate_km: float = 0.0
    lasted_h: float = 0.0


class Event(msgspec.Struct, frozen=True):
    """One event line. `gap_class` is None but for gaps."""

    id: str
    kind: str
    mmsi: tuple[int, ...]
    start: dt.datetime
    end: dt.datetime | None
    state: str
    confidence: str
    revision: int = 0
    gap_class: str | None = msgspec.field(name="class", default=None)
    evidence: Evidence = Evidence()


class Truth(msgspec.Struct, frozen=True):
    """One line of `truth.jsonl`: the run (`row` = run), a true event, an innocent look-alike, or reception.

    `unjudged` is what real tracks held before anything was put into them: events about it are set aside, and counted.
    `reception` is one vessel-hour of a vessel that transmitted all along: the `cells` it was heard in while it moved,
    where a silence longer than an hour began (`lost_at`) or ended (`back_at`), and how many hours it lasted (none: to
    the end of the run); `light` is class B.
    """

    row: str
    kind: str = ""
    what: str = ""
    mmsi: tuple[int, ...] = ()
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    observable: bool = True
    vessel_days: float = 0.0
    cells: tuple[Place, ...] = ()
    light: bool = False
    lost_at: Place | None = None
    lost_h: float | None = None
    back_at: Place | None = None
    back_h: float | None = None


T = TypeVar("T")


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
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(
            f"line {number} of {name} cannot be used: {error}", "Give events first, then truth."
        ) from None


def newest(events: Sequence[Event]) -> list[Event]:
    """The newest revision of every event that is not withdrawn, in a fixed order."""
    last: dict[str, Event] = {}
    for one in events:
        if one.id not in last or _age(one) > _age(last[one.id]):
            last[one.id] = one
    kept = [one for one in last.values() if one.state != "withdrawn"]
    return sorted(kept, key=lambda one: (one.start, one.kind, one.mmsi, one.id))


def judged(events: Sequence[Event]) -> list[Event]:
    """Those that are scored: of gaps only class `dark`."""
    return [one for one in events if one.kind != "gap" or one.gap_class == "dark"]


def _age(one: Event) -> tuple[Any, ...]:
    return one.revision, one.state, one.start, one.mmsi, one.confidence, one.gap_class or "", one.kind


ByVessel = dict[tuple[str, int], list[Truth]]
"""Truth lines by kind and MMSI."""


def by_vessel(lines: Sequence[Truth]) -> ByVessel:
    """The lines by kind and each of their MMSIs."""
    found: ByVessel = defaultdict(list)
    for one in lines:
        for mmsi in one.mmsi:
            found[one.kind, mmsi].append(one)
    return found


def in_order(truth: Sequence[Truth]) -> list[Truth]:
    """Truth in one order, whatever the order of the lines."""
    far = dt.datetime.max.replace(tzinfo=dt.UTC)
    return sorted(
        truth,
        key=lambda one: (one.row, one.kind, one.start or far, one.end or far, one.mmsi, one.what, one.observable),
    )
