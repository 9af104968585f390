"""Which event is about which true event. Pure.

An event and a true event match if they are of the same kind, have an MMSI in common, and their times overlap within
`SLACK_S`. Each is matched at most once, and as many as possible are matched, observable truth first; so a second event
about the same fact is a false one.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from prasan.exercise.score_lines import ByVessel, Event, Truth

SLACK_S: Final = 1800.0
"""Detectors look at steps of minutes, and a vessel is not heard at the very second something happens."""


def match(events: Sequence[Event], truth: Sequence[Truth]) -> list[tuple[Event, Truth]]:
    """Pairs of one kind, as many as can be, observable truth first (augmenting paths, Kuhn 1955)."""
    by_mmsi: dict[int, set[int]] = defaultdict(set)
    for number, event in enumerate(events):
        for mmsi in event.mmsi:
            by_mmsi[mmsi].add(number)
    near = [
        sorted(at for at in set().union(*(by_mmsi[mmsi] for mmsi in one.mmsi)) if overlap(events[at], one))
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


def overlap(event: Event, truth: Truth) -> bool:
    """Overlap of times; what has no end goes on for ever."""
    slack = dt.timedelta(seconds=SLACK_S)
    if truth.start is None:
        return False
    before = event.end is None or event.end >= truth.start - slack
    return before and (truth.end is None or event.start <= truth.end + slack)


def near(event: Event, lines: ByVessel) -> list[Truth]:
    """Lines of the event's kind that share an MMSI with it and overlap it."""
    return [one for mmsi in event.mmsi for one in lines.get((event.kind, mmsi), []) if overlap(event, one)]
