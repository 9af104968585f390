import gzip
import re
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pyais
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.formats import nmea
from prasan.formats.ais_batch import Batch, Counts, Options, add_counts
from prasan.formats.ais_detect import sniff
from prasan.formats.nmea_encode import checksum
from prasan.picture.position import POSITIONS, STATICS, UNITS_PER_DEGREE, Flag


def shipped(name: str) -> bytes:
    return gzip.decompress(files("prasan").joinpath("data", "ais", name).read_bytes())


AMSA = shipped("amsa_stream.nmea.gz")
DMA = shipped("dma_2010-06-11_stream.nmea.gz")
FIVE = (
    b"!BSVDM,2,1,6,A,53@nkv@00000uHT:3:1<d5LhTpf0V2222222220l0P83240006DjhEp88888,0*07",
    b"!BSVDM,2,2,6,A,88888888880,2*3B",
)
OTHER_FIVE = (
    b"!BYVDM,2,1,4,A,53UhmH02?A2M=H5?R20lTp@u8v2222222222221@HpeAI4B@0RlkmE25,0*5B",
    b"!BYVDM,2,2,4,A,kk1888888888880,2*3A",
)
ONE = b"!AIVDM,1,1,,B,15@:Ip002k3Dr;`78KwapWp@0H5b,0*0F"


def sentence(
    payload: str, fill: int = 0, *, total: int = 1, number: int = 1, seq: str = "", channel: str = "A"
) -> bytes:
    body = f"AIVDM,{total},{number},{seq},{channel},{payload},{fill}"
    return f"!{body}*{checksum(body)}".encode()


def read(
    data: bytes, cuts: tuple[int, ...] = (), **options: object
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], Counts]:
    state, batches, opts = nmea.DecoderState(), [], Options("x", **options)  # type: ignore[arg-type]
    edges = [0, *sorted(cuts), len(data)]
    for start, end in pairwise(edges):
        state, more = nmea.decode(state, data[start:end], opts)
        batches += more
    return rows_of([*batches, nmea.finish(state, opts)])


def rows_of(batches: list[Batch]) -> tuple[list[dict[str, Any]], list[dict[str, Any]], Counts]:
    positions = pa.Table.from_batches([b.positions for b in batches], POSITIONS).to_pylist()
    statics = pa.Table.from_batches([b.statics for b in batches], STATICS).to_pylist()
    counts = add_counts(b.counts for b in batches)
    assert counts.adds_up
    return positions, statics, counts


def outcome(*lines: bytes) -> dict[str, int]:
    counts = read(b"\n".join(lines) + b"\n")[2]
    return {**counts.dropped, **({"kept": counts.kept} if counts.kept else {})}


@pytest.mark.parametrize("data", [AMSA, DMA])
def test_every_line_of_real_data_is_accounted_for(data: bytes) -> None:
    assert read(data)[2].lines == data.count(b"\n")


