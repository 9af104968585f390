"""What the gap kernel learns from all hearings, and what it asks when a silence has lasted or is over.

A silence is judged at its beginning when it has lasted `min_h`, from what was heard until then, and once more when it
has lasted `long_h`: by then more neighbours have come by. That judgement is carried while the silence goes on. `back_h`
after it ended, when it shows how the vessel came back, the rates are counted anew up to its end, which is judged too.
All these moments belong to the silence, not to the cut of the input.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from prasan.detect.ear import Asked, Ear, ear
from prasan.detect.feed import Census, feeds, feeds_of
from prasan.detect.reception import UNDER_WAY_KN, Cover, weigh, weigh_way
from prasan.detect.reception_cause import OTHER_EMITTER, causes, lay_still, other_emitter
from prasan.detect.reception_class import Back, End, Pace, Silence, Verdict, explained, judge
from prasan.detect.reception_rate import NEVER, Silences, no_silences, rates
from prasan.picture.finding import Rule
from prasan.picture.position import AIS_CLASSES, UNITS_PER_DEGREE
from prasan.picture.sphere import KNOT_MS, distance_m
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Fixes, Ints, concat, take, track_keys
from prasan.tracks.reception import Reception, listen, no_reception

_B: Final = AIS_CLASSES.index("B")


class Begun(msgspec.Struct, frozen=True):
    """The beginning of a silence, judged when it had lasted. `end` is None where a `cause` explains the silence."""

    cause: str
    pace: Pace | None = None
    ashore: bool = False
    knots: float = -1.0
    end: End | None = None


class Learnt(msgspec.Struct, frozen=True):
    """Who was heard where, silences that are over, and the beginnings of those that go on, by track key."""

    reception: Reception
    silences: Silences
    begun: Mapping[int, Begun]


def no_learnt(width: int) -> Learnt:
    """Nothing yet; slots of `width` seconds."""
    return Learnt(no_reception(width), no_silences(), {})


def learn(learnt: Learnt, rows: Fixes, upto: int, rule: Rule) -> Learnt:
    """Take in rows, and forget what no later question can reach."""
    length = int(rule.thresholds["min_h"] * 3600)
    keep = int(rule.thresholds["learn_h"] * 3600) + length + learnt.reception.width
    gone = learnt.reception.upto - keep - length
    silences = learnt.silences
    if len(silences) and int(silences.end.min()) < gone:
        silences = take(silences, silences.end >= gone)
    return Learnt(listen(learnt.reception, rows, upto, keep), silences, learnt.begun)


def closed_silences(rows: Fixes, at: Ints) -> Silences:
    """The silences between rows `at` and the rows after them."""
    return Silences(rows.mmsi[at], rows.t[at], rows.t[at + 1], _at(rows, at), _at(rows, at + 1))


def open_silences(rows: Fixes, at: Ints) -> Silences:
    """The silences after rows `at`, which go on."""
    here = _at(rows, at)
    return Silences(rows.mmsi[at], rows.t[at], np.full(len(at), NEVER), here, here)


class Question(msgspec.Struct, frozen=True):
    """What every question of one step shares; `silences` are those of the past and those that go on."""

    learnt: Learnt
    silences: Silences
    census: Census
    rows: Fixes
    rule: Rule
    world: World


def ask(  # noqa: PLR0913, PLR0917 - the stages of the kernel meet here
    learnt: Learnt, silences: tuple[Silences, Silences], census: Census, rows: Fixes, rule: Rule, world: World
) -> Question:
    """Put the silences of this step (over, going on) to those of the past."""
    over, going = silences
    if len(over):
        learnt = msgspec.structs.replace(learnt, silences=concat(learnt.silences, over))
    return Question(learnt, concat(learnt.silences, going), census, rows, rule, world)


def known(question: Question, at: Ints, begun: Mapping[int, Begun]) -> list[Begun]:
    """The beginnings of silences after rows `at`: judged in this step (`begun`, by row), or carried."""
    keys = track_keys(take(question.rows, at)).tolist()
    carried = question.learnt.begun
    return [begun[row] if row in begun else carried[key] for row, key in zip(at.tolist(), keys, strict=True)]


def remember(question: Question, over: Ints, going: Ints, begun: Mapping[int, Begun]) -> Learnt:
    """What to carry: beginnings of silences that are over are let go, those judged in this step are added."""
    if not begun and not len(over):
        return question.learnt
    kept = dict(question.learnt.begun)
    for key in track_keys(take(question.rows, over)).tolist():
        kept.pop(key, None)
    keys = track_keys(take(question.rows, going)).tolist()
    kept |= {key: begun[row] for row, key in zip(going.tolist(), keys, strict=True) if row in begun}
    return msgspec.structs.replace(question.learnt, begun=kept)


def moments(length: Ints, rule: Rule) -> Ints:
    """How many seconds of silences of so many seconds are looked at: see the head of this module."""
    least, long = (int(rule.thresholds[name] * 3600) for name in ("min_h", "long_h"))
    return np.where(length > max(long, least), max(long, least), least)


def begins(question: Question, at: Ints, lasted: Ints) -> list[Begun]:
    """The beginnings of silences after rows `at`, at least the `before_count`-th of their emitters."""
    if not len(at):
        return []
    member, group = feeds(question.census, question.rows, at, question.rule)
    asked = _asked(question, at, question.rows.t[at] + lasted, lasted, group)
    listened = _ear(question, member)
    found = causes(listened, asked, question.rows, at, question.rule, question.world)
    open_ = np.array([not cause for cause in found], np.bool_)
    mine = take(asked, open_)
    known_of = zip(
        _paces(question.rows, at[open_], question.rule), _ashore(question, mine),
        (question.rows.sog[at[open_]] / 10).tolist(), _judged(question, listened, member, mine, "begin"), strict=True,
    )  # fmt: skip
    return [Begun(cause) if cause else Begun("", *next(known_of)) for cause in found]


def verdict(begun: Begun, rule: Rule) -> Verdict:
    """The class of a silence that goes on."""
    return (
        explained(begun.cause)
        if begun.end is None
        else judge(Silence(begun.end, begun.pace, begun.ashore, begun.knots), rule)
    )


def verdicts(question: Question, closed: Ints, begun: Sequence[Begun]) -> list[Verdict]:
    """The class of silences that are over: between the rows `closed` and the ones after, which began as given."""
    rule, rows = question.rule, question.rows
    found = [explained(one.cause) for one in begun]
    moving = np.array([place for place, one in enumerate(begun) if one.end is not None], np.int64)
    if not len(moving):
        return found
    at = closed[moving]
    member, group = feeds(question.census, rows, at, rule)
    asked = _asked(question, at, rows.t[at + 1], moments(rows.t[at + 1] - rows.t[at], rule), group)
    listened = _ear(question, member)
    shared = other_emitter(listened, asked, rows)
    counted = rates(listened, asked, question.silences, rule)
    backs = _backs(question, listened, asked, at)
    for number, place in enumerate(moving.tolist()):
        one = begun[place]
        if shared[number]:
            found[place] = explained(OTHER_EMITTER)
        elif one.end is not None:
            begin = msgspec.structs.replace(one.end, rate=counted[number])
            found[place] = judge(Silence(begin, one.pace, one.ashore, one.knots, backs[number]), rule)
    return found


def _backs(question: Question, listened: Ear, asked: Asked, at: Ints) -> list[Back]:
    """How the silences after rows `at`, asked about at their beginning, ended."""
    rule, rows = question.rule, question.rows
    member, group = feeds_of(question.census, rows, at + 1)
    ends = _turned(rows, asked, at + 1, group)
    ways = weigh_way(listened, asked, ends, rule)
    ear_back = _ear(question, member)
    judged = _judged(question, ear_back, member, ends, "end")
    berth = lay_still(ear_back, ends, rows, at + 1, 1, rule, question.world)
    metres = distance_m(asked.lat, asked.lon, ends.lat, ends.lon)
    knots = np.maximum(rows.sog[at], rows.sog[at + 1]) / 10
    way_h = metres / (np.maximum(knots, UNDER_WAY_KN) * KNOT_MS * 3600)
    hours = (rows.t[at + 1] - rows.t[at]) / 3600
    columns = (
        hours.tolist(),
        way_h.tolist(),
        metres.tolist(),
        judged,
        ways,
        dense(rows, at + 1, rule).tolist(),
        berth.tolist(),
    )
    return [Back(*one) for one in zip(*columns, strict=True)]


def dense(rows: Fixes, at: Ints, rule: Rule) -> Bools:
    """True where row `at` and the rows after it of its emitter are `back_count` fixes within `back_h`."""
    last = at + int(rule.thresholds["back_count"]) - 1
    there = np.minimum(last, len(rows) - 1)
    same = (last == there) & (rows.mmsi[there] == rows.mmsi[at]) & (rows.emitter[there] == rows.emitter[at])
    return np.asarray(same & (rows.t[there] - rows.t[at] <= rule.thresholds["back_h"] * 3600))


def _ashore(question: Question, asked: Asked) -> list[bool]:
    limit = question.rule.thresholds["shore_km"] * 1000
    return [metres <= limit for metres in question.world.shore_m(asked.lat, asked.lon, limit).tolist()]


def _paces(rows: Fixes, at: Ints, rule: Rule) -> list[Pace | None]:
    """The intervals of the `before_count` fixes up to each row; None if that is a single one."""
    count = int(rule.thresholds["before_count"])
    if count < 2:
        return [None] * len(at)
    steps = -np.diff(rows.t[at[:, None] - np.arange(count)], axis=1)
    last = steps[:, : int(rule.thresholds["last_count"])].mean(axis=1)
    usual = np.sort(steps, axis=1)[:, (count - 1) // 4]
    return [Pace(*one) for one in zip(last.tolist(), usual.tolist(), strict=True)]


def _judged(question: Question, listened: Ear, member: Bools, asked: Asked, place: str) -> list[End]:
    """The places asked about, with what is known of each."""
    covers = weigh(listened, asked, question.rule)
    counted = rates(listened, asked, question.silences, question.rule)
    return [
        End(place, cover, rate, _names(question, listened, member[feed], cover))
        for cover, rate, feed in zip(covers, counted, asked.feed.tolist(), strict=True)
    ]


def _at(rows: Fixes, index: Ints) -> Ints:
    return np.column_stack((rows.lat[index], rows.lon[index])).astype(np.int64)


def _ear(question: Question, member: Bools) -> Ear:
    return ear(question.learnt.reception, member, list(question.census.since))


def _asked(question: Question, at: Ints, known: Ints, lasted: Ints, feed: Ints) -> Asked:
    """The beginnings after rows `at`, with the motion of the `before_count` rows up to them."""
    rows, count = question.rows, int(question.rule.thresholds["before_count"])
    speed = rows.sog[at[:, None] - np.arange(count)].max(axis=1)
    return Asked(
        mmsi=rows.mmsi[at], t=rows.t[at], known=known, lasted=lasted, after=np.ones(len(at), np.bool_),
        lat=rows.lat[at] / UNITS_PER_DEGREE, lon=rows.lon[at] / UNITS_PER_DEGREE,
        course=np.where(rows.cog[at] >= 0, rows.cog[at] / 10, np.nan), knots=np.maximum(speed, 0) / 10,
        light=rows.ais_class[at] == _B, feed=feed,
    )  # fmt: skip


def _turned(rows: Fixes, asked: Asked, at: Ints, feed: Ints) -> Asked:
    """The same silences asked about at their end, the rows `at`."""
    return msgspec.structs.replace(
        asked, t=rows.t[at], after=np.zeros(len(at), np.bool_), lat=rows.lat[at] / UNITS_PER_DEGREE,
        lon=rows.lon[at] / UNITS_PER_DEGREE,
        course=np.where((rows.cog[at] >= 0) & ~rows.derived[at], rows.cog[at] / 10, np.nan),
        knots=np.maximum(asked.knots, rows.sog[at] / 10), feed=feed,
    )  # fmt: skip


def _names(question: Question, listened: Ear, member: Bools, cover: Cover) -> tuple[str, ...]:
    """The vessel's sources among those that heard the neighbours."""
    mine = {name for name, of_feed in zip(question.census.since, member.tolist(), strict=True) if of_feed}
    return tuple(sorted({name for origin in cover.origins for name in listened.sets[origin]} & mine))
