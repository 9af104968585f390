"""Rows for the archive's tests: small tables that meet every edge (midnights, shared MMSIs, missing values, flags)."""

from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from prasan.picture.finding import Finding, Fix, Rule
from prasan.picture.position import POSITIONS, STATICS, Flag

MIDNIGHT = 1_641_254_400  # 2022-01-04T00:00:00Z
SOURCES = ("amsa", "noaa", "กรมเจ้าท่า")
ROW = {
    "t": MIDNIGHT,
    "sub_ms": None,
    "time_source": 0,
    "lag_s": None,
    "mmsi": 567_000_001,
    "lat": 8_100_000,
    "lon": 60_000_000,
    "sog": 101,
    "cog": 2_700,
    "heading": None,
    "nav_status": 0,
    "msg_type": 1,
    "ais_class": 0,
    "source": "amsa",
    "station": None,
    "flags": 0,
}


def positions(*rows: dict[str, Any]) -> pa.Table:
    """A position table; each row names only what differs from ROW."""
    return pa.Table.from_pylist([ROW | row for row in rows], schema=POSITIONS)


def statics(*rows: dict[str, Any]) -> pa.Table:
    """A static table; each row names only what differs from an empty report."""
    base = {"t": MIDNIGHT, "time_source": 0, "mmsi": 567_000_001, "source": "amsa", "flags": 0}
    return pa.Table.from_pylist([base | row for row in rows], schema=STATICS)


def finding(key: str) -> Finding:
    """A small finding."""
    rule = Rule("gap", 1, "prasan", {"min_h": 2.0})
    fix = Fix(MIDNIGHT, 567_000_001, 13.5, 100.0)
    return Finding(
        "gap",
        key,
        (567_000_001,),
        MIDNIGHT,
        None,
        13.5,
        100.0,
        "low",
        "silent",
        rule,
        ("amsa",),
        (fix,),
        {"hours": 3.5},
    )


def track(start: int, count: int) -> pa.Table:
    """`count` different rows over several vessels and days, the same for the same arguments."""
    numbers = range(start, start + count)
    return positions(
        *({"t": MIDNIGHT + n * 997 % 400_000, "mmsi": 567_000_000 + n % 7, "lat": n, "lon": -n} for n in numbers)
    )


times = st.integers(MIDNIGHT - 5, MIDNIGHT + 5) | st.sampled_from([0, 2**32 - 1, 2**32, -1])
flags = st.sampled_from([0, 0, 0, Flag.NO_TIME, Flag.EPOCH_TIME, Flag.FUTURE_TIME | Flag.BAD_MMSI, Flag.NULL_ISLAND])
position_rows = st.fixed_dictionaries(
    {
        "t": times,
        "mmsi": st.sampled_from([0, 1, 567_000_001, 567_000_002, 2**32 - 1]),
        "lat": st.none() | st.integers(-54_000_000, 54_000_000),
        "lon": st.none() | st.integers(-108_000_000, 108_000_000),
        "lag_s": st.none() | st.floats(width=32, allow_nan=False),
        "source": st.sampled_from(SOURCES),
        "station": st.none() | st.sampled_from(["s1", "s2"]),
        "flags": flags.map(int),
    }
)
position_tables = st.lists(position_rows, max_size=25).map(lambda rows: positions(*rows))


def as_rows(table: pa.Table) -> list[tuple[Any, ...]]:
    """Rows as comparable tuples (None sorts first)."""
    rows = [tuple(row.values()) for row in table.to_pylist()]
    return sorted(rows, key=lambda row: tuple((value is not None, value) for value in row))