@pytest.mark.parametrize("data", [AMSA, DMA])
def test_positions_equal_another_decoder(data: bytes) -> None:
    lines = re.findall(rb"![A-Z=-]{2}VD[MO],1,1,[^,]*,[^,]*,[123B][^\r\n!]*\*[0-9A-F]{2}", data)
    lines = [line for line in lines if checksum(line[1:-3].decode()) == line[-2:].decode()][:2000]
    positions = read(b"\n".join(lines) + b"\n")[0]
    wanted: list[Any] = [pyais.decode(line) for line in lines]
    assert len(positions) == len(wanted)
    for row, want in zip(positions, wanted, strict=True):
        assert (row["mmsi"], row["msg_type"]) == (want.mmsi, want.msg_type)
        assert row["sog"] == (None if want.speed >= 102.3 else round(want.speed * 10))
        assert row["cog"] == (None if want.course >= 360 else round(want.course * 10))
        assert row["heading"] == (None if want.heading == 511 else want.heading)
        if row["lat"] is None:
            assert want.lat == 91 or want.lon == 181
        else:  # pyais rounds to 6 decimals, which is coarser than 1/10000 minute
            assert abs(row["lat"] - want.lat * UNITS_PER_DEGREE) < 0.5
            assert abs(row["lon"] - want.lon * UNITS_PER_DEGREE) < 0.5


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10), st.data())
def test_a_stream_may_be_cut_anywhere(which: int, data: st.DataObject) -> None:
    start = which * 40_000
    text = DMA[start : start + 12_000]
    cuts = tuple(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    assert read(text, cuts) == read(text)


def tagged(tag: str, line: bytes) -> bytes:
    return f"\\{tag}*{checksum(tag)}\\".encode() + line


_PARTS = st.sampled_from(
    [
        *FIVE, *OTHER_FIVE, ONE, b"$BSALR,junk", b"", tagged("s:north,c:1276256770", FIVE[0]),
        tagged("s:south,c:1276256770", OTHER_FIVE[0]), tagged("g:2-2-7", FIVE[1]), tagged("g:1-2-7,s:x,c:900", FIVE[0]),
    ]
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.lists(_PARTS, max_size=14), st.integers(1, 40))
def test_parts_in_any_order_cut_anywhere_give_one_account(lines: list[bytes], step: int) -> None:
    text = b"".join(line + b"\n" for line in lines)
    assert read(text, tuple(range(step, len(text), step))) == read(text)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 400))
def test_random_bytes_never_fail_and_add_up(noise: bytes, cut: int) -> None:
    counts = read(noise, (min(cut, len(noise)),))[2]
    assert counts.lines == len(noise.removesuffix(b"\n").split(b"\n")) if noise else counts.lines == 0


_REAL = st.sampled_from([*AMSA[:40_000].splitlines(), *FIVE, *DMA[:20_000].splitlines()])


@settings(max_examples=80, deadline=None)
@given(st.lists(_REAL, min_size=1, max_size=8), st.data())
def test_mutated_real_lines_never_fail_and_add_up(lines: list[bytes], data: st.DataObject) -> None:
    text = bytearray(b"\n".join(lines) + b"\n")
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at] = data.draw(st.integers(0, 255))
    positions, statics, counts = read(bytes(text))
    assert len(positions) + len(statics) <= 2 * counts.lines


def test_two_messages_interleaved_are_both_read_and_never_spliced() -> None:
    whole = read(b"\n".join((*FIVE, *OTHER_FIVE)))[1]
    mixed = read(b"\n".join((FIVE[0], OTHER_FIVE[0], ONE, FIVE[1], OTHER_FIVE[1])))[1]
    assert [row["name"] for row in mixed] == [row["name"] for row in whole]
    assert outcome(FIVE[0], OTHER_FIVE[1]) == {"fragment_missing": 2}


def spoken_by(line: bytes, talker: str) -> bytes:
    """The sentence under another talker."""
    body = talker + line.decode()[3:].split("*")[0]
    return f"!{body}*{checksum(body)}".encode()


def two_parts(mmsi: int, name: str) -> tuple[bytes, bytes]:
    """A static report of a ship, cut in two like on the air."""
    said: dict[str, Any] = {"type": 5, "mmsi": mmsi, "shipname": name, "destination": f"FOLLOWS THE {name}"}
    first, second = pyais.encode_dict(said, seq_id=4)
    return first.encode(), second.encode()


