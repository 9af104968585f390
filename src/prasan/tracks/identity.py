"""What every transmitter said of itself, and when it settled on something else. Pure.

Kept per MMSI: each value of name, call sign, IMO number, ship type, dimensions, draught and destination: first and last
time, which sources said it, and how often. Kept per valid IMO number: which MMSIs gave it. When sources disagree, both
sides stay. One row is one transmission: equal rows of one second are folded, their sources joined. "How often" counts
six-minute turns, in which a static report is due once (M.1371-5, Annex 1, 4.2.1), because feeds repeat a report beside
every position.

A value settles once it was said in `needed` turns without the settled one between; typing slips and bit errors (see
`slip`) are the value they slipped from. Rows wait until `upto` has passed them and are then read in an order of their
own, so the cut and the order of the input change nothing. Histories are kept as bytes, and no more than `limit` of
them: to make room, the quarter that was silent longest is let go and counted.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from prasan.picture.position import STATICS, Flag
from prasan.tracks.identity_rows import FIELDS, rows_of, runs_of
from prasan.tracks.settle import FOREVER

FOLLOWED: Final = frozenset({"name", "callsign", "draught", "mmsi"})
"""Fields whose changes are told. `mmsi` is the one field kept per IMO number."""

SPELLED: Final = frozenset({"name", "callsign"})
"""Fields in which a slip of the keyboard or a bit error can be told from another value."""

TURN_S: Final = 360
"""Static and voyage data go out every six minutes."""

MAX_VALUES: Final = 16
"""Values of one field: beyond it the one said least often, and of those the one silent longest, is let go."""

MAX_VESSELS: Final = 500_000
"""Histories kept: more than the vessels that transmit in the world in a month; about 250 MB."""

BACK_S: Final = 3 * 86_400
"""A value that comes back so soon was never given up: two of them take turns."""

SHORTEST: Final = 3
"""A text shorter than this is too short to be called a slip of another."""

_UNFIT: Final = int(Flag.NO_TIME | Flag.FUTURE_TIME | Flag.EPOCH_TIME)


class Value(msgspec.Struct, array_like=True, gc=False):
    """One value of a field: first and last second, in how many turns it was said, by which sources."""

    text: str
    first: int
    last: int
    count: int
    sources: list[str]


class Change(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A field settled on another value. `key` is an MMSI, or an IMO number with a minus.

    `last` is the second at which the old value was last said, `first` that of the new one, `at` that of the turn that
    settled it; `count` the turns of the old one. `turns`: the two take turns, so neither was given up. For an IMO
    number `turns` also stands for two MMSIs that give it at once.
    """

    key: int
    field: str
    old: str
    new: str
    last: int
    first: int
    at: int
    count: int
    sources: tuple[str, ...]
    turns: bool = False


class Kept(msgspec.Struct, array_like=True, gc=False):
    """One field: all values, the text it settled on, the one on trial, the last change, and how often two switched."""

    values: list[Value] = []
    settled: str = ""
    settled_at: int = 0
    trial: Value | None = None
    change: Change | None = None
    latest: str = ""
    switches: int = 0
    switch_at: int = 0


History = dict[str, Kept]

_ENCODE: Final = msgspec.msgpack.Encoder()
_DECODE: Final = msgspec.msgpack.Decoder(History)


class IdentityCarry(msgspec.Struct, frozen=True):
    """Histories by MMSI (and by minus the IMO number), rows not yet passed, and counts of what was let go."""

    histories: Mapping[int, bytes] = {}
    pending: pa.Table | None = None
    upto: int = 0
    evicted: int = 0
    dropped: Mapping[str, int] = {}

    def history(self, key: int) -> History:
        """All that is known by one MMSI, or by minus an IMO number: field -> values. Empty if nothing is."""
        held = self.histories.get(key)
        return _DECODE.decode(held) if held is not None else {}


