"""Stop: a vessel stays in one place.

Definition    the first fix such that all fixes of the next `min_h`, and the one that completes it, lie within
              `radius_m` of it; the stop lasts to the last fix before one beyond the circle, or before a silence
              longer than `hole_h`. The next stop is looked for from there on.
Source        our own choice: 250 m is about the swing of a large ship on her chain. The stop detector of MovingPandas
              asks for a smallest enclosing circle; Global Fishing Watch's anchorages take 0.5 km and 12 h.
Columns       t, mmsi, lat, lon. Reported speed and navigational status are not asked: both are typed or noisy.
Cadence       a fix at least every `hole_h`; a longer silence between two fixes of one place is not assessable
              (`long_silence`).
Cannot see    why it stops; a vessel that swings wider than the circle; one that leaves and comes back within a silence.

Excluded, recorded and counted: `port` nearer than `port_km` to a port or anchorage; `gear`; `own_vessel`.
"""

from typing import Any, Final

import msgspec
import numpy as np

from prasan.detect.make import fix, hours
from prasan.detect.spells import (
    Key,
    Open,
    Spell,
    Told,
    heard_by,
    in_port,
    no_vessel,
    ports_m,
    spell_finding,
    split,
    tell,
    window,
)
from prasan.picture.finding import Finding, Rule
from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.sphere import EARTH_M, Floats, chord_m, vectors
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Fixes, Ints, no_fixes, points, same_track, take, track_keys

MESSAGES: Final = {
    "stop_open": ("radius_m", "min_h"),
    "stop": ("hours", "radius_m", "fixes_count"),
}

NOT_ASSESSABLE: Final = ("long_silence",)

_CHUNK: Final = 256
_PAIRS: Final = 1_000_000
_METRES: Final = EARTH_M * np.pi / 180 / UNITS_PER_DEGREE


class StopCarry(msgspec.Struct, frozen=True):
    """Of every emitter the last fix and those before it that may yet begin a stop; and the stops that go on."""

    rows: Fixes
    open: Open
    not_assessable: dict[str, int]


def kernel(
    rows: Fixes, carry: StopCarry | None, upto: int, rule: Rule, world: World
) -> tuple[list[Finding], StopCarry]:
    """Fixes sorted by (mmsi, emitter, t), all with t < `upto` -> stops that began or ended, and the new carry."""
    carry = carry or StopCarry(no_fixes(), {}, {})
    both, new = window(rows, carry.rows)
    track = _Tracks(both, new, rule)
    ended: list[Spell] = []
    going = dict(carry.open)
    searched = np.zeros(len(both), np.int64)
    for begin, end in track.spans(carry.open):
        found, searched[begin:end] = track.search(begin, end, going.pop(track.key(begin), None))
        ended += found[:-1]
        if found and not found[-1].left:
            going[track.key(begin)] = found[-1]
        else:
            ended += found[-1:]
    done, going = split(going, lambda spell: upto - spell.last.t > track.hole)
    findings, going = tell(ended + done, going, lambda _: 1, lambda told: _findings(told, rule, world))
    silences = carry.not_assessable.get("long_silence", 0) + track.silences()
    tally = {"long_silence": silences} if silences else {}
    return findings, StopCarry(take(both, track.waiting(searched, going)), going, tally)


