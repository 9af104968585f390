import gzip
import json
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.errors import FormatError
from prasan.formats.ais_batch import Counts, Options, add_counts
from prasan.formats.ais_detect import Decoder, sniff
from prasan.formats.ais_rows import all_rows, csv_header, csv_lines, in_one, jsonl
from prasan.picture.position import POSITIONS, STATICS, Flag

Rows = list[dict[str, Any]]
SHIPPED = (
    "amsa_stream.nmea.gz", "dma_2010-06-11_stream.nmea.gz", "noaa_2022-01-03_sample.csv.gz",
    "gfw_mmsi_416000000.jsonl.gz", "gfw_mmsi_338013000.jsonl.gz",
)  # fmt: skip
NOAA_HEAD = (
    b"MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,Length,Width,Draft,Cargo,"
    b"TransceiverClass\n"
)
NOAA_ROW = (
    b"367379190,2022-01-03T00:00:00,30.3706,-88.56408,102.3,360.0,511,EAGLE,IMO8207721,WTD4583,31.0,0,28,11,3.3,52,A\n"
)
PLAIN_HEAD = b"mmsi,t,lat,lon,sog\n"
GFW = (
    b'{"ssvid": 416000000, "lat": 22.5, "lon": 120.25, "timestamp": "2014-01-01 01:14:25.000000", '
    b'"course": 0, "speed": 1.5}\n'
)


def shipped(name: str) -> bytes:
    return gzip.decompress(files("prasan").joinpath("data", "ais", name).read_bytes())


def read(data: bytes, cuts: tuple[int, ...] = (), now: float | None = None) -> tuple[Rows, Rows, Counts]:
    decoder = Decoder(Options("x", now=now))
    batches = [b for start, end in pairwise([0, *sorted(cuts), len(data)]) for b in decoder.feed(data[start:end])]
    batches += decoder.finish()
    counts = add_counts(b.counts for b in batches)
    assert counts.adds_up
    positions = pa.Table.from_batches([b.positions for b in batches], POSITIONS).to_pylist()
    return positions, pa.Table.from_batches([b.statics for b in batches], STATICS).to_pylist(), counts


@pytest.mark.parametrize(
    ("name", "dialect"), list(zip(SHIPPED, ("nmea", "nmea", "noaa_csv", "gfw_jsonl", "gfw_jsonl"), strict=True))
)
def test_shipped_data_is_known_by_its_first_bytes(name: str, dialect: str) -> None:
    assert sniff(shipped(name)[:70_000]) == dialect


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_data_is_accounted_for_and_nearly_all_kept(name: str) -> None:
    data = shipped(name)
    positions, _, counts = read(data)
    assert counts.lines == data.count(b"\n")
    assert len(positions) > counts.kept * 0.7


def test_noaa_row() -> None:
    (row,), (static,), counts = read(NOAA_HEAD + NOAA_ROW)
    assert counts == Counts(2, 1, {"header": 1})
    assert (row["t"], row["mmsi"], row["lat"], row["lon"]) == (1641168000, 367379190, 18222360, -53138448)
    assert (row["sog"], row["cog"], row["heading"], row["nav_status"], row["ais_class"]) == (None, None, None, 0, 0)
    assert (static["imo"], static["name"], static["ship_type"], static["draught"]) == (8207721, "EAGLE", 31, 33)
    assert (static["to_bow"], static["to_stern"], static["to_port"], static["to_starboard"]) == (0, 28, 0, 11)


def test_a_static_row_is_given_when_it_changes() -> None:
    other = NOAA_ROW.replace(b"EAGLE", b"HAWK")
    _, statics, _ = read(NOAA_HEAD + NOAA_ROW * 3 + other + NOAA_ROW * 2)
    assert [row["name"] for row in statics] == ["EAGLE", "HAWK", "EAGLE"]


