"""AIS: NMEA, its parts and payloads, tables, JSON, and finding out which of them it is."""

import re
import string
from typing import Any, Final

from fuzz_kit import Draw, Target, check_ais, check_rows, decode, first_byte, line_count, some, sound_lines

from prasan.formats.ais_batch import Options
from prasan.formats.ais_detect import DIALECTS
from prasan.formats.nmea_encode import checksum
from prasan.formats.nmea_lines import LINE_LIMIT

CSV: Final = tuple(name for name in DIALECTS if name.endswith("_csv"))
JSON: Final = tuple(name for name in DIALECTS if name.endswith(("_json", "_jsonl")))


def nmea(data: bytes) -> None:
    """Any bytes as sentences: every line has one fate, and nothing is kept without a sound checksum."""
    read = check_ais(data, "nmea")
    if not read.refused:
        assert read.counts.lines == line_count(data)
        assert read.counts.kept <= sound_lines(data), "kept without a sound checksum"


PARTS: Final = {
    # name of the ship -> its two sentences, each ship under a station, channel or number of its own
    "north": ("s:north,c:1276256770", "AIVDM,2,1,6,A,53@nkv@00000uHT:3:1<d5LhTpf0V2222222220l0P83240006DjhEp88888,0",
              "AIVDM,2,2,6,A,88888888880,2"),
    "south": ("s:south,c:1276256770", "AIVDM,2,1,6,A,53UhmH02?A2M=H5?R20lTp@u8v2222222222221@HpeAI4B@0RlkmE25,0",
              "AIVDM,2,2,6,A,kk1888888888880,2"),
    "other channel": ("", "AIVDM,2,1,3,B,53@nkv@00000uHT:3:1<d5LhTpf0V2222222220l0P83240006DjhEp88888,0",
                      "AIVDM,2,2,3,B,88888888880,2"),
    "other number": ("", "AIVDM,2,1,4,A,53UhmH02?A2M=H5?R20lTp@u8v2222222222221@HpeAI4B@0RlkmE25,0",
                     "AIVDM,2,2,4,A,kk1888888888880,2"),
}  # fmt: skip


def _sentence(body: str, tag: str = "") -> bytes:
    block = f"\\{tag}*{checksum(tag)}\\" if tag else ""
    return f"{block}!{body}*{checksum(body)}\n".encode()


LINES: Final = (
    *(_sentence(body, tag) for tag, *bodies in PARTS.values() for body in bodies),
    b"!AIVDM,1,1,,B,15@:Ip002k3Dr;`78KwapWp@0H5b,0*0F\n",
    b"$BSALR,junk\n",
    b"\n",
    b"!AIVDM,2,2,6,A,88888888880,2*00\n",
    b"# a comment\n",
    _sentence("AIVDM,2,2,6,A,88888888880,2", "s:north,c:1276256900"),
)


def _ships(text: bytes) -> set[Any]:
    rows = decode([text], "nmea", Options("feed")).statics
    return {tuple(row[name] for name in ("mmsi", "name", "callsign", "destination")) for row in rows.to_pylist()}


SHIPS: Final = set().union(*(_ships(b"".join(_sentence(b, tag) for b in bodies)) for tag, *bodies in PARTS.values()))


def nmea_parts(data: bytes) -> None:
    """Sentences of long messages in any order: no static row says what no ship has said."""
    text = b"".join(some(LINES, byte) for byte in data[:200])
    read = check_ais(text, "nmea")
    said = read.statics.select(["mmsi", "name", "callsign", "destination"]).to_pylist()
    assert {tuple(row.values()) for row in said} <= SHIPS, "two ships were spliced"


_ARMOUR: Final = "".join(chr(48 + n if n < 40 else 56 + n) for n in range(64))
_WHERE: Final = {1: (50, 61, 89, 116, 128), 2: (50, 61, 89, 116, 128), 3: (50, 61, 89, 116, 128),
                 18: (46, 57, 85, 112, 124), 19: (46, 57, 85, 112, 124)}  # fmt: skip
"""First bits of speed, longitude, latitude, course and heading (M.1371-5, Annex 8)."""


def nmea_payload(data: bytes) -> None:
    """Any bits as a message: what is given equals the bits, read one by one."""
    fill, rest = first_byte(data)
    payload = "".join(_ARMOUR[byte & 63] for byte in rest[:180])
    fill = fill % 6 if payload else 0
    body = f"AIVDM,1,1,,A,{payload},{fill}"
    read = decode([_sentence(body)], "nmea", Options("feed"))
    check_rows(read)
    assert read.counts.lines == 1
    bits = "".join(f"{_ARMOUR.index(char):06b}" for char in payload)
    bits = bits[: len(bits) - fill]
    for row in read.positions.to_pylist():
        assert row["mmsi"] == int(bits[8:38], 2)
        assert row["msg_type"] == int(bits[:6], 2)
        if row["msg_type"] in _WHERE:
            _check_fields(row, bits)