class _Tracks:
    """Rows of a call with what the search needs: the row that completes `min_h` after each, within unbroken hearing."""

    def __init__(self, rows: Fixes, new: Bools, rule: Rule) -> None:
        limits = rule.thresholds
        self.rows, self.new = rows, new
        self.radius, self.hole = limits["radius_m"], limits["hole_h"] * 3600
        self.least = int(limits["min_h"] * 3600)
        self.same = same_track(rows)
        unbroken = self.same & (np.diff(rows.t) <= self.hole)
        self.part = np.cumsum(np.concatenate(([True], ~unbroken)))[: len(rows)]
        self.begin = np.flatnonzero(np.concatenate(([True], ~self.same))[: len(rows)])
        clock = (self.part << 33) + rows.t
        done = np.searchsorted(clock, clock + self.least)
        inside = np.minimum(done, max(len(rows) - 1, 0))
        self.done = np.where((done < len(rows)) & (self.part[inside] == self.part), inside, -1)
        self.likely = self._likely()

    def key(self, row: int) -> Key:
        """The key of the spell of a row's track."""
        return int(self.rows.mmsi[row]) << 16 | int(self.rows.emitter[row]), 0

    def spans(self, known: Open) -> list[tuple[int, int]]:
        """First row and end of the tracks in which a stop may begin or goes on."""
        end = np.append(self.begin, len(self.rows))[1:]
        some = np.diff(np.concatenate(([0], np.cumsum(self.likely)))[np.append(self.begin, len(self.rows))]) > 0
        some |= np.isin(track_keys(take(self.rows, self.begin)), np.array([track for track, _ in known], np.int64))
        some &= self.new[end - 1]
        return list(zip(self.begin[some].tolist(), end[some].tolist(), strict=True))

    def search(self, begin: int, end: int, spell: Spell | None) -> tuple[list[Spell], int]:
        """Stops in the rows of one track, the first going on from `spell`, and the row from which to search further."""
        found: list[Spell] = []
        place = points(take(self.rows, slice(begin, end)))
        row = begin
        if spell is not None:
            centre = vectors(spell.anchor[0] / UNITS_PER_DEGREE, spell.anchor[1] / UNITS_PER_DEGREE)
            row = begin + self._leaves(place, self.part[begin:end], 0, centre)
            found.append(self._longer(spell, begin + 1, row, row < end))
        likely = begin + np.flatnonzero(self.likely[begin:end])
        while (at := int(np.searchsorted(likely, row))) < len(likely):
            row = int(likely[at])
            leaves = begin + self._leaves(place, self.part[begin:end], row - begin, place[row - begin])
            if leaves > self.done[row]:
                found.append(self._first(row, leaves, leaves < end))
                row = leaves
            else:
                row += 1
        return found, row

    def silences(self) -> int:
        """Long silences with the vessel in the same place before and after, that were not counted before."""
        at = np.flatnonzero(self.same & (np.diff(self.rows.t) > self.hole) & self.new[1:])
        metres = chord_m(points(take(self.rows, at)), points(take(self.rows, at + 1)))
        return int(np.count_nonzero(metres <= self.radius))

    def waiting(self, searched: Ints, going: Open) -> Bools:
        """The rows to carry: the last of each track, and all from the first that may yet begin a stop."""
        rows = self.rows
        if not len(rows):
            return np.empty(0, np.bool_)
        last = np.append(self.begin[1:], len(rows)) - 1
        of = np.repeat(last, np.diff(np.append(self.begin, len(rows))))
        number = np.arange(len(rows))
        wait = (self.done < 0) & (self.part == self.part[of]) & (number >= searched)
        wait &= ~np.isin(track_keys(rows), np.array([track for track, _ in going], np.int64))
        near = np.flatnonzero(wait)
        wait[near] = chord_m(points(take(rows, near)), points(take(rows, of[near]))) <= self.radius
        self._rule_out(wait, of)
        wait = self._with_later(wait)
        wait[last] = True
        return wait

    def _with_later(self, wait: Bools) -> Bools:
        """With every row of the track after a waiting one: a stop that is completed later counts them all."""
        number = np.arange(len(wait))
        first = np.minimum.reduceat(np.where(wait, number, len(wait)), self.begin)
        return np.asarray(number >= np.repeat(first, np.diff(np.append(self.begin, len(wait)))))

    def _rule_out(self, wait: Bools, of: Ints) -> None:
        """Take away rows with a new one beyond their circle: rows in between may not be carried to tell later."""
        some = np.flatnonzero(wait & self.new[of] & (np.arange(len(wait)) < of))
        begin = self.begin[np.searchsorted(self.begin, some, "right") - 1]
        known = np.concatenate(([0], np.cumsum(~self.new)))
        first = np.maximum(some + 1, begin + known[of[some] + 1] - known[begin])
        count = of[some] - first  # the last row itself was looked at
        total = np.cumsum(count)
        cuts = np.searchsorted(total, np.arange(_PAIRS, int(total[-1]), _PAIRS)) if len(some) else total
        for part in np.split(np.arange(len(some)), cuts):
            owner = np.repeat(part, count[part])
            place = np.arange(len(owner)) - np.repeat(np.cumsum(count[part]) - count[part], count[part])
            later, where = np.unique(place + first[owner], return_inverse=True)
            here = points(take(self.rows, some[part]))
            metres = chord_m(here[owner - part[0]] if len(part) else here, points(take(self.rows, later))[where])
            wait[some[owner[metres > self.radius]]] = False

    def _likely(self) -> Bools:
        """Rows whose completing row lies in the circle: a cheap look first, then the exact one."""
        at = np.flatnonzero(self.done >= 0)
        rows, after = self.rows, self.done[at]
        at = at[np.abs(rows.lat[after].astype(np.int64) - rows.lat[at]) * _METRES <= self.radius + 1]
        near = chord_m(points(take(rows, at)), points(take(rows, self.done[at]))) <= self.radius
        likely = np.zeros(len(rows), np.bool_)
        likely[at[near]] = True
        return likely

    def _leaves(self, place: Floats, part: Ints, start: int, centre: Floats) -> int:
        """The first row after `start` that lies beyond the circle or after a long silence, or the end."""
        size = _CHUNK
        row = start + 1
        while row < len(place):
            stop = min(row + size, len(place))
            out = (chord_m(place[row:stop], centre) > self.radius) | (part[row:stop] != part[start])
            if out.any():
                return row + int(out.argmax())
            row, size = stop, 2 * size
        return len(place)

    def _first(self, row: int, leaves: int, left: bool) -> Spell:
        rows = self.rows
        anchor = (int(rows.lat[row]), int(rows.lon[row]))
        heard = frozenset(heard_by(rows, row, leaves - 1))
        return Spell(fix(rows, row), anchor, None, fix(rows, leaves - 1), (leaves - row,), heard, left=left)

    def _longer(self, spell: Spell, row: int, leaves: int, left: bool) -> Spell:
        if row == leaves:
            return msgspec.structs.replace(spell, left=left)
        heard = spell.names | set(heard_by(self.rows, row, leaves - 1))
        sums = (spell.sums[0] + leaves - row,)
        return msgspec.structs.replace(spell, last=fix(self.rows, leaves - 1), sums=sums, names=heard, left=left)


def _findings(told: Told, rule: Rule, world: World) -> list[Finding]:
    ports = ports_m(told, world, rule.thresholds["port_km"])
    return [_finding(spell, over, port_m, rule, world) for (spell, over), port_m in zip(told, ports, strict=True)]


def _finding(spell: Spell, over: bool, port_m: float, rule: Rule, world: World) -> Finding:
    limits = rule.thresholds
    evidence: dict[str, Any] = {"codes": ["stop" if over else "stop_open"], "radius_m": round(limits["radius_m"])}
    if over:
        evidence |= {"hours": hours(spell.last.t - spell.first.t), "fixes_count": spell.sums[0]}
    else:
        evidence["min_h"] = limits["min_h"]
    excluded = no_vessel(spell.first.mmsi, world) or in_port(port_m, rule)
    return spell_finding(spell, rule, evidence, over=over, confidence="high", excluded=excluded)