def tell(
    statics: pa.Table | None, carry: IdentityCarry | None, upto: int, needed: int, limit: int = MAX_VESSELS
) -> tuple[list[Change], IdentityCarry]:
    """Rows of `STATICS`, in any order -> the changes shown by rows with t < `upto`, in order of time, and the carry."""
    carry = carry or IdentityCarry()
    rows, dropped = _fit(statics, carry)
    ripe = pc.less(rows["t"], pa.scalar(min(upto, FOREVER), pa.int64()))
    passed = rows if pc.all(ripe).as_py() else rows.filter(ripe)
    histories, evicted, changes = dict(carry.histories), carry.evicted, list[Change]()
    said = list(runs_of(passed))
    if len(histories) + sum(key not in histories for key, _ in said) > limit:
        one_by_one = sorted(rows_of(passed), key=lambda one: (one[1], one[0], one[2:]))
        said = [(key, [(texts, [(t, source)])]) for key, t, texts, source in one_by_one]
    for key, runs in said:
        if key not in histories and len(histories) >= limit:
            evicted += _make_room(histories, limit)
        history = _DECODE.decode(histories[key]) if key in histories else {}
        for texts, times in runs:
            changes += _note(history, key, texts, times, needed)
        histories[key] = _ENCODE.encode(history)
    changes.sort(key=lambda one: (one.at, one.key, one.field))
    pending = None if passed is rows else rows.filter(pc.invert(ripe))
    return changes, IdentityCarry(histories, pending, max(upto, carry.upto), evicted, dropped)


def disputed(history: History) -> dict[str, list[Value]]:
    """Fields on which the sources do not agree today: the last value of each source, where these are several."""
    result = {}
    for field, kept in history.items():
        names = {name for value in kept.values for name in value.sources}
        last = {
            max((v for v in kept.values if name in v.sources), key=lambda v: (v.last, v.text)).text for name in names
        }
        if len(last) > 1:
            result[field] = [value for value in kept.values if value.text in last]
    return result


def slip(one: str, other: str) -> bool:
    """True if two texts differ by one letter put in, left out or changed, or by an end that was cut off."""
    short, long = sorted((one, other), key=len)
    if len(short) < SHORTEST or one == other:
        return one == other
    if long.startswith(short):
        return True
    if len(long) - len(short) > 1:
        return False
    at = next(place for place, (a, b) in enumerate(zip(short, long, strict=False)) if a != b)
    return short[at + (len(short) == len(long)) :] == long[at + 1 :]


def _fit(statics: pa.Table | None, carry: IdentityCarry) -> tuple[pa.Table, dict[str, int]]:
    """Rows that can be used, those waiting included, and how many could not, by reason."""
    tables = [carry.pending] if carry.pending is not None else []
    dropped = dict(carry.dropped)
    if statics is not None and statics.num_rows:
        bad_time = (statics["flags"].to_numpy() & _UNFIT) != 0
        late = ~bad_time & (statics["t"].to_numpy() < carry.upto)
        nobody = ~bad_time & ~late & (statics["mmsi"].to_numpy() == 0)  # said by whoever was never given a number
        for name, bad in (("bad_time", bad_time), ("late", late), ("mmsi_zero", nobody)):
            if count := int(np.count_nonzero(bad)):
                dropped[name] = dropped.get(name, 0) + count
        tables.append(statics.select(STATICS.names).filter(pa.array(~(bad_time | late | nobody))))
    return (pa.concat_tables(tables, promote_options="default") if tables else STATICS.empty_table()), dropped


