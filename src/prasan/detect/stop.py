"""Stop: a vessel stays in one place.

Definition    the first fix such that all fixes of the next `min_h`, and the one that completes it, lie within
              `radius_m` of it, with no silence longer than `hole_h` among them; the stop lasts to the last fix before
              one beyond the circle, or before a silence longer than `bridge_h`. The next stop is looked for from there.
              `silent_h` is how much of it lies in silences longer than `hole_h`.
Source        our own choice: 250 m is about the swing of a large ship on her chain. The stop detector of MovingPandas
              asks for a smallest enclosing circle; Global Fishing Watch's anchorages take 0.5 km and 12 h. A ship that
              lay here and is heard here again after a silence is taken to have stayed: class A reports every three
              minutes at anchor, class B too (M.1371-5), so that one station's outage cuts every stop in two.
Columns       t, mmsi, lat, lon. Reported speed and navigational status are not asked: both are typed or noisy.
Cadence       a fix at least every `hole_h` for `min_h`; a longer silence between two fixes of one place that no stop
              bridges is not assessable (`long_silence`).
Cannot see    why it stops; a vessel that swings wider than the circle; one that leaves and comes back within a silence.

Excluded, recorded and counted: `port` nearer than `port_km` to a port or anchorage; `gear`; `own_vessel`.
"""

from typing import Any, Final

import msgspec
import numpy as np

from prasan.detect.make import fixes, hours
from prasan.detect.spells import (
    Key,
    Open,
    Spell,
    Told,
    heard_in,
    in_port,
    no_vessel,
    ports_m,
    spell_finding,
    split,
    tell,
    window,
)
from prasan.detect.within import centres, leaves, outside, within
from prasan.picture.finding import Finding, Rule
from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.sphere import EARTH_M, chord_m
from prasan.picture.world import World
from prasan.tracks.columns import (
    TEN_MIN_S,
    Bools,
    Fixes,
    Ints,
    no_fixes,
    points,
    ranges,
    seek,
    steps_over,
    take,
    track_of,
)

MESSAGES: Final = {
    "stop_open": ("radius_m", "min_h"),
    "stop": ("hours", "radius_m", "fixes_count"),
}

NOT_ASSESSABLE: Final = ("long_silence",)

_AT_ONCE: Final = 4096
"""Rows of one track that are tried at once, at most."""

_METRES: Final = EARTH_M * np.pi / 180 / UNITS_PER_DEGREE


class StopCarry(msgspec.Struct, frozen=True):
    """Of every emitter the last fix and those before it that may yet begin a stop; stops that go on; likely rows."""

    rows: Fixes
    open: Open
    not_assessable: dict[str, int]
    looked: int = 0


def kernel(
    rows: Fixes, carry: StopCarry | None, upto: int, rule: Rule, world: World
) -> tuple[list[Finding], StopCarry]:
    """Fixes sorted by (mmsi, emitter, t), all with t < `upto` -> stops that began or ended, and the new carry."""
    carry = carry or StopCarry(no_fixes(), {}, {})
    both, new = window(rows, carry.rows)
    search = _Search(both, new, rule)
    search.go_on(carry.open)
    search.begin()
    ended, going = search.spells(carry.open)
    bridge = search.bridge
    done, going = split(going, lambda spell: upto - spell.last.t > bridge)
    findings, going = tell(ended + done, going, lambda _: 1, lambda told: _findings(told, rule, world))
    silences = carry.not_assessable.get("long_silence", 0) + search.silences()
    tally = {"long_silence": silences} if silences else {}
    return findings, StopCarry(take(both, search.waiting(going)), going, tally, carry.looked + search.looked)


