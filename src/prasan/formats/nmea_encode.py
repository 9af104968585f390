"""Reports -> AIVDM sentences with a tag block: messages 1, 18, 5 and 24 of ITU-R M.1371-5 Annex 8.

Values that do not fit their field are cut to it (speed, draught, dimensions) or left out (letters that AIS has not).
"""

from collections.abc import Iterator
from functools import lru_cache, reduce
from operator import xor
from typing import Any, Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from msgspec import structs

from prasan.picture.position import AIS_CLASSES, UNITS_PER_DEGREE

PART: Final = 60
"""Payload characters in one sentence, so that it keeps to the 82 characters of IEC 61162-1."""
ROWS: Final = 65_536
"""Positions encoded at once: some tens of megabytes of bits."""

Layout = tuple[tuple[str | int, int], ...]
"""Fields in their order: a column's name or a constant, and how many bits it has."""

Payload = tuple[str, int]
"""The characters of a message and how many bits fill up the last one."""

_MISSING: Final = {
    "t": 0, "mmsi": 0, "lat": 91 * UNITS_PER_DEGREE, "lon": 181 * UNITS_PER_DEGREE, "sog": 1023, "cog": 3600,
    "heading": 511, "nav_status": 15, "ais_class": 0,
}  # fmt: skip
"""What says "not available" of each column."""

_MOTION: Final = (("sog", 10), (1, 1), ("lon", 28), ("lat", 27), ("cog", 12), ("heading", 9), ("second", 6))
_CLASS_A: Final[Layout] = ((1, 6), (0, 2), ("mmsi", 30), ("nav_status", 4), (-128, 8), *_MOTION, (0, 25))
_CLASS_B: Final[Layout] = ((18, 6), (0, 2), ("mmsi", 30), (0, 8), *_MOTION, (0, 29))
_BODY: Final = "AIVDM,1,1,,A,%s,0"
_HEX: Final = np.array([list(f"{byte:02X}".encode()) for byte in range(256)], np.uint8)
_ARMOUR: Final = np.array([v + 48 if v < 40 else v + 56 for v in range(64)], np.uint8)


class StaticReport(msgspec.Struct, frozen=True):
    """What a transponder says of its ship: metres, 6-bit letters; `eta` is (month, day, hour, minute)."""

    t: int
    mmsi: int
    imo: int | None = None
    name: str = ""
    callsign: str = ""
    ship_type: int = 0
    to_bow: int = 0
    to_stern: int = 0
    to_port: int = 0
    to_starboard: int = 0
    draught_m: float = 0.0
    destination: str = ""
    eta: tuple[int, int, int, int] = (0, 0, 24, 60)
    ais_class: Literal["A", "B"] = "A"
    station: str = ""


def encode_positions(rows: pa.Table) -> list[bytes]:
    """Each row of `POSITIONS` as one tagged sentence of message 1 (class A) or 18 (class B), with its line end."""
    return [line for batch in rows.to_batches(ROWS) for line in _position_lines(batch)]


def _position_lines(rows: pa.RecordBatch) -> list[bytes]:
    given = {name: _filled(rows[name], missing) for name, missing in _MISSING.items()}
    given["second"] = given["t"] % 60
    class_b = given["ais_class"] == AIS_CLASSES.index("B")
    payloads = np.where(class_b[:, None], _payloads(given, _CLASS_B), _payloads(given, _CLASS_A))
    lines = np.empty(len(payloads), object)
    column = rows["station"]
    stations: Any = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    names = [*stations.dictionary.to_pylist(), ""]
    number = _filled(stations.indices, len(names) - 1)
    digits = np.char.str_len(given["t"].astype(str))
    for station in np.unique(number).tolist():
        for length in np.unique(digits[number == station]).tolist():
            at = np.flatnonzero((number == station) & (digits == length))
            lines[at] = _alike(names[station] or "", given["t"][at].astype(f"S{length}"), payloads[at])
    return lines.tolist()


def _alike(station: str, t: npt.NDArray[np.bytes_], payloads: npt.NDArray[np.uint8]) -> npt.NDArray[np.object_]:
    """Lines of one station whose times have equally many digits, n: as long as each other, so made side by side."""
    head = f"s:{station},c:" if station else "c:"
    times = t.view(np.uint8).reshape(len(t), -1)
    tag_sum = np.bitwise_xor.reduce(times, axis=1) ^ int(checksum(head), 16)
    body_sum = np.bitwise_xor.reduce(payloads, axis=1) ^ int(checksum(_BODY % ""), 16)
    before, after = _BODY.split("%s")
    parts = ["\\" + head, times, "*", _HEX[tag_sum], "\\!" + before, payloads, after + "*", _HEX[body_sum], "\r\n"]
    columns = [
        np.broadcast_to(np.frombuffer(part.encode("ascii"), np.uint8), (len(t), len(part)))
        if isinstance(part, str)
        else part
        for part in parts
    ]
    text = np.concatenate(columns, axis=1)
    return np.ascontiguousarray(text).view(f"V{text.shape[1]}").reshape(-1).astype(object)