_SHIPS = {f"SHIP {at}": two_parts(567_000_000 + at, f"SHIP {at}") for at in range(4)}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(_SHIPS)), st.integers(0, 1)), max_size=9), st.integers(1, 200))
def test_neighbouring_messages_under_one_number_are_never_spliced(heard: list[tuple[str, int]], step: int) -> None:
    # A ship's second part with nothing of its own before it, behind another's first part, cannot be told from that
    # one's second; so the parts come as they do in life: each second part has its first one before it.
    begun: set[str] = set()
    lines = []
    for name, part in heard:
        if part and name not in begun:
            continue
        begun = begun - {name} if part else begun | {name}
        lines.append(_SHIPS[name][part])
    text = b"".join(line + b"\n" for line in lines)
    for cuts in ((), tuple(range(step, len(text), step))):
        _, statics, counts = read(text, cuts)
        for row in statics:
            assert row["name"] == f"SHIP {row['mmsi'] - 567_000_000}"
            assert row["destination"] == f"FOLLOWS THE {row['name']}"[:20]  # its last letters are in the second part
        assert counts.lines == len(lines)


def test_two_stations_that_hear_one_ship_do_not_disturb_each_other() -> None:
    assert outcome(FIVE[0], FIVE[0], FIVE[1], FIVE[1]) == {"kept": 2, "fragment_missing": 2}


def test_parts_that_come_in_the_wrong_order_are_named() -> None:
    assert outcome(FIVE[1], FIVE[0]) == {"fragment_order": 2}
    assert outcome(FIVE[1]) == {"fragment_missing": 1}
    assert outcome(FIVE[0]) == {"fragment_missing": 1}
    assert outcome(FIVE[1], *FIVE) == {"fragment_missing": 1, "kept": 2}


def test_a_part_does_not_wait_for_ever() -> None:
    filler = [b"\n".join(OTHER_FIVE)] * 501
    assert outcome(FIVE[0], *filler, FIVE[1]) == {"fragment_missing": 2, "kept": 1002}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (ONE[:-1] + b"E", "checksum"),
        (ONE[:-2] + b"zz", "checksum"),
        (ONE[:-3], "no_checksum"),
        (ONE[:30], "no_checksum"),
        (sentence("15@:Ip002k3Dr;`7"), "truncated"),
        (sentence(""), "truncated"),
        (sentence("15@:Ip002k3Dr;`78KwapWp@0H5{"), "bad_payload"),
        (sentence("t5@:Ip002k3Dr;`78KwapWp@0H5b"), "unknown_type"),
        (sentence("05@:Ip002k3Dr;`78KwapWp@0H5b"), "unknown_type"),
        (sentence(">5@:Ip002k3Dr;`78KwapWp@0H5b"), "other_type"),
        (sentence("15@:Ip002k3Dr;`78KwapWp@0H5b", 7), "bad_sentence"),
        (sentence("15@:Ip002k3Dr;`78KwapWp@0H5b", number=2), "bad_sentence"),
        (sentence("15@:Ip002k", total=2, number=1, seq="1"), "fragment_missing"),
        (ONE + ONE, "two_sentences"),
        (b"# a comment", "not_ais"),
        (b"$GPZDA,114702.51,27,01,2012,,*66", "not_ais"),
        (b"  \t", "blank"),
        ("ข้อความ".encode(), "not_ascii"),
        (ONE + b"," + b"x" * 1024, "too_long"),
    ],
)
def test_a_bad_line_is_named(line: bytes, reason: str) -> None:
    assert outcome(line, ONE) == {reason: 1, "kept": 1}


def test_a_line_that_never_ends_is_not_kept_in_memory() -> None:
    state = nmea.DecoderState()
    for _ in range(100):
        state, batches = nmea.decode(state, b"x" * 1000, Options())
        assert not batches
        assert len(state.tail.rest) <= 2024
    state, (batch,) = nmea.decode(state, b"\n" + ONE + b"\n", Options())
    assert (batch.counts.kept, batch.counts.dropped) == (1, {"too_long": 1})


def test_blanks_and_line_ends_do_not_matter() -> None:
    assert outcome(b"  " + ONE + b" \r", ONE + b"\r") == {"kept": 2}


