"""Making a place and a time coarser, so that the truth is inside what is said and one cannot look through it."""

from functools import lru_cache
from math import ceil, cos, floor, hypot, radians
from typing import Final

import msgspec

from prasan.formats.stix import format_time, parse_time
from prasan.formats.stix_track import METRES_PER_DEGREE, turn

MARGIN: Final = 0.1
"""A cell is kept until the true place is more than this share of a cell outside (docs/wire.md, section 4). Without it
a ship on an edge would make the cell jump, and each jump would tell where the edge, and the ship, is."""

DAY_MIN: Final = 1440


class Cell(msgspec.Struct, frozen=True):
    """A cell by its centre and its size, in degrees."""

    lat: float
    lon: float
    deg: float


def cell_of(lat: float, lon: float, deg: float, before: Cell | None = None) -> Cell:
    """The cell to say for a place. `before`, the one said last, is kept while the place is in it or its margin."""
    if before is not None and before.deg == deg and _holds(before, lat, lon):
        return before
    south = min(floor((lat + 90) / deg) * deg - 90, 90 - deg)
    west = floor((turn(lon) + 180) / deg) * deg - 180
    return Cell(round(south + deg / 2, 6), round(turn(west + deg / 2), 6), deg)


def _holds(cell: Cell, lat: float, lon: float) -> bool:
    reach = cell.deg * (0.5 + MARGIN)
    return abs(lat - cell.lat) <= reach and abs(turn(lon - cell.lon)) <= reach


def precision_km(cell: Cell) -> float:
    """How far at most the true place is from the centre: the half diagonal with the margin, rounded up to 0.1 km."""
    reach = cell.deg * (0.5 + MARGIN)
    nearest_equator = max(0.0, abs(cell.lat) - reach)
    km = METRES_PER_DEGREE / 1000 * hypot(reach, reach * cos(radians(nearest_equator)))
    return ceil(km * 10) / 10


@lru_cache(1024)  # an object is rendered for one recipient after the other
def earlier(time: str, step_min: int) -> str:
    """The start of the step that a time is in."""
    step = step_min * 60
    return format_time(floor(parse_time(time) / step) * step)


@lru_cache(1024)
def later(time: str, step_min: int) -> str:
    """The end of the step that a time is in; a time on an edge stays."""
    step = step_min * 60
    return format_time(ceil(parse_time(time) / step) * step)


def whole_days(step_min: int) -> int:
    """The step for a time known to the day only: at least a day, and whole days."""
    return ceil(step_min / DAY_MIN) * DAY_MIN
