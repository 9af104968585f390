"""Where simulated traffic sails, who listens, and the ranges that every parameter is drawn from. All of it is data."""

import datetime as dt
from typing import Final

import msgspec

Point = tuple[float, float]
"""Latitude and longitude in decimal degrees."""

Range = tuple[float, float]
"""What a parameter is drawn from, evenly."""


class Port(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A port: its berth, the way in from the nearest node of the sea lanes, and where ships wait."""

    name: str
    berth: Point
    anchorage: Point
    approach: tuple[Point, ...] = ()


class Station(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A shore receiver. `height_m` of its antenna above the sea; `thin_s` if its link passes on less than the others.

    `shadows`: bearing from, bearing to (clockwise), and the share of the range that is left there.
    """

    name: str
    at: Point
    height_m: float
    thin_s: int = 0
    shadows: tuple[tuple[float, float, float], ...] = ()


class Disc(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of open water."""

    at: Point
    radius_km: float = 0.0


class Ferry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ferry line between piers."""

    pier: tuple[Point, ...]


class Zone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A zone as the corners of a convex polygon."""

    name: str
    ring: tuple[Point, ...]


class Area(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One area. `box` is south, west, north, east; `exits` are nodes of the sea lanes that lead out of the area."""

    name: str
    start: dt.datetime
    box: tuple[float, float, float, float]
    exits: tuple[Point, ...]
    mids: tuple[int, ...]
    port: tuple[Port, ...]
    station: tuple[Station, ...]
    ground: tuple[Disc, ...]
    village: tuple[Disc, ...]
    offing: tuple[Disc, ...]
    ferry: tuple[Ferry, ...]
    zone: tuple[Zone, ...]


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What hulls of one class are like. `ship_type` as in M.1371-5 Table 53; `class_b`: share with a class B unit.

    `cable_m` is what they have out at anchor.
    """

    ship_type: int
    knots: Range
    length_m: Range
    antenna_m: Range
    cable_m: Range
    class_b: float = 0.0


class Ranges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ranges of `data/exercise/areas/ranges.toml`, by section."""

    fleet: dict[str, float]
    radio: dict[str, Range]
    life: dict[str, Range | float]
    deeds: dict[str, Range | float]
    alike: dict[str, Range | float]
    observable: dict[str, float]
    profiles: dict[str, Profile] = msgspec.field(name="class")


class Setting(msgspec.Struct, frozen=True):
    """All that a simulation is drawn from. `lanes` are the lines of the sea-lane network inside the area's box."""

    area: Area
    lanes: tuple[tuple[Point, ...], ...]
    ranges: Ranges


AREAS: Final = ("gulf-andaman", "malacca")
"""The areas that are shipped."""


def inside(box: tuple[float, float, float, float], point: Point) -> bool:
    """True if a point lies in a box of south, west, north, east."""
    south, west, north, east = box
    return south <= point[0] <= north and west <= point[1] <= east
