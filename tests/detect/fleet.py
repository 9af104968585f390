"""Small made-up traffic for the tests of this room."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from prasan.exercise.player import position_table
from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.world import World, make_world, places

DAY = 1_772_409_600  # 2026-03-02
SHIP = 567_990_100
OTHER = 567_990_200

Row = tuple[int, int, float, float]  # mmsi, t, lat, lon


def table(rows: Sequence[Row], source: str = "test") -> pa.Table:
    return position_table(
        {
            "mmsi": [row[0] for row in rows],
            "t": [row[1] for row in rows],
            "lat": [round(row[2] * UNITS_PER_DEGREE) for row in rows],
            "lon": [round(row[3] * UNITS_PER_DEGREE) for row in rows],
        },
        source,
    )


def sail(mmsi: int, hours: Sequence[float], lat: float, lon: float, kn: float = 8.0) -> list[Row]:
    """North from a place at a steady speed, one row at each hour."""
    return [(mmsi, DAY + int(hour * 3600) + 7, lat + hour * kn / 60, lon) for hour in hours]


def every(minutes: float, first: float, last: float) -> list[float]:
    """Hours from first to last, so many minutes apart."""
    return [float(hour) for hour in np.arange(first, last, minutes / 60)]


def world(ports: Sequence[tuple[float, float]] = ()) -> World:
    return make_world(places([lat for lat, _ in ports], [lon for _, lon in ports]), {567: "TH", 338: "US"})
