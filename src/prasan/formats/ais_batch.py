"""What every AIS decoder gives back: rows as columns, and an account of every input line."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

OUTCOMES: Final = (
    "kept",
    "blank",  # nothing but white space
    "not_ais",  # another sentence, a comment, a clock line
    "header",  # the line that names the columns
    "too_long",  # longer than a line of this dialect may be
    "not_ascii",  # a byte over 127 in NMEA
    "two_sentences",  # two sentences without a line break between them
    "no_checksum",
    "checksum",  # wrong, or not two hexadecimal digits
    "bad_sentence",  # checksum right, fields not as IEC 61162-1 says
    "bad_payload",  # a character outside the 6-bit alphabet, or fill bits inside a message
    "fragment_missing",  # a part of a message whose other parts never came
    "fragment_order",  # all parts came, in another order than 1, 2, 3
    "unknown_type",  # message number outside 1..27
    "other_type",  # a known message that makes no row here
    "truncated",  # too few bits for its type
    "bad_position",  # latitude or longitude outside the globe
    "bad_time",
    "bad_csv_row",
    "bad_json_row",
)
"""What can become of an input line: kept, or dropped for one named reason. The index is the code."""

CODE: Final = {name: code for code, name in enumerate(OUTCOMES)}
KEPT: Final = 0


class Counts(msgspec.Struct, frozen=True):
    """An account of input lines. Law: `lines == kept + sum(dropped.values())`."""

    lines: int = 0
    kept: int = 0
    dropped: dict[str, int] = {}

    def __add__(self, other: "Counts") -> "Counts":
        return add_counts((self, other))

    @property
    def adds_up(self) -> bool:
        """True if every line is kept or dropped for one reason."""
        return self.lines == self.kept + sum(self.dropped.values())


class Batch(msgspec.Struct, frozen=True):
    """Rows of one piece of input. `positions` and `statics` follow `picture.position`, in the order of the input.

    `counts` holds the lines whose fate is settled; a part that waits for its partner is counted when that is known.
    """

    positions: pa.RecordBatch
    statics: pa.RecordBatch
    counts: Counts


class Options(msgspec.Struct, frozen=True):
    """How to read. `source` names the feed on every row.

    `default_t`: when the input was received (seconds UTC, fractions allowed), for live feeds; None for files.
    `now`: seconds UTC; rows more than five minutes later are flagged FUTURE_TIME. None: nothing is.
    """

    source: str = ""
    default_t: float | None = None
    now: float | None = None


def add_counts(parts: Iterable[Counts]) -> Counts:
    """The sum of any number of accounts."""
    lines = kept = 0
    dropped: dict[str, int] = {}
    for part in parts:
        lines += part.lines
        kept += part.kept
        for reason, number in part.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + number
    return Counts(lines, kept, dropped)


def count_outcomes(codes: npt.NDArray[np.uint8], weights: npt.NDArray[np.int64] | None = None) -> Counts:
    """Outcome codes, one a line (or one for `weights` lines) -> account."""
    totals = np.bincount(codes, weights=weights, minlength=len(OUTCOMES)).astype(np.int64)
    return counts_of({OUTCOMES[i]: int(n) for i, n in enumerate(totals) if n})


def counts_of(outcomes: Mapping[str, int]) -> Counts:
    """Numbers by outcome name -> account."""
    dropped = {name: number for name, number in outcomes.items() if name != "kept" and number}
    kept = outcomes.get("kept", 0)
    return Counts(kept + sum(dropped.values()), kept, dropped)
