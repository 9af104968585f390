"""What every fuzzed parser is held to: a name, a callable over bytes, and the folder of its kept seeds.

A target returns if the bytes were read or refused in the way that is promised, and raises anything else: an assertion
for a broken law, or whatever the parser let through. Cuts and options are drawn from the bytes themselves, so that an
input alone says all that was done with it.
"""

import atexit
import re
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa

from prasan.errors import FormatError, PrasanError
from prasan.formats.ais_batch import Batch, Counts, Options, add_counts
from prasan.formats.ais_detect import Decoder
from prasan.picture.position import POSITIONS, STATICS

SEEDS: Final = Path(__file__).parent / "seeds"
NOW: Final = 1_700_000_000.0
LAT_MOST, LON_MOST = 54_000_000, 108_000_000

Check = Callable[[bytes], None]


def scratch() -> Path:
    """A folder for files, in memory where there is room for it; it goes with the process."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class Target(NamedTuple):
    """A parser under test. `words`: pieces that a mutation may put in, because chance would not find them."""

    name: str
    check: Check
    words: tuple[bytes, ...] = ()

    def seeds(self) -> Iterator[Path]:
        """The kept inputs: made by hand, from shipped data, or found by fuzzing."""
        return (path for path in sorted((SEEDS / self.name).glob("*")) if path.is_file())


class Read(NamedTuple):
    """What a decoder gave for one way of cutting the input."""

    positions: pa.Table
    statics: pa.Table
    counts: Counts
    refused: bool


class Draw:
    """Numbers that follow from the input, so that the same bytes are always treated the same way."""

    def __init__(self, data: bytes) -> None:
        self._state = zlib.crc32(data) or 1

    def below(self, limit: int) -> int:
        """The next number, from 0 to `limit` - 1."""
        self._state = (self._state * 1_103_515_245 + 12_345) & 0x7FFFFFFF
        return (self._state >> 8) % max(limit, 1)

    def cuts(self, size: int) -> list[int]:
        """Places to cut an input at, sometimes many."""
        number = (1, 3, 6, 16)[self.below(4)]
        return sorted(self.below(size + 1) for _ in range(number))


def options_of(draw: Draw) -> Options:
    """A file, a live feed, or a file whose reading time is known."""
    kind = draw.below(3)
    return Options("feed", NOW if kind == 1 else None, NOW if kind else None)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """The input in pieces."""
    edges = [0, *cuts, len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def decode(parts: list[bytes], dialect: str | None, options: Options) -> Read:
    """All pieces through one decoder."""
    batches: list[Batch] = []
    refused = False
    try:
        decoder = Decoder(options, dialect)
        for part in parts:
            batches += decoder.feed(part)
        batches += decoder.finish()
    except FormatError as error:
        refused = told(error)
    return Read(
        _plain([batch.positions for batch in batches], POSITIONS),
        _plain([batch.statics for batch in batches], STATICS),
        add_counts(batch.counts for batch in batches),
        refused,
    )


def told(error: PrasanError) -> bool:
    """A refusal is one sentence with a remedy."""
    assert str(error)
    assert error.remedy
    return True


def _plain(batches: list[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    table = pa.Table.from_batches(batches, schema)
    names = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    for name in names:
        table = table.set_column(table.schema.get_field_index(name), name, table[name].cast(pa.string()))
    return table.combine_chunks()


def check_ais(data: bytes, dialect: str | None = None) -> Read:
    """The laws of every AIS decoder: cuts change nothing, the account adds up, values are in range."""
    draw = Draw(data)
    options = options_of(draw)
    whole = decode([data], dialect, options)
    cut = decode(pieces(data, draw.cuts(len(data))), dialect, options)
    assert whole.refused == cut.refused, "cut decides whether it is refused"
    if not whole.refused:
        assert whole.counts == cut.counts, f"{whole.counts} whole, {cut.counts} cut"
        assert whole.positions.equals(cut.positions), "rows differ when cut"
        assert whole.statics.equals(cut.statics), "static rows differ when cut"
    check_rows(whole)
    return whole


def check_rows(read: Read) -> None:
    """The account adds up, every value is in its range, and no row came of nothing."""
    assert read.counts.adds_up
    assert read.positions.num_rows + read.statics.num_rows == 0 or read.counts.kept
    for name, most in (("lat", LAT_MOST), ("lon", LON_MOST)):
        values = read.positions[name].drop_null().to_numpy()
        assert not len(values) or abs(values).max() <= most
    for name, most in (("sog", 10_220), ("cog", 3599), ("heading", 359), ("nav_status", 15), ("msg_type", 27)):
        values = read.positions[name].drop_null().to_numpy()
        assert not len(values) or values.max() <= most, name
    for table in (read.positions, read.statics):
        assert table["t"].null_count == 0
        assert table["mmsi"].null_count == 0


def line_count(data: bytes) -> int:
    """Lines in a text; one without its end counts."""
    return data.count(b"\n") + (not data.endswith(b"\n") and data != b"")


_SENTENCE = re.compile(rb"!([^!*\r\n]*)\*([0-9A-Fa-f]{2})")


def sound_lines(data: bytes) -> int:
    """Lines with a sentence whose checksum is right, found without any code of the decoder."""
    return sum(any(_sound(found) for found in _SENTENCE.finditer(line)) for line in data.split(b"\n"))


def _sound(found: "re.Match[bytes]") -> bool:
    total = 0
    for byte in found[1]:
        total ^= byte
    return total == int(found[2], 16)


def first_byte(data: bytes) -> tuple[int, bytes]:
    """A number from the first byte, and the rest: how targets with a choice read their input."""
    return (data[0], data[1:]) if data else (0, b"")


def some(values: Any, at: int) -> Any:
    """One of several values, by a number of any size."""
    return values[at % len(values)]