def test_leading_text_and_a_missing_last_line_end_do_not_matter() -> None:
    positions, _, counts = read(b"2010-06-11 11:46 " + ONE)
    assert (len(positions), counts.kept) == (1, 1)


def gatehouse(check: str) -> bytes:
    body = f"PGHP,1,2010,6,11,11,46,12,470,219,,2190064,1,{check}"
    return f"${body}*{checksum(body)}".encode()


@pytest.mark.parametrize(
    ("line", "ms", "source", "station"),
    [
        (tagged("s:north,c:1276256770", ONE), 1276256770000, "tag", "north"),
        (tagged("c:1276256770123", ONE), 1276256770123, "tag", None),
        (ONE + b",1276256770", 1276256770000, "suffix", None),
        (ONE + b",1276256770500", 1276256770500, "suffix", None),
        (ONE + b",d-096,S1234,t235959.00,T59.00,r09STOL1,1272844797", 1272844797000, "suffix", "r09STOL1"),
        (gatehouse("0F") + b"\n" + ONE, 1276256772470, "tag", "2190064"),
        (tagged("s:x,c:5", b"") + b"\n" + ONE, 5000, "tag", "x"),
        (tagged("c:1276256770", ONE + b",1272844797"), 1276256770000, "tag", None),
    ],
)
def test_time_and_station(line: bytes, ms: int, source: str, station: str | None) -> None:
    (row,), _, _ = read(line + b"\n")
    assert row["t"] * 1000 + (row["sub_ms"] or 0) == ms
    assert ("message", "tag", "suffix", "receiver")[row["time_source"]] == source
    assert row["station"] == station


@pytest.mark.parametrize("talker", ["AI", "BS", "B2", "AB", "AN", "AR", "SA"])
def test_any_talker_and_the_own_ship_are_read(talker: str) -> None:
    for kind in ("VDM", "VDO"):
        body = f"{talker}{kind},1,1,,B,15@:Ip002k3Dr;`78KwapWp@0H5b,0"
        assert outcome(f"!{body}*{checksum(body)}".encode()) == {"kept": 1}


def test_kystverket_as_it_comes_over_tcp() -> None:
    """Tag blocks with station and time before !BSVDM and !B2VDM, as the Norwegian Coastal Administration sends them."""
    body = "B2VDM,1,1,,A,15@:Ip002k3Dr;`78KwapWp@0H5b,0"
    lines = [
        tagged("s:2573555,c:1707873398", spoken_by(ONE, "BS")),
        tagged("s:2573410,c:1707873399", f"!{body}*{checksum(body)}".encode()),
        tagged("g:1-2-4711,s:2573555,c:1707873400", FIVE[0]),
        tagged("g:2-2-4711", FIVE[1]),
    ]
    text = b"\r\n".join(lines) + b"\r\n"
    assert sniff(text) == "nmea"
    positions, statics, counts = read(text, default_t=1707873410.0)
    assert [(r["t"], r["station"], r["time_source"], r["lag_s"]) for r in positions] == [
        (1707873398, "2573555", 1, 12.0), (1707873399, "2573410", 1, 11.0),
    ]  # fmt: skip
    assert (statics[0]["t"], statics[0]["mmsi"]) == (1707873400, read(b"\n".join(FIVE))[1][0]["mmsi"])
    assert counts.dropped == {}


def test_a_receiver_that_sends_bare_sentences() -> None:
    """The time is that of reception and says so; a file of such sentences has none, and says that."""
    assert sniff(ONE) == "nmea"
    (row,), _, _ = read(ONE + b"\r\n", default_t=1707873398.0)
    assert (row["t"], row["time_source"], row["flags"]) == (1707873398, 3, 0)
    (row,), _, _ = read(ONE + b"\r\n")
    assert (row["t"], row["flags"]) == (0, Flag.NO_TIME)


