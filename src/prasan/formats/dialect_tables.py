"""The dialects of tables and of JSON objects with plain values, told apart by the names they use.

Sources of the field lists: NOAA MarineCadastre (both layouts), Danish Maritime Authority AIS data, AISHub web service,
Spire messages, exactEarth archive CSV, gpsd's JSON, AIS-catcher's JSON, Digitraffic Marine, aisstream.io, Signal K.
`docs/formats.md` says what each is and what is done with it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from prasan.formats.ais_names import ALIASES, REQUIRED, plain
from prasan.formats.ais_values import numbers, times
from prasan.formats.dialect_values import compact, day_first, eta_of_parts, scaled, whole, zone_words
from prasan.picture.position import UNITS_PER_DEGREE

Columns: TypeAlias = dict[str, Any]
"""Our name -> strings (Arrow, null where missing) or numbers (NumPy, NaN where missing; infinite where unreadable).

Beside the names of a record: `ms` (time in ms UTC, instead of `t`), `clock` (a time that is known, though not this
record's own), `foreign` (true where the record is no AIS), `line` (which line a record came from).
"""
Names: TypeAlias = Mapping[str, tuple[str, ...]]


class Dialect(msgspec.Struct, frozen=True):
    """One way to name and write the columns.

    `marks`: sets of names, one of which must be there whole. `names`: where it differs from `ALIASES`. `adapt` brings
    values to knots, degrees and metres. `by_type`: a record is one message, and its number says what it can hold.
    `timeless`: a record may have no time; then that of its reception, or the clock of the stream, is taken.
    """

    name: str
    marks: tuple[frozenset[str], ...]
    names: Names = {}
    adapt: Callable[[Columns], Columns] | None = None
    required: tuple[str, ...] = REQUIRED
    by_type: bool = False
    timeless: bool = False

    def aliases(self) -> Names:
        """All names it knows, ours first."""
        return {**ALIASES, **self.names}


def marks(*sets: str) -> tuple[frozenset[str], ...]:
    """`"a b", "c d"` -> either a and b, or c and d."""
    return tuple(frozenset(names.split()) for names in sets)


def find_columns(names: Iterable[str], aliases: Names) -> dict[str, int]:
    """Our name -> position among `names`, for those that are there."""
    first = {plain(name): at for at, name in reversed(list(enumerate(names)))}
    found = {}
    for ours, known in aliases.items():
        at = next((first[alias] for alias in known if alias in first), None)
        if at is not None:
            found[ours] = at
    return found


def choose(names: Iterable[str], dialects: Iterable[Dialect]) -> Dialect | None:
    """The first dialect whose marks are among the names."""
    there = {plain(name) for name in names}
    return next((one for one in dialects if any(wanted <= there for wanted in one.marks)), None)


def _dma(columns: Columns) -> Columns:
    return {**columns, "t": day_first(columns["t"])}


def _aishub(columns: Columns) -> Columns:
    """AIS integers (format=0) or human values (format=1), record by record: only the former has its time in seconds.

    An encoded record with a fraction in its place is neither, and its place is refused.
    """
    coded = whole(columns["t"])
    place = {}
    for name in ("lat", "lon"):
        value = scaled(columns[name], np.where(coded, 1 / UNITS_PER_DEGREE, 1.0))
        mixed = coded & ~whole(columns[name]) & np.isfinite(value)
        place[name] = np.where(mixed, np.inf, value)
    tenths = np.where(coded, 0.1, 1.0)
    rest: Columns = {name: scaled(columns[name], tenths) for name in ("sog", "cog", "draught") if name in columns}
    t = columns["t"] if isinstance(columns["t"], np.ndarray) else zone_words(columns["t"])
    return {**columns, **place, **rest, "t": t}


def _spire(columns: Columns) -> Columns:
    return {**columns, "draught": scaled(columns["draught"], 0.1)} if "draught" in columns else columns


def _exactearth(columns: Columns) -> Columns:
    ms, _ = times(compact(columns["t"]))
    if "millisecond" in columns:
        more, _ = numbers(columns["millisecond"])
        fine = (more >= 0) & (more < 1000) & (ms > 0)
        ms = np.where(fine, ms + np.where(fine, more, 0).astype(np.int64), ms)
    parts = [columns.get(name) for name in ("eta_month", "eta_day", "eta_hour", "eta_minute")]
    eta = {"eta": eta_of_parts(*parts)} if all(part is not None for part in parts) else {}
    return {**columns, **eta, "ms": ms}


def _gpsd(columns: Columns) -> Columns:
    """`scaled` false: 1/10000 minute, tenths. Messages 9 and 27 have whole knots, 27 also 1/10 minute and degrees."""
    columns = {**columns, "foreign": _not_ais(columns)}
    if "sog" in columns and not isinstance(columns["sog"], np.ndarray):
        columns["sog"] = pc.replace_substring(columns["sog"], "fast", "102.2")
    raw = columns["scaled"] == 0 if "scaled" in columns else np.zeros(len(columns["foreign"]), bool)
    kind = numbers(columns["msg_type"])[0] if "msg_type" in columns else np.full(len(raw), np.nan)
    coarse = kind == 27
    factors = {
        "lat": np.where(coarse, 1 / 600, 1 / UNITS_PER_DEGREE),
        "sog": np.where(coarse | (kind == 9), 1.0, 0.1),
        "cog": np.where(coarse, 1.0, 0.1),
        "draught": np.full(len(raw), 0.1),
    }
    factors["lon"] = factors["lat"]
    there = {name: scaled(columns[name], np.where(raw, f, 1.0)) for name, f in factors.items() if name in columns}
    return {**columns, **there}


def _not_ais(columns: Columns) -> Any:
    """True where the object is of another class: gpsd also reports itself, its devices and its own fixes."""
    if "class" not in columns:
        return np.zeros(len(next(iter(columns.values()), ())), bool)
    said: Any = columns["class"]
    if isinstance(said, np.ndarray):
        return ~np.isnan(said)
    other: Any = pc.fill_null(pc.not_equal(said, pa.scalar("AIS")), False)
    return other.to_numpy(zero_copy_only=False)


def _aiscatcher(columns: Columns) -> Columns:
    columns = {**columns, "foreign": _not_ais(columns)}
    if "rxtime" not in columns:
        return columns
    ms, _ = times(compact(columns["rxtime"]))
    if "t" in columns:
        exact, _ = times(columns["t"])
        ms = np.where(exact > 0, exact, ms)
    return {**columns, "ms": ms}


_MESSAGE_NAMES: Final[Names] = {
    "mmsi": ("mmsi",), "msg_type": ("type",), "sog": ("speed",), "cog": ("course",), "heading": ("heading",),
    "nav_status": ("status",), "name": ("shipname", "name"), "class": ("class",), "ais_class": (), "station": (),
    "length": (), "width": (),
}  # fmt: skip
"""gpsd's names, which AIS-catcher shares."""


NOAA: Final = Dialect("noaa_csv", marks("mmsi basedatetime"))
DMA: Final = Dialect(
    "dma_csv", marks("timestamp mmsi typeofmobile"),
    {
        "t": ("timestamp",), "ais_class": ("typeofmobile",), "nav_status": ("navigationalstatus",),
        "to_bow": ("a", "sizea"), "to_stern": ("b", "sizeb"), "to_port": ("c", "sizec"), "to_starboard": ("d", "sized"),
    },
    _dma,
)  # fmt: skip
AISHUB: Final = Dialect(
    "aishub", marks("mmsi time longitude latitude navstat"),
    {
        "t": ("time",), "nav_status": ("navstat",), "ship_type": ("type",), "destination": ("dest",),
        "to_bow": ("a",), "to_stern": ("b",), "to_port": ("c",), "to_starboard": ("d",), "ais_class": (),
    },
    _aishub,
)  # fmt: skip
SPIRE: Final = Dialect(
    "spire", marks("mmsi timestamp collectiontype", "mmsi timestamp shipandcargotype"),
    {
        "t": ("timestamp",), "ship_type": ("shipandcargotype",), "station": ("collectiontype",), "ais_class": (),
        "nav_status": ("status",), "mmsi": ("mmsi",),
    },
    _spire,
    by_type=True,
)  # fmt: skip
EXACTEARTH: Final = Dialect(
    "exactearth_csv", marks("mmsi messageid time millisecond"),
    {
        "t": ("time",), "millisecond": ("millisecond",), "msg_type": ("messageid",), "station": ("basestation",),
        "nav_status": ("navigationalstatus",), "to_bow": ("dimensiontobow",), "to_stern": ("dimensiontostern",),
        "to_port": ("dimensiontoport",), "to_starboard": ("dimensiontostarboard",), "eta": (),
        "eta_month": ("etamonth",), "eta_day": ("etaday",), "eta_hour": ("etahour",), "eta_minute": ("etaminute",),
    },
    _exactearth,
    by_type=True,
)  # fmt: skip
PLAIN: Final = Dialect("plain_csv", ())
GPSD: Final = Dialect(
    "gpsd_json", marks("class mmsi type scaled", "class mmsi type device"),
    {**_MESSAGE_NAMES, "t": (), "clock": ("timestamp", "time"), "scaled": ("scaled",)},
    _gpsd, ("mmsi",), by_type=True, timeless=True,
)  # fmt: skip
AIS_CATCHER: Final = Dialect(
    "aiscatcher_json",
    marks("mmsi type rxuxtime", "mmsi type rxtime", "mmsi type toa", "mmsi type signalpower"),
    {**_MESSAGE_NAMES, "t": ("rxuxtime", "toa"), "rxtime": ("rxtime",), "clock": ("timestamp",)},
    _aiscatcher, ("mmsi",), by_type=True, timeless=True,
)  # fmt: skip
PLAIN_JSON: Final = Dialect("gfw_jsonl", marks("mmsi timestamp", "ssvid timestamp"), required=("mmsi", "t"))

CSV_DIALECTS: Final = (NOAA, DMA, AISHUB, SPIRE, EXACTEARTH)
"""In the order in which they are tried; `PLAIN` is for all others."""
JSON_DIALECTS: Final = (AIS_CATCHER, GPSD, AISHUB, SPIRE)
"""Objects with plain values; `PLAIN_JSON` is for all others."""
