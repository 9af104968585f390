"""Tables of known sources. The rows are written by hand from the documented lists of fields; none is real traffic."""

from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.errors import FormatError
from prasan.formats.ais_batch import Counts, Options, add_counts
from prasan.formats.ais_detect import Decoder, sniff
from prasan.picture.position import AIS_CLASSES, POSITIONS, STATICS, UNITS_PER_DEGREE, Flag

Rows = list[dict[str, Any]]
MAY = 1_620_000_000  # 2021-05-03T00:00:00Z

NOAA_NEW = """\
mmsi,base_date_time,longitude,latitude,sog,cog,heading,vessel_name,imo,call_sign,vessel_type,status,length,width,draft,cargo,transceiver
567000001,2021-05-03 00:00:00,100.5,13.25,10.2,90.1,91,SIAM ONE,IMO9074729,HSAA,70,0,120,20,5.6,70,A
567000002,2021-05-03 00:00:01,100.6,13.35,,,,,,,,,,,,,B
"""
DMA = """\
# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,Heading,IMO,Callsign,Name,Ship type,Cargo type,Width,Length,Type of position fixing device,Draught,Destination,ETA,Data source type,A,B,C,D
03/05/2021 00:00:00,Class A,567000001,13.25,100.5,Under way using engine,0.0,10.2,90.1,91,9074729,HSAA,SIAM ONE,Cargo,,20,120,GPS,5.6,BANGKOK,05/06/2021 07:30:00,AIS,100,20,8,12
03/05/2021 00:00:01,Base Station,5670000,13.3,100.4,Unknown value,,,,,Unknown,Unknown,,Undefined,,,,GPS,,Unknown,,AIS,,,,
03/05/2021 00:00:02,AtoN,995670001,13.4,100.3,Unknown value,,,,,Unknown,Unknown,BUOY 1,Undefined,,2,2,Surveyed,,Unknown,,AIS,1,1,1,1
03/05/2021 00:00:03,Class B,567000003,91.0,181.0,Unknown value,,,,,Unknown,Unknown,,Sailing,,4,12,Undefined,,Unknown,,AIS,,,,
03/05/2021 00:00:04,SAR Airborne,111567001,13.5,100.2,Unknown value,,102.3,360.0,511,Unknown,Unknown,,Undefined,,,,GPS,,Unknown,,AIS,,,,
31/02/2021 00:00:04,Class A,567000001,13.25,100.5,Moored,,,,,,,,,,,,,,,,AIS,,,,
"""  # noqa: E501
AISHUB_HEAD = (
    "MMSI,TIME,LONGITUDE,LATITUDE,COG,SOG,HEADING,ROT,NAVSTAT,IMO,NAME,CALLSIGN,TYPE,A,B,C,D,DRAUGHT,DEST,ETA\n"
)
AISHUB = (
    AISHUB_HEAD
    + "567000001,2021-05-03 00:00:00 GMT,100.5,13.25,90.1,10.2,91,0,0,9074729,SIAM ONE,HSAA,70,100,20,8,12,5.6,BANGKOK,06-05 07:30\n"  # noqa: E501
    + "567000001,1620000000,60300000,7950000,901,102,91,0,0,9074729,SIAM ONE,HSAA,70,100,20,8,12,56,BANGKOK,403934\n"
)
SPIRE = """\
msg_type,mmsi,timestamp,created_at,accuracy,course,heading,latitude,longitude,maneuver,rot,speed,status,collection_type,ais_version,call_sign,destination,draught,eta,imo,length,name,ship_and_cargo_type,width
1,567000001,2021-05-03T00:00:00Z,2021-05-03T00:00:09Z,1,90.1,91,13.25,100.5,0,0,10.2,0,satellite,,,,,,,,,,
5,567000001,2021-05-03T00:00:01Z,2021-05-03T00:00:09Z,,,,,,,,,,terrestrial,1,HSAA,BANGKOK,56,2021-06-05T07:30:00Z,9074729,120,SIAM ONE,70,20
8,567000001,2021-05-03T00:00:02Z,2021-05-03T00:00:09Z,,,,,,,,,,terrestrial,,,,,,,,,,
"""  # noqa: E501
EXACT_LINE = (
    "MMSI,Message_ID,Repeat_indicator,Time,Millisecond,Region,Country,Base_station,Vessel_Name,Call_sign,IMO,Ship_Type,"
    "Dimension_to_Bow,Dimension_to_stern,Dimension_to_port,Dimension_to_starboard,Draught,Destination,AIS_version,"
    "Navigational_status,ROT,SOG,Accuracy,Longitude,Latitude,COG,Heading,ETA_month,ETA_day,ETA_hour,ETA_minute"
)
EXACT_NAMES = EXACT_LINE.split(",")


