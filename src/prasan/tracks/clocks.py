"""Receivers whose clock was off, hour by hour, found from what several of them say of the same ships.

Definition: a receiver is a station of a source. It is *off* in an hour of its own clock if its times differ by more
than `off_s`, in the median, from those of at least `others_count` other receivers that agree with each other, and these
are more than agree with it. Where two receivers differ and no third is there to ask, neither is set aside: they are
*disputed*. In the hour after, a receiver that was off counts as off until it was compared again.

Source: Global Fishing Watch pipe-segment, `filter_bad_satellite_times`: the receiver-hours of satellites whose clock is
more than 30 s off are left out; the jumps reach days.
What it cannot see: a receiver that hears no ship under way that another one hears; a clock that all receivers share; a
jump of more than minutes where no transmission was heard by two.

The law: what is judged of all rows is the same into whatever pieces they are cut, one time after the other, as long as
no more than `memory_count` reports lie between those that are compared.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from prasan.picture.position import UNITS_PER_DEGREE, Flag
from prasan.tracks.clock_pairs import Heard, Samples, compare, no_samples, none_heard
from prasan.tracks.columns import Bools, Ints, concat, take
from prasan.tracks.motion import NOISE_SOG

HOUR_S: Final = 3600
UNFIT: Final = int(Flag.NO_TIME | Flag.FUTURE_TIME | Flag.EPOCH_TIME | Flag.NULL_ISLAND)
SAMPLES: Final = 100_000
"""Comparisons that are kept, 28 bytes each; with more, the earliest taken are let go."""

JUDGED: Final = 100_000
"""Receiver-hours whose judgement is kept: four years of three receivers; the earliest made are let go."""


class ClockRule(msgspec.Struct, frozen=True):
    """When a receiver-hour is off.

    `off_s`: seconds between two clocks that say nothing (GFW). `samples_count`: comparisons with another receiver that
    it takes, by `vessels_count` ships: one may be an echo, or replayed. `others_count`: receivers that must agree
    against one. `moving_kn`: a ship this fast is under way.
    `apart_s`: seconds between two reports from which a time may be reckoned. `one_in`: of so many vessels one is looked
    at, always the same, which is plenty. `memory_count`: reports remembered.
    """

    off_s: float = 30.0
    samples_count: int = 5
    vessels_count: int = 3
    others_count: int = 2
    moving_kn: float = 5.0
    apart_s: float = 300.0
    one_in: int = 8
    memory_count: int = 50_000


RULE: Final = ClockRule()
Receiver = tuple[str, str]
"""Source and station ("" where none is named)."""


class Judged(msgspec.Struct, frozen=True):
    """A receiver in one hour of its own clock (`hour`, hours since 1970): `late_s` is how much later its times are.

    `others`: the receivers it differs from, or that it was found right by. `off`: it is set aside; `disputed`: nobody
    can tell; neither: it is right.
    """

    receiver: Receiver
    hour: int
    late_s: float
    others: int
    off: bool
    disputed: bool


class Clocks(msgspec.Struct, frozen=True):
    """What is carried: the reports remembered, the receivers by number, the comparisons, and what follows from them."""

    heard: Heard = none_heard()
    receivers: tuple[Receiver, ...] = ()
    samples: Samples = no_samples()
    judged: Mapping[tuple[Receiver, int], Judged] = {}


def hear_clocks(table: pa.Table, clocks: Clocks, rule: ClockRule = RULE) -> Clocks:
    """Rows with columns of POSITIONS, in any order -> what is known of the clocks after them."""
    rows, receivers = _under_way(table, clocks.receivers, rule)
    if not len(rows):
        return msgspec.structs.replace(clocks, receivers=receivers)
    new = compare(clocks.heard, rows, _rank(receivers), rule.apart_s)
    heard, samples, judged = concat(clocks.heard, rows), concat(clocks.samples, new), clocks.judged
    if len(new):
        touched = take(samples, _touched(samples, new))
        judged = {**judged, **{(one.receiver, one.hour): one for one in _judge(touched, receivers, rule)}}
    latest = take(heard, slice(-rule.memory_count, None)), take(samples, slice(-SAMPLES, None))
    return Clocks(latest[0], receivers, latest[1], dict(list(judged.items())[-JUDGED:]))


def faults(clocks: Clocks) -> dict[Receiver, list[int]]:
    """The hours in which each receiver is off, those that follow until it was compared again included."""
    found: dict[Receiver, list[int]] = {}
    for one in clocks.judged.values():
        if one.off:
            then = () if (one.receiver, one.hour + 1) in clocks.judged else (one.hour + 1,)
            found.setdefault(one.receiver, []).extend((one.hour, *then))
    return {receiver: sorted(hours) for receiver, hours in found.items()}


def set_aside(table: pa.Table, off: Mapping[Receiver, Iterable[int]]) -> tuple[pa.Table, int]:
    """The table with the flag CLOCK_OFF on the rows of these receiver-hours, and how many it was put on."""
    wrong = _wrong(table, off)
    if not wrong.any():
        return table, 0
    flags = np.where(wrong, table["flags"].to_numpy() | np.uint16(Flag.CLOCK_OFF), table["flags"].to_numpy())
    at = table.column_names.index("flags")
    return table.set_column(at, table.schema.field("flags"), pa.array(flags, pa.uint16())), int(wrong.sum())


def without(table: pa.Table, off: Mapping[Receiver, Iterable[int]]) -> pa.Table:
    """The table without the rows of these receiver-hours; it must have the columns t, source and station."""
    wrong = _wrong(table, off)
    return table.filter(pa.array(~wrong)) if wrong.any() else table


def _wrong(table: pa.Table, off: Mapping[Receiver, Iterable[int]]) -> Bools:
    wrong = np.zeros(table.num_rows, np.bool_)
    if off and table.num_rows:
        hour = table["t"].to_numpy() // HOUR_S
        for receiver, hours in off.items():
            hit = np.isin(hour, np.fromiter(hours, np.int64))
            wrong |= hit & _given_by(table, receiver) if hit.any() else hit
    return wrong


def _given_by(table: pa.Table, receiver: Receiver) -> Bools:
    (sources, source), (stations, station) = _coded(table["source"]), _coded(table["station"])
    names = [
        np.flatnonzero(np.array(one, object) == name) for one, name in zip((sources, stations), receiver, strict=True)
    ]
    return np.asarray(np.isin(source, names[0]) & np.isin(station, names[1]))


def _coded(column: Any) -> tuple[list[str], npt.NDArray[np.int32]]:
    """The names in a column, "" for none, and the number of each row's name."""
    column = column.unify_dictionaries().combine_chunks()
    names = [*column.dictionary.to_pylist(), ""]
    codes = column.indices.fill_null(len(names) - 1).to_numpy(zero_copy_only=False)
    return names, codes


