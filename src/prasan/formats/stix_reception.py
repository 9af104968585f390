"""Reception in numbers as an object: how many vessels one source heard, and how many it should have, by cell and hour.

One object holds what one source heard in one square degree on one day (UTC), so that it has the marking of that source
and no other, an area of a policy can hold it back, and it fits into one object: 25 cells, 24 hours, three classes.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from prasan.errors import FormatError
from prasan.formats.stix import format_time, parse_time
from prasan.formats.stix_build import Stamp, common, encode
from prasan.formats.stix_ids import RECEPTION, object_id
from prasan.picture.marking import Marking
from prasan.picture.position import AIS_CLASSES

Row = tuple[int, int, str, int, int]
"""Cell, hour of the day, AIS class ("" unknown), vessels heard, vessels expected."""

CELL_DEG: Final = 0.2
SLOT_S: Final = 3600
DAY_S: Final = 86_400
CLASSES: Final = ("", *AIS_CLASSES)


class Reception(msgspec.Struct, frozen=True):
    """One source in one square degree on the day that begins at `start` (seconds UTC); `south`, `west` in degrees.

    Cells are `CELL_DEG` wide: number = row * 1800 + column, rows from the south pole, columns from 180° west.
    """

    source: str
    start: int
    south: int
    west: int
    rows: Sequence[Row]


def reception_id(node: str, reception: Reception) -> str:
    """The same source, place and day always have the same id."""
    key = f"{reception.source}/{reception.start}/{reception.south}/{reception.west}"
    return object_id(RECEPTION, node, key)


def reception_object(reception: Reception, stamp: Stamp, marking: Marking) -> bytes:
    """A `prasan-reception`; its place is the middle of its square degree."""
    return encode(
        common(reception_id(stamp.node, reception), stamp, marking)
        | {
            "source": reception.source,
            "start_time": format_time(reception.start),
            "end_time": format_time(reception.start + DAY_S),
            "latitude": reception.south + 0.5,
            "longitude": reception.west + 0.5,
            "cell_deg": CELL_DEG,
            "slot_s": SLOT_S,
            "rows": [list(row) for row in reception.rows],
        }
    )


class _Document(msgspec.Struct, frozen=True):
    source: str
    start_time: str
    latitude: float
    longitude: float
    cell_deg: float
    slot_s: int
    rows: tuple[Row, ...]


_DECODE: Final = msgspec.json.Decoder(_Document)


def read_reception(raw: bytes) -> Reception:
    """The summary in a partner's object. FormatError if its grid is another one or a number is none."""
    try:
        found = _DECODE.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FormatError(f"the reception summary does not hold: {error}", "Ask the partner for another.") from None
    if (found.cell_deg, found.slot_s) != (CELL_DEG, SLOT_S):
        raise FormatError(
            "the reception summary is by other cells or hours", "Ask the partner for cells of 0.2 degrees."
        )
    start = int(parse_time(found.start_time, "the summary's start_time"))
    wrong = [row for row in found.rows if row[2] not in CLASSES or not 0 <= row[1] < DAY_S // SLOT_S]
    if wrong or any(min(row[0], row[3], row[4] - row[3]) < 0 for row in found.rows):
        raise FormatError("the reception summary has a row that cannot be", "Ask the partner for another.")
    south, west = int(found.latitude - 0.5), int(found.longitude - 0.5)
    return Reception(found.source, start, south, west, found.rows)
