"""Was anybody heard where and when this vessel was not? Neighbours, and the places where it was going.

The place of a silence is where it began, or where it ended. Which hearings around it count is said in `ear`.

Ahead       where the vessel would be in half an hour and in an hour on its course and at its highest speed, or where it
            came from, where the silence ended. A place ahead is covered if `place_count` vessels were heard within
            `ahead_km` of it (twice that for the hour) in `learn_h`. One that has no way on it is asked about where it
            is; one that moves on an unknown course has no covered place.
Neighbours  vessels heard within `reach_km` of the place, where the vessel may have been, during the silence (the
            `min_h` next to it, or `long_h`; once it is over, a day next to either end), or within `near_km` of the
            straight way. Of those within `near_km` just before or in `cover_h`, the share that was heard in `cover_h`
            shows an outage at once.
"""

from typing import Any, Final

import msgspec
import numpy as np

from prasan.detect.ear import CHUNK, Asked, Ear, gather, within
from prasan.picture.finding import Rule
from prasan.picture.sphere import EARTH_M, KNOT_MS, Floats, lat_lon, vectors
from prasan.tracks.columns import Bools, Columns, Ints, take

LEAST_KN: Final = 10.0
MOST_KN: Final = 25.0
"""A vessel may go faster in its silence than before, but not at any speed: knots between which its reach is set."""
AHEAD_H: Final = np.array([0.5, 1.0])
"""Hours ahead at which its way is looked at."""
APART_S: Final = 1800
UNDER_WAY_KN: Final = 1.0
"""Below it a course says nothing."""
WAY: Final = 12
"""Places along the way from the beginning of a silence to its end."""
MOST_S: Final = 86400
"""Neighbours are looked for at each end of a silence for so long: longer ones would tell nothing more."""


class Cover(msgspec.Struct, frozen=True):
    """The answer for one place, or for the way between both: see the head of this module.

    `others` are the MMSIs of the neighbours heard, ascending; `heard` of `expected` heard next to the silence's end;
    `covered` of `places`, ahead or on the way between; `origins` index the source sets that heard the neighbours.
    """

    others: tuple[int, ...]
    heard: int
    expected: int
    covered: int
    places: int
    origins: tuple[int, ...] = ()


class Spots(Columns, frozen=True):
    """Places and times to look for others: `owner` is a row of `Asked`; degrees, seconds, metres around."""

    owner: Ints
    lat: Floats
    lon: Floats
    begin: Ints
    end: Ints
    metres: Floats


def weigh(listened: Ear, asked: Asked, rule: Rule) -> list[Cover]:
    """The answer for each place asked about."""
    chunks = [take(asked, slice(start, start + CHUNK)) for start in range(0, len(asked), CHUNK)]
    return [cover for chunk in chunks for cover in _weigh(listened, chunk, rule)]


def weigh_way(listened: Ear, asked: Asked, ends: Asked, rule: Rule) -> list[Cover]:
    """The answer for the straight and steady way from each beginning to its end."""
    chunks = [slice(start, start + CHUNK) for start in range(0, len(asked), CHUNK)]
    return [cover for some in chunks for cover in _weigh_way(listened, take(asked, some), take(ends, some), rule)]


def _weigh(listened: Ear, asked: Asked, rule: Rule) -> list[Cover]:
    size = len(asked)
    heard, expected = _beside(listened, asked, rule)
    near, mmsi, origins = heard_at(listened, asked, _beside_it(asked, rule), rule)
    spots = _ahead(asked, rule)
    spot, _, _ = heard_at(listened, asked, spots, rule)
    covered = np.bincount(spot, minlength=len(spots)) >= rule.thresholds["place_count"]
    counts = [heard, expected, np.bincount(spots.owner, covered, size), np.full(size, len(AHEAD_H))]
    return _covers(_by_owner(near, mmsi, size), counts, origins)