def _check_fields(row: dict[str, Any], bits: str) -> None:
    speed, lon, lat, course, heading = _WHERE[row["msg_type"]]
    place = _signed(bits[lat : lat + 27]), _signed(bits[lon : lon + 28])
    if row["lat"] is not None:
        assert (row["lat"], row["lon"]) == place
    else:
        assert place[0] == 91 * 600_000 or place[1] == 181 * 600_000
    for name, at, size, most in (("sog", speed, 10, 1022), ("cog", course, 12, 3599), ("heading", heading, 9, 359)):
        value = int(bits[at : at + size], 2)
        assert row[name] == (value if value <= most else None), name


def _signed(bits: str) -> int:
    return int(bits, 2) - (1 << len(bits)) * (bits[0] == "1")


def csv(data: bytes) -> None:
    """A table, its dialect given or found."""
    which, text = first_byte(data)
    dialect = some((None, *CSV), which)
    read = check_ais(text, dialect)
    if dialect and not read.refused and text.strip():
        assert read.counts.lines == line_count(text)


def json(data: bytes) -> None:
    """Objects, one a line, or one document, as a dialect that is given."""
    which, text = first_byte(data)
    check_ais(text, some(JSON, which))


def detect(data: bytes) -> None:
    """Any bytes: which dialect it is does not depend on how it comes."""
    check_ais(data)


def live(data: bytes) -> None:
    """A live feed goes on whatever comes, and its account adds up."""
    from fuzz_live import check_live

    check_live(data)


def long_lines(data: bytes) -> None:
    """The input as a piece of lines at the limit of their length."""
    draw = Draw(data)
    size = LINE_LIMIT * some((1, 1, 16), draw.below(3)) + draw.below(5) - 2
    piece = re.sub(rb"[\r\n]", b" ", data) or b"x"
    line = (piece * (size // len(piece) + 1))[:size]
    text = b"\n".join((line, *([data] if draw.below(2) else []), line, b""))
    for dialect in ("nmea", "plain_csv", "gfw_jsonl"):
        head = b"mmsi,t,lat,lon\n" if dialect == "plain_csv" else b""
        read = check_ais(head + text, dialect)
        assert read.refused or read.counts.lines == line_count(head + text)


_TABLE_WORDS = (
    b"mmsi,t,lat,lon\n", b"MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading\n", b"567000001,2021-05-03T00:00:00Z,13.5,100.5\n",
    b'"', b'""', b";", b"\t", b"\r\n", b"NaN", b"inf", b"1e400", b"0x10", b"1_000", b"+5", b" 5", b"-0.0",
    b"2564-01-01",
    b"9999999999999999999999", b"2021-02-30T00:00:00", b"1620000000123", b"None", b"\xef\xbb\xbf", b"\x00", b"\xff",
)  # fmt: skip
_JSON_WORDS = (
    b'{"mmsi":567000001,"timestamp":"2021-05-03T00:00:00Z","lat":13.5,"lon":100.5}\n', b"null", b"1e999", b"-0", b"[]",
    b"{}", b'"mmsi":', b'"t":', b'"lat":', b'"lon":', b'"MessageType":', b'"updates":', b'"context":', b'"features":[',
    b'"class":"AIS",', b"\\u0000", b"\\ud800", b"9999999999999999999999", b"[[[[[[[[", b'{"a":' * 8, b"\xef\xbb\xbf",
    b"true", b'"ssvid":"1"', b"\n", b",", b"}", b"]",
)  # fmt: skip
_NMEA_WORDS = (
    *LINES[:6], b"!AIVDM,", b"!BSVDO,", b"\\s:a,c:1*00\\", b"\\g:1-2-7*", b"*0F", b",1276256770\r\n", b"$PGHP,1,2021,",
    b",d-096,S1234,t235959.00,T59.00,r09STOL1,1272844797", b"\\", b"*", b"!", b"\r\n",
)  # fmt: skip

TARGETS: Final = (
    Target("nmea", nmea, _NMEA_WORDS),
    Target("nmea_parts", nmea_parts),
    Target("nmea_payload", nmea_payload),
    Target("csv", csv, _TABLE_WORDS),
    Target("json", json, _JSON_WORDS),
    Target("detect", detect, (*_NMEA_WORDS[:3], *_JSON_WORDS[:12], *_TABLE_WORDS[:6])),
    Target("live", live, (*_NMEA_WORDS[:3], *_JSON_WORDS[:3], *_TABLE_WORDS[:3])),
    Target("long_lines", long_lines, tuple(char.encode() for char in string.punctuation)),
)
