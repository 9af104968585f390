"""Times in which one MMSI is heard from places that no hull can pass between. Shared by two kinds.

A change is a pair of consecutive fixes of an MMSI on different emitters. Changes that a kind picks form an episode as
long as less than `quiet_h` lies between them. MMSIs with one emitter cost a few vectorised comparisons and no more.
"""

from collections.abc import Callable, Mapping

import msgspec
import numpy as np

from prasan.detect.make import fix
from prasan.picture.finding import Fix
from prasan.picture.sphere import Floats, chord_m
from prasan.tracks.columns import Bools, Fixes, Ints, concat, no_fixes, points, same_track, take, track_keys
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


class Episode(msgspec.Struct):
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
    origins: frozenset[int] = frozenset()
    sources: tuple[str, ...] = ()
    over: bool = False


class EpisodeCarry(msgspec.Struct, frozen=True):
    """The last fix of every emitter with the number of its fixes (up to 255), and the episodes that go on."""

    last: Fixes
    count: Ints
    open: Mapping[int, Episode]


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
    return done + touched, EpisodeCarry(last, count, going)


def _changes(rows: Fixes, carry: EpisodeCarry) -> tuple[Changes, Fixes, Ints]:
    both, count, new = _joined(rows, carry)
    ends = np.concatenate((~same_track(both), [True])) if len(both) else np.empty(0, np.bool_)
    last, last_count = take(both, ends), np.minimum(count[ends], 255)
    odd = (
        np.isin(both.mmsi, np.unique(both.mmsi[both.emitter > 0])) if both.emitter.any() else np.zeros(len(both), bool)
    )
    some, count, new = take(both, odd), count[odd], new[odd]
    order = np.lexsort((some.emitter, some.t, some.mmsi))
    some, count, new = take(some, order), count[order], new[order]
    change = (some.mmsi[1:] == some.mmsi[:-1]) & (some.emitter[1:] != some.emitter[:-1]) & new[1:]
    after = np.flatnonzero(change) + 1
    before = after - 1
    metres = chord_m(points(take(some, before)), points(take(some, after)))
    least = np.minimum(count[before], count[after])
    return Changes(some, before, after, metres, step_kn(some, before, after), least), last, last_count


def _joined(rows: Fixes, carry: EpisodeCarry) -> tuple[Fixes, Ints, Bools]:
    """Carried last fixes and new rows in order, each with the number of its emitter's fixes so far."""
    both = concat(carry.last, rows)
    new = np.arange(len(both)) >= len(carry.last)
    base = np.concatenate((carry.count, np.zeros(len(rows), np.int64)))
    if len(carry.last) and len(rows):
        order = np.lexsort((new, both.t, track_keys(both)))
        both, new, base = take(both, order), new[order], base[order]
    if not len(both):
        return both, base, new
    begin = np.flatnonzero(np.concatenate(([True], ~same_track(both))))
    length = np.diff(np.append(begin, len(both)))
    place = np.arange(len(both)) - np.repeat(begin, length)
    return both, place + np.repeat(np.where(new[begin], 1, base[begin]), length), new


def _extend(
    changes: Changes, picked: Bools, open_now: Mapping[int, Episode], quiet: float
) -> tuple[list[Episode], dict[int, Episode]]:
    """Fold the picked changes into episodes: those that ended on the way, and those that go on."""
    done: list[Episode] = []
    running: dict[int, Episode] = {}
    rows, at = changes.rows, np.flatnonzero(picked)
    after = changes.after[at]
    for change, mmsi, t in zip(at.tolist(), rows.mmsi[after].tolist(), rows.t[after].tolist(), strict=True):
        episode = running.get(mmsi)
        if episode is None and mmsi in open_now:
            episode = msgspec.structs.replace(open_now[mmsi])
        if episode is not None and t - episode.last > quiet:
            episode.over = True
            done.append(episode)
            episode = None
        running[mmsi] = episode = episode or _begin(changes, change)
        _add(episode, changes, change, t)
    for episode in (*done, *running.values()):
        names = {name for origin in episode.origins for name in rows.sets[origin]}
        episode.sources = tuple(sorted(names | set(episode.sources)))
    return done, running


def _begin(changes: Changes, change: int) -> Episode:
    rows, before = changes.rows, int(changes.before[change])
    pair = (fix(rows, before), fix(rows, int(changes.after[change])))
    return Episode(pair[0].mmsi, pair, (int(rows.lat[before]), int(rows.lon[before])), pair[1].t)


def _add(episode: Episode, changes: Changes, change: int, t: int) -> None:
    rows, before, after = changes.rows, changes.before[change], changes.after[change]
    episode.last = t
    episode.count += 1
    episode.established += int(changes.count[change] >= ESTABLISHED)
    episode.longest_m = max(episode.longest_m, float(changes.metres[change]))
    episode.fastest_kn = max(episode.fastest_kn, float(changes.knots[change]))
    episode.emitters |= {int(rows.emitter[before]), int(rows.emitter[after])}
    episode.origins |= {int(rows.origin[before]), int(rows.origin[after])}