@pytest.mark.parametrize(
    "head",
    [
        "mmsi,t,lat,lon", "ID,Timestamp,Latitude,Longitude", "MMSI;time;lat;lon", "ssvid\ttimestamp\tlat\tlon",
        '"MMSI","t","lat","lon"',
    ],
)  # fmt: skip
def test_plain_table_under_many_names(head: str) -> None:
    separator = max(",;\t", key=head.count)
    row = separator.join(("567000001", "2021-03-21T04:38:00Z", "13.5", "100.5"))
    (position,), statics, _ = read(f"# comment\n\n{head}\n{row}\n".encode())
    assert (position["t"], position["lat"], position["lon"]) == (1616301480, 8_100_000, 60_300_000)
    assert not statics


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2021-03-21 04:38:00", 1616301480000),
        ("2021-03-21T04:38:00.250", 1616301480250),
        ("2021-03-21T04:38:00Z", 1616301480000),
        ("2021-03-21T11:38:00+07:00", 1616301480000),
        ("2021-03-21 04:38:00 UTC", 1616301480000),
        ("1616301480", 1616301480000),
        ("1616301480.5", 1616301480500),
        ("1616301480250", 1616301480250),
    ],
)
def test_ways_to_write_a_time(text: str, ms: int) -> None:
    for mixed in ("", "567000001,2020-01-01 00:00,1,1,\n"):
        row = read(PLAIN_HEAD + f"{mixed}567000001,{text},1,1,\n".encode())[0][-1]
        assert row["t"] * 1000 + (row["sub_ms"] or 0) == ms


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("567000001,2021-03-21,1,1", "bad_csv_row"),
        ("567000001,2021-03-21,1,1,2,3", "bad_csv_row"),
        ("ship,2021-03-21,1,1,", "bad_csv_row"),
        ("-5,2021-03-21,1,1,", "bad_csv_row"),
        ("5.5,2021-03-21,1,1,", "bad_csv_row"),
        ("567000001,2021-03-21,1,1,fast", "bad_csv_row"),
        ('567000001,"2021-03-21,1,1,', "bad_csv_row"),
        ('567000001,"2021-03-21"x,1,1,', "bad_csv_row"),
        ("567000001,2021-02-30,1,1,", "bad_time"),
        ("567000001,,1,1,", "bad_time"),
        ("567000001,yesterday,1,1,", "bad_time"),
        ("567000001,2021-03-21,95.5,1,", "bad_position"),
        ("567000001,2021-03-21,1,200,", "bad_position"),
        ("567000001,2021-03-21,north,1,", "bad_position"),
        ("567000001,2021-03-21,,,", "bad_position"),
        ("567000001,2021-03-21,inf,1,", "bad_position"),
        ("  ", "blank"),
        ("567000001,2021-03-21,1,1," + "9" * 20_000, "too_long"),
    ],
)
def test_a_bad_row_is_named(row: str, reason: str) -> None:
    good = "567000001,2021-03-21T00:00:00,1,1,2.5\n"
    positions, _, counts = read(PLAIN_HEAD + f"{good}{row}\n{good}".encode())
    assert counts == Counts(4, 2, {"header": 1, reason: 1})
    assert [p["sog"] for p in positions] == [25, 25]


def test_a_row_that_is_not_utf8_is_named() -> None:
    assert read(PLAIN_HEAD + b"567000001,2021-03-21,1,1,\n\xff\xfe,2021-03-21,1,1,\n")[2].dropped == {
        "header": 1,
        "bad_csv_row": 1,
    }


def test_quoted_fields_keep_their_place_among_the_rows() -> None:
    head = b"mmsi,t,lat,lon,name\n"
    rows = b'1,2021-03-21,1,1,A\n2,2021-03-21,1,1,"B, the ""second"""\n3,2021-03-21,1,1,C\n'
    positions, statics, _ = read(head + rows)
    assert [row["mmsi"] for row in positions] == [1, 2, 3]
    assert [row["name"] for row in statics] == ["A", 'B, the "second"', "C"]


def test_an_unknown_header_is_refused_with_the_names_read() -> None:
    with pytest.raises(FormatError, match="Columns read: # Timestamp, MMSI, Breite") as caught:
        sniff(b"# a comment\n# Timestamp,MMSI,Breite\n1,2,3\n" + b"x" * 70_000)
    assert "lat: lat or latitude" in caught.value.remedy


@pytest.mark.parametrize(
    "data", [b"hello world\n", b"\x00\x01\x02" * 50, b"[1, 2]\n", b'{"a": 1}\n', b"{bad\n", b"PK\x03\x04" * 9]
)
def test_other_things_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        read(data)


