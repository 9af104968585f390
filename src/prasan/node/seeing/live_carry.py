"""Values of the core as bytes and back, so that a run outlives the process: structs, arrays and tables, nothing else.

Only structs of the rooms named in `ROOMS` are made again, and only with the fields they have now: a carry that another
version left, or that was tampered with, is a FormatError and never code that runs.
"""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from prasan.errors import FormatError

ROOMS: Final = ("prasan.detect.", "prasan.tracks.", "prasan.picture.")
CODEC: Final = "zstd"
FAULTS: Final = (
    OSError, ValueError, TypeError, KeyError, AttributeError, ImportError, pa.ArrowException, msgspec.DecodeError,
)  # fmt: skip
"""What bytes of another version, or of anybody else, run into."""
_STRUCT, _ARRAY, _TABLE, _MAP, _TUPLE, _LIST, _SET, _FROZEN = range(8)
_PLAIN: Final = (type(None), bool, int, float, str, bytes)


def pack(value: Any) -> bytes:
    """A value made of structs, arrays, tables, mappings, tuples, lists, sets and plain values -> bytes.

    TypeError for anything else: that is a defect of the caller.
    """
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, CODEC) as stream:
        stream.write(msgspec.msgpack.encode(_down(value)))
    return sink.getvalue().to_pybytes()


def unpack(data: bytes) -> Any:
    """The value again. FormatError if these bytes are not of this version of the house."""
    try:
        with pa.CompressedInputStream(pa.BufferReader(data), CODEC) as stream:
            return _up(msgspec.msgpack.decode(stream.read()))
    except FAULTS as why:
        raise FormatError(f"what was kept of a run cannot be read: {why}", "It is made again from the rows.") from None


def _down(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, np.generic):
        return value.item()
    for kinds, down in _DOWN:
        if isinstance(value, kinds):
            return down(value)
    raise TypeError(f"{type(value).__qualname__} is not a value that can be kept")


def _fields(value: msgspec.Struct) -> list[Any]:
    kind = type(value)
    fields = {name: _down(getattr(value, name)) for name in value.__struct_fields__}
    return [_STRUCT, f"{kind.__module__}:{kind.__qualname__}", fields]


def _array(value: npt.NDArray[Any]) -> list[Any]:
    return [_ARRAY, value.dtype.str, list(value.shape), np.ascontiguousarray(value).tobytes()]


def _map(value: Mapping[Any, Any]) -> list[Any]:
    return [_MAP, [[_down(key), _down(one)] for key, one in value.items()]]


def _row(value: Iterable[Any]) -> list[Any]:
    mark = next(mark for mark, kind in _ROWS.items() if isinstance(value, kind))
    return [mark, [_down(one) for one in value]]


def _table(value: pa.Table) -> list[Any]:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, value.schema) as writer:
        writer.write_table(value)
    return [_TABLE, sink.getvalue().to_pybytes()]


_ROWS: Final[Mapping[int, type]] = {_TUPLE: tuple, _LIST: list, _SET: set, _FROZEN: frozenset}
_DOWN: Final[tuple[tuple[type | tuple[type, ...], Callable[[Any], list[Any]]], ...]] = (
    (msgspec.Struct, _fields),
    (np.ndarray, _array),
    (pa.Table, _table),
    (Mapping, _map),
    (tuple(_ROWS.values()), _row),
)


def _up(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    mark, *rest = value
    if mark == _STRUCT:
        return _struct(*rest)
    if mark == _ARRAY:
        dtype, shape, raw = rest
        return np.frombuffer(bytearray(raw), np.dtype(dtype)).reshape(shape)
    if mark == _TABLE:
        return pa.ipc.open_stream(rest[0]).read_all()
    if mark == _MAP:
        return {_up(key): _up(one) for key, one in rest[0]}
    return _ROWS[mark](_up(one) for one in rest[0])


def _struct(name: str, fields: dict[str, Any]) -> Any:
    module, _, kind = name.partition(":")
    if not module.startswith(ROOMS):
        raise ValueError(f"{name} is not of the core")
    made = getattr(import_module(module), kind)
    if not (isinstance(made, type) and issubclass(made, msgspec.Struct)):
        raise TypeError(f"{name} is not a struct")
    if set(made.__struct_fields__) != fields.keys():
        raise ValueError(f"{name} has other fields now")
    return made(**{key: _up(one) for key, one in fields.items()})
