from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.formats import nmea
from prasan.formats.ais_batch import Options
from prasan.formats.nmea_encode import PositionReport, StaticReport, encode_position, encode_static
from prasan.picture.position import UNITS_PER_DEGREE

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


def maybe(value: st.SearchStrategy[int]) -> st.SearchStrategy[int | None]:
    return st.none() | value


@settings(max_examples=150, deadline=None)
@given(
    TIME,
    MMSI,
    st.integers(-90 * UNITS_PER_DEGREE, 90 * UNITS_PER_DEGREE),
    st.integers(-180 * UNITS_PER_DEGREE, 180 * UNITS_PER_DEGREE),
    st.tuples(maybe(st.integers(0, 1022)), maybe(st.integers(0, 3599)), maybe(st.integers(0, 359))),
    st.sampled_from("AB"),
    st.text("abcxyz019", max_size=12),
)
def test_a_position_comes_back(  # noqa: PLR0917
    t: int,
    mmsi: int,
    lat: int,
    lon: int,
    motion: tuple[int | None, int | None, int | None],
    ais_class: Any,
    station: str,
) -> None:
    sog, cog, heading = motion
    report = PositionReport(
        t, mmsi, lat / UNITS_PER_DEGREE, lon / UNITS_PER_DEGREE,
        None if sog is None else sog / 10, None if cog is None else cog / 10, heading,
        ais_class=ais_class, station=station,
    )  # fmt: skip
    ((row,), _) = read(encode_position(report))
    assert (row["t"], row["mmsi"], row["lat"], row["lon"]) == (t, mmsi, lat, lon)
    assert (row["sog"], row["cog"], row["heading"]) == (sog, cog, heading)
    assert (row["ais_class"], row["station"]) == ("AB".index(ais_class), station or None)


def test_no_position_comes_back_as_none() -> None:
    ((row,), _) = read(encode_position(PositionReport(1_300_000_000, 567000001, None, None)))
    assert (row["lat"], row["lon"]) == (None, None)


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