def test_an_empty_input_is_no_rows() -> None:
    assert read(b"")[2] == Counts()


def test_gfw_row() -> None:
    (row,), statics, counts = read(GFW)
    assert (row["t"], row["mmsi"], row["lat"], row["lon"]) == (1388538865, 416000000, 13_500_000, 72_150_000)
    assert (row["sog"], row["cog"]) == (15, 0)
    assert (statics, counts) == ([], Counts(1, 1, {}))


def test_gfw_row_without_a_place_proves_that_the_vessel_was_heard() -> None:
    (row,), _, _ = read(b'{"ssvid":"412331104","timestamp":1704412120,"lat":null,"lon":null,"ais_class":"A"}\n')
    assert (row["t"], row["lat"], row["ais_class"]) == (1704412120, None, 0)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "bad_json_row"),
        (b"[]", "bad_json_row"),
        (b"null", "bad_json_row"),
        (b'{"ssvid": [1], "timestamp": 5}', "bad_json_row"),
        (b'{"ssvid": true, "timestamp": 5}', "bad_json_row"),
        (b'{"timestamp": 5}', "bad_json_row"),
        (b'{"ssvid": 1e400, "timestamp": 5}', "bad_json_row"),
        (b'{"ssvid": 1' + b"0" * 400 + b', "timestamp": 5}', "bad_json_row"),
        (b'{"ssvid": 416000000, "timestamp": "soon"}', "bad_time"),
        (b'{"ssvid": 416000000, "timestamp": 1e300}', "bad_time"),
        (b'{"ssvid": 416000000}', "bad_time"),
        (b'{"ssvid": 416000000, "timestamp": 5, "lat": 95, "lon": 1}', "bad_position"),
        (b"[" * 9000, "bad_json_row"),
        (b'{"ssvid": ' + b"[" * 9000, "bad_json_row"),
        (b'{"x": "' + b"y" * 20_000 + b'"}', "too_long"),
        (b"", "blank"),
    ],
)
def test_a_bad_json_line_is_named(line: bytes, reason: str) -> None:
    assert read(GFW + line + b"\n" + GFW)[2] == Counts(3, 2, {reason: 1})


def test_flags() -> None:
    rows = "1,2021-03-21,0,0,\n0,2564-03-21,1,1,\n567000001,1970-01-02,1,1,\n567000001,2031-01-01,1,1,\n"
    positions, _, _ = read(PLAIN_HEAD + rows.encode(), now=1_900_000_000)
    assert [row["flags"] for row in positions] == [
        Flag.BAD_MMSI | Flag.NULL_ISLAND,
        Flag.MMSI_ZERO | Flag.BUDDHIST_ERA | Flag.FUTURE_TIME,
        Flag.EPOCH_TIME,
        Flag.FUTURE_TIME,
    ]


@pytest.mark.parametrize(
    "mmsi", [567000001, 5671234, 56712345, 111567123, 856712345, 985671234, 995671234, 970123456, 972123456, 974123456]
)
def test_mmsi_forms(mmsi: int) -> None:
    (row,), _, _ = read(PLAIN_HEAD + f"{mmsi},2021-03-21,1,1,\n".encode())
    assert row["flags"] == 0


@pytest.mark.parametrize("mmsi", [1, 123456789, 200123456, 776123456, 111999123, 999999999, 1073741823, 4000000000])
def test_numbers_that_are_no_mmsi(mmsi: int) -> None:
    (row,), _, _ = read(PLAIN_HEAD + f"{mmsi},2021-03-21,1,1,\n".encode())
    assert row["flags"] == Flag.BAD_MMSI


_TEXT = {
    "csv": NOAA_HEAD + NOAA_ROW * 2 + b'1,2021-03-21,1,"1",,,,"a,b",,,,,,,,,\r\n\nbad\n' + NOAA_ROW,
    "json": GFW * 2 + b'\n{"ssvid":1,"timestamp":1,"shipname":"A"}\r\nbad\n' + GFW,
}


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(_TEXT)), st.data())
def test_a_table_may_be_cut_anywhere(kind: str, data: st.DataObject) -> None:
    text = _TEXT[kind]
    cuts = tuple(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    assert read(text, cuts) == read(text)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(_TEXT)), st.data())
