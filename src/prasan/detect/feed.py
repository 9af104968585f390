"""How alive was the feed? Stations heard by each source in each hour, and what of a silence that vouches for.

A source's count in an hour is the number of MMSIs it heard in it, ships, base stations and buoys alike: distinct ones,
because that number is nearly full after minutes, where a count of fixes moves with speed and class.

A vessel's feed are the sources that heard its last `before_count` fixes, and any source that was first heard after its
last fix: the next file of a series has a name of its own. A station that several of them heard counts once.

The law of `chain` holds because the time vouched for only grows with the watermark: what is usual is read from hours
that are over, and the running hour counts only once it alone has reached the share.
"""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.picture.finding import Rule
from prasan.tracks.columns import Bools, Fixes, Ints, SourceSets

HOUR_S: Final = 3600


class Census(msgspec.Struct, frozen=True):
    """Stations heard, by hour and by all the sources that heard them in it. No hour is let go: 35 kB a source-year.

    An hour is `width` seconds, numbered since 1970; column 0 of `counts` is the hour `first`, row k the stations heard
    by exactly the sources `sets[k]`. `since` is the first second of each source; `stations` and `by` are the MMSIs
    heard in the hour that holds `upto`, and by which set: they are not in `counts` for good before that hour is over.
    """

    width: int
    upto: int
    sets: SourceSets
    since: dict[str, int]
    first: int
    counts: npt.NDArray[np.int32]
    stations: Ints
    by: Ints


def no_census(rule: Rule) -> Census:
    """Nothing heard yet. An "hour" is `min_h` if that is shorter, so that a silence outlasts the hour it began in."""
    width = min(HOUR_S, int(rule.thresholds["min_h"] * 3600))
    none = np.empty(0, np.int64)
    return Census(width, 0, (), {}, 0, np.empty((0, 0), np.int32), none, none)


def hear(census: Census, rows: Fixes, upto: int) -> Census:
    """Count fixes sorted by (mmsi, emitter, t), all with t < `upto` and none earlier than the census' own `upto`."""
    now, before = max(upto, census.upto) // census.width, census.upto // census.width
    if not len(rows):
        kept = slice(None) if now == before else slice(0)
        return msgspec.structs.replace(
            census, upto=max(upto, census.upto), stations=census.stations[kept], by=census.by[kept]
        )
    sets = tuple(dict.fromkeys((*census.sets, *rows.sets)))
    mmsi, slot, by = _turns(rows, np.array([sets.index(members) for members in rows.sets]), census.width)
    if len(census.stations):
        mmsi, by = np.concatenate((census.stations, mmsi)), np.concatenate((census.by, by))
        slot = np.concatenate((np.full(len(census.stations), before), slot))
    mmsi, slot, by, sets = _once(mmsi, slot, by, sets)
    first, counts = _grown(census, len(sets), slot)
    if len(census.stations):
        counts[:, before - first] = 0  # they are counted again, with what has come since
    np.add.at(counts, (by, slot - first), 1)
    running = slot == now
    since = _since(census, rows)
    return Census(census.width, max(upto, census.upto), sets, since, first, counts, mmsi[running], by[running])


def alive(  # noqa: PLR0913 - a silence is these numbers
    census: Census, rows: Fixes, at: Ints, until: Ints, rule: Rule, *, ended: bool
) -> Bools:
    """Was the feed of each silence alive for `min_h` of it? True too where too few are heard to judge the feed.

    The silence of row `at` lasts up to `until` (seconds); the `before_count` rows up to `at` must be of one emitter.
    `ended` says that the vessel was heard again at `until`, or else `until` is the watermark.
    """
    if not len(at) or not rule.thresholds["feed_share"]:
        return np.ones(len(at), np.bool_)
    each, group = feeds(census, rows, at, rule)
    heard_by = _members(census.sets, census)
    good = np.empty(len(at), np.bool_)
    for number, sources in enumerate(each):
        mine = np.flatnonzero(group == number)
        heard = census.counts[heard_by[:, sources].any(axis=1)].sum(axis=0, dtype=np.int64)
        usual = _usual(heard, census, rows.t, at[mine], int(rule.thresholds["before_count"]))
        need = np.maximum(usual * rule.thresholds["feed_share"], 1)
        limit = int(rule.thresholds["min_h"] * 3600)
        time = _alive_s(heard, census, rows.t[at[mine]], until[mine], need, limit, ended)
        good[mine] = (usual < rule.thresholds["feed_count"]) | (time >= limit)
    return good


def feeds(census: Census, rows: Fixes, at: Ints, rule: Rule) -> tuple[Bools, Ints]:
    """The different feeds, each a mask over the sources (`census.since`), and which is that of each silence.

    The `before_count` rows up to each of `at` must be of one emitter.
    """
    if len(census.since) == 1:
        return np.ones((1, 1), np.bool_), np.zeros(len(at), np.int64)
    member: Bools = np.array(list(census.since.values())) > rows.t[at][:, None]
    table = _members(rows.sets, census)
    for back in range(int(rule.thresholds["before_count"])):
        member |= table[rows.origin[at - back]]
    return _different(member)


def feeds_of(census: Census, rows: Fixes, at: Ints) -> tuple[Bools, Ints]:
    """The same for single fixes: the sources that heard each."""
    return _different(_members(rows.sets, census)[rows.origin[at]])


