from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.formats import nmea
from prasan.formats.ais_batch import Options
from prasan.formats.nmea_encode import StaticReport, encode_positions, encode_static
from prasan.picture.position import POSITIONS, UNITS_PER_DEGREE

ALPHABET = "".join(chr(c) for c in range(32, 96) if c != 64)
MMSI = st.integers(0, 999_999_999)
TIME = st.integers(40_000_000, 9_000_000_000)


def text(most: int) -> st.SearchStrategy[str]:
    return st.text(ALPHABET, max_size=most).map(str.strip)


def read(line: bytes) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    state, batches = nmea.decode(nmea.DecoderState(), line, Options("x"))
    batches.append(nmea.finish(state, Options("x")))
    assert not any(b.counts.dropped for b in batches)
    return [r for b in batches for r in b.positions.to_pylist()], [r for b in batches for r in b.statics.to_pylist()]


NUMBERS = ("t", "mmsi", "lat", "lon", "sog", "cog", "heading", "nav_status", "ais_class")
TABLE = pa.schema([*(POSITIONS.field(name) for name in NUMBERS), pa.field("station", pa.string())])


def maybe(value: st.SearchStrategy[int]) -> st.SearchStrategy[int | None]:
    return st.none() | value


NAMES = ("t", "mmsi", "lat", "lon", "sog", "cog", "heading", "ais_class", "station")
ROW = st.tuples(
    TIME,
    MMSI,
    maybe(st.integers(-90 * UNITS_PER_DEGREE, 90 * UNITS_PER_DEGREE)),
    maybe(st.integers(-180 * UNITS_PER_DEGREE, 180 * UNITS_PER_DEGREE)),
    maybe(st.integers(0, 1022)),
    maybe(st.integers(0, 3599)),
    maybe(st.integers(0, 359)),
    st.integers(0, 1),
    st.none() | st.text("abcxyz019", min_size=1, max_size=12),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=8))
def test_positions_come_back(rows: list[tuple[Any, ...]]) -> None:
    table = pa.Table.from_pylist([dict(zip(NAMES, row, strict=True)) | {"nav_status": 3} for row in rows], TABLE)
    lines = encode_positions(table)
    for row, line in zip(rows, lines, strict=True):
        ((found,), _) = read(line)
        half = row[2] is None or row[3] is None  # half a position is none
        assert tuple(found[name] for name in NAMES) == ((*row[:2], None, None, *row[4:]) if half else row)
        assert found["nav_status"] == (None if row[7] else 3)


@settings(max_examples=100, deadline=None)
@given(TIME, MMSI, text(20), text(7), text(20), st.integers(0, 255), st.integers(0, 255), st.integers(0, 9))
def test_a_class_a_static_report_comes_back(  # noqa: PLR0917
    t: int, mmsi: int, name: str, callsign: str, destination: str, kind: int, draught: int, sequence: int
) -> None:
    report = StaticReport(
        t, mmsi, 9074729, name, callsign, kind, 100, 20, 10, 12, draught / 10, destination, (12, 31, 23, 59)
    )
    _, (row,) = read(encode_static(report, sequence))
    assert (row["t"], row["mmsi"], row["imo"]) == (t, mmsi, 9074729)
    assert (row["name"], row["callsign"], row["destination"]) == (name or None, callsign or None, destination or None)
    assert (row["ship_type"], row["draught"], row["eta"]) == (kind or None, draught or None, "12-31T23:59")
    assert (row["to_bow"], row["to_stern"], row["to_port"], row["to_starboard"]) == (100, 20, 10, 12)


@settings(max_examples=60, deadline=None)
@given(TIME, MMSI, text(20), text(7))
def test_a_class_b_static_report_comes_back_as_two_rows(t: int, mmsi: int, name: str, callsign: str) -> None:
    _, (a, b) = read(encode_static(StaticReport(t, mmsi, None, name, callsign, 30, 5, 6, 2, 2, ais_class="B")))
    assert (a["name"], a["callsign"]) == (name or None, None)
    assert (b["callsign"], b["ship_type"]) == (callsign or None, 30)
    assert b["to_bow"] == (None if mmsi // 10_000_000 == 98 else 5)