def exact(**values: str) -> str:
    return ",".join(f'"{values.get(name, "None")}"' for name in EXACT_NAMES) + "\n"


EXACT_HEAD = ",".join(f'"{name}"' for name in EXACT_NAMES) + "\n"
EXACT = (
    EXACT_HEAD
    + exact(
        MMSI="567000001", Message_ID="1", Time="20210503_000000", Millisecond="250", Base_station="R1", SOG="10.2",
        COG="90.1", Heading="91", Longitude="100.5", Latitude="13.25", Navigational_status="0",
    )
    + exact(
        MMSI="567000001", Message_ID="5", Time="20210503_000001", Vessel_Name="SIAM, ONE", Call_sign="HSAA",
        IMO="9074729", Ship_Type="70", Dimension_to_Bow="100", Dimension_to_stern="20", Dimension_to_port="8",
        Dimension_to_starboard="12", Draught="5.6", Destination="BANGKOK", ETA_month="6", ETA_day="5", ETA_hour="7",
        ETA_minute="30",
    )
    + exact(MMSI="567000001", Message_ID="24", Time="20210503_000002", Vessel_Name='THE ""TWO""')
)  # fmt: skip
TABLES = {
    "noaa_csv": NOAA_NEW, "dma_csv": DMA, "aishub_csv": AISHUB, "spire_csv": SPIRE, "exactearth_csv": EXACT,
}  # fmt: skip


def read(text: str | bytes, cuts: tuple[int, ...] = (), **options: Any) -> tuple[Rows, Rows, Counts]:
    data = text.encode() if isinstance(text, str) else text
    decoder = Decoder(Options("x", **options))
    batches = [b for start, end in pairwise([0, *sorted(cuts), len(data)]) for b in decoder.feed(data[start:end])]
    batches += decoder.finish()
    counts = add_counts(b.counts for b in batches)
    assert counts.adds_up
    positions = pa.Table.from_batches([b.positions for b in batches], POSITIONS).to_pylist()
    return positions, pa.Table.from_batches([b.statics for b in batches], STATICS).to_pylist(), counts


def assert_first_position(row: dict[str, Any], ms: int = MAY * 1000) -> None:
    assert row["t"] * 1000 + (row["sub_ms"] or 0) == ms
    assert (row["mmsi"], row["lat"], row["lon"]) == (567000001, 13.25 * UNITS_PER_DEGREE, 100.5 * UNITS_PER_DEGREE)
    assert (row["sog"], row["cog"], row["heading"], row["nav_status"]) == (102, 901, 91, 0)


def assert_ship(static: dict[str, Any], name: str = "SIAM ONE") -> None:
    wanted = {
        "mmsi": 567000001, "imo": 9074729, "name": name, "callsign": "HSAA", "ship_type": 70, "draught": 56,
        "destination": "BANGKOK", "eta": "06-05T07:30",
    }  # fmt: skip
    assert {key: static[key] for key in wanted} == wanted


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_table_is_known_by_its_header(name: str) -> None:
    assert sniff(TABLES[name].encode()) == name
    decoder = Decoder(Options("x"))
    decoder.feed(TABLES[name].encode())
    assert decoder.dialect == name


