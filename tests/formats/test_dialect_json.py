"""JSON of known sources. The objects are written by hand from the documented lists of fields; none is real traffic."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_dialect_tables import MAY, assert_first_position, assert_ship, read

from prasan.errors import FormatError
from prasan.formats import ais_detect
from prasan.formats.ais_batch import Counts, Options
from prasan.formats.ais_detect import DIALECTS, Decoder, sniff
from prasan.picture.position import AIS_CLASSES, TIME_SOURCES, UNITS_PER_DEGREE, Flag

POINT: dict[str, Any] = {"Latitude": 13.25, "Longitude": 100.5, "Sog": 10.2, "Cog": 90.1, "TrueHeading": 91}


def meta(second: int = 0) -> dict[str, Any]:
    stamp = f"2021-05-03 00:00:{second:02d}.318353123 +0000 UTC"
    return {"MMSI": 567000001, "ShipName": "SIAM ONE", "latitude": 13.25, "longitude": 100.5, "time_utc": stamp}


def aisstream(kind: str, number: int, second: int = 0, **fields: Any) -> dict[str, Any]:
    head = {"MessageID": number, "RepeatIndicator": 0, "UserID": 567000001, "Valid": True}
    return {"MessageType": kind, "MetaData": meta(second), "Message": {kind: {**head, **fields}}}


SIZE = {"A": 100, "B": 20, "C": 8, "D": 12}
AISSTREAM: list[dict[str, Any]] = [
    aisstream("PositionReport", 1, NavigationalStatus=0, Timestamp=7, **POINT),
    aisstream(
        "ShipStaticData", 5, 1, ImoNumber=9074729, CallSign="HSAA", Name="SIAM ONE            ", Type=70,
        Dimension=SIZE, Eta={"Month": 6, "Day": 5, "Hour": 7, "Minute": 30}, MaximumStaticDraught=5.6,
        Destination="BANGKOK@@@@",
    ),
    aisstream(
        "StaticDataReport", 24, 2, PartNumber=1, ReportA={"Valid": False, "Name": ""},
        ReportB={"Valid": True, "CallSign": "HSBB", "ShipType": 36, "Dimension": {"A": 6, "B": 6, "C": 2, "D": 2}},
    ),
    aisstream("AidsToNavigationReport", 21, 3, Type=14, Name="A NAME OF TWENTY LET", NameExtension="TERS", **POINT),
    aisstream("LongRangeAisBroadcastMessage", 27, 4, Latitude=13.25, Longitude=100.5, Sog=63, Cog=511),
    aisstream("BaseStationReport", 4, 5, Latitude=91, Longitude=181),
    aisstream("SafetyBroadcastMessage", 14, 6, Text="HELLO"),
    {"error": "Api Key Is Not Valid"},
    {**aisstream("PositionReport", 1, **POINT), "Message": {"PositionReport": {"Valid": False, "UserID": 567000001}}},
]  # fmt: skip
FEATURE = {
    "mmsi": 567000001,
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": [100.5, 13.25]},
    "properties": {
        "mmsi": 567000001, "sog": 10.2, "cog": 90.1, "navStat": 0, "rot": 0, "posAcc": True, "raim": False,
        "heading": 91, "timestamp": 7, "timestampExternal": MAY * 1000,
    },
}  # fmt: skip
METADATA = {
    "mmsi": 567000001, "timestamp": MAY * 1000 + 1000, "name": "SIAM ONE", "callSign": "HSAA", "imo": 9074729,
    "shipType": 70, "draught": 56, "eta": 403934, "posType": 1, "destination": "BANGKOK",
    "referencePointA": 100, "referencePointB": 20, "referencePointC": 8, "referencePointD": 12,
}  # fmt: skip
MQTT = {
    "mmsi": 567000001, "time": MAY, "sog": 10.2, "cog": 90.1, "navStat": 0, "rot": 0, "posAcc": False, "raim": False,
    "heading": 91, "lon": 100.5, "lat": 13.25,
}  # fmt: skip
DIGITRAFFIC: list[dict[str, Any]] = [FEATURE, METADATA, MQTT]


def delta(second: int, *pairs: tuple[str, Any], context: str = "vessels.urn:mrn:imo:mmsi:567000001") -> dict[str, Any]:
    values = [{"path": path, "value": value} for path, value in pairs]
    return {"context": context, "updates": [{"timestamp": f"2021-05-03T00:00:{second:02d}.000Z", "values": values}]}


SIGNAL_K: list[dict[str, Any]] = [
    delta(
        0, ("navigation.position", {"longitude": 100.5, "latitude": 13.25}), ("navigation.speedOverGround", 5.2473),
        ("navigation.courseOverGroundTrue", 1.57254), ("navigation.headingTrue", 1.58825),
        ("navigation.state", "motoring"), ("sensors.ais.class", "A"),
    ),
    delta(
        1,
        ("", {"name": "SIAM ONE", "communication": {"callsignVhf": "HSAA"}, "registrations": {"imo": "IMO 9074729"}}),
        ("design.aisShipType", {"id": 70, "name": "Cargo"}), ("design.length", {"overall": 120}), ("design.beam", 20),
        ("design.draft", {"maximum": 5.6}), ("navigation.destination.commonName", "BANGKOK"),
        ("navigation.destination.eta", "2021-06-05T07:30:00Z"),
    ),
    delta(2, ("navigation.position", {"longitude": 100.5, "latitude": 13.25}), context="vessels.self"),
    {"name": "signalk-server", "version": "1.0.0", "self": "vessels.self"},
    delta(3, ("navigation.courseOverGroundTrue", 6.2831), ("navigation.headingTrue", None)),
]  # fmt: skip


def gpsd(kind: int, **fields: Any) -> dict[str, Any]:
    return {"class": "AIS", "device": "stdin", "type": kind, "repeat": 0, "mmsi": 567000001, "scaled": True, **fields}


GPSD_SHIP = {
    "imo": 9074729, "ais_version": 0, "callsign": "HSAA", "shipname": "SIAM ONE", "shiptype": 70, "to_bow": 100,
    "to_stern": 20, "to_port": 8, "to_starboard": 12, "eta": "06-05T07:30Z", "destination": "BANGKOK",
}  # fmt: skip
GPSD: list[dict[str, Any]] = [
    {"class": "VERSION", "release": "3.22", "rev": "3.22", "proto_major": 3, "proto_minor": 14},
    {"class": "TPV", "device": "/dev/ttyUSB0", "mode": 3, "time": "2021-05-03T00:00:00.000Z", "lat": 1, "lon": 2},
    gpsd(1, status=0, speed=10.2, lon=100.5, lat=13.25, course=90.1, heading=91, second=7, turn="nan"),
    gpsd(
        1, scaled=False, status=0, speed=102, lon=60_300_000, lat=7_950_000, course=901, heading=91, second=7, turn=-128
    ),
    gpsd(5, draught=5.6, **GPSD_SHIP),
    gpsd(5, scaled=False, draught=56, **GPSD_SHIP),
    gpsd(1, status=15, speed="nan", lon=181.0, lat=91.0, course=360.0, heading=511),
    gpsd(1, status=0, speed="fast", lon=100.5, lat=13.25, course=0.0, heading=0),
    gpsd(27, scaled=False, status=0, speed=10, lon=60_300, lat=7_950, course=90),
    gpsd(9, scaled=False, alt=300, speed=102, lon=60_300_000, lat=7_950_000, course=901),
    gpsd(8, dac=1, fid=31, data="0:"),
]
CATCHER_HEAD = {
    "class": "AIS",
    "device": "AIS-catcher",
    "version": 68,
    "channel": "B",
    "signalpower": -30.1,
    "repeat": 0,
}
CATCHER: list[dict[str, Any]] = [
    {
        **CATCHER_HEAD, "rxtime": "20210503000000", "rxuxtime": MAY + 0.25, "type": 1, "mmsi": 567000001, "status": 0,
        "status_text": "Under way using engine", "speed": 10.2, "lon": 100.5, "lat": 13.25, "course": 90.1,
        "heading": 91, "nmea": ["!AIVDM,1,1,,B,15@:Ip002k3Dr;`78KwapWp@0H5b,0*0F"],
    },
    {**CATCHER_HEAD, "rxtime": "20210503000001", "type": 3, "mmsi": 567000001},
    {**CATCHER_HEAD, "rxtime": "20210503000002", "type": 5, "mmsi": 567000001, "draught": 5.6, **GPSD_SHIP},
]  # fmt: skip
AISHUB_HUMAN = {
    "MMSI": 567000001, "TIME": "2021-05-03 00:00:00 GMT", "LONGITUDE": 100.5, "LATITUDE": 13.25, "COG": 90.1,
    "SOG": 10.2, "HEADING": 91, "ROT": 0, "NAVSTAT": 0, "IMO": 9074729, "NAME": "SIAM ONE", "CALLSIGN": "HSAA",
    "TYPE": 70, "A": 100, "B": 20, "C": 8, "D": 12, "DRAUGHT": 5.6, "DEST": "BANGKOK", "ETA": "06-05 07:30",
}  # fmt: skip
AISHUB_CODED = {
    **AISHUB_HUMAN, "TIME": str(MAY), "LONGITUDE": 60_300_000, "LATITUDE": 7_950_000, "COG": 901, "SOG": 102,
    "DRAUGHT": 56, "ETA": 403934,
}  # fmt: skip
SPIRE: list[dict[str, Any]] = [
    {
        "msg_type": 1, "mmsi": 567000001, "timestamp": "2021-05-03T00:00:00Z", "created_at": "2021-05-03T00:00:09Z",
        "course": 90.1, "heading": 91, "latitude": 13.25, "longitude": 100.5, "speed": 10.2, "status": 0,
        "collection_type": "satellite",
    },
    {
        "msg_type": 5, "mmsi": 567000001, "timestamp": "2021-05-03T00:00:01Z", "collection_type": "terrestrial",
        "call_sign": "HSAA", "destination": "BANGKOK", "draught": 56, "eta": "2021-06-05T07:30:00Z", "imo": 9074729,
        "length": 120, "width": 20, "name": "SIAM ONE", "ship_and_cargo_type": 70,
    },
]  # fmt: skip
FEEDS: dict[str, list[dict[str, Any]]] = {
    "aisstream_json": AISSTREAM, "digitraffic_json": DIGITRAFFIC, "signalk_json": SIGNAL_K, "gpsd_json": GPSD,
    "aiscatcher_json": CATCHER, "aishub_json": [AISHUB_HUMAN, AISHUB_CODED], "spire_json": SPIRE,
}  # fmt: skip


def lines(objects: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in objects)


@pytest.mark.parametrize("name", sorted(FEEDS))
def test_a_feed_is_known_by_its_names(name: str) -> None:
    assert sniff(lines(FEEDS[name])) == name
    assert name in DIALECTS


@pytest.mark.parametrize("name", sorted(FEEDS))
def test_a_position_and_the_ship_are_read_from_every_feed(name: str) -> None:
    positions, statics, _ = read(lines(FEEDS[name]))
    assert_first_position({**positions[0], "sub_ms": None})
    assert_ship(statics[0])
    assert statics[0]["to_bow"] + statics[0]["to_stern"] == 120
    assert statics[0]["to_port"] + statics[0]["to_starboard"] == 20


def test_aisstream_messages() -> None:
    positions, statics, counts = read(lines(AISSTREAM))
    assert counts == Counts(9, 6, {"other_type": 1, "not_ais": 1, "bad_json_row": 1})
    assert [row["msg_type"] for row in positions] == [1, 21, 27, 4]
    assert positions[0]["sub_ms"] == 318
    assert [row["ais_class"] for row in positions] == [0, AIS_CLASSES.index("aton"), None, AIS_CLASSES.index("base")]
    assert (positions[2]["sog"], positions[2]["cog"], positions[3]["lat"]) == (None, None, None)
    assert (statics[1]["callsign"], statics[1]["ship_type"], statics[1]["to_bow"]) == ("HSBB", 36, 6)
    assert (statics[2]["name"], statics[2]["ship_type"]) == ("A NAME OF TWENTY LETTERS", None)


def test_digitraffic_as_features_metadata_and_mqtt() -> None:
    positions, statics, counts = read(lines(DIGITRAFFIC))
    assert counts == Counts(3, 3, {})
    for row in positions:
        assert_first_position(row)
    assert statics[0]["t"] == MAY + 1


def test_signal_k_is_in_metres_and_radians() -> None:
    positions, statics, counts = read(lines(SIGNAL_K))
    assert counts == Counts(5, 3, {"not_ais": 2})
    assert positions[0]["ais_class"] == 0
    assert (positions[1]["lat"], positions[1]["cog"], positions[1]["heading"]) == (None, 0, None)
    assert len(statics) == 1


def test_a_signal_k_line_of_two_updates_is_one_line() -> None:
    one = delta(0, ("navigation.position", {"longitude": 100.5, "latitude": 13.25}))
    both = {**one, "updates": one["updates"] * 2}
    positions, _, counts = read(lines([both]))
    assert (len(positions), counts) == (2, Counts(1, 1, {}))


def test_gpsd_in_both_scales() -> None:
    positions, statics, counts = read(lines(GPSD))
    assert counts == Counts(11, 8, {"not_ais": 2, "other_type": 1})
    for row in positions[:2]:
        assert_first_position(row)
        assert row["time_source"] == TIME_SOURCES.index("receiver")
    for row in statics:
        assert_ship(row)
    blank, fast, far, air = positions[2:]
    assert [blank[name] for name in ("lat", "lon", "sog", "cog", "heading")] == [None] * 5
    assert (fast["sog"], fast["heading"]) == (1022, 0)
    assert (far["lat"], far["lon"], far["sog"], far["cog"]) == (7_950_000, 60_300_000, 100, 900)
    assert (air["sog"], air["cog"], air["ais_class"]) == (1020, 901, AIS_CLASSES.index("sar"))


def test_gpsd_without_a_clock_has_no_time() -> None:
    (row,), _, _ = read(lines(GPSD[2:3]))
    assert (row["t"], row["flags"]) == (0, Flag.NO_TIME)
    (row,), _, _ = read(lines(GPSD[2:3]), default_t=MAY + 0.5)
    assert (row["t"], row["sub_ms"], row["flags"], row["lag_s"]) == (MAY, 500, 0, None)


def test_an_absent_key_of_aiscatcher_is_not_available() -> None:
    positions, _, counts = read(lines(CATCHER), default_t=MAY + 10.25)
    assert counts == Counts(3, 3, {})
    assert (positions[0]["sub_ms"], positions[0]["lag_s"]) == (250, 10)
    assert positions[1]["t"] == MAY + 1
    assert [positions[1][name] for name in ("lat", "lon", "sog", "cog", "heading", "nav_status")] == [None] * 6


def test_both_scales_of_aishub_in_one_stream() -> None:
    positions, statics, counts = read(lines([AISHUB_CODED, AISHUB_HUMAN, {**AISHUB_CODED, "LATITUDE": 13.25}]))
    assert counts == Counts(3, 2, {"bad_position": 1})
    for row in positions:
        assert_first_position(row)
    assert len(statics) == 1
    (row,), _, _ = read(lines([{**AISHUB_CODED, "TIME": MAY}]))
    assert_first_position(row)


DOCUMENTS: dict[str, tuple[Any, int]] = {
    "aishub": ([{"ERROR": False, "USERNAME": "X", "FORMAT": "HUMAN", "RECORDS": 2}, [AISHUB_HUMAN, AISHUB_CODED]], 2),
    "digitraffic": ({"type": "FeatureCollection", "dataUpdatedTime": "x", "features": [FEATURE]}, 1),
    "metadata": ([METADATA], 0),
    "spire": ({"paging": {"total": 2}, "data": SPIRE}, 1),
    "aiscatcher": ({"protocol": "jsonaiscatcher", "encodetime": "20210503000000", "msgs": CATCHER}, 2),
    "one object": (AISHUB_HUMAN, 1),
}


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
@pytest.mark.parametrize("indent", [None, 2])
def test_a_document_is_read_like_its_lines(name: str, indent: int | None) -> None:
    document, wanted = DOCUMENTS[name]
    positions, _, counts = read(json.dumps(document, indent=indent).encode(), (3, 40))
    assert len(positions) == wanted
    assert set(counts.dropped) <= {"header"}
    for row in positions[:1]:
        assert_first_position({**row, "sub_ms": None})


def test_a_document_longer_than_the_look_is_read() -> None:
    features = {"type": "FeatureCollection", "features": [FEATURE] * 1000}
    assert read(json.dumps(features).encode(), (70_000, 200_000))[2] == Counts(1001, 1000, {"header": 1})


def test_a_forced_dialect_may_be_a_document_or_lines() -> None:
    for data in (lines([FEATURE]), json.dumps({"features": [FEATURE]}).encode(), json.dumps([FEATURE]).encode()):
        decoder = Decoder(Options("x"), "digitraffic_json")
        batches = [*decoder.feed(data), *decoder.finish()]
        assert sum(batch.counts.kept for batch in batches) == 1


def test_a_document_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ais_detect, "DOCUMENT_LIMIT", 1 << 20)
    with pytest.raises(FormatError, match="longer than 1 MB"):
        read(b"[" + b" " * (1 << 21), tuple(range(0, 1 << 21, 1 << 19)))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'[{"ERROR":true,"ERROR_MESSAGE":"Too frequent requests!"}]', "Names read: ERROR, ERROR_MESSAGE"),
        (b"[1, 2]", "no list of objects"),
        (b"[" * 100_000, "not whole"),
        (b'{"features": ' + b"[" * 70_000, "not whole"),
        (b'{"features": [', "not whole"),
        (b'{"a": 1,\n "b": 2}', "Names read: a, b"),
    ],
)
def test_a_document_of_something_else_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        read(data)


def test_an_answer_without_vessels_is_no_rows() -> None:
    assert read(b'{"type": "FeatureCollection", "features": []}')[2] == Counts(1, 0, {"header": 1})
    assert read(b"[]")[2] == Counts()


def test_a_stream_may_be_joined_in_the_middle_of_a_line() -> None:
    data = lines([FEATURE] * 3)
    assert read(data[50:])[2] == Counts(3, 2, {"bad_json_row": 1})


def test_a_thai_year_is_flagged_and_never_converted() -> None:
    for name in ("aisstream_json", "signalk_json", "spire_json", "aishub_json"):
        text = lines(FEEDS[name][:1]).replace(b'"2021-05-03', b'"2564-05-03')
        (row,), _, _ = read(text)
        assert row["flags"] & 36 == Flag.BUDDHIST_ERA | Flag.FUTURE_TIME


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(FEEDS)), st.data())
def test_a_feed_may_be_cut_anywhere(name: str, data: st.DataObject) -> None:
    text = lines(FEEDS[name])
    cuts = tuple(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    assert read(text, cuts) == read(text)


_SMALL = b'\x00\n\r",;\xff0123456789-.:[]{}tnEe\\ A'


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(FEEDS)), st.data())
def test_mutated_feeds_never_fail_but_by_name(name: str, data: st.DataObject) -> None:
    text = bytearray(lines(FEEDS[name]))
    for _ in range(data.draw(st.integers(1, 12))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.sampled_from(_SMALL))
    try:
        counts = read(bytes(text))[2]
    except FormatError:
        return
    assert counts.lines == len(bytes(text).removesuffix(b"\n").split(b"\n"))


_VALUE = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
        st.sampled_from([10**400, -(10**30), "1e400", "nan", "91", "2021-13-45T99:99:99Z", "9" * 40, 1e300]),
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)  # fmt: skip


def _paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([at] if at else []), *(path for key, item in inner for path in _paths(item, (*at, key)))]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(FEEDS)), st.data())
def test_any_value_under_any_name_is_kept_or_named(name: str, data: st.DataObject) -> None:
    objects = json.loads(json.dumps(FEEDS[name]))
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(_paths(objects[data.draw(st.integers(0, len(objects) - 1))])))
        for one in objects:
            _put(one, path, data.draw(_VALUE))
    assert read(lines([FEEDS[name][-1 if name == "gpsd_json" else 0], *objects]))[2].lines == len(objects) + 1


def _put(one: Any, path: tuple[Any, ...], value: Any) -> None:
    try:
        for key in path[:-1]:
            one = one[key]
        one[path[-1]] = value
    except (KeyError, IndexError, TypeError):
        return


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=200), st.sampled_from([b"[", b'{"features":[', b'{"data":[{"mmsi":1,"timestamp":1},', b"{\n"])
)
def test_random_documents_never_fail_but_by_name(noise: bytes, head: bytes) -> None:
    try:
        read(head + noise)
    except FormatError:
        return


def test_long_lines_do_not_disturb_their_neighbours() -> None:
    for objects in FEEDS.values():
        whole = read(lines(objects))[2]
        for length in (16_000, 17_000, 200_000):
            wide = json.dumps({**objects[0], "remark": "x" * length}).encode() + b"\n"
            counts = read(lines(objects) + wide + lines(objects))[2]
            assert counts.lines == 2 * whole.lines + 1
            assert counts.kept - 2 * whole.kept in (0, 1)


def test_names_spelled_in_many_ways_are_read_and_do_not_pile_up() -> None:
    spelled = [
        {"M" + "_" * (at % 40) + "MSI": 567000001, "timestamp": MAY, "Lat": at / 100, "LON": 1} for at in range(90)
    ]
    counts = read(lines([{"mmsi": 567000001, "timestamp": MAY}, *spelled]))[2]
    assert counts.lines == 91
    assert counts.kept >= 8


def test_places_are_exact() -> None:
    (row,), _, _ = read(lines([FEATURE]))
    assert row["lat"] == 13.25 * UNITS_PER_DEGREE
