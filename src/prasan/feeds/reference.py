"""Reference data: what ships with the package (ports, land, flags, exercise scenarios) and what the operator adds.

The operator's own lie in `areas/*.geojson` of a node's home: polygons are zones to watch, by their property `name`;
points are ports and anchorages.
"""

import csv
import gzip
import io
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from prasan.errors import FormatError, UsageError
from prasan.exercise.scenario import Scenario
from prasan.formats.geojson import Drawing, Polygon, read_drawing
from prasan.picture.areas import areas, unwrapped
from prasan.picture.shore import shore
from prasan.picture.world import Land, World, make_world, places

MAX_BYTES: Final = 64 << 20
"""A larger file of areas is refused: it would be somebody else's whole chart."""


@cache
def reference_world() -> World:
    """Shipped ports (World Port Index), anchorages (Global Fishing Watch), land (Natural Earth) and table of MIDs."""
    return world_of([])


def world_of(own: list[Drawing], vessels: frozenset[int] = frozenset()) -> World:
    """The shipped world with the operator's zones and ports, and the MMSIs of their own government's vessels."""
    points = [*_ports(), *(point for drawing in own for point in drawing.points)]
    zones = areas(area for drawing in own for area in drawing.areas)
    ports = places([lat for lat, _ in points], [lon for _, lon in points])
    return make_world(ports, _flags(), land=_land(), zones=zones, own=vessels)


def read_areas(folder: Path) -> list[Drawing]:
    """The drawings in `*.geojson` of a folder, in order of name. FormatError names the file that fails."""
    return [read_area(path) for path in sorted(folder.glob("*.geojson"))] if folder.is_dir() else []


def read_area(path: Path) -> Drawing:
    """One such file. UsageError if it is not there, FormatError if it is no drawing."""
    if not path.is_file():
        raise UsageError(f"there is no file '{path}'", "Check the name.")
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise FormatError(f"'{path}' is larger than {MAX_BYTES >> 20} MB", "Simplify it or cut it in two.")
    return read_drawing(raw, path.stem)


@cache
def _ports() -> list[tuple[float, float]]:
    return [(float(row["lat"]), float(row["lon"])) for name in ("ports.csv", "anchorages.csv") for row in _rows(name)]


@cache
def _flags() -> dict[int, str]:
    return {int(row["mid"]): row["iso2"] for row in _rows("mid.csv")}


@cache
def _land() -> Land:
    path = resources.files("prasan") / "data" / "reference" / "land.geojson.gz"
    drawing = read_drawing(gzip.decompress(path.read_bytes()), "land")
    return land_of([polygon for _, polygons in drawing.areas for polygon in polygons])


def land_of(polygons: list[Polygon]) -> Land:
    """Polygons of land, with longitude and latitude -> land and its coastline, which is not the map's frame."""
    rings = [unwrapped("land", ring) for polygon in polygons for ring in polygon]
    ends = [np.concatenate((ring[:-1], ring[1:]), axis=1) for ring in rings]
    edge = np.concatenate(ends) if ends else np.empty((0, 4))
    frame = (np.abs(edge[:, 0]) == 180.0) & (np.abs(edge[:, 2]) == 180.0)
    edge = edge[~frame]
    return Land(areas([("land", polygons)]), shore(edge[:, 1], edge[:, 0], edge[:, 3], edge[:, 2]))


def scenario_names() -> tuple[str, ...]:
    """Names that `load_scenario` knows."""
    folder = resources.files("prasan") / "data" / "exercise"
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def load_scenario(name: str) -> Scenario:
    """A shipped exercise scenario by name. UsageError if there is none of that name."""
    if name not in scenario_names():
        raise UsageError(f"there is no exercise scenario '{name}'", f"Use one of: {', '.join(scenario_names())}.")
    path = resources.files("prasan") / "data" / "exercise" / f"{name}.toml"
    return msgspec.toml.decode(path.read_bytes(), type=Scenario)


def _rows(name: str) -> Iterator[dict[str, str]]:
    path = resources.files("prasan") / "data" / "reference" / name
    yield from csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