def _filled(column: Any, missing: int) -> npt.NDArray[np.int64]:
    filled: npt.NDArray[np.int64] = column.cast(pa.int64()).fill_null(missing).to_numpy(zero_copy_only=False)
    return filled


def _payloads(given: dict[str, npt.NDArray[np.int64]], layout: Layout) -> npt.NDArray[np.uint8]:
    """The characters of each row's message: every field with its highest bit first, negatives in two's complement."""
    count = len(given["t"])
    sixes = np.zeros((sum(width for _, width in layout) // 6, count), np.uint8)
    begin = 0
    for field, width in layout:
        value = given[field] if isinstance(field, str) else np.int64(field)
        for six in range(begin // 6, (begin + width - 1) // 6 + 1):
            first, last = max(begin, 6 * six), min(begin + width, 6 * six + 6)
            part = (value >> (begin + width - last)) & ((1 << (last - first)) - 1)
            sixes[six] |= np.asarray(part << (6 * six + 6 - last)).astype(np.uint8)
        begin += width
    return _ARMOUR[sixes.T]


def encode_static(report: StaticReport, sequence: int = 0) -> bytes:
    """Message 5 in two sentences (class A) or 24 A and B (class B). `sequence` 0..9 ties the two sentences together."""
    tag = _tag(report.station, report.t)
    return b"".join(
        line
        for payload in _static_payloads(structs.replace(report, t=0))
        for line in _sentences(*payload, tag, sequence)
    )


@lru_cache(1024)
def _static_payloads(report: StaticReport) -> tuple[Payload, ...]:
    """The messages of a report; they are the same every six minutes, for their bits hold no time."""
    dims = [(_most(report.to_bow, 511), 9), (_most(report.to_stern, 511), 9)]
    dims += [(_most(report.to_port, 63), 6), (_most(report.to_starboard, 63), 6)]
    mmsi, kind = (report.mmsi, 30), (report.ship_type, 8)
    if report.ais_class == "B":
        part_a = _pack([(24, 6), (0, 2), mmsi, (0, 2), *_letters(report.name, 20)])
        part_b = _pack([(24, 6), (0, 2), mmsi, (1, 2), kind, (0, 42), *_letters(report.callsign, 7), *dims, (0, 6)])
        return part_a, part_b
    month, day, hour, minute = report.eta
    fields = [(5, 6), (0, 2), mmsi, (0, 2), (report.imo or 0, 30), *_letters(report.callsign, 7)]
    fields += [*_letters(report.name, 20), kind, *dims, (1, 4), (month, 4), (day, 5), (hour, 5), (minute, 6)]
    draught = (_most(round(report.draught_m * 10), 255), 8)
    return (_pack([*fields, draught, *_letters(report.destination, 20), (0, 2)]),)


def checksum(body: str) -> str:
    """XOR of the characters as two hexadecimal digits (IEC 61162-1)."""
    return f"{reduce(xor, body.encode('ascii'), 0):02X}"


def _most(value: int, most: int) -> int:
    return min(most, max(0, value))


def _pack(fields: list[tuple[int, int]]) -> Payload:
    bits = "".join(format(value & ((1 << width) - 1), f"0{width}b") for value, width in fields)
    fill = -len(bits) % 6
    bits += "0" * fill
    return "".join(chr(_ARMOUR[int(bits[at : at + 6], 2)]) for at in range(0, len(bits), 6)), fill


def _letters(text: str, count: int) -> list[tuple[int, int]]:
    known = [ord(letter) & 63 for letter in text.upper() if 32 <= ord(letter) < 96 and letter != "@"]
    return [(code, 6) for code in (*known, *[0] * count)[:count]]


def _tag(station: str, t: int) -> str:
    """The tag block: who received it, and when (seconds UTC)."""
    text = f"s:{station},c:{t}" if station else f"c:{t}"
    return f"\\{text}*{checksum(text)}\\"


def _sentences(payload: str, fill: int, tag: str, sequence: int) -> Iterator[bytes]:
    parts = [payload[at : at + PART] for at in range(0, len(payload), PART)]
    for number, part in enumerate(parts, 1):
        last = fill if number == len(parts) else 0
        tie = str(sequence) if len(parts) > 1 else ""
        body = f"AIVDM,{len(parts)},{number},{tie},A,{part},{last}"
        yield f"{tag}!{body}*{checksum(body)}\r\n".encode("ascii")