def _make_room(histories: dict[int, bytes], limit: int) -> int:
    """Let go of the quarter that was silent longest; how many these are."""

    def last(key: int) -> tuple[int, int]:
        kept = _DECODE.decode(histories[key]).values()
        return max((value.last for field in kept for value in field.values), default=0), key

    gone = sorted(histories, key=last)[: max(limit // 4, 1)]
    for key in gone:
        del histories[key]
    return len(gone)


def _note(
    history: History, key: int, texts: tuple[str, ...], times: list[tuple[int, str]], needed: int
) -> list[Change]:
    """Put what one key said, again and again, into its history; the changes it shows.

    Row by row until nothing can change any more by saying the same; the rest is counted at once.
    """
    changes: list[Change] = []
    said = [(field, text) for field, text in zip(FIELDS if key > 0 else ("mmsi",), texts, strict=True) if text]
    for place, (t, source) in enumerate(times, 1):
        settled = True
        for field, text in said:
            kept = history.get(field)
            if kept is None:
                kept = history[field] = Kept()
            value = _count(kept, text, t, source)
            if field in FOLLOWED:
                changes += _settle(kept, (key, field), value, (t, source), needed)
                settled = settled and kept.trial is None
            if field == "mmsi":
                changes += _switch(kept, key, value, t, needed)
        if settled and place < len(times):
            for field, text in said:
                _repeat(history[field], field, text, times[place - 1 :])
            break
    return changes


def _repeat(kept: Kept, field: str, text: str, times: list[tuple[int, str]]) -> None:
    """A value said at the first of these times was said again at the others."""
    value = next(one for one in kept.values if one.text == text)
    value.count += sum(t // TURN_S != before // TURN_S for (before, _), (t, _) in pairwise(times))
    value.last = times[-1][0]
    value.sources = sorted({*value.sources, *(source for _, source in times)})
    if field in FOLLOWED:
        kept.settled_at = value.last


def _count(kept: Kept, text: str, t: int, source: str) -> Value:
    for value in kept.values:
        if value.text == text:
            _again(value, t, source)
            return value
    value = Value(text, t, t, 1, [source])
    kept.values.append(value)
    if len(kept.values) > MAX_VALUES:
        others = [one for one in kept.values[:-1] if one.text != kept.settled]
        kept.values.remove(min(others, key=lambda one: (one.count, one.last, one.text)))
    return value


def _again(value: Value, t: int, source: str) -> None:
    value.count += t // TURN_S != value.last // TURN_S
    value.last = t
    if source not in value.sources:
        value.sources = sorted((*value.sources, source))


def _settle(kept: Kept, key: tuple[int, str], value: Value, said: tuple[int, str], needed: int) -> list[Change]:
    """One more word on a field: the change, if by it the field settled on another value."""
    t, source = said
    same = slip if key[1] in SPELLED else str.__eq__
    if kept.settled and same(value.text, kept.settled):
        kept.settled_at, kept.trial = t, None
        return []
    if kept.trial is not None and same(value.text, kept.trial.text):
        _again(kept.trial, t, source)
    else:
        kept.trial = Value(value.text, t, t, 1, [source])
    if kept.trial.count < needed:
        return []
    old = next((one for one in kept.values if one.text == kept.settled), None)
    new, last = kept.trial, kept.settled_at
    kept.settled, kept.settled_at, kept.trial = new.text, t, None
    if old is None:
        return []
    sources = tuple(sorted({*old.sources, *new.sources}))
    return _told(kept, Change(*key, old.text, new.text, last, new.first, t, old.count, sources))


def _told(kept: Kept, change: Change) -> list[Change]:
    """The change; and if it takes back the one before it, both as values that take turns."""
    before, kept.change = kept.change, change
    if before is None or before.old != change.new or change.at - before.at > BACK_S:
        return [change]
    kept.change = msgspec.structs.replace(change, turns=True)
    return [msgspec.structs.replace(before, turns=True), kept.change]


def _switch(kept: Kept, key: int, value: Value, t: int, needed: int) -> list[Change]:
    """Does another MMSI give this IMO number while the first still does? Told once, when they switched often enough."""
    before = next((one for one in kept.values if one.text == kept.latest), value)
    kept.latest = value.text
    if before is value or min(before.count, value.count) < needed:
        return []
    kept.switches = kept.switches + 1 if t - kept.switch_at <= BACK_S else 1
    kept.switch_at = t
    if kept.switches != needed:
        return []
    first, second = sorted((before, value), key=lambda one: (one.first, one.text))
    sources = tuple(sorted({*first.sources, *second.sources}))
    return [Change(key, "imo", first.text, second.text, before.last, second.first, t, first.count, sources, turns=True)]
