"""Reference data that ships with the package: ports, anchorages, flags, exercise scenarios. Read once, as values."""

import csv
import io
from collections.abc import Iterator
from functools import cache
from importlib import resources

import msgspec

from prasan.errors import UsageError
from prasan.exercise.scenario import Scenario
from prasan.picture.world import World, make_world, places


@cache
def reference_world() -> World:
    """The shipped ports (World Port Index), anchorages (Global Fishing Watch overrides) and ITU table of MIDs."""
    points = [(float(row["lat"]), float(row["lon"])) for name in ("ports.csv", "anchorages.csv") for row in _rows(name)]
    flags = {int(row["mid"]): row["iso2"] for row in _rows("mid.csv")}
    return make_world(places([lat for lat, _ in points], [lon for _, lon in points]), flags)


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
