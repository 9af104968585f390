"""Columns of any dialect -> records, on one set of rules."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from prasan.formats.ais_batch import CODE
from prasan.formats.ais_records import NUMBERS, TEXTS, Records
from prasan.formats.ais_values import NO_TIME_MS, numbers, times
from prasan.formats.dialect_tables import Columns, Dialect
from prasan.formats.dialect_values import NAV_STATUS, SHIP_TYPE, cleaned, codes, etas, texts

_MMSI_MOST: Final = 4_294_967_294
_WORDS: Final[dict[str, dict[str, int]]] = {"nav_status": NAV_STATUS, "ship_type": SHIP_TYPE, "msg_type": {}, "imo": {}}
"""Columns that some sources write in words: what is neither number nor known word is "not available", not a bad row."""


def records_of(columns: Columns, rows: int, dialect: Dialect, bad_row: str, *, strict_place: bool) -> Records:
    """Columns of `rows` records -> values; what cannot be read is dropped as `bad_row`, bad_time or bad_position."""
    nothing = np.full(rows, np.nan)
    columns = {**dict.fromkeys(("t", "lat", "lon"), nothing), **columns}  # a record may leave out what its like have
    if dialect.adapt is not None:
        columns = dialect.adapt(columns)
    mmsi, bad = numbers(columns.get("mmsi", nothing))
    bad |= ~((mmsi >= 0) & (mmsi <= _MMSI_MOST) & (mmsi == np.floor(mmsi)))
    ms = columns["ms"] if "ms" in columns else times(columns.get("t", nothing))[0]
    (lat, bad_lat), (lon, bad_lon) = numbers(columns.get("lat", nothing)), numbers(columns.get("lon", nothing))
    values: dict[str, Any] = {}
    for name in NUMBERS:
        if name in columns:
            values[name], wrong = _number(name, columns[name])
            bad |= wrong
    outcome = np.zeros(rows, np.uint8)
    outcome[bad_lat | bad_lon] = CODE["bad_position"]
    if not dialect.timeless:
        outcome[ms == NO_TIME_MS] = CODE["bad_time"]
    outcome[bad] = CODE[bad_row]
    if "foreign" in columns:
        outcome[columns["foreign"]] = CODE["not_ais"]
    words: dict[str, Any] = {name: cleaned(columns[name]) for name in TEXTS if name in columns and name != "eta"}
    if "eta" in columns:
        words["eta"] = etas(columns["eta"])
    said = {name: texts(columns[name]) for name in ("ais_class", "station") if name in columns}
    return Records(
        outcome, np.where(bad, 0, mmsi), ms, lat, lon, values, words, said.get("ais_class"), said.get("station"),
        strict_place=strict_place, by_type=dialect.by_type,
    )  # fmt: skip


def _number(name: str, column: Any) -> tuple[Any, Any]:
    if name not in _WORDS:
        return numbers(column)
    if name == "imo" and isinstance(column, pa.Array):
        column = _imo(column)
    found = codes(column, _WORDS[name])
    return found, np.zeros(len(found), bool)


def _imo(column: Any) -> Any:
    """IMO numbers without the letters before them, which most write as `IMO` without a blank."""
    bare: Any = pc.if_else(pc.starts_with(column, "IMO"), pc.utf8_slice_codeunits(column, 3), column)
    try:
        return bare.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return pc.replace_substring_regex(column, r"^\s*(?i:imo)\s*", "")
