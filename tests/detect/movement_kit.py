"""Made-up tracks for the kinds that look at one vessel's motion, and a run of one kernel over them in pieces."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from prasan.exercise.player import position_table
from prasan.picture.areas import areas
from prasan.picture.finding import Finding, Rule
from prasan.picture.position import UNITS_PER_DEGREE
from prasan.picture.shore import shore
from prasan.picture.sphere import EARTH_M
from prasan.picture.world import Land, World, make_world, places
from prasan.tracks.columns import Fixes
from prasan.tracks.emitters import EmitterCarry, assign
from prasan.tracks.settle import SettleCarry, settle

DAY = 1_772_409_600  # 2026-03-02
SHIP = 567_990_100
GEAR = 982_990_100
OWN = 567_990_900
METRE = 180 / math.pi / EARTH_M
"""Degrees of latitude in a metre."""


class Row(msgspec.Struct, frozen=True):
    """One report; speed in knots, course and heading in degrees."""

    mmsi: int
    t: int
    lat: float
    lon: float
    sog: float | None = None
    cog: float | None = None
    heading: int | None = None
    source: str = "a"


def world(
    ports: Sequence[tuple[float, float]] = (), zones: Sequence[tuple[str, list[tuple[float, float]]]] = (),
    islands: Sequence[list[tuple[float, float]]] = (),
) -> World:  # fmt: skip
    """Ports as (lat, lon); zones and islands as corners (lon, lat)."""
    rings = [np.array([*corners, corners[0]]) for corners in islands]
    edge = np.concatenate([np.concatenate((ring[:-1], ring[1:]), axis=1) for ring in rings] or [np.empty((0, 4))])
    land = Land(areas([("land", [[ring] for ring in rings])]), shore(edge[:, 1], edge[:, 0], edge[:, 3], edge[:, 2]))
    drawn = areas((name, [[np.array(corners)]]) for name, corners in zones)
    near = places([lat for lat, _ in ports], [lon for _, lon in ports])
    return make_world(near, {567: "TH"}, land=land, zones=drawn, own=frozenset({OWN}))


def table(rows: Sequence[Row]) -> pa.Table:
    def one(some: list[Row], source: str) -> pa.Table:
        return position_table(
            {
                "mmsi": [row.mmsi for row in some],
                "t": [row.t for row in some],
                "lat": [round(row.lat * UNITS_PER_DEGREE) for row in some],
                "lon": [round(((row.lon + 180) % 360 - 180) * UNITS_PER_DEGREE) for row in some],
                "sog": [None if row.sog is None else round(row.sog * 10) for row in some],
                "cog": [None if row.cog is None else round(row.cog * 10) % 3600 for row in some],
                "heading": [row.heading for row in some],
            },
            source,
        )

    return pa.concat_tables([one([row for row in rows if row.source == name], name) for name in "ab"])


def tracks(rows: Sequence[Row]) -> Fixes:
    """All rows as the kernels see them in one piece."""
    return assign(settle(table(rows), None, 2**32)[0], None)[0]


Kernel = Callable[[Fixes, Any, int, Rule, World], tuple[list[Finding], Any]]


def in_pieces(  # noqa: PLR0917
    kernel: Kernel, rows: Sequence[Row], marks: Sequence[int], upto: int, rule: Rule, here: World
) -> tuple[dict[str, Finding], dict[str, int]]:
    """The last word on every finding, and what was not assessable; looked at each mark (seconds) and at `upto`."""
    said: dict[str, Finding] = {}
    held: SettleCarry | None = None
    emitters: EmitterCarry | None = None
    carry: Any = None
    begin = 0
    for mark in [*sorted(mark for mark in set(marks) if mark < upto), upto]:
        fixes, held = settle(table([row for row in rows if begin <= row.t < mark]), held, mark)
        made, emitters = assign(fixes, emitters)
        found, carry = kernel(made, carry, mark, rule, here)
        said |= {one.key: one for one in found}
        begin = mark
    return said, getattr(carry, "not_assessable", {})


def whole(
    kernel: Kernel, rows: Sequence[Row], rule: Rule, here: World, after: int = 1
) -> tuple[list[Finding], dict[str, int]]:
    said, silent = in_pieces(kernel, rows, [], max(row.t for row in rows) + after, rule, here)
    return list(said.values()), silent


def at(rule: Rule, **thresholds: float) -> Rule:
    return msgspec.structs.replace(rule, thresholds={**rule.thresholds, **thresholds})


@st.composite
def traffic(draw: st.DrawFn) -> list[Row]:
    """Ships that sail, lie, creep, drift and fall silent, near 180 degrees or not, heard by two sources."""
    lat0, lon0 = draw(st.sampled_from([(8.0, 102.0), (77.0, 179.999), (-60.0, -179.9995)]))
    rows: list[Row] = []
    for ship in range(draw(st.integers(1, 3))):
        mmsi = draw(st.sampled_from([SHIP, SHIP + 1, SHIP + 1, GEAR, OWN]))
        t = DAY + draw(st.integers(0, 5000))
        north = float(draw(st.integers(-6000, 6000)))
        for _ in range(draw(st.integers(1, 4))):
            step = draw(st.sampled_from([60, 300, 600, 900, 3600]))
            knots = draw(st.sampled_from([0.0, 0.1, 0.4, 1.0, 3.0, 12.0, -12.0]))
            bow = draw(st.sampled_from([None, 0, 39, 41, 180, 355]))
            told = draw(st.booleans())
            for _ in range(draw(st.integers(1, 14))):
                t += step
                north += knots * 1852 / 3600 * step
                cog = 0.0 if knots >= 0 else 180.0
                spoken = {"sog": abs(knots), "cog": cog, "heading": bow} if told else {}
                source = draw(st.sampled_from(["a", "a", "b"]))
                place = (lat0 + north * METRE, lon0 + ship * 0.0005)
                rows.append(Row(mmsi, t, *place, source=source, **spoken))  # type: ignore[arg-type]
            t += draw(st.sampled_from([0, 1000, 4000, 8000, 15_000, 40_000]))
    return sorted(rows, key=lambda row: row.t)


MARKS = st.lists(st.integers(0, 200_000).map(lambda late: DAY + late), max_size=5)
AFTER = st.sampled_from([1, 500, 3600, 7300, 20_000, 90_000])


def law(kernel: Kernel, rows: list[Row], marks: list[int], after: int, rule: Rule, here: World) -> None:  # noqa: PLR0917
    """Looks at any moments, idle ones too, say in the end what one look says; so does a look after every row."""
    upto = rows[-1].t + after
    expected = in_pieces(kernel, rows, [], upto, rule, here)
    assert in_pieces(kernel, rows, marks, upto, rule, here) == expected
    every = [row.t for row in rows[:: max(len(rows) // 8, 1)]]
    assert in_pieces(kernel, rows, every, upto, rule, here) == expected