def _under_way(table: pa.Table, known: tuple[Receiver, ...], rule: ClockRule) -> tuple[Heard, tuple[Receiver, ...]]:
    """The reports that clocks are compared by, and the receivers with those that are new at the end."""
    sog, cog, flags = (_filled(table[name], missing) for name, missing in (("sog", 0), ("cog", 3600), ("flags", 0)))
    mixed = table["mmsi"].to_numpy() * np.uint32(2_654_435_761) >> np.uint32(16)  # the last digits alone are uneven
    index = np.flatnonzero((mixed % np.uint32(rule.one_in) == 0) & (sog >= rule.moving_kn * 10))
    index = index[(sog[index] < min(NOISE_SOG)) & (cog[index] < 3600) & (flags[index] & UNFIT == 0)]
    lat, lon = (_filled(table[name], 91 * UNITS_PER_DEGREE)[index] for name in ("lat", "lon"))
    placed = (np.abs(lat) <= 90 * UNITS_PER_DEGREE) & (np.abs(lon) <= 180 * UNITS_PER_DEGREE)
    index, lat, lon = index[placed], lat[placed], lon[placed]
    if not len(index):
        return none_heard(), known
    by, receivers = _receivers(table, index, known)
    ms = table["t"].to_numpy()[index] * 1000 + _filled(table["sub_ms"], 0)[index]
    mmsi = table["mmsi"].to_numpy()[index]
    return Heard(mmsi, ms, lat, lon, sog[index], cog[index], by), receivers


