"""The published Global Fishing Watch rules for gaps and encounters as plain Python over objects: the reference to beat.

Gap         pipe-gaps, `gap_detector.py`: consecutive positions of one vessel more than a threshold apart, with the
            number of positions in the twelve hours before.
Encounter   pipe-encounters (Miller et al. 2018): positions every ten minutes, interpolated over at most an hour; pairs
            within 500 m in the same slot; runs of two hours or more with a median speed below 2 kn.

Ours is a transcription of the published description, written to be read and not to be fast.
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from statistics import median

SLOT_S = 600
HOUR_S = 3600
EARTH_M = 6_371_008.8
MPS_KN = 1.943844
CELL_DEG = 0.01


@dataclass
class Message:
    """One position."""

    ssvid: int
    t: int
    lat: float
    lon: float


def gaps(messages: list[Message], threshold_s: int = 12 * HOUR_S) -> list[tuple[Message, Message, int]]:
    """Off message, on message, and how many positions there were in the twelve hours before the first."""
    by_vessel: dict[int, list[Message]] = defaultdict(list)
    for message in messages:
        by_vessel[message.ssvid].append(message)
    found = []
    for own in by_vessel.values():
        own.sort(key=lambda message: message.t)
        for at in range(1, len(own)):
            off, on = own[at - 1], own[at]
            if on.t - off.t > threshold_s:
                before = [m for m in own[:at] if m.t >= off.t - 12 * HOUR_S]
                found.append((off, on, len(before)))
    return found


def encounters(messages: list[Message]) -> list[tuple[int, int, int, int]]:
    """Pairs of vessels with the first and last slot of each meeting."""
    slots = _resampled(messages)
    meets: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)
    for slot, present in sorted(slots.items()):
        cells: dict[tuple[int, int], list[tuple[int, float, float, float]]] = defaultdict(list)
        for vessel in present:
            cells[int(vessel[1] / CELL_DEG), int(vessel[2] / CELL_DEG)].append(vessel)
        for (row, column), inside in cells.items():
            around = [v for y in (-1, 0, 1) for x in (-1, 0, 1) for v in cells.get((row + y, column + x), ())]
            for a in inside:
                for b in around:
                    if a[0] < b[0] and _metres(a[1], a[2], b[1], b[2]) <= 500:
                        meets[a[0], b[0]].append((slot, max(a[3], b[3])))
    return [(a, b, *run) for (a, b), seen in meets.items() for run in _runs(seen)]


def _resampled(messages: list[Message]) -> dict[int, list[tuple[int, float, float, float]]]:
    """Slot -> (vessel, lat, lon, knots) interpolated between messages at most an hour apart."""
    by_vessel: dict[int, list[Message]] = defaultdict(list)
    for message in messages:
        by_vessel[message.ssvid].append(message)
    slots: dict[int, list[tuple[int, float, float, float]]] = defaultdict(list)
    for vessel, own in by_vessel.items():
        own.sort(key=lambda message: message.t)
        for a, b in pairwise(own):
            if not 0 < b.t - a.t <= HOUR_S:
                continue
            speed = _metres(a.lat, a.lon, b.lat, b.lon) / (b.t - a.t) * MPS_KN
            for slot in range(-(-a.t // SLOT_S), -(-b.t // SLOT_S)):
                share = (slot * SLOT_S - a.t) / (b.t - a.t)
                place = (a.lat + share * (b.lat - a.lat), a.lon + share * (b.lon - a.lon))
                slots[slot].append((vessel, *place, speed))
    return slots


def _runs(seen: list[tuple[int, float]]) -> list[tuple[int, int]]:
    """Stretches without a hole of more than four hours, two hours or longer, median below 2 kn."""
    runs, begin = [], 0
    for at in range(1, len(seen) + 1):
        if at == len(seen) or seen[at][0] - seen[at - 1][0] > 24:
            part = seen[begin:at]
            if (part[-1][0] - part[0][0]) * SLOT_S >= 2 * HOUR_S and median(speed for _, speed in part) < 2:
                runs.append((part[0][0], part[-1][0]))
            begin = at
    return runs


def _metres(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    a, b = radians(lat1), radians(lat2)
    h = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_M * asin(sqrt(h))