class _Search:
    """Stops in the rows of a call. A part is a stretch of a track that no long silence breaks; a reach one that no
    silence breaks which a stop cannot bridge.

    `first`, `leaves` and `track` are of the stops found, in order of time by track; a stop that goes on from the call
    before has the row after the carried one as its first, and its spell in `known`.
    """

    def __init__(self, rows: Fixes, new: Bools, rule: Rule) -> None:
        limits = rule.thresholds
        self.rows, self.new = rows, new
        self.radius, self.hole = limits["radius_m"], limits["hole_h"] * 3600
        self.bridge = max(limits["bridge_h"] * 3600, self.hole)
        self.least = int(limits["min_h"] * 3600)
        self.pauses = steps_over(rows, self.hole)
        self.parts = np.sort(np.concatenate((self.pauses + 1, rows.begins[1:], [len(rows)])))
        self.reach = np.sort(np.concatenate((steps_over(rows, self.bridge) + 1, rows.begins[1:], [len(rows)])))
        self.found: list[tuple[Ints, Ints, bool]] = []
        self.searched = rows.begins.copy()
        self.looked = 0

    def go_on(self, known: Open) -> None:
        """Stops that went on as of the call before: how far they go now."""
        rows, keys = self.rows, np.array(sorted(track for track, _ in known), np.int64)
        track = np.flatnonzero(np.isin(rows.keys, keys) & self.new[rows.ends])
        if not len(track):
            return
        anchors = [known[key, 0].anchor for key in rows.keys[track].tolist()]
        begin = rows.begins[track]
        lat, lon = np.array(anchors, np.int64).T
        circles = centres(lat, lon, self.radius)
        self._add(track, begin + 1, leaves(rows, begin + 1, self._reach_end(begin), circles), known=True)

    def begin(self) -> None:
        """Stops that begin: the likely rows of each track in turn, at first one, then more at once."""
        rows, likely = self.rows, self._likely()
        self.looked = int(np.count_nonzero(self.new[likely]))
        edge = np.append(rows.begins, len(rows))
        low, high = np.searchsorted(likely, self.searched), np.searchsorted(likely, edge[1:])
        size, track = np.ones(len(low), np.int64), np.flatnonzero(self.new[rows.ends])
        while len(track := track[low[track] < high[track]]):
            count = np.minimum(size[track], high[track] - low[track])
            of, row = np.repeat(track, count), likely[ranges(low[track], count)]
            low[track], size[track] = low[track] + count, np.minimum(size[track] * 4, _AT_ONCE)
            done = self._begins(row)
            at = np.flatnonzero(done >= 0)
            at = at[np.diff(of[at], prepend=-1) != 0]  # the first of each track
            if len(at):
                row, found = row[at], of[at]
                circles = centres(rows.lat[row], rows.lon[row], self.radius)
                end = leaves(rows, done[at] + 1, self._reach_end(row), circles)
                self._add(found, row, end, known=False)
                low[found], size[found] = np.searchsorted(likely, end), 1

    def spells(self, known: Open) -> tuple[list[Spell], dict[Key, Spell]]:
        """The stops as spells: those that ended on the way, and those that go on."""
        ended, going = list[Spell](), dict(known)
        for first, end, went_on in self.found:
            keys = self.rows.keys[track_of(self.rows, end - 1)].tolist()
            left = (end <= self.rows.ends[track_of(self.rows, end - 1)]).tolist()
            made = self._longer(known, keys, first, end) if went_on else self._first(first, end)
            for key, spell, gone in zip(keys, made, left, strict=True):
                if gone:
                    ended.append(msgspec.structs.replace(spell, left=True))
                    going.pop((key, 0), None)
                else:
                    going[key, 0] = spell
        return ended, going

    def silences(self) -> int:
        """Long silences, no stop across them, with the vessel in one place before and after; not counted before."""
        at = self.pauses[self.new[self.pauses + 1]]
        for first, end, known in self.found:
            at = at[~within(at, first - known, end - 1)]
        metres = chord_m(points(self.rows, at), points(self.rows, at + 1))
        return int(np.count_nonzero(metres <= self.radius))

    def waiting(self, going: Open) -> Ints:
        """The rows to carry: the last of each track, and all from the first that may yet begin a stop.

        A stop that is completed later counts all rows after it, so all of these are carried.
        """
        rows, last = self.rows, self.rows.ends
        part = np.concatenate(([0], self.parts))[np.searchsorted(self.parts, last, "right")]
        first = seek(rows.t, np.maximum(part, self.searched), last, rows.t[last] - self.least + 1)
        first = np.where(np.isin(rows.keys, np.array([track for track, _ in going], np.int64)), last, first)
        count = np.maximum(last - first, 0)
        of, row = np.repeat(np.arange(len(last)), count), ranges(first, count)
        circles = centres(rows.lat[last], rows.lon[last], self.radius)
        near = ~outside(rows, row, circles, of)
        wait = row[near]
        wait = wait[~self._ruled_out(wait, of[near])]
        begin = last.copy()
        np.minimum.at(begin, track_of(rows, wait), wait)
        return ranges(begin, last - begin + 1)

    def _ruled_out(self, row: Ints, track: Ints) -> Bools:
        """Rows with a new one beyond their circle: rows in between may not be carried to tell later."""
        carried = np.flatnonzero(~self.new)
        begin, last = self.rows.begins[track], self.rows.ends[track]
        first = np.maximum(row + 1, begin + np.searchsorted(carried, last + 1) - np.searchsorted(carried, begin))
        circles = centres(self.rows.lat[row], self.rows.lon[row], self.radius)
        return leaves(self.rows, np.minimum(first, last), last, circles) < last  # the last row itself was looked at

    def _add(self, track: Ints, first: Ints, end: Ints, *, known: bool) -> None:
        self.found.append((first, end, known))
        self.searched[track] = end

    def _part_end(self, row: Ints) -> Ints:
        return np.asarray(self.parts[np.searchsorted(self.parts, row, "right")])

    def _reach_end(self, row: Ints) -> Ints:
        return np.asarray(self.reach[np.searchsorted(self.reach, row, "right")])

    def _silent(self, first: Ints, end: Ints) -> list[int]:
        """Seconds of the long silences after rows first to end - 2 of each stop."""
        whole = np.concatenate(([0], np.cumsum(self.rows.t[self.pauses + 1] - self.rows.t[self.pauses])))
        edges = (np.searchsorted(self.pauses, np.maximum(row, first)) for row in (first, end - 1))
        low, high = (whole[edge] for edge in edges)
        seconds: list[int] = (high - low).tolist()
        return seconds

    def _likely(self) -> Ints:
        """Rows that may begin a stop, by ten minutes of the clock.

        Rows of a stop lie within twice the radius of each other. The first row in the ten minutes after its beginning
        is one of them, and so is the first row `min_h` or more, less ten minutes, after those in which it begins.
        """
        rows, tens = self.rows, self.rows.tens
        if not len(tens):
            return tens
        number, steps = rows.clock[tens] // np.uint32(TEN_MIN_S), self.least // TEN_MIN_S
        end = np.searchsorted(tens, np.append(rows.begins[1:], len(rows)))
        limit = np.repeat(end, np.diff(end, prepend=0))
        group = np.arange(len(tens))
        later = np.minimum(group + steps, limit)
        inside = np.minimum(later, len(tens) - 1)
        sparse = np.flatnonzero((later == limit) | (number[inside] - number != steps))
        later[sparse] = seek(number, group[sparse] + 1, later[sparse], number[sparse] + np.uint32(steps))
        maybe = np.flatnonzero(later < limit)
        a, b = tens[maybe + 1], tens[later[maybe]]
        maybe = maybe[np.abs(rows.lat[a] - rows.lat[b]) * _METRES <= 2 * self.radius + 1]
        a, b = tens[maybe + 1], tens[later[maybe]]
        circles = centres(rows.lat[a], rows.lon[a], 2 * self.radius + 1)
        maybe = maybe[~outside(rows, b, circles, np.arange(len(b)))]
        size = np.diff(np.append(tens, len(rows)))
        return ranges(tens[maybe], size[maybe])

    def _begins(self, row: Ints) -> Ints:
        """For each row the one that completes `min_h`, if it and all rows up to it lie in the circle, else -1."""
        end = self._part_end(row)
        done = seek(self.rows.t, row, end, self.rows.t[row] + self.least)
        result = np.full(len(row), -1)
        at = np.flatnonzero(done < end)
        circles = centres(self.rows.lat[row[at]], self.rows.lon[row[at]], self.radius)
        at = at[~outside(self.rows, done[at], circles, np.arange(len(at)))]
        circles = centres(self.rows.lat[row[at]], self.rows.lon[row[at]], self.radius)
        stays = leaves(self.rows, row[at] + 1, done[at], circles) == done[at]
        result[at[stays]] = done[at[stays]]
        return result

    def _first(self, first: Ints, end: Ints) -> list[Spell]:
        rows = self.rows
        anchors = zip(rows.lat[first].tolist(), rows.lon[first].tolist(), strict=True)
        columns = (
            fixes(rows, first),
            anchors,
            fixes(rows, end - 1),
            zip((end - first).tolist(), self._silent(first, end), strict=True),
            heard_in(rows, first, end),
        )
        return [
            Spell(one, anchor, None, last, sums, heard) for one, anchor, last, sums, heard in zip(*columns, strict=True)
        ]

    def _longer(self, known: Open, keys: list[int], first: Ints, end: Ints) -> list[Spell]:
        silent = self._silent(first - 1, end)
        columns = (keys, fixes(self.rows, end - 1), (end - first).tolist(), silent, heard_in(self.rows, first, end))
        result = []
        for key, last, more, silent_s, heard in zip(*columns, strict=True):
            spell = known[key, 0]
            if more:
                sums = (spell.sums[0] + more, spell.sums[1] + silent_s)
                spell = msgspec.structs.replace(spell, last=last, sums=sums, names=spell.names | heard)
            result.append(spell)
        return result


def _findings(told: Told, rule: Rule, world: World) -> list[Finding]:
    ports = ports_m(told, world, rule.thresholds["port_km"])
    return [_finding(spell, over, port_m, rule, world) for (spell, over), port_m in zip(told, ports, strict=True)]


def _finding(spell: Spell, over: bool, port_m: float, rule: Rule, world: World) -> Finding:
    limits = rule.thresholds
    evidence: dict[str, Any] = {"codes": ["stop" if over else "stop_open"], "radius_m": round(limits["radius_m"])}
    if over:
        count, silent_s = spell.sums
        evidence |= {"hours": hours(spell.last.t - spell.first.t), "fixes_count": count, "silent_h": hours(silent_s)}
    else:
        evidence["min_h"] = limits["min_h"]
    excluded = no_vessel(spell.first.mmsi, world) or in_port(port_m, rule)
    return spell_finding(spell, rule, evidence, over=over, confidence="high", excluded=excluded)