def _receivers(
    table: pa.Table, index: Ints, known: tuple[Receiver, ...]
) -> tuple[npt.NDArray[np.int32], tuple[Receiver, ...]]:
    (sources, source), (stations, station) = _coded(table["source"]), _coded(table["station"])
    pair = source[index].astype(np.int64) * len(stations) + station[index]
    used = np.flatnonzero(np.bincount(pair))
    numbers = {receiver: number for number, receiver in enumerate(known)}
    lookup = np.zeros(len(sources) * len(stations), np.int32)
    for one in used.tolist():
        receiver = (sources[one // len(stations)], stations[one % len(stations)])
        lookup[one] = numbers.setdefault(receiver, len(numbers))
    return lookup[pair], tuple(numbers)


def _filled(column: Any, missing: int) -> npt.NDArray[Any]:
    if column.null_count:
        column = column.fill_null(pa.scalar(missing, column.type))
    return np.asarray(column.to_numpy())


def _rank(receivers: tuple[Receiver, ...]) -> Ints:
    """The place of each receiver in the order of their names."""
    return np.argsort(sorted(range(len(receivers)), key=receivers.__getitem__))


def _touched(samples: Samples, new: Samples) -> Bools:
    """The comparisons of receiver-hours that have new ones."""
    return np.isin(_place(samples), np.unique(_place(new)))


def _place(samples: Samples) -> Ints:
    return (samples.by.astype(np.int64) << 32) | samples.hour


def _judge(samples: Samples, receivers: tuple[Receiver, ...], rule: ClockRule) -> Iterator[Judged]:
    """Every receiver-hour with enough comparisons."""
    place, late = _medians(samples, rule)
    if not len(place):
        return
    late_s = late / 1000
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(place)], strict=True):
        by, hour = divmod(int(place[start]), 1 << 32)
        yield _verdict(receivers[by], hour, late_s[start:end], rule)


def _verdict(receiver: Receiver, hour: int, late_s: npt.NDArray[np.float64], rule: ClockRule) -> Judged:
    """By the medians of the differences from each other receiver."""
    against = late_s[np.abs(late_s) > rule.off_s]
    agree = len(late_s) - len(against)
    if not len(against):
        return Judged(receiver, hour, round(float(np.median(late_s)), 1), agree, False, False)
    late = float(np.sort(against)[(len(against) - 1) // 2])
    together = int((np.abs(against - late) <= rule.off_s).sum())
    off = together >= rule.others_count and together > agree + 1
    return Judged(receiver, hour, round(late, 1), together, off, not off and together > agree)


def _medians(samples: Samples, rule: ClockRule) -> tuple[Ints, Ints]:
    """Receiver-hour and the (lower) median in ms against each other receiver, of those compared enough; ascending."""
    place = _place(samples)
    order = np.lexsort((samples.ms, samples.other, place))
    ships = np.lexsort((samples.mmsi, samples.other, place))  # the same groups, by ship within each
    place, other = place[order], samples.other[order]
    turn = np.concatenate(([True], (place[1:] != place[:-1]) | (other[1:] != other[:-1])))[: len(place)]
    begins = np.flatnonzero(turn)
    sizes = np.diff(np.append(begins, len(place)))
    mmsi = samples.mmsi[ships]
    fleet = np.add.reduceat(
        turn | np.concatenate(([True], mmsi[1:] != mmsi[:-1]))[: len(place)], begins, dtype=np.int64
    )
    enough = (sizes >= rule.samples_count) & (fleet >= rule.vessels_count)
    begins, sizes = begins[enough], sizes[enough]
    return place[begins], samples.ms[order][begins + (sizes - 1) // 2]
