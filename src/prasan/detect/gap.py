"""Gap: a transmitter that was heard regularly falls silent.

Definition    silence of one emitter longer than `min_h`, after at least `before_count` positions in the `before_h`
              hours up to the last fix; open (no end) once the watermark has passed last fix + `min_h`, and over
              `back_h` after the vessel was heard again: how it came back tells a transmitter that was switched on
              from one that drew near.
Feed health   of that silence, `min_h` must lie in hours in which the feed that heard the vessel was itself alive: it
              heard at least `feed_share` of the stations that it usually heard in an hour. Usual is the median over
              the hours of the vessel's `before_count` fixes, but for the hour of the last. If not, the silence is not
              assessable (`feed_silent`), which a feed that comes back can still change. A feed that usually hears
              fewer than `feed_count` in an hour cannot be judged, and the gap stands. What a feed is: see `feed`.
Class         `dark` only where others were heard, `unknown` by default: see `reception`, `reception_rate` and
              `reception_class`. It is judged when it has lasted `min_h`, again at `long_h`, and when it is over.
Source        pipe-gaps `gap_detector.py` (Global Fishing Watch): consecutive positions, positions in the 12 h before,
              open gaps; Welch et al. 2022: 14 positions in the 12 h before. Reception from other vessels' messages:
              Welch et al.; Hammond and Peters 2012. Feed health and the thresholds of the class are our own choice.
Columns       t, mmsi, lat, lon; sog and cog where given; emitter from `tracks`.
Cadence       `before_count` positions within `before_h`; below it the silence is not assessable, and counted as such.
Cannot see    why, where too few others are heard: a switched-off transmitter, a receiver that failed, a ship beyond
              the horizon. A vessel whose own transmitter or antenna fails looks like one that is switched off.

Base stations, aids to navigation, search aircraft and beacons are not vessels and are passed over.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np

from prasan.detect.feed import Census, alive, hear, no_census
from prasan.detect.make import fix, hours, key, names
from prasan.detect.reception_class import CONFIDENCE, Verdict
from prasan.detect.reception_class import MESSAGES as CLASS_MESSAGES
from prasan.detect.reception_gap import (
    Begun,
    Learnt,
    Question,
    ask,
    begins,
    closed_silences,
    known,
    learn,
    moments,
    no_learnt,
    open_silences,
    remember,
    verdict,
    verdicts,
)
from prasan.detect.reception_rate import Silences
from prasan.picture.finding import Finding, Rule
from prasan.picture.identity import NOT_VESSELS, of_forms
from prasan.picture.position import AIS_CLASSES
from prasan.picture.sphere import KNOT_MS, distance_m
from prasan.picture.world import World
from prasan.tracks.columns import (
    Bools,
    Fixes,
    Ints,
    concat,
    no_fixes,
    ranges,
    steps_over,
    take,
    track_keys,
    track_of,
    with_last,
)

MESSAGES: Final = {
    "gap_open": ("before_count", "before_h", "last_sog_kn"),
    "gap_closed": ("hours", "before_count", "before_h", "distance_km", "implied_kn", "last_sog_kn"),
    **CLASS_MESSAGES,
}
"""Message codes and the evidence they take: `evidence.codes` lists those that apply."""

NOT_ASSESSABLE: Final = ("few_positions_before", "feed_silent")

_STATIONS: Final = (AIS_CLASSES.index("base"), AIS_CLASSES.index("aton"))


class GapCarry(msgspec.Struct, frozen=True):
    """The last `before_count` fixes of every emitter, the watermark, the feed's census, and what was said so far.

    `told` are the track keys whose gap is open, ascending, and `told_t` the seconds of their last fixes before it.
    `not_assessable` counts silences by reason as of `upto`, of which `lost` ended without the feed having been alive
    for long enough. `learnt` is what classes are made of. Of a vessel that was heard again less than `back_h` ago all
    is kept from the `before_count` fixes before its silence on. `looked` counts the times that a silence was judged.
    """

    rows: Fixes
    upto: int
    census: Census
    learnt: Learnt
    told: Ints
    told_t: Ints
    not_assessable: dict[str, int]
    lost: int = 0
    looked: int = 0


class _Ends(msgspec.Struct, frozen=True):
    """Rows after which a silence longer than `min_h` began, by how it stands as of the watermark.

    `over`: it is over since this step; `back`: the vessel was heard again, but less than `back_h` ago; `quiet`: it goes
    on.
    """

    over: Ints
    back: Ints
    quiet: Ints


class _Silent(msgspec.Struct, frozen=True):
    """Those of `_Ends` that belong to regular vessels.

    `told` were said to be open and still are, `waiting` were not said yet. `fresh` are those whose moment to be judged
    (see `moments`) came since the step before, after `lasted` seconds; `few` counts the silences that were not there at
    the step before of vessels that are not regular.
    """

    over: Ints
    waiting: Ints
    told: Ints
    fresh: Ints
    lasted: Ints
    few: int


def kernel(rows: Fixes, carry: GapCarry | None, upto: int, rule: Rule, world: World) -> tuple[list[Finding], GapCarry]:
    """Fixes sorted by (mmsi, emitter, t), all with t < `upto` -> gaps that opened or closed, and the new carry."""
    carry = carry or _nothing(rule)
    census = hear(carry.census, rows, upto)
    rows = take(rows, mask) if not (mask := _vessels(rows)).all() else rows
    learnt = learn(carry.learnt, rows, upto, rule)
    both, new = with_last(carry.rows, rows)
    now = max(upto, carry.upto)
    if not len(both):
        return [], msgspec.structs.replace(carry, rows=both, upto=now, census=census, learnt=learnt)
    ends = _ends(both, carry.upto, now, rule)
    silent = _silent(both, new, ends, carry, now, rule)
    question = ask(learnt, _silences(both, ends), census, both, rule, world)
    begun = dict(zip(silent.fresh.tolist(), begins(question, silent.fresh, silent.lasted), strict=True))
    over, opens = (some[_vouched(question, some, ends, now)] for some in (silent.over, silent.waiting))
    again = silent.told[np.isin(silent.told, silent.fresh)]
    findings = _findings(question, over, np.concatenate((opens, again)), begun)
    lost = carry.lost + len(silent.over) - len(over)
    counts = (carry.not_assessable.get(NOT_ASSESSABLE[0], 0) + silent.few, lost + len(silent.waiting) - len(opens))
    tally = {reason: count for reason, count in zip(NOT_ASSESSABLE, counts, strict=True) if count}
    told = take(both, np.sort(np.concatenate((silent.told, opens))))
    learnt = remember(question, silent.over, np.concatenate((silent.waiting, again)), begun)
    kept, looked = _ring(both, ends, rule), carry.looked + len(silent.fresh)
    return findings, GapCarry(kept, now, census, learnt, track_keys(told), told.t, tally, lost, looked)


def _nothing(rule: Rule) -> GapCarry:
    census, none = no_census(rule), np.empty(0, np.int64)
    return GapCarry(no_fixes(), 0, census, no_learnt(census.width), none, none, {})


def _ends(rows: Fixes, before: int, now: int, rule: Rule) -> _Ends:
    """All silences as of `now`; `before` is the watermark of the step before."""
    limit, back_s = (int(rule.thresholds[name] * 3600) for name in ("min_h", "back_h"))
    ended = steps_over(rows, limit)
    settled = rows.t[ended + 1] + back_s
    quiet = rows.ends[now - rows.t[rows.ends] > limit]
    return _Ends(ended[(settled >= before) & (settled < now)], ended[settled >= now], quiet)


def _silent(  # noqa: PLR0913, PLR0917 - one step is these numbers
    rows: Fixes, new: Bools, ends: _Ends, carry: GapCarry, now: int, rule: Rule
) -> _Silent:
    """Sort the silences of regular vessels."""
    going = np.sort(np.concatenate((ends.back, ends.quiet)))
    told = _told(rows, going, carry)
    both = np.concatenate((ends.over, going))
    regular = _regular(rows, both, rule)
    limit = int(rule.thresholds["min_h"] * 3600)
    early = (rows.t[both] >= carry.upto - limit) | new[both]  # not there at the step before
    few = int(np.count_nonzero(early & ~regular))
    ended = ~np.isin(both, ends.quiet)
    until = np.full(len(both), now)
    until[ended] = rows.t[both[ended] + 1]
    lasted = moments(until - rows.t[both], rule)
    due = regular & ((rows.t[both] + lasted >= carry.upto) | new[both])
    over, waiting = ends.over[regular[: len(ends.over)]], going[regular[len(ends.over) :] & ~told]
    return _Silent(over, waiting, going[told], both[due], lasted[due], few)


def _told(rows: Fixes, at: Ints, carry: GapCarry) -> Bools:
    """True for silences that were said to be open at an earlier step."""
    if not len(carry.told):
        return np.zeros(len(at), np.bool_)
    keys = track_keys(take(rows, at))
    place = np.minimum(np.searchsorted(carry.told, keys), len(carry.told) - 1)
    return np.asarray((carry.told[place] == keys) & (carry.told_t[place] == rows.t[at]))


def _silences(rows: Fixes, ends: _Ends) -> tuple[Silences, Silences]:
    """Silences that are over, and those that go on or of which it is not said yet."""
    return closed_silences(rows, ends.over), concat(closed_silences(rows, ends.back), open_silences(rows, ends.quiet))


def _vouched(question: Question, at: Ints, ends: _Ends, now: int) -> Bools:
    """Was the feed alive for long enough in the silences after rows `at`?"""
    rows, good = question.rows, np.empty(len(at), np.bool_)
    quiet = np.isin(at, ends.quiet)
    for ended in (True, False):
        some = at[quiet != ended]
        until = rows.t[some + 1] if ended else np.full(len(some), now)
        good[quiet != ended] = alive(question.census, rows, some, until, question.rule, ended=ended)
    return good


def _findings(question: Question, ends: Ints, opens: Ints, begun: Mapping[int, Begun]) -> list[Finding]:
    rows, rule = question.rows, question.rule
    classes = verdicts(question, ends, known(question, ends, begun))
    findings = [_closed(rows, index, rule, found) for index, found in zip(ends.tolist(), classes, strict=True)]
    going = known(question, opens, begun)
    return findings + [
        _open(rows, index, rule, verdict(one, rule)) for index, one in zip(opens.tolist(), going, strict=True)
    ]


def _vessels(rows: Fixes) -> Bools:
    stations = np.isin(rows.ais_class, _STATIONS)
    # every form that is no vessel lies outside 2xxxxxxxx..7xxxxxxxx, and rows are sorted by MMSI
    if len(rows) and rows.mmsi[0] >= 200_000_000 and rows.mmsi[-1] < 800_000_000:
        return ~stations
    return ~stations & ~of_forms(rows.mmsi, NOT_VESSELS)


def _regular(rows: Fixes, at: Ints, rule: Rule) -> Bools:
    """True where the row is at least the `before_count`-th of its emitter within `before_h` hours."""
    back = int(rule.thresholds["before_count"]) - 1
    start = rows.begins[track_of(rows, at)]
    earliest = np.maximum(at - back, 0)
    return (at - back >= start) & (rows.t[at] - rows.t[earliest] <= rule.thresholds["before_h"] * 3600)


def _ring(rows: Fixes, ends: _Ends, rule: Rule) -> Fixes:
    """What is kept of each emitter: see `GapCarry`."""
    back = int(rule.thresholds["before_count"]) - 1
    first = rows.ends - back
    emitter = track_of(rows, ends.back)
    first[emitter] = np.minimum(first[emitter], ends.back - back)
    first = np.maximum(first, rows.begins)
    return take(rows, ranges(first, rows.ends - first + 1))


def _open(rows: Fixes, index: int, rule: Rule, found: Verdict) -> Finding:
    before = index - int(rule.thresholds["before_count"]) + 1
    anchor = fix(rows, index)
    return Finding(
        kind="gap",
        key=key(rule, (anchor.mmsi,), anchor.t, int(rows.lat[index]), int(rows.lon[index])),
        mmsi=(anchor.mmsi,),
        start=anchor.t,
        end=None,
        lat=anchor.lat,
        lon=anchor.lon,
        confidence=CONFIDENCE[found.gap_class],
        reason=found.code,
        rule=rule,
        sources=tuple(sorted({*names(rows.sets, rows.origin[before : index + 1]), *found.names})),
        fixes=(anchor,),
        evidence={
            "codes": ["gap_open", found.code],
            "before_count": index - before + 1,
            "before_h": hours(rows.t[index] - rows.t[before]),
            "last_sog_kn": anchor.sog,
            **found.evidence,
        },
        gap_class=found.gap_class,
    )


def _closed(rows: Fixes, index: int, rule: Rule, found: Verdict) -> Finding:
    begun = _open(rows, index, rule, found)
    a, b = begun.fixes[0], fix(rows, index + 1)
    metres = float(distance_m(a.lat, a.lon, b.lat, b.lon))
    evidence = {
        **begun.evidence,
        "codes": ["gap_closed", found.code],
        "hours": hours(b.t - a.t),
        "distance_km": round(metres / 1000, 1),
        "implied_kn": round(metres / (b.t - a.t) / KNOT_MS, 1),
    }
    sources = tuple(sorted({*begun.sources, *rows.sets[int(rows.origin[index + 1])]}))
    return msgspec.structs.replace(begun, end=b.t, fixes=(a, b), evidence=evidence, sources=sources)