def _turns(rows: Fixes, by: Ints, width: int) -> tuple[Ints, Ints, Ints]:
    """MMSI, hour and set (`by` translates `rows.origin`) where one of them is not that of the row before."""
    slot = rows.t // width
    turn = (rows.mmsi[1:] != rows.mmsi[:-1]) | (slot[1:] != slot[:-1])
    if len(rows.sets) > 1:
        turn |= rows.origin[1:] != rows.origin[:-1]
    at = np.flatnonzero(np.concatenate(([True], turn)))
    return rows.mmsi[at], slot[at], by[rows.origin[at]]


def _once(mmsi: Ints, slot: Ints, by: Ints, sets: SourceSets) -> tuple[Ints, Ints, Ints, SourceSets]:
    """Each MMSI once in an hour, with the union of the sets that heard it then; new unions at the end of `sets`."""
    key = (mmsi << 32) | slot
    if (np.diff(key) > 0).all():
        return mmsi, slot, by, sets
    order = np.lexsort((by, key))
    order = order[np.concatenate(([True], (np.diff(key[order]) != 0) | (np.diff(by[order]) != 0)))]
    head = np.concatenate(([True], np.diff(key[order]) != 0))
    group = np.cumsum(head) - 1
    rank = np.arange(len(order)) - np.flatnonzero(head)[group]
    union = by[order[head]]
    for place in range(1, int(rank.max()) + 1):
        more = rank == place
        union[group[more]], sets = _joined(union[group[more]], by[order[more]], sets)
    kept = order[head]
    return mmsi[kept], slot[kept], union, sets


def _joined(a: Ints, b: Ints, sets: SourceSets) -> tuple[Ints, SourceSets]:
    known = {members: index for index, members in enumerate(sets)}
    pairs, inverse = np.unique((a << 32) | b, return_inverse=True)
    unions = [tuple(sorted({*sets[pair >> 32], *sets[pair & 0xFFFFFFFF]})) for pair in pairs.tolist()]
    joined = np.array([known.setdefault(members, len(known)) for members in unions])
    return joined[inverse], tuple(known)


def _grown(census: Census, sets: int, slot: Ints) -> tuple[int, npt.NDArray[np.int32]]:
    """A copy of the counts with room for so many sets and these hours, and its first hour."""
    rows, hours = census.counts.shape
    low, high = int(slot.min()), int(slot.max()) + 1
    if hours:
        low, high = min(census.first, low), max(census.first + hours, high)
    counts = np.zeros((sets, high - low), np.int32)
    if hours:
        counts[:rows, census.first - low : census.first - low + hours] = census.counts
    return low, counts


def _since(census: Census, rows: Fixes) -> dict[str, int]:
    """The first second of each source."""
    first = np.full(len(rows.sets), np.iinfo(np.int64).max)
    if len(rows.sets) == 1:
        first[0] = rows.t.min()
    else:
        np.minimum.at(first, rows.origin, rows.t)
    since = dict(census.since)
    for members, t in zip(rows.sets, first.tolist(), strict=True):
        since |= {name: min(t, since.get(name, t)) for name in members}
    return since


def _members(sets: SourceSets, census: Census) -> Bools:
    """Sets x sources: True where the source is of the set."""
    return np.array([[name in members for name in census.since] for members in sets], np.bool_)


def _different(member: Bools) -> tuple[Bools, Ints]:
    each, group = np.unique(member, axis=0, return_inverse=True)
    return each, group.reshape(-1)


def _usual(heard: Ints, census: Census, t: Ints, at: Ints, count: int) -> Ints:
    """What the feed heard in an hour when it heard the vessel: the (lower) median over the fixes before.

    The hour of the last fix itself is left out, in which the feed may have died, unless there is no other.
    """
    slot = t[at[:, None] - np.arange(count)] // census.width - census.first
    value = heard[slot]
    own = (slot == slot[:, :1]) & (slot[:, -1:] != slot[:, :1])
    value[own] = np.iinfo(np.int64).max
    value.sort(axis=1)
    middle = (np.count_nonzero(~own, axis=1) - 1) // 2
    return np.asarray(value[np.arange(len(at)), middle])


def _alive_s(  # noqa: PLR0913, PLR0917 - one silence is these numbers
    heard: Ints, census: Census, begin: Ints, until: Ints, need: npt.NDArray[np.float64], limit: int, ended: bool
) -> Ints:
    """Seconds of each silence in hours in which the feed reached `need`; the sum may stop once it is `limit`."""
    width = census.width
    last = until // width
    total = _last_part(heard, census, until, need, ended)
    hours = np.flatnonzero(heard)  # hours in which nothing was heard need no look
    slots = hours + census.first
    place = np.searchsorted(slots, begin // width)
    left = np.arange(len(begin))
    while True:
        left = left[place[left] < len(slots)]
        left = left[(slots[place[left]] < last[left]) & (total[left] < limit)]
        if not len(left):
            return total
        slot = slots[place[left]]
        covered = (slot + 1) * width - np.maximum(begin[left], slot * width)
        total[left] += np.where(heard[hours[place[left]]] >= need[left], covered, 0)
        place[left] += 1


def _last_part(heard: Ints, census: Census, until: Ints, need: npt.NDArray[np.float64], ended: bool) -> Ints:
    """Seconds in the hour that holds the end. It is as the hour before it; while it runs it must reach `need` too."""
    last = until // census.width
    good = _at(heard, last - 1 - census.first) >= need
    if not ended:
        good &= _at(heard, last - census.first) >= need
    return np.asarray(np.where(good, until - last * census.width, 0))


def _at(heard: Ints, index: Ints) -> Ints:
    inside = (index >= 0) & (index < len(heard))
    return np.where(inside, heard[np.clip(index, 0, len(heard) - 1)], 0)