def _weigh_way(listened: Ear, asked: Asked, ends: Asked, rule: Rule) -> list[Cover]:
    size = len(asked)
    spots, both = _way(asked, ends, rule), _at_both_ends(asked, ends, rule)
    spot, mmsi, _ = heard_at(listened, asked, spots, rule)
    near, near_mmsi, _ = heard_at(listened, asked, both, rule)
    covered = np.bincount(spots.owner, np.bincount(spot, minlength=len(spots)) > 0, size)
    counts = [np.zeros(size), np.zeros(size), covered, np.full(size, WAY)]
    owners, others = np.append(spots.owner[spot], both.owner[near]), np.append(mmsi, near_mmsi)
    return _covers(_by_owner(owners, others, size), counts, [()] * size)


def _covers(others: list[tuple[int, ...]], counts: list[Any], origins: list[tuple[int, ...]]) -> list[Cover]:
    columns = [np.asarray(count).astype(int).tolist() for count in counts]
    return [Cover(*row) for row in zip(others, *columns, origins, strict=True)]


def heard_at(listened: Ear, asked: Asked, spots: Spots, rule: Rule) -> tuple[Ints, Ints, list[tuple[int, ...]]]:
    """Each spot with each vessel that was heard near it in its time, once; and the source sets by spot."""
    width = listened.reception.width
    each = take(asked, spots.owner)
    each = msgspec.structs.replace(each, lat=spots.lat, lon=spots.lon)
    slots = spots.begin // width, np.minimum(spots.end // width + 1, each.known // width)
    owner, rows = gather(listened, each, spots.metres, slots, rule.thresholds["still_kn"])
    keep = (rows.last > spots.begin[owner]) & (rows.first < spots.end[owner])
    owner, rows = owner[keep], take(rows, keep)
    pairs = np.unique((owner << 32) | rows.mmsi)
    return pairs >> 32, pairs & 0xFFFFFFFF, _by_owner(owner, rows.origin.astype(np.int64), len(spots))


def _beside(listened: Ear, asked: Asked, rule: Rule) -> tuple[Ints, Ints]:
    """Of the vessels near the place just before the time looked at, or in it: how many were heard in it, and all."""
    near_m, cover_s = rule.thresholds["near_km"] * 1000, cover_seconds(rule)
    width, size = listened.reception.width, len(asked)
    begin = np.where(asked.after, asked.t - width, asked.t - cover_s - width)
    slots = begin // width, np.minimum((begin + cover_s + 2 * width) // width, asked.known // width)
    metres = np.full(size, near_m + MOST_KN * KNOT_MS * cover_s)
    owner, rows = gather(listened, asked, metres, slots, rule.thresholds["still_kn"])
    from_, to = _early(asked, rule)
    early = (rows.last > from_[owner]) & (rows.first < to[owner])
    beside = (rows.last >= from_[owner] - width) & (rows.first <= from_[owner])
    pairs, group = np.unique((owner << 32) | rows.mmsi, return_inverse=True)
    expected = _any(within(asked, owner, rows, near_m) & (early | beside), group, len(pairs))
    heard = expected & _any(early, group, len(pairs))
    return tuple(np.bincount(pairs >> 32, mask, size).astype(np.int64) for mask in (heard, expected))  # type: ignore[return-value]


def cover_seconds(rule: Rule) -> int:
    """The time next to a silence's end that is looked at."""
    return int(min(rule.thresholds["cover_h"], rule.thresholds["min_h"]) * 3600)


