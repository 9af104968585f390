"""Piracy attacks as the Crime at Sea table has them -> incidents.

Source: Benden, Feng, Howell and Dalla Riva, "Crime at Sea: A Global Database of Maritime Pirate Attacks (1993-2020)",
Journal of Open Humanities Data 7, 2021, doi 10.5334/johd.39, CC BY 4.0. The hour, where there is one, is the ship's
local time unless the row says UTC (the reports say "LT"); no zone is given, so such a row has precision `day`.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final, cast

import msgspec

from prasan.errors import FormatError
from prasan.picture.incident import Incident

COLUMNS: Final = ("date", "time", "longitude", "latitude", "attack_type", "nearest_country", "vessel_status")

ATTACK_TYPES: Final = {
    "attempted": "attempted",
    "boarded": "boarded",
    "boarding": "boarded",
    "detained": "detained",
    "explosion": "explosion",
    "fired upon": "fired_upon",
    "hijacked": "hijacked",
    "suspicious": "suspicious",
    "": "unknown",
}
"""The table's words -> our codes; "Boarding" and "Boarded" are the same act from two sources."""

_TIME = re.compile(r"(\d\d):(\d\d)( UTC)?")


class BadRow(msgspec.Struct, frozen=True):
    """A row that was left out: its line in the file and the code of the reason."""

    line: int
    reason: str


class Parsed(msgspec.Struct, frozen=True):
    """What a table gave."""

    incidents: tuple[Incident, ...]
    bad: tuple[BadRow, ...]

    def reasons(self) -> dict[str, int]:
        """How many rows were left out, by reason."""
        return dict(Counter(row.reason for row in self.bad))


def parse(lines: Iterable[str]) -> Parsed:
    """CSV lines with a header -> incidents. FormatError if the header is another one; bad rows are named, not raised.

    Reasons: `bad_date`, `bad_time`, `bad_place`, `bad_type`, `bad_csv_row`.
    """
    rows = csv.DictReader(lines)
    _check_columns(_names(rows))
    incidents: list[Incident] = []
    bad: list[BadRow] = []
    seen: Counter[str] = Counter()
    for row in _rows(rows):
        found = "bad_csv_row" if row is None else _incident(row, seen)
        if isinstance(found, Incident):
            incidents.append(found)
        else:
            bad.append(BadRow(rows.line_num, found))
    return Parsed(tuple(incidents), tuple(bad))


def _names(rows: "csv.DictReader[str]") -> list[str]:
    try:
        return list(rows.fieldnames or ())
    except csv.Error as error:
        raise FormatError(f"the first line is no header: {error}", "give the table with its own header row") from None


def _rows(rows: "csv.DictReader[str]") -> "Iterator[dict[str | None, str | None] | None]":
    """Row by row; None for one that is not CSV, after which reading goes on."""
    while True:
        try:
            yield cast("dict[str | None, str | None]", next(rows))
        except StopIteration:
            return
        except csv.Error:
            yield None


def _check_columns(read: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in read]
    if missing:
        raise FormatError(
            f"the incident table lacks {', '.join(missing)}; its columns are {', '.join(read)[:600] or 'none'}",
            "give the table with its own header row",
        )


def _incident(row: "dict[str | None, str | None]", seen: Counter[str]) -> Incident | str:
    """One row -> incident, or the code of why not. `seen` numbers rows that are alike in all but their text."""
    if None in row or None in row.values():
        return "bad_csv_row"
    cell = {str(name): (value or "").strip() for name, value in row.items()}
    day = _day(cell["date"])
    place = _place(cell["latitude"], cell["longitude"])
    clock = _TIME.fullmatch(cell["time"]) if cell["time"] else None
    attack = ATTACK_TYPES.get(cell["attack_type"].lower())
    if day is None:
        return "bad_date"
    if place is None:
        return "bad_place"
    if attack is None:
        return "bad_type"
    if cell["time"] and not (clock and int(clock[1]) < 24 and int(clock[2]) < 60):
        return "bad_time"
    utc = clock is not None and clock[3] is not None
    alike = "|".join(cell[name] for name in COLUMNS)
    seen[alike] += 1
    return Incident(
        key=f"{alike}|{seen[alike]}",
        occurred=day + (int(clock[1]) * 3600 + int(clock[2]) * 60 if clock and utc else 0),
        precision="minute" if utc else "day",
        lat=place[0],
        lon=place[1],
        attack_type=attack,
        vessel_status=code(cell["vessel_status"]),
        vessel_type=code(cell.get("vessel_type", "")),
        country=cell["nearest_country"],
        source=code(cell.get("data_source", "")),
        local_time=cell["time"] if clock and not utc else "",
        text=cell.get("attack_description", ""),
        vessel_name=cell.get("vessel_name", ""),
    )


def code(words: str) -> str:
    """ "Bulk Carrier" -> "bulk_carrier": what a table says in words, as a code."""
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def _day(text: str) -> int | None:
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None


def _place(lat: str, lon: str) -> tuple[float, float] | None:
    try:
        place = float(lat), float(lon)
    except ValueError:
        return None
    return place if abs(place[0]) <= 90 and abs(place[1]) <= 180 else None
