"""What the nested JSON dialects share: a shape that msgspec decodes, and a function from decoded lines to columns."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa

from prasan.formats.dialect_tables import Columns, Dialect

Value: TypeAlias = float | str | None
"""A plain JSON value, as far as AIS has use for it."""


class Nested(msgspec.Struct, frozen=True):
    """A dialect, the shape of a line, and how decoded lines become columns (`line`: which line a record is of)."""

    dialect: Dialect
    shape: Any
    columns: Callable[[Sequence[Any]], Columns]


def column(values: Sequence[Value]) -> Any:
    """Numbers and strings as JSON gives them -> a column as `Columns` describes it."""
    if str in set(map(type, values)):
        return pa.array([text(value) for value in values], pa.string())
    return np.array(values, np.float64)  # None becomes NaN


def text(value: Value) -> str | None:
    """A value as text; whole numbers without a fraction."""
    return value if value is None or isinstance(value, str) else f"{value:.15g}"


def picked(objects: Sequence[Any], *fields: str) -> list[Value]:
    """One field of every object; where it is not there, the next field."""
    values = list(map(attrgetter(fields[0]), objects))
    for field in fields[1:]:
        if None not in values:
            break
        others = map(attrgetter(field), objects)
        values = [other if value is None else value for value, other in zip(values, others, strict=True)]
    return values
