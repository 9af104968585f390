"""What the gap kernel learns from all hearings, and what it asks when a silence has lasted or is over.

A silence is judged at its beginning once, when it has lasted `min_h`, from what was heard until then; that judgement is
carried while the silence goes on. When it ends, the rates are counted anew up to that moment and its end is judged too.
Both moments belong to the silence, not to the cut of the input.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from prasan.detect.feed import Census, feeds, feeds_of
from prasan.detect.reception import Asked, Cover, Ear, ear, weigh, weigh_way
from prasan.detect.reception_cause import OTHER_EMITTER, at_rest, berthed, causes, other_emitter
from prasan.detect.reception_class import End, Silence, Verdict, explained, judge
from prasan.detect.reception_rate import NEVER, Silences, no_silences, rates
from prasan.picture.finding import Rule
from prasan.picture.position import AIS_CLASSES, UNITS_PER_DEGREE
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Fixes, Ints, concat, take, track_keys
from prasan.tracks.reception import Reception, listen, no_reception

_B: Final = AIS_CLASSES.index("B")


class Begun(msgspec.Struct, frozen=True):
    """The beginning of a silence, judged when it had lasted. `end` is None where a `cause` explains the silence."""

    cause: str
    before_h: float = 0.0
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


def silences_of(rows: Fixes, closed: Ints, silent: Ints) -> tuple[Silences, Silences]:
    """Rows after which silences that are over, and that go on, began -> the silences, each sort in one table."""
    over = Silences(rows.mmsi[closed], rows.t[closed], rows.t[closed + 1], _at(rows, closed), _at(rows, closed + 1))
    here = _at(rows, silent)
    return over, Silences(rows.mmsi[silent], rows.t[silent], np.full(len(silent), NEVER), here, here)


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


def remember(question: Question, over: Ints, waiting: Ints, begun: Mapping[int, Begun]) -> Learnt:
    """What to carry: beginnings of silences that are over are let go, those judged in this step are added."""
    if not begun and not len(over):
        return question.learnt
    kept = dict(question.learnt.begun)
    for key in track_keys(take(question.rows, over)).tolist():
        kept.pop(key, None)
    keys = track_keys(take(question.rows, waiting)).tolist()
    kept |= {key: begun[row] for row, key in zip(waiting.tolist(), keys, strict=True) if row in begun}
    return msgspec.structs.replace(question.learnt, begun=kept)


def begins(question: Question, at: Ints) -> list[Begun]:
    """The beginnings of silences after rows `at`, at least the `before_count`-th of their emitters."""
    if not len(at):
        return []
    length = int(question.rule.thresholds["min_h"] * 3600)
    member, group = feeds(question.census, question.rows, at, question.rule)
    asked = _asked(question, at, question.rows.t[at] + length, group)
    listened = _ear(question, member)
    found = causes(listened, asked, question.rows, at, question.rule, question.world)
    open_ = np.array([not cause for cause in found], np.bool_)
    judged = iter(_judged(question, listened, member, take(asked, open_), "begin"))
    span = asked.interval_s * max(question.rule.thresholds["before_count"] - 1, 1) / 3600
    return [
        Begun(cause) if cause else Begun("", h, next(judged)) for cause, h in zip(found, span.tolist(), strict=True)
    ]


def verdict(begun: Begun, rule: Rule) -> Verdict:
    """The class of a silence that goes on."""
    return explained(begun.cause) if begun.end is None else judge(Silence(begun.before_h, begun.end), rule)


def verdicts(question: Question, closed: Ints, begun: Sequence[Begun]) -> list[Verdict]:
    """The class of silences that are over: between the rows `closed` and the ones after, which began as given."""
    rule, rows = question.rule, question.rows
    found = [explained(one.cause) for one in begun]
    moving = np.array([place for place, one in enumerate(begun) if one.end is not None], np.int64)
    if not len(moving):
        return found
    at = closed[moving]
    member, group = feeds(question.census, rows, at, rule)
    asked = _asked(question, at, rows.t[at + 1], group)
    listened = _ear(question, member)
    shared = other_emitter(listened, asked, rows)
    counted = rates(listened, asked, question.silences, rule)
    back, heard_by = feeds_of(question.census, rows, at + 1)
    ends = _turned(rows, asked, at + 1, heard_by)
    ways = weigh_way(listened, asked, ends, rule)
    ear_back = _ear(question, back)
    judged = _judged(question, ear_back, back, ends, "end")
    berth = at_rest(rows, at + 1, 1, rule) | berthed(ear_back, ends, rule, question.world)
    for number, place in enumerate(moving.tolist()):
        begin = begun[place].end
        if shared[number]:
            found[place] = explained(OTHER_EMITTER)
        elif begin is not None:
            begin = msgspec.structs.replace(begin, rate=counted[number])
            silence = Silence(begun[place].before_h, begin, judged[number], ways[number], bool(berth[number]))
            found[place] = judge(silence, rule)
    return found


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


def _asked(question: Question, at: Ints, known: Ints, feed: Ints) -> Asked:
    """The beginnings after rows `at`, with the motion of the `before_count` rows up to them."""
    rows, count = question.rows, int(question.rule.thresholds["before_count"])
    speed = rows.sog[at[:, None] - np.arange(count)].max(axis=1)
    return Asked(
        mmsi=rows.mmsi[at], t=rows.t[at], known=known, after=np.ones(len(at), np.bool_),
        lat=rows.lat[at] / UNITS_PER_DEGREE, lon=rows.lon[at] / UNITS_PER_DEGREE,
        course=np.where(rows.cog[at] >= 0, rows.cog[at] / 10, np.nan), knots=np.maximum(speed, 0) / 10,
        interval_s=(rows.t[at] - rows.t[at - count + 1]) / (count - 1) if count > 1 else np.full(len(at), np.inf),
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
