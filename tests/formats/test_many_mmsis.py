"""More MMSIs and more open messages than any sea holds: what a decoder carries stays small, and lines are counted."""

import pytest

from prasan.formats import ais_news, nmea
from prasan.formats.ais_batch import Options, add_counts
from prasan.formats.ais_csv import CsvState, decode_csv, finish_csv
from prasan.formats.nmea_assembly import CROWD, REACH
from prasan.formats.nmea_encode import checksum

ARMOUR = "".join(chr(48 + n if n < 40 else 56 + n) for n in range(64))


def sentence(body: str) -> bytes:
    return f"!{body}*{checksum(body)}\n".encode()


def report(mmsi: int) -> bytes:
    """Message 1 of an MMSI; all else is zero."""
    bits = f"{1:06b}00{mmsi:030b}".ljust(168, "0")
    payload = "".join(ARMOUR[int(bits[at : at + 6], 2)] for at in range(0, 168, 6))
    return sentence(f"AIVDM,1,1,,A,{payload},0")


def test_what_waits_does_not_grow_with_the_number_of_mmsis() -> None:
    text = b"".join(report(201_000_000 + n) for n in range(4_000))
    many, batches = nmea.decode(nmea.DecoderState(), text, Options("x", default_t=1.0))
    assert sum(batch.positions["mmsi"].unique().to_numpy().size for batch in batches) == 4_000
    assert add_counts(batch.counts for batch in batches).kept == 4_000
    one, _ = nmea.decode(nmea.DecoderState(), report(1) * 4_000, Options("x", default_t=1.0))
    assert (len(many.clock), len(many.waiting.parts)) == (len(one.clock), len(one.waiting.parts))


def test_messages_that_are_never_ended_wait_within_reach_and_are_counted() -> None:
    beginnings = [sentence(f"AIVDM,2,1,{n % 10},{'AB'[n // 10 % 2]},5{n % 10}@nkv@00000uHT,0") for n in range(20)]
    stations = [f"\\s:st{n}*{checksum(f's:st{n}')}\\".encode() for n in range(3_000)]
    text = b"".join(station + begin for station in stations for begin in beginnings[:10])
    state, batches = nmea.decode(nmea.DecoderState(), text, Options("x"))
    assert len(state.waiting.parts) <= REACH
    assert len(state.waiting.crowds) <= CROWD
    last = nmea.finish(state, Options("x"))
    counts = add_counts([*(batch.counts for batch in batches), last.counts])
    assert (counts.lines, counts.dropped) == (30_000, {"fragment_missing": 30_000})


def test_what_tables_remember_of_ships_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ais_news, "MEMORY", 1_000)
    state, told, kept = CsvState(), 0, 0
    lines = [f"{201_000_000 + n},{1_620_000_000 + n},13.5,100.5,SHIP {n}\n" for n in range(20_000)]
    for at in range(0, 20_000, 500):
        head = "mmsi,t,lat,lon,name\n" if at == 0 else ""
        state, batches = decode_csv(state, (head + "".join(lines[at : at + 500])).encode(), Options("x"))
        told += sum(batch.statics.num_rows for batch in batches)
        kept += sum(batch.counts.kept for batch in batches)
        assert len(state.said.mmsi) <= 1_500
    kept += finish_csv(state, Options("x")).counts.kept
    assert (told, kept) == (20_000, 20_000)
