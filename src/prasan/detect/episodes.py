"""Times in which one MMSI is heard from places that no hull can pass between. Shared by two kinds.

A change is a pair of consecutive fixes of an MMSI on different emitters. Changes that a kind picks form an episode as
long as less than `quiet_h` lies between them. MMSIs with one emitter cost a few vectorised comparisons and no more.
"""

from collections.abc import Callable, Mapping

import msgspec
import numpy as np

from prasan.detect.make import fix, names
from prasan.picture.finding import Fix
from prasan.picture.sphere import Floats, chord_m
from prasan.tracks.columns import Bools, Fixes, Ints, concat, counted, no_fixes, points, put, ranges, take
from prasan.tracks.motion import step_kn

ESTABLISHED: int = 3
"""Fixes that make an emitter more than a bit error (three consistent messages, hrcak.srce.hr/316611)."""


class Changes(msgspec.Struct, frozen=True):
    """Changes in order of (mmsi, t): rows before and after, metres, least knots, fixes of the rarer emitter so far."""

    rows: Fixes
    before: Ints
    after: Ints
    metres: Floats
    knots: Floats
    count: Ints


class Episode(msgspec.Struct, frozen=True):
    """One episode so far. `fixes` are those of the first change; `established` counts changes of proven emitters."""

    mmsi: int
    fixes: tuple[Fix, Fix]
    anchor: tuple[int, int]  # first fix, 1/10000 minute
    last: int
    count: int = 0
    established: int = 0
    longest_m: float = 0.0
    fastest_kn: float = 0.0
    emitters: frozenset[int] = frozenset()
    sources: tuple[str, ...] = ()
    over: bool = False


class EpisodeCarry(msgspec.Struct, frozen=True):
    """The last fix of every emitter with the number of its fixes (up to 255), and the episodes that go on.

    `looked` counts the changes that were looked at.
    """

    last: Fixes
    count: Ints
    open: Mapping[int, Episode]
    looked: int = 0


def step(
    rows: Fixes, carry: EpisodeCarry | None, upto: int, quiet_h: float, pick: Callable[[Changes], Bools]
) -> tuple[list[Episode], EpisodeCarry]:
    """Fixes sorted by (mmsi, emitter, t), all with t < `upto` -> episodes begun, extended or ended, and the carry."""
    carry = carry or EpisodeCarry(no_fixes(), np.empty(0, np.int64), {})
    changes, last, count = _changes(rows, carry)
    quiet = quiet_h * 3600
    done, running = _extend(changes, pick(changes), carry.open, quiet)
    for mmsi, episode in carry.open.items():
        running.setdefault(mmsi, episode)
    ended = {mmsi for mmsi, episode in running.items() if upto - episode.last > quiet}
    done += [msgspec.structs.replace(running[mmsi], over=True) for mmsi in ended]
    going = {mmsi: episode for mmsi, episode in running.items() if mmsi not in ended}
    touched = [episode for mmsi, episode in going.items() if episode is not carry.open.get(mmsi)]
    return done + touched, EpisodeCarry(last, count, going, carry.looked + len(changes.after))


def _changes(rows: Fixes, carry: EpisodeCarry) -> tuple[Changes, Fixes, Ints]:
    """The changes that the rows make; also the last fix of every emitter now, and the number of its fixes."""
    size = np.diff(np.append(rows.begins, len(rows)))
    before = counted(rows.keys, carry.last.keys, carry.count)
    last = put(carry.last, take(rows, rows.ends))
    count = counted(last.keys, carry.last.keys, carry.count)
    count[np.searchsorted(last.keys, rows.keys)] = np.minimum(before + size, 255)
    first = take(rows, rows.begins)
    odd = np.isin(first.mmsi, np.concatenate((carry.last.mmsi[carry.last.emitter > 0], first.mmsi[first.emitter > 0])))
    mine = ranges(rows.begins[odd], size[odd])
    number = ranges(before[odd] + 1, size[odd])
    old = np.flatnonzero(np.isin(carry.last.mmsi, first.mmsi[odd]))
    some = concat(take(carry.last, old), take(rows, mine))
    number, new = np.concatenate((carry.count[old], number)), np.arange(len(some)) >= len(old)
    order = np.lexsort((some.emitter, some.t, some.mmsi))
    some, number, new = take(some, order), number[order], new[order]
    after = np.flatnonzero((some.mmsi[1:] == some.mmsi[:-1]) & (some.emitter[1:] != some.emitter[:-1]) & new[1:]) + 1
    metres = chord_m(points(some, after - 1), points(some, after))
    least = np.minimum(number[after - 1], number[after])
    return Changes(some, after - 1, after, metres, step_kn(some, after - 1, after), least), last, count


def _extend(
    changes: Changes, picked: Bools, open_now: Mapping[int, Episode], quiet: float
) -> tuple[list[Episode], dict[int, Episode]]:
    """Fold the picked changes into episodes: those that ended on the way, and those that go on."""
    done: list[Episode] = []
    running: dict[int, Episode] = {}
    at = np.flatnonzero(picked)
    mmsi, t = changes.rows.mmsi[changes.after[at]], changes.rows.t[changes.after[at]]
    begin = np.flatnonzero(np.concatenate(([True], (np.diff(mmsi) != 0) | (np.diff(t) > quiet)))[: len(at)])
    for some in np.split(at, begin[1:]) if len(at) else ():
        first = int(changes.after[some[0]])
        number, when = int(changes.rows.mmsi[first]), int(changes.rows.t[first])
        known = running.get(number) or open_now.get(number)
        if known is not None and when - known.last > quiet:
            done.append(msgspec.structs.replace(known, over=True))
            known = None
        running[number] = _with(known or _begin(changes, int(some[0])), changes, some)
    return done, running


def _begin(changes: Changes, change: int) -> Episode:
    rows, before = changes.rows, int(changes.before[change])
    pair = (fix(rows, before), fix(rows, int(changes.after[change])))
    return Episode(pair[0].mmsi, pair, (int(rows.lat[before]), int(rows.lon[before])), pair[1].t)


def _with(known: Episode, changes: Changes, some: Ints) -> Episode:
    """An episode with some more changes, in order of time."""
    rows, ends = changes.rows, np.concatenate((changes.before[some], changes.after[some]))
    return msgspec.structs.replace(
        known,
        last=int(rows.t[ends[-1]]),
        count=known.count + len(some),
        established=known.established + int(np.count_nonzero(changes.count[some] >= ESTABLISHED)),
        longest_m=max(known.longest_m, float(changes.metres[some].max())),
        fastest_kn=max(known.fastest_kn, float(changes.knots[some].max())),
        emitters=known.emitters | set(rows.emitter[ends].tolist()),
        sources=tuple(sorted({*known.sources, *names(rows.sets, rows.origin[ends])})),
    )
