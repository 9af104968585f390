"""Words and times as the dialects write them -> the codes and the clock of `picture.position`."""

import math
import re
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from prasan.formats.ais_names import plain
from prasan.formats.ais_values import Floats, Mask, by_value, numbers, read_number

NAV_STATUS: Final = {
    "underwayusingengine": 0, "motoring": 0,
    "atanchor": 1, "anchored": 1,
    "notundercommand": 2,
    "restrictedmanoeuverability": 3, "restrictedmaneuverability": 3, "restrictedmanoeuvrability": 3,
    "restrictedmanouverability": 3,
    "constrainedbyherdraught": 4, "constrainedbydraft": 4,
    "moored": 5,
    "aground": 6,
    "engagedinfishing": 7, "fishing": 7,
    "underwaysailing": 8, "sailing": 8,
    "hazardousmaterialhighspeed": 9,
    "hazardousmaterialwinginground": 10,
    "powerdrivenvesseltowingastern": 11,
    "powerdrivenvesselpushingaheadortowingalongside": 12,
    "aissart": 14, "aissartactive": 14, "aissartisactive": 14,
    "undefined": 15, "notdefined": 15, "default": 15,
}  # fmt: skip
"""M.1371-5 Table 45 in the words of DMA, gpsd and Signal K (`plain` spelling)."""

SHIP_TYPE: Final = {
    "wig": 20, "winginground": 20, "fishing": 30, "towing": 31, "towinglongwide": 32, "dredging": 33, "diving": 34,
    "military": 35, "sailing": 36, "pleasure": 37, "pleasurecraft": 37, "hsc": 40, "highspeedcraft": 40, "pilot": 50,
    "pilotvessel": 50, "sar": 51, "searchandrescue": 51, "tug": 52, "porttender": 53, "antipollution": 54,
    "lawenforcement": 55, "spare1": 56, "spare2": 57, "medical": 58, "notpartytoconflict": 59, "passenger": 60,
    "cargo": 70, "tanker": 80, "other": 90,
}  # fmt: skip
"""M.1371-5 Table 53. A word says the kind but not the category, so it is the round number: 70 is any cargo ship."""

AIS_CLASS: Final = {
    "a": 0, "classa": 0, "b": 1, "classb": 1, "base": 2, "basestation": 2, "aton": 3, "aidtonavigation": 3,
    "sar": 4, "sarairborne": 4, "searchandrescuetransponder": 5, "manoverboarddevice": 5, "other": 5,
}  # fmt: skip
"""Index in `AIS_CLASSES`."""

_ISO_ETA: Final = re.compile(
    r"(?:\d{4}-)?(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::\d\d(?:\.\d+)?)?(?:Z| ?UTC| ?GMT|\+00:?00)?"
)
_DAY_FIRST_ETA: Final = re.compile(r"(\d\d)/(\d\d)/\d{4} (\d\d):(\d\d)(?::\d\d)?")
_PACKED: Final = 1 << 20
_BLANK: Final = 32
_DIGITS: Final = r"^\d+(?:\.0)?$"


def codes(column: Any, words: dict[str, int]) -> Floats:
    """Numbers, or words of a table -> numbers; NaN for what is neither."""
    if isinstance(column, np.ndarray):
        return numbers(column)[0]
    try:
        values = pc.cast(column, pa.float64())
    except pa.ArrowInvalid:
        values = by_value(column, lambda text: _code(text, words), pa.float64())
    found = values.to_numpy(zero_copy_only=False)
    return np.where(np.isfinite(found), found, np.nan)


def _code(text: str, words: dict[str, int]) -> float | None:
    code = words.get(plain(text))
    return read_number(text) if code is None else code


def whole(column: Any) -> Mask:
    """True where a value is a whole number written without a fraction."""
    if isinstance(column, np.ndarray):
        return np.asarray(column == np.floor(column), bool)
    return np.asarray(pc.fill_null(pc.match_substring_regex(column, _DIGITS), False).to_numpy(zero_copy_only=False))


def scaled(column: Any, factor: Any) -> Floats:
    """Values times `factor` (one, or one a row). What is no number stays so: infinite, as `numbers` understands it."""
    values, bad = numbers(column)
    return np.where(bad, np.inf, values * factor)


def texts(column: Any) -> Any:
    """A column as strings; whole numbers without a fraction."""
    if not isinstance(column, np.ndarray):
        return column
    return pa.array([None if math.isnan(value) else f"{value:.15g}" for value in column.tolist()], pa.string())