def test_the_new_noaa_layout_has_the_longitude_first() -> None:
    positions, (static,), counts = read(NOAA_NEW)
    assert_first_position(positions[0])
    assert [row["ais_class"] for row in positions] == [AIS_CLASSES.index("A"), AIS_CLASSES.index("B")]
    assert (positions[1]["sog"], positions[1]["cog"], positions[1]["heading"]) == (None, None, None)
    assert (static["imo"], static["ship_type"], static["draught"], static["to_stern"]) == (9074729, 70, 56, 120)
    assert counts == Counts(3, 2, {"header": 1})


def test_dma_words_become_codes() -> None:
    positions, statics, counts = read(DMA)
    assert counts == Counts(7, 5, {"header": 1, "bad_time": 1})
    assert_first_position(positions[0])
    assert [AIS_CLASSES[row["ais_class"]] for row in positions] == ["A", "base", "aton", "B", "sar"]
    assert [row["nav_status"] for row in positions] == [0, None, None, None, None]
    assert (positions[3]["lat"], positions[3]["lon"]) == (None, None)
    assert (positions[4]["sog"], positions[4]["cog"], positions[4]["heading"]) == (None, None, None)
    assert_ship(statics[0])
    assert [(row["mmsi"], row["name"], row["ship_type"]) for row in statics[1:]] == [
        (995670001, "BUOY 1", None), (567000003, None, 36),
    ]  # fmt: skip
    assert (statics[2]["to_bow"], statics[2]["to_stern"], statics[2]["callsign"]) == (0, 12, None)


def test_an_older_dma_table_has_no_antenna() -> None:
    lines = [line.rsplit(",", 4)[0] for line in DMA.splitlines()[:2]]
    _, (static,), _ = read("\n".join(lines))
    assert (static["to_bow"], static["to_stern"], static["to_port"], static["to_starboard"]) == (0, 120, 0, 20)


def test_both_scales_of_aishub_say_the_same() -> None:
    positions, statics, _ = read(AISHUB)
    assert len(positions) == 2
    for row in positions:
        assert_first_position(row)
    (static,) = statics  # the second says nothing new
    assert_ship(static)
    assert (static["to_bow"], static["to_starboard"]) == (100, 12)


@pytest.mark.parametrize(
    "start",
    [
        "567000001,1620000000,100.5,13.25,901,102",  # a time of integers beside places of people
        "567000001,1620000000,60300000,7950000.5,901,102",
        "567000001,2021-05-03 00:00:00 GMT,60300000,7950000,90.1,10.2",
    ],
)
def test_an_aishub_row_of_neither_scale_is_not_guessed_at(start: str) -> None:
    _, _, counts = read(AISHUB + start + ",91,0,0,0,,,0,0,0,0,0,0,,\n")
    assert counts == Counts(4, 2, {"header": 1, "bad_position": 1})


def test_an_aishub_row_of_zeros_says_nothing_of_the_ship() -> None:
    positions, statics, _ = read(
        AISHUB_HEAD + "567000001,1620000000,108600000,54600000,3600,1023,511,0,15,0,,,0,0,0,0,0,0,,0\n"
    )
    assert [(row["lat"], row["lon"], row["sog"], row["cog"], row["heading"]) for row in positions] == [(None,) * 5]
    assert statics == []


def test_spire_messages_are_positions_or_statics() -> None:
    positions, statics, counts = read(SPIRE)
    assert counts == Counts(4, 2, {"header": 1, "other_type": 1})
    assert_first_position(positions[0])
    assert (positions[0]["station"], positions[0]["msg_type"], positions[0]["ais_class"]) == ("satellite", 1, 0)
    (static,) = statics
    assert_ship(static)
    assert static["t"] == MAY + 1