def test_a_part_of_several_with_the_suffix_of_its_station() -> None:
    suffix = b",d-096,S1234,t235959.00,T59.00,r09STOL1,1272844797"
    other = suffix.replace(b"STOL", b"SHAL")
    assert outcome(FIVE[0] + suffix, FIVE[1] + suffix) == {"kept": 2}
    assert outcome(FIVE[0] + suffix, FIVE[1] + other) == {"fragment_missing": 2}


def test_a_gatehouse_line_gives_its_time_to_both_parts() -> None:
    total = f"{int(FIVE[0][-2:], 16) ^ int(FIVE[1][-2:], 16):02X}"
    (row,) = read(b"\n".join((gatehouse(total), *FIVE)))[1]
    assert (row["t"], row["time_source"]) == (1276256772, 1)


def test_a_tag_block_with_a_wrong_checksum_says_nothing() -> None:
    (row,), _, _ = read(b"\\c:1276256770*00\\" + ONE)
    assert row["flags"] & Flag.NO_TIME


def test_a_clock_line_of_another_sentence_is_not_used() -> None:
    (row,), _, _ = read(gatehouse("11") + b"\n" + ONE)
    assert row["flags"] & Flag.NO_TIME


def test_a_bare_sentence_takes_the_time_it_was_received() -> None:
    (row,), _, _ = read(ONE, default_t=1276256799.25)
    assert (row["t"], row["sub_ms"], row["lag_s"]) == (1276256799, 250, None)
    (row,), _, _ = read(ONE + b",1276256770", default_t=1276256772.5)
    assert (row["t"], row["lag_s"]) == (1276256770, 2.5)


def test_a_bare_sentence_takes_the_clock_of_the_stream() -> None:
    lines = [ONE, *[ONE + b",%d" % t for t in (100_000_000, 1276256770, 1276256771, 1276256772)], ONE]
    positions = read(b"\n".join(lines))[0]
    assert positions[0]["flags"] & Flag.NO_TIME
    assert positions[-1]["t"] == 1276256770  # the lower middle of the four known times


def test_amsa_rows_have_the_time_of_its_base_stations() -> None:
    positions = read(AMSA)[0]
    late = [row for row in positions if not 1327664760 <= row["t"] <= 1327665240]
    assert len(late) < 60  # the first few, before any clock, and satellite sentences two hours old


def test_the_parts_of_a_message_may_lack_what_the_first_says() -> None:
    first = tagged("g:1-2-77,s:north,c:1276256770", FIVE[0])
    for second in (FIVE[1], tagged("g:2-2-77", FIVE[1])):
        (row,) = read(first + b"\n" + second)[1]
        assert (row["t"], row["name"]) == (1276256770, read(b"\n".join(FIVE))[1][0]["name"])


def test_parts_from_two_stations_are_not_joined() -> None:
    lines = (tagged("s:north,c:1", FIVE[0]), tagged("s:south,c:1", FIVE[1]))
    assert outcome(*lines) == {"fragment_missing": 2}


def test_parts_a_minute_apart_are_not_joined() -> None:
    assert outcome(tagged("c:1000", FIVE[0]), tagged("c:1061", FIVE[1])) == {"fragment_missing": 2}
    assert outcome(tagged("c:1000", FIVE[0]), tagged("c:1060", FIVE[1])) == {"kept": 2}


def test_flags_are_kept_not_dropped() -> None:
    future = ONE + b",1276260000"
    (row,), _, _ = read(future, now=1276256770.0)
    assert row["flags"] == Flag.FUTURE_TIME
    (row,), _, _ = read(ONE + b",19276260000", now=2e10)
    assert row["flags"] == Flag.BUDDHIST_ERA | Flag.FUTURE_TIME
    (row,), _, _ = read(ONE + b",19276260000")
    assert row["flags"] == Flag.BUDDHIST_ERA | Flag.FUTURE_TIME  # whatever the clock says
    (row,), _, _ = read(ONE + b",000001000")
    assert row["flags"] == Flag.EPOCH_TIME
