"""Reports -> AIVDM sentences with a tag block: messages 1, 18, 5 and 24 of ITU-R M.1371-5 Annex 8.

Values that do not fit their field are cut to it (speed, draught, dimensions) or left out (letters that AIS has not).
"""

from functools import reduce
from operator import xor
from typing import Final, Literal

import msgspec

from prasan.picture.position import UNITS_PER_DEGREE

PART: Final = 60
"""Payload characters in one sentence, so that it keeps to the 82 characters of IEC 61162-1."""

_ARMOURED: Final = "".join(chr(v + 48 if v < 40 else v + 56) for v in range(64))


class PositionReport(msgspec.Struct, frozen=True):
    """What a transponder says of its motion: seconds UTC, degrees, knots. None is "not available"."""

    t: int
    mmsi: int
    lat: float | None
    lon: float | None
    sog_kn: float | None = None
    cog_deg: float | None = None
    heading_deg: int | None = None
    nav_status: int = 15
    ais_class: Literal["A", "B"] = "A"
    station: str = ""
    channel: str = "A"


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
    channel: str = "A"


def encode_position(report: PositionReport) -> bytes:
    """One sentence of message 1 (class A) or 18 (class B), with its line end."""
    lat = 91 * UNITS_PER_DEGREE if report.lat is None else round(report.lat * UNITS_PER_DEGREE)
    lon = 181 * UNITS_PER_DEGREE if report.lon is None else round(report.lon * UNITS_PER_DEGREE)
    sog = 1023 if report.sog_kn is None else min(1022, max(0, round(report.sog_kn * 10)))
    cog = 3600 if report.cog_deg is None else round(report.cog_deg * 10) % 3600
    heading = 511 if report.heading_deg is None else round(report.heading_deg) % 360
    motion = [(sog, 10), (1, 1), (lon, 28), (lat, 27), (cog, 12), (heading, 9), (report.t % 60, 6)]
    if report.ais_class == "A":
        head = [(1, 6), (0, 2), (report.mmsi, 30), (report.nav_status, 4), (-128, 8)]
        bits = _pack([*head, *motion, (0, 25)])
    else:
        bits = _pack([(18, 6), (0, 2), (report.mmsi, 30), (0, 8), *motion, (0, 29)])
    return b"".join(_sentences(bits, report, 0))


def encode_static(report: StaticReport, sequence: int = 0) -> bytes:
    """Message 5 in two sentences (class A) or 24 A and B (class B). `sequence` 0..9 ties the two sentences together."""
    dims = [(_most(report.to_bow, 511), 9), (_most(report.to_stern, 511), 9)]
    dims += [(_most(report.to_port, 63), 6), (_most(report.to_starboard, 63), 6)]
    mmsi, kind = (report.mmsi, 30), (report.ship_type, 8)
    if report.ais_class == "B":
        part_a = _pack([(24, 6), (0, 2), mmsi, (0, 2), *_letters(report.name, 20)])
        part_b = _pack([(24, 6), (0, 2), mmsi, (1, 2), kind, (0, 42), *_letters(report.callsign, 7), *dims, (0, 6)])
        return b"".join((*_sentences(part_a, report, sequence), *_sentences(part_b, report, sequence)))
    month, day, hour, minute = report.eta
    fields = [(5, 6), (0, 2), mmsi, (0, 2), (report.imo or 0, 30), *_letters(report.callsign, 7)]
    fields += [*_letters(report.name, 20), kind, *dims, (1, 4), (month, 4), (day, 5), (hour, 5), (minute, 6)]
    draught = (_most(round(report.draught_m * 10), 255), 8)
    bits = _pack([*fields, draught, *_letters(report.destination, 20), (0, 2)])
    return b"".join(_sentences(bits, report, sequence))


def checksum(body: str) -> str:
    """XOR of the characters as two hexadecimal digits (IEC 61162-1)."""
    return f"{reduce(xor, body.encode('ascii'), 0):02X}"


def _most(value: int, most: int) -> int:
    return min(most, max(0, value))


def _pack(fields: list[tuple[int, int]]) -> str:
    return "".join(format(value & ((1 << width) - 1), f"0{width}b") for value, width in fields)


def _letters(text: str, count: int) -> list[tuple[int, int]]:
    known = [ord(letter) & 63 for letter in text.upper() if 32 <= ord(letter) < 96 and letter != "@"]
    return [(code, 6) for code in (*known, *[0] * count)[:count]]


def _sentences(bits: str, report: PositionReport | StaticReport, sequence: int) -> list[bytes]:
    fill = -len(bits) % 6
    whole = bits + "0" * fill
    payload = "".join(_ARMOURED[int(whole[at : at + 6], 2)] for at in range(0, len(whole), 6))
    parts = [payload[at : at + PART] for at in range(0, len(payload), PART)]
    lines = []
    for number, part in enumerate(parts, 1):
        last = fill if number == len(parts) else 0
        tie = str(sequence) if len(parts) > 1 else ""
        body = f"AIVDM,{len(parts)},{number},{tie},{report.channel},{part},{last}"
        tag = f"s:{report.station},c:{report.t}" if report.station else f"c:{report.t}"
        lines.append(f"\\{tag}*{checksum(tag)}\\!{body}*{checksum(body)}\r\n".encode("ascii"))
    return lines