def test_mutated_tables_never_fail_but_by_name(kind: str, data: st.DataObject) -> None:
    text = bytearray(_TEXT[kind])
    for _ in range(data.draw(st.integers(1, 8))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    try:
        counts = read(bytes(text))[2]
    except FormatError:
        return
    assert counts.lines == len(bytes(text).removesuffix(b"\n").split(b"\n"))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([b"", PLAIN_HEAD, NOAA_HEAD, GFW, b"!AIVDM,1,1,,A,1,0*00\n"]), st.binary(max_size=300))
def test_random_bytes_never_fail_but_by_name(head: bytes, noise: bytes) -> None:
    try:
        counts = read(head + noise)[2]
    except FormatError:
        return
    assert counts.lines == len((head + noise).removesuffix(b"\n").split(b"\n")) or not (head + noise).strip()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=12), min_size=5, max_size=5))
def test_any_text_in_the_fields_is_kept_or_named(fields: list[str]) -> None:
    line = ",".join(fields).replace("\n", " ").encode("utf-8", "replace")
    counts = read(PLAIN_HEAD + line + b"\n567000001,2021-03-21,1,1,\n")[2]
    assert counts.lines == 3


def decoded(data: bytes) -> list[Any]:
    decoder = Decoder(Options("table"))
    return [*decoder.feed(data), *decoder.finish()]


@pytest.mark.parametrize("name", ["dma_2010-06-11_stream.nmea.gz", "gfw_mmsi_416000000.jsonl.gz"])
def test_rows_written_as_json_or_csv_are_read_back(name: str) -> None:
    tables = all_rows(decoded(shipped(name)), "given/name")
    wanted, _, _ = read(shipped(name))
    lines = b"".join(jsonl(t) for t in tables)
    table = csv_header() + b"".join(csv_lines(t) for t in tables)
    for text in (lines, table):
        again, _, counts = read(text)
        assert set(counts.dropped) <= {"header", "bad_position"}  # in CSV a row must say something
        placed = [row for row in again if row["lat"] is not None]
        expected = [row for row in wanted if row["lat"] is not None]
        assert [(r["t"], r["sub_ms"], r["mmsi"], r["lat"], r["lon"], r["sog"], r["cog"]) for r in placed] == [
            (r["t"], r["sub_ms"], r["mmsi"], r["lat"], r["lon"], r["sog"], r["cog"]) for r in expected
        ]


def test_json_row_shape() -> None:
    tables = all_rows(decoded(NOAA_HEAD + NOAA_ROW.replace(b"367379190", b"0")), "a/b.csv")
    position, static = (json.loads(jsonl(t)) for t in tables)
    assert position == {
        "row": "position", "t": "2022-01-03T00:00:00Z", "time_source": "message", "lag_s": None, "mmsi": 0,
        "lat": 30.3706, "lon": -88.56408, "sog_kn": None, "cog_deg": None, "heading_deg": None, "nav_status": 0,
        "msg_type": None, "ais_class": "A", "source": "a/b.csv", "station": None, "flags": ["mmsi_zero"],
    }  # fmt: skip
    assert static == {
        "row": "static", "t": "2022-01-03T00:00:00Z", "time_source": "message", "mmsi": 0, "imo": 8207721,
        "name": "EAGLE", "callsign": "WTD4583", "ship_type": 31, "to_bow": 0, "to_stern": 28, "to_port": 0,
        "to_starboard": 11, "draught_m": 3.3, "destination": None, "eta": None, "source": "a/b.csv",
        "flags": ["mmsi_zero"],
    }  # fmt: skip
    assert in_one(tables[1]).column_names == csv_header().decode().strip().split(",")


def test_any_number_of_comments_may_stand_before_the_header() -> None:
    text = b"# x\n" * 400_000 + b"mmsi,t,lat,lon\n567000001,1620000000,13.5,100.5\n"
    decoder = Decoder(Options("x"), "plain_csv")
    counts = add_counts(batch.counts for batch in [*decoder.feed(text), *decoder.finish()])
    assert counts == Counts(400_002, 1, {"not_ais": 400_000, "header": 1})