def cleaned(column: Any) -> Any:
    """Names as read by people: without padding ('@' ends a text on the air, M.1371-5 Table 47); empty is null."""
    column = texts(column)
    if is_clean(column):
        return column
    if pc.any(pc.match_substring(column, "@")).as_py():
        column = pc.replace_substring_regex(column, "@.*$", "")
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(trimmed, pa.scalar("")), pa.scalar(None, pa.string()), trimmed)


def is_clean(column: Any) -> bool:
    """No padding, nothing empty, nothing but ASCII: the usual case, told from the bytes of all texts at once."""
    _, places, letters = column.buffers()
    if len(column) == column.null_count:
        return True
    if letters is None or column.offset:
        return False
    raw = bytes(letters)
    offsets = np.frombuffer(places, np.int32)[: len(column) + 1]
    begin, end = offsets[:-1], offsets[1:]
    there = end > begin
    if b"@" in raw or not raw.isascii() or np.count_nonzero(there) != len(column) - column.null_count:
        return False
    buf = np.frombuffer(raw, np.uint8)
    return bool((buf[begin[there]] > _BLANK).all() and (buf[end[there] - 1] > _BLANK).all())


def etas(column: Any) -> Any:
    """Any way to write an arrival -> `MM-DDTHH:MM`, null where a part is "not available", impossible or unreadable.

    ISO with or without a year, day/month/year, and the 20 bits of M.1371-5 message 5 as one number.
    """
    return by_value(texts(column), read_eta, pa.string())


def read_eta(text: str) -> str | None:
    """One arrival, as `etas`."""
    text = text.strip()
    if text.isdecimal() and text.isascii():
        bits = int(text) if len(text) <= 7 else _PACKED
        month, day, hour, minute = bits >> 16, bits >> 11 & 31, bits >> 6 & 31, bits & 63
        return _eta(month, day, hour, minute) if bits < _PACKED else None
    if found := _ISO_ETA.fullmatch(text):
        return _eta(*map(int, found.groups()))
    if found := _DAY_FIRST_ETA.fullmatch(text):
        day, month, hour, minute = map(int, found.groups())
        return _eta(month, day, hour, minute)
    return None


def _eta(month: int, day: int, hour: int, minute: int) -> str | None:
    ok = 1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60
    return f"{month:02d}-{day:02d}T{hour:02d}:{minute:02d}" if ok else None


def eta_of_parts(month: Any, day: Any, hour: Any, minute: Any) -> Any:
    """Four columns -> arrivals, as `etas`."""
    parts = [numbers(column)[0] for column in (month, day, hour, minute)]
    known = np.logical_and.reduce([(part >= 0) & (part < 100) for part in parts])
    packed = np.zeros(len(known), np.int64)
    for part in parts:
        packed = packed * 100 + np.where(known, part, 0).astype(np.int64)
    distinct, at = np.unique(packed, return_inverse=True)
    read = [_eta(one // 1_000_000, one // 10_000 % 100, one // 100 % 100, one % 100) for one in distinct.tolist()]
    return pa.array(read, pa.string()).take(pa.array(at, pa.int64()))


def day_first(column: Any) -> Any:
    """`31/12/2021 23:59:59` -> `2021-12-31 23:59:59`; anything else stays as it is."""
    return pc.replace_substring_regex(texts(column), r"^(\d\d)/(\d\d)/(\d{4}) ", r"\3-\2-\1 ")


def compact(column: Any) -> Any:
    """`20210701_185151` or `20210701185151` -> ISO 8601; anything else becomes what no clock reads."""
    form = r"^(\d{4})(\d\d)(\d\d)_?(\d\d)(\d\d)(\d\d)$"
    column = texts(column)
    iso = pc.replace_substring_regex(column, form, r"\1-\2-\3 \4:\5:\6")
    return pc.if_else(pc.equal(iso, column), pa.scalar("?"), iso)


def zone_words(column: Any) -> Any:
    """`… GMT`, and Go's `….318353123 +0000 UTC` -> without the zone and with six decimals at most."""
    plainer = pc.replace_substring_regex(texts(column), r"(?: \+0000)?(?: UTC| GMT)$", "")
    return pc.replace_substring_regex(plainer, r"(\.\d{6})\d+$", r"\1")
