"""Text columns -> numbers and times: the whole column at once, and value by value only where that fails."""

import math
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
Millis = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NO_TIME_MS: Final = int(np.iinfo(np.int64).min)
_YEARS_MS: Final = (-62_135_596_800_000, 253_402_300_800_000)  # the years 1 to 9999
_MS_FROM: Final = 100_000_000_000
"""A count from here on is of milliseconds: as seconds it would be the year 5138."""

_NO_VALUE: Final = frozenset({"", "null", "none", "nan", "n/a", "unknown", "undefined"})


def numbers(column: Any) -> tuple[Floats, Mask]:
    """Strings, or numbers -> (numbers, NaN where there is none; where the value is no finite number)."""
    if isinstance(column, np.ndarray):
        bad = np.isinf(column)
        return np.where(bad, np.nan, column) if bad.any() else column, bad
    try:
        found = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
        bad = np.isinf(found)  # what Arrow reads as NaN is the word "nan"
    except pa.ArrowInvalid:
        values = by_value(column, read_number, pa.float64())
        found = values.to_numpy(zero_copy_only=False)
        bad = ~np.isfinite(found) & values.is_valid().to_numpy(zero_copy_only=False)
    return np.where(np.isfinite(found), found, np.nan), bad


def times(column: Any) -> tuple[Millis, Mask]:
    """ISO 8601 (no zone means UTC), epoch in seconds or ms, or Arrow's times -> (ms UTC, where bad).

    ms is NO_TIME_MS where there is none.
    """
    if isinstance(column, np.ndarray):
        ms = epoch_ms(column)
        return ms, (ms == NO_TIME_MS) & ~np.isnan(column)
    if pa.types.is_timestamp(column.type):
        return _whole(_to_ms(column), column)
    for read in (_plain, _zoned, _epoch):
        try:
            values = read(column)
        except pa.ArrowInvalid:
            continue
        return _whole(values, column)
    return _whole(by_value(column, _moment, pa.int64()), column)


def epoch_ms(values: Floats) -> Millis:
    """Seconds or milliseconds since 1970 -> ms; NO_TIME_MS where NaN or outside the years 1 to 9999."""
    ms = np.where(np.abs(values) >= _MS_FROM, values, values * 1000)
    ok = (ms >= _YEARS_MS[0]) & (ms < _YEARS_MS[1])
    return np.where(ok, np.round(np.where(ok, ms, 0)).astype(np.int64), NO_TIME_MS)


def _whole(values: Any, column: Any) -> tuple[Millis, Mask]:
    ms = pc.fill_null(values, NO_TIME_MS).to_numpy(zero_copy_only=False)
    ms = np.where((ms >= _YEARS_MS[0]) & (ms < _YEARS_MS[1]), ms, NO_TIME_MS)
    return ms, (ms == NO_TIME_MS) & column.is_valid().to_numpy(zero_copy_only=False)


def _plain(column: Any) -> Any:
    return _to_ms(pc.cast(column, pa.timestamp("us")))


def _zoned(column: Any) -> Any:
    return _to_ms(pc.cast(column, pa.timestamp("us", "UTC")))


def _to_ms(stamps: Any) -> Any:
    micro = stamps.cast(pa.int64())
    return pa.array(micro.fill_null(0).to_numpy() // 1000, mask=~stamps.is_valid().to_numpy(zero_copy_only=False))


def _epoch(column: Any) -> Any:
    return pa.array(epoch_ms(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)))


def by_value(column: Any, read: Any, kind: Any) -> Any:
    """Each distinct value once, through a Python function that gives None for what it cannot read."""
    coded = column.dictionary_encode()
    values = pa.array([None if text is None else read(text) for text in coded.dictionary.to_pylist()], kind)
    return values.take(coded.indices)


def read_number(text: str) -> float | None:
    """One number; None for a word that means "not available", NaN for what is no number."""
    if text.strip().lower() in _NO_VALUE:
        return None
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if "_" not in text else math.nan


def _moment(text: str) -> int | None:
    text = text.strip().removesuffix(" UTC")
    number = read_number(text)
    if number is not None and math.isfinite(number):
        return int(epoch_ms(np.array([number]))[0])
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