def _early(asked: Asked, rule: Rule) -> tuple[Ints, Ints]:
    """From when to when, next to the fix but not so near that a station may have failed in between."""
    cover_s = cover_seconds(rule)
    away = min(APART_S, cover_s // 4)
    begin = np.where(asked.after, asked.t + away, asked.t - cover_s)
    return begin, begin + cover_s - away


def _beside_it(asked: Asked, rule: Rule) -> Spots:
    """The place itself, in the time that is looked at."""
    begin = np.where(asked.after, asked.t, asked.t - asked.lasted)
    metres = np.full(len(asked), rule.thresholds["reach_km"] * 1000)
    return Spots(np.arange(len(asked)), asked.lat, asked.lon, begin, begin + asked.lasted, metres)


def _ahead(asked: Asked, rule: Rule) -> Spots:
    """Where it would be on its course, or was: see `AHEAD_H`. None for what moves, but not whither."""
    course = np.where(asked.after, asked.course, asked.course + 180)
    course = np.where(asked.knots < UNDER_WAY_KN, 0.0, course)
    knots = np.where(asked.knots < UNDER_WAY_KN, 0.0, np.minimum(asked.knots, MOST_KN))
    metres = knots[:, None] * KNOT_MS * 3600 * AHEAD_H
    points = _from(asked.lat, asked.lon, np.repeat(course[:, None], len(AHEAD_H), axis=1), metres)
    owner, number = np.nonzero(np.isfinite(points[:, :, 0]))
    lat, lon = lat_lon(points[owner, number])
    known, wide = asked.known[owner], AHEAD_H / AHEAD_H[0]
    begin = known - int(rule.thresholds["learn_h"] * 3600)
    return Spots(owner, lat, lon, begin, known, rule.thresholds["ahead_km"] * 1000 * wide[number])


def _way(asked: Asked, ends: Asked, rule: Rule) -> Spots:
    """Evenly along the straight way, each in the hours around the time when the vessel would have been there."""
    half = cover_seconds(rule) // 2
    share = (np.arange(WAY) + 0.5) / WAY
    a, b = vectors(asked.lat, asked.lon), vectors(ends.lat, ends.lon)
    points = a[:, None] + share[None, :, None] * (b - a)[:, None]
    owner = np.repeat(np.arange(len(asked)), WAY)
    lat, lon = lat_lon(points.reshape(-1, 3))
    at = (asked.t[:, None] + share * (ends.t - asked.t)[:, None]).astype(np.int64).ravel()
    begin, end = np.maximum(at - half, asked.t[owner]), np.minimum(at + half, ends.t[owner])
    return Spots(owner, lat, lon, begin, end, np.full(len(at), rule.thresholds["near_km"] * 1000))


def _at_both_ends(asked: Asked, ends: Asked, rule: Rule) -> Spots:
    """Both places, for as long as the silence lasted, but no longer than `MOST_S` next to each."""
    owner = np.arange(len(asked))
    begin = np.append(asked.t, np.maximum(asked.t, ends.t - MOST_S))
    end = np.append(np.minimum(ends.t, asked.t + MOST_S), ends.t)
    metres = np.full(2 * len(asked), rule.thresholds["reach_km"] * 1000)
    lat, lon = np.append(asked.lat, ends.lat), np.append(asked.lon, ends.lon)
    return Spots(np.append(owner, owner), lat, lon, begin, end, metres)


def _from(lat: Floats, lon: Floats, bearing: Floats, metres: Floats) -> Floats:
    """The points reached from n places on k bearings (degrees, n x k) after so many metres (n x k), n x k x 3."""
    phi, lam = np.radians(lat), np.radians(lon)
    north = np.column_stack((-np.sin(phi) * np.cos(lam), -np.sin(phi) * np.sin(lam), np.cos(phi)))
    east = np.column_stack((-np.sin(lam), np.cos(lam), np.zeros(len(lat))))
    theta, arc = np.radians(bearing)[..., None], (metres / EARTH_M)[..., None]
    way = np.cos(theta) * north[:, None] + np.sin(theta) * east[:, None]
    return np.asarray(np.cos(arc) * vectors(lat, lon)[:, None] + np.sin(arc) * way)


def _any(mask: Bools, group: Ints, size: int) -> Bools:
    result = np.zeros(size, np.bool_)
    result[group[mask]] = True
    return result


def _by_owner(owner: Ints, number: Ints, size: int) -> list[tuple[int, ...]]:
    """The different numbers of each of `size` owners, ascending."""
    found: list[list[int]] = [[] for _ in range(size)]
    for pair in np.unique((owner << 32) | number).tolist():
        found[pair >> 32].append(pair & 0xFFFFFFFF)
    return [tuple(one) for one in found]
