"""Which dialect it is: the first line that tells decides, however the input is cut, and each line is looked at once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.errors import FormatError
from prasan.formats.ais_batch import Options, add_counts
from prasan.formats.ais_detect import Decoder, sniff
from prasan.formats.ais_sniff import DOCUMENT, LOOK, Sniffer

ONE = b"!AIVDM,1,1,,B,15@:Ip002k3Dr;`78KwapWp@0H5b,0*0F\n"
TABLE = b"mmsi,t,lat,lon\n"
OBJECT = b'{"mmsi":567000001,"timestamp":"2021-05-03T00:00:00Z","lat":13.5,"lon":100.5}\n'
LINES = (
    ONE, TABLE, OBJECT, b'{"class":"VERSION"}\n', b'{"features":[\n', b"a;b;c\n", b"# !AIVDM,\n", b"\n", b"junk\n",
    b"$GPGGA,1\n", b"[2021-05-03 00:00] " + ONE, b"[\n", b'[{"mmsi":1,\n', b"\xff\xfe\n", b"\xef\xbb\xbf" + TABLE,
    b'"raw": "' + ONE, b"}\n", b"x" * 9,
)  # fmt: skip


def found(data: bytes, size: int) -> str | None:
    decoder = Decoder(Options("x"))
    try:
        for at in range(0, len(data), size):
            decoder.feed(data[at : at + size])
        decoder.finish()
    except FormatError as error:
        return str(error)
    return decoder.dialect


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=6), st.integers(1, 40))
def test_pieces_of_any_size_are_the_same_dialect(lines: list[bytes], size: int) -> None:
    data = b"".join(lines)
    assert found(data, size) == found(data, len(data) or 1)


@pytest.mark.parametrize(
    ("data", "dialect"),
    [
        (b"half a line 1234*00\n" + ONE, "nmea"),
        (TABLE + ONE, "plain_csv"),
        (b"# tells of !AIVDM,\n" + TABLE, "plain_csv"),
        (b"[2021-05-03 00:00] " + ONE, "nmea"),
        (b'cut","lat":1}\n' + OBJECT, "gfw_jsonl"),
        (b'[ {"mmsi":1,"raw":"!AIVDM,1"}]', DOCUMENT),
        (b'{\n "raw":\n "!AIVDM,1",\n "mmsi": 1}', DOCUMENT),
    ],
)
def test_the_first_line_that_tells_decides(data: bytes, dialect: str) -> None:
    assert sniff(data) == dialect


def test_gpsd_may_speak_of_itself_before_it_hands_sentences_on() -> None:
    hello = b'{"class":"VERSION","release":"3.22"}\n{"class":"WATCH","enable":true,"raw":1}\n'
    decoder = Decoder(Options("x"))
    batches = [*decoder.feed(hello + ONE), *decoder.finish()]
    assert decoder.dialect == "nmea"
    counts = add_counts(batch.counts for batch in batches)
    assert (counts.lines, counts.kept, counts.dropped) == (3, 1, {"not_ais": 2})


def test_every_line_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0

    def count(_: Sniffer, line: bytes) -> None:
        nonlocal looked
        looked += len(line) + 1

    monkeypatch.setattr(Sniffer, "_tells", count)
    sniffer, data = Sniffer(), b"\\s:\n" * 2_000
    for end in range(0, len(data) + 1, 2):
        assert sniffer.look(data[:end], final=False) is None
    assert looked == len(data)


def test_what_nothing_tells_is_refused_with_what_was_read() -> None:
    for data, words in (
        (b"\\s:\n" * LOOK, "not AIS in a form"),
        (b"a,b,c\n" * LOOK, "Columns read: a, b, c"),
        (b"\xff" * LOOK, "not text"),
        (b'{"a":1}\n' * LOOK, "Names read: a"),
        (b"\n" * LOOK, "empty"),
    ):
        with pytest.raises(FormatError, match=words):
            sniff(data)


def test_blank_lines_are_lines() -> None:
    for data, lines in ((b"", 0), (b"\n \n\n", 3), (b"\n  ", 2)):
        decoder = Decoder(Options("x"))
        counts = add_counts(batch.counts for batch in [*decoder.feed(data), *decoder.finish()])
        assert (counts.lines, counts.dropped.get("blank", 0)) == (lines, lines)


POLYGON = (
    b'{"type":"Feature","properties":{"name":"A"},"geometry":{"type":"Polygon","coordinates":[[[1,2],[3,4],[5,6]]]}}'
)


@pytest.mark.parametrize(
    ("data", "what", "remedy"),
    [
        (
            b"date,time,longitude,latitude,attack_type,nearest_country\n2020-01-01,,1,2,Boarded,ID\n",
            "incidents",
            "ingest",
        ),
        (b"World Port Index Number,Main Port Name,Latitude,Longitude\n1,A,1,2\n", "ports", "ships with"),
        (b"s2id,latitude,longitude,label,sublabel,iso3\n3e,1,2,A,,THA\n", "anchorages", "ships with"),
        (b"MID,Allocated_to\n567,Thailand\n", "flags", "ships with"),
        (b'{"type":"FeatureCollection","features":[' + POLYGON + b"]}", "GeoJSON", "areas/"),
        (b'{"type":"FeatureCollection",\n"features":[\n' + POLYGON + b",\n" + POLYGON + b"\n]}", "GeoJSON", "--areas"),
        (POLYGON + b"\n" + POLYGON, "GeoJSON", "areas/"),
        (b'{"type":"Topology","objects":{},"arcs":[]}', "TopoJSON", "Convert"),
    ],
)
def test_what_is_no_ais_is_told_by_its_name(data: bytes, what: str, remedy: str) -> None:
    decoder = Decoder(Options("x"))
    with pytest.raises(FormatError, match=what) as caught:
        [*decoder.feed(data), *decoder.finish()]
    assert remedy in caught.value.remedy