def test_exactearth_rows_are_quoted_and_mixed() -> None:
    positions, statics, counts = read(EXACT)
    assert counts == Counts(4, 3, {"header": 1})
    (row,) = positions
    assert_first_position(row, MAY * 1000 + 250)
    assert (row["station"], row["msg_type"]) == ("R1", 1)
    assert_ship(statics[0], "SIAM, ONE")
    assert (statics[0]["t"], statics[1]["name"]) == (MAY + 1, 'THE "TWO"')


@pytest.mark.parametrize("year", [2400, 2564, 2699])
def test_a_thai_year_is_flagged_and_never_converted(year: int) -> None:
    for text in (NOAA_NEW, DMA, AISHUB.replace("1620000000", "2021-05-03 00:00:00"), SPIRE, EXACT):
        positions, statics, _ = read(text.replace("2021", str(year)))
        assert positions
        assert all(row["flags"] & (Flag.BUDDHIST_ERA | Flag.FUTURE_TIME) == 36 for row in positions + statics)
        assert all(row["t"] > 13_569_000_000 for row in positions + statics)


def test_an_unknown_header_is_refused_with_its_names() -> None:
    with pytest.raises(FormatError, match="Columns read: vessel, when, where_lat, where_lon") as caught:
        read("vessel,when,where_lat,where_lon\n1,2,3,4\n")
    assert "mmsi: mmsi or ssvid" in caught.value.remedy


def test_a_dialect_can_be_forced() -> None:
    decoder = Decoder(Options("x"), "dma_csv")
    batches = [*decoder.feed(DMA.encode()), *decoder.finish()]
    assert add_counts(batch.counts for batch in batches).kept == 5
    with pytest.raises(FormatError, match="no column"):
        Decoder(Options("x"), "exactearth_csv").feed(SPIRE.encode())


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(TABLES)), st.data())
def test_a_table_may_be_cut_anywhere(name: str, data: st.DataObject) -> None:
    text = TABLES[name].encode()
    cuts = tuple(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    assert read(text, cuts) == read(text)


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(sorted(TABLES)), st.data())
def test_mutated_tables_never_fail_but_by_name(name: str, data: st.DataObject) -> None:
    text = bytearray(TABLES[name].encode())
    for _ in range(data.draw(st.integers(1, 10))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.sampled_from(b'\x00\n\r",;\xff0123456789-.:@ A'))
    try:
        counts = read(bytes(text))[2]
    except FormatError:
        return
    assert counts.lines == len(bytes(text).removesuffix(b"\n").split(b"\n"))


_FIELD = st.one_of(
    st.sampled_from(
        ["", "None", "Unknown", "91", "1e400", "-0", "inf", "nan", "9" * 30, "20210503_000000", "07-10 25:00"]
    ),
    st.text(max_size=8),
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(TABLES)), st.data())
def test_any_text_in_the_fields_is_kept_or_named(name: str, data: st.DataObject) -> None:
    head, row = TABLES[name].splitlines()[:2]
    values = [data.draw(_FIELD).replace(",", "").replace("\n", "") for _ in row.split(",")]
    mixed = [value if data.draw(st.booleans()) else old for value, old in zip(values, row.split(","), strict=True)]
    text = f"{head}\n{','.join(mixed)}\n{row}\n".encode("utf-8", "replace")
    assert read(text)[2].lines == 3


def test_a_line_of_sixteen_kilobytes_does_not_disturb_its_neighbours() -> None:
    for text in TABLES.values():
        whole = read(text)[2]
        for length in (16_000, 17_000, 200_000):
            counts = read(text + "x" * length + "\n" + text.splitlines()[1] + "\n")[2]
            assert counts.lines == whole.lines + 2
            assert counts.kept >= whole.kept


def test_a_feed_that_repeats_itself_adds_up() -> None:
    for text in TABLES.values():
        once, often = read(text), read(text + text.split("\n", 1)[1] * 4)
        assert often[2].kept == 5 * once[2].kept
        assert len(often[0]) == 5 * len(once[0])
