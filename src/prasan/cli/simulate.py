"""`simulate`: exercise traffic as receivers would have heard it, and the truth about it."""

import argparse
import contextlib
import json
from importlib import resources
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson

from prasan.cli.output import emit
from prasan.errors import UsageError
from prasan.exercise.area import AREAS, Area, Ranges, Setting
from prasan.exercise.script import files
from prasan.exercise.simulate import simulate as draw

MOST: Final = 5_000_000
"""Vessels times hours that one run may have: about 100 million sentences."""


def simulate(arguments: argparse.Namespace) -> int:
    """Write `ais.nmea`, `truth.jsonl` and `zones.geojson` to a folder; print what was made as one JSON line."""
    hours, vessels = arguments.hours, arguments.vessels
    if not (vessels >= 1 and 12 <= hours <= 24 * 366 and vessels * hours <= MOST):
        raise UsageError(
            "there must be at least one vessel and 12 hours, and vessels times hours at most five million",
            "For example: --vessels 250 --hours 48.",
        )
    if arguments.seed < 0:
        raise UsageError("a seed is a whole number from 0", "For example: --seed 1.")
    setting = load_setting(arguments.area)
    made = draw(setting, hours, vessels, arguments.seed)
    folder = Path(arguments.out)
    folder.mkdir(parents=True, exist_ok=True)
    counts = {"sentences": 0, "bytes": 0}
    run: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        open_ = {name: stack.enter_context((folder / name).open("wb")) for name in ("ais.nmea", "truth.jsonl")}
        for name, value in files(made):
            if name == "ais.nmea":
                counts = {"sentences": counts["sentences"] + value.count(b"\n"), "bytes": counts["bytes"] + len(value)}
                open_[name].write(value)
            else:
                run = run or value
                open_[name].write(orjson.dumps(value) + b"\n")
    (folder / "zones.geojson").write_bytes(orjson.dumps(_zones(setting.area)))
    emit({**run, **counts, "out": str(folder)})
    return 0


def load_setting(name: str) -> Setting:
    """A shipped area with the sea lanes and the ranges. UsageError if there is none of that name."""
    if name not in AREAS:
        raise UsageError(f"there is no exercise area '{name}'", f"Use one of: {', '.join(AREAS)}.")
    folder = resources.files("prasan") / "data" / "exercise" / "areas"
    lanes = json.loads((folder / "sea-lanes.geojson").read_bytes())["features"]
    lines = tuple(tuple((lat, lon) for lon, lat in one["geometry"]["coordinates"]) for one in lanes)
    return Setting(
        msgspec.toml.decode((folder / f"{name}.toml").read_bytes(), type=Area),
        lines,
        msgspec.toml.decode((folder / "ranges.toml").read_bytes(), type=Ranges),
    )


def _zones(area: Area) -> dict[str, Any]:
    """The area's zones for the detector that watches them."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": zone.name},
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[[lon, lat] for lat, lon in (*zone.ring, zone.ring[0])]],
                },
            }
            for zone in area.zone
        ],
    }
