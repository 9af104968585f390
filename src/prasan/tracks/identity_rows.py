"""Static reports as plain texts by field, by MMSI and by IMO number: what identity histories are made of."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from prasan.picture.identity import imo_valid

FIELDS: Final = ("name", "callsign", "imo", "ship_type", "dimensions", "draught", "destination")

PLACEHOLDERS: Final = frozenset({1_234_567})
"""IMO numbers that pass the check and are typed for want of one."""

Said = tuple[int, int, tuple[str, ...], str]
"""Key, second, the texts of its fields ("" where not given), source."""

_SIDES: Final = ("to_bow", "to_stern", "to_port", "to_starboard")


def rows_of(table: pa.Table) -> Iterator[Said]:
    """Rows of `STATICS`, each for its MMSI, and again for its IMO number if it gives one that can be."""
    columns: dict[str, list[str]] = {
        **{name: _cleaned(table[name]) for name in ("name", "callsign", "destination")},
        **{name: _numbers(table[name]) for name in ("imo", "ship_type", "draught")},
        "dimensions": _dimensions(table),
    }
    texts = zip(*(columns[name] for name in FIELDS), strict=True)
    mmsi, t, names = (_list(table[name]) for name in ("mmsi", "t", "source"))
    imos = np.array([int(text or 0) for text in columns["imo"]], np.int64)
    good = (imo_valid(imos) & ~np.isin(imos, list(PLACEHOLDERS))).tolist()
    for number, second, text, name, named in zip(mmsi, t, texts, names, good, strict=True):
        yield number, second, text, name
        if named:
            yield -int(text[2]), second, (str(number),), name


def _cleaned(column: Any) -> list[str]:
    """Six-bit text ends at the first @ (M.1371-5, Table 47)."""
    plain = pc.replace_substring_regex(pc.fill_null(column, ""), "@.*", "")
    return _list(pc.utf8_upper(pc.utf8_trim_whitespace(plain)))


def _numbers(column: Any) -> list[str]:
    return ["" if not number else str(number) for number in _list(column)]


def _dimensions(rows: pa.Table) -> list[str]:
    sides = zip(*(_list(rows[name]) for name in _SIDES), strict=True)
    return ["/".join(map(str, one)) if None not in one and any(one) else "" for one in sides]


def _list(column: Any) -> list[Any]:
    """A column's plain values; a dictionary's are looked up once."""
    return list(column.to_pylist())
