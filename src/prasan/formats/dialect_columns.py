"""What the nested JSON dialects share: a shape that msgspec decodes, and a function from decoded lines to columns."""

from collections.abc import Callable, Sequence
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
    if any(isinstance(value, str) for value in values):
        return pa.array([text(value) for value in values], pa.string())
    return np.array([np.nan if value is None else value for value in values], np.float64)


def text(value: Value) -> str | None:
    """A value as text; whole numbers without a fraction."""
    return value if value is None or isinstance(value, str) else f"{value:.15g}"


def first(one: Value, other: Value) -> Value:
    """The one that is there."""
    return other if one is None else one
