"""Files from outside: packed ones, drawings, tables of incidents, truth lines, settings, accords and policies."""

import io
from io import BufferedReader
from typing import Final, cast

from fuzz_kit import Draw, Target, first_byte, scratch, some, told

from prasan.errors import PrasanError
from prasan.exercise.score_lines import read_events, read_truth
from prasan.feeds.files import read_source
from prasan.feeds.live import parse_address
from prasan.feeds.reference import land_of, read_area
from prasan.feeds.tables import is_incident_table, read_table
from prasan.feeds.unpack import FREE, RATIO, streams
from prasan.formats import incidents
from prasan.formats.geojson import read_drawing
from prasan.ledger.checkpoint import parse_checkpoint
from prasan.ledger.entry import decode, encode
from prasan.node.settings import FILE, dump, load
from prasan.picture.areas import areas
from prasan.release.accord import parse_accord
from prasan.release.policy import parse_policy

FOLDER: Final = scratch()


def unpack(data: bytes) -> None:
    """Packed or not: whole, or a clear refusal; within the ratio; the same in pieces of any size."""
    outcomes = [_unpacked(data, piece) for piece in (1 << 16, 7 + Draw(data).below(50))]
    assert outcomes[0][1] == outcomes[1][1], "the size of the pieces decides"
    assert outcomes[0][0] == outcomes[1][0] or outcomes[0][1]


def _unpacked(data: bytes, piece: int) -> tuple[bytes, bool]:
    out, failed = bytearray(), False
    try:
        for stream in streams(cast(BufferedReader, io.BufferedReader(io.BytesIO(data))), piece):
            for part in stream:
                assert len(part) <= max(piece, 1 << 16)
                out += part
                assert len(out) <= FREE + RATIO * len(data)
    except PrasanError as error:
        told(error)
        failed = True
    return bytes(out), failed


def file(data: bytes) -> None:
    """Any file as AIS, and as what it may be else."""
    path = FOLDER / "any.csv"
    path.write_bytes(data)
    is_incident_table(path)
    try:
        total = 0
        for item in read_source(str(path)):
            assert item.batch.counts.adds_up
            total += item.batch.counts.lines
    except PrasanError as error:
        told(error)


def geojson(data: bytes) -> None:
    """A drawing becomes zones and land, or says why not."""
    path = FOLDER / "zone.geojson"
    path.write_bytes(data)
    try:
        drawing = read_area(path)
        zones = areas(drawing.areas)
        zones.inside([0.0, 13.5, -90.0, 90.0], [0.0, 100.5, -180.0, 180.0])
        land_of([polygon for _, polygons in drawing.areas for polygon in polygons])
    except PrasanError as error:
        told(error)


def drawing(data: bytes) -> None:
    """Shapes without a file around them."""
    try:
        found = read_drawing(b'{"type":"Feature","properties":{},"geometry":' + data + b"}", "x")
        assert all(abs(lat) <= 90 and abs(lon) <= 180 for lat, lon in found.points)
    except PrasanError as error:
        told(error)


def incident(data: bytes) -> None:
    """A table of incidents: every row is an incident or left out for a reason."""
    path = FOLDER / "incidents.csv"
    path.write_bytes(data)
    is_incident_table(path)
    try:
        parsed = incidents.parse(read_table(path))
    except PrasanError as error:
        told(error)
        return
    assert len({one.key for one in parsed.incidents}) == len(parsed.incidents)
    assert sum(parsed.reasons().values()) == len(parsed.bad)
    assert all(abs(one.lat) <= 90 and abs(one.lon) <= 180 for one in parsed.incidents)


def truth(data: bytes) -> None:
    """Truth and event lines."""
    for read in (read_truth, read_events):
        try:
            read(data.split(b"\n"), "x")
        except PrasanError as error:
            told(error)


def settings(data: bytes) -> None:
    """`prasan.toml`: read, or refused in a sentence; what was read can be written and read again."""
    (FOLDER / FILE).write_bytes(data)
    try:
        found = load(FOLDER)
    except PrasanError as error:
        told(error)
        return
    (FOLDER / FILE).write_text(dump(found), encoding="utf-8")
    assert load(FOLDER) == found
    for name in ("live", "ais_x.csv", "tcp://a:1"):
        try:
            found.source_for(name)
        except PrasanError as error:
            told(error)


def accord(data: bytes) -> None:
    """The TOML of an accord and of a policy."""
    for read in (parse_accord, parse_policy):
        try:
            read(data)
        except PrasanError as error:
            told(error)


def address(data: bytes) -> None:
    """The URL of a feed."""
    try:
        parse_address(data.decode("utf-8", "replace"))
    except PrasanError as error:
        told(error)


def entry(data: bytes) -> None:
    """Ledger entries and checkpoint texts are canonical or refused."""
    which, rest = first_byte(data)
    try:
        if some((True, False), which):
            assert encode(decode(rest)) == rest
        else:
            text = rest.decode("utf-8", "replace")
            assert parse_checkpoint(text).text() == text
    except PrasanError as error:
        told(error)


_GEO = (b'{"type":"Polygon","coordinates":[[[100,13],[101,13],[101,14],[100,13]]]}', b"[[", b"]]", b"1e308", b"-180",
        b'"type":"GeometryCollection","geometries":[', b"null", b"[100,13]", b'"MultiPolygon"', b"NaN")  # fmt: skip
_TOML = (b"[[source]]\n", b"[[feed]]\n", b"[[rule]]\n", b"= [[[[[[[[", b'"', b"'''", b"1e999", b"0x7f", b"inf",
         b"1979-05-27T07:32:00Z", b"[a.b.c]\n", b"a.b.c=1\n", b"\x00", b"\\u0000", b"9" * 30)  # fmt: skip

TARGETS: Final = (
    Target("unpack", unpack, (b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18\x04\x00\x00\x00", b"PK\x03\x04",
                              b"PK\x01\x02", b"PK\x05\x06", b"\xff\xff\xff\xff", b"\x00\x00")),
    Target("file", file, (b"\x1f\x8b\x08", b"PK\x03\x04", b"attack_type", b"!AIVDM,", b'{"', b"mmsi,t,lat,lon\n")),
    Target("geojson", geojson, _GEO),
    Target("drawing", drawing, _GEO),
    Target("incident", incident, (b"attack_type,", b'"', b'""', b"\n", b"\x00", b"1e400", b"nan", b"UTC", b"2021-05")),
    Target("truth", truth, (b'{"row":"run","vessel_days":1}', b"[[[[[[", b"NaN", b"1e999")),
    Target("settings", settings, _TOML),
    Target("accord", accord, _TOML),
    Target("address", address, (b"://", b"[::1]", b":99999", b"?baud=", b"tcp://", b"\xc2\xb2", b"@", b"%")),
    Target("entry", entry, (b'"kind":', b'"at":', b"[[[[[", b"1e5", b"\\u0041")),
)  # fmt: skip
