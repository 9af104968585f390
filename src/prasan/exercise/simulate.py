"""A whole simulated exercise: drawn from a setting and a seed, heard by its receivers, told by its truth."""

import itertools
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from prasan.exercise import alike, deeds, stays, truth
from prasan.exercise.area import Point, Setting, inside
from prasan.exercise.deed import Deed
from prasan.exercise.draw import HOUR, Draw
from prasan.exercise.emit import Ether, batch, ether, heard, windows
from prasan.exercise.fleet import Cast, crew
from prasan.exercise.lanes import graph, places, shortest
from prasan.exercise.periods import periods
from prasan.exercise.radio import Bools, loaded, radio
from prasan.exercise.roads import Roads
from prasan.exercise.track import legs
from prasan.exercise.voyage import Sea

SOURCE = "exercise"


class Simulation(msgspec.Struct, frozen=True):
    """A seed, drawn: hulls, receivers, and what happened. `epoch` is its start in seconds since 1970."""

    cast: Cast
    air: Ether
    deeds: tuple[Deed, ...]
    epoch: int
    seed: int
    hours: float


def simulate(setting: Setting, hours: float, vessels: int, seed: int, thin_s: int | None = None) -> Simulation:
    """Draw an exercise of so many hours with about so many vessels, true events and look-alikes included.

    `thin_s` instead of the drawn one: with 1, every report that is heard is passed on.
    """
    setting = msgspec.structs.replace(setting, lanes=_cut(setting))
    network = graph(setting)
    ports = places(setting.area, network)
    ways = {place.node: shortest(network, place.node) for place in ports}
    cast = Cast(setting, Draw(setting.ranges, seed), Sea(ways, ports, hours * HOUR), [], set(), Roads())
    size = vessels / 100 * hours / 48
    crew(cast, vessels)
    done = deeds.commit(cast, size) + alike.commit(cast, size) + alike.ferries(cast)
    columns = legs(cast.hulls, hours * HOUR)
    receivers = radio(setting, cast.hulls, hours * HOUR, seed)
    if thin_s is not None:
        receivers = msgspec.structs.replace(receivers, thin_s=np.full(len(receivers.names), thin_s))
    air = ether(columns, loaded(receivers, columns, Draw(setting.ranges, seed, 2)))
    return Simulation(cast, air, tuple(done), int(setting.area.start.timestamp()), seed, hours)


def rows(made: Simulation, source: str = SOURCE) -> Iterator[pa.RecordBatch]:
    """Every report that a receiver heard as batches of `POSITIONS`, in order of time; nothing is kept."""
    for start, end in windows(made.air, made.hours * HOUR):
        yield batch(made.air, heard(made.air, start, end), made.epoch, source)


def truth_lines(made: Simulation, hearings: Bools) -> list[dict[str, Any]]:
    """The lines of `truth.jsonl`: the run itself, true events, look-alikes, and who was heard where in each hour.

    `hearings` as made by the function of that name, and filled.
    """
    seen = truth.traffic(made.cast, made.air.radio, *hearings)
    told = {deed.hulls[0] for deed in made.deeds if deed.what == "transmitter_off"}
    near_km = made.cast.draw.of("alike", "near_zone_km")
    done = [*made.deeds, *stays.stays(made.cast), *truth.zone_entries(made.cast, near_km)]
    done += [*truth.silences(made.cast, seen, told), *alike.side_by_side(made.cast, seen.lat, seen.lon, made.deeds)]
    lines = [truth.line(made.cast, seen, deed, made.epoch) for deed in done]
    lines.sort(key=lambda one: (one["start"], one["kind"], one["mmsi"], one["row"]))
    return [_run(made, lines), *lines, *periods(made.cast, seen, made.epoch)]


def hearings(made: Simulation) -> Bools:
    """An empty record of whose positions, and whose static reports, were heard when: 2 x hulls x ten-minute steps."""
    return np.zeros((2, len(made.cast.hulls), int(np.ceil(made.hours * HOUR / truth.BIN_S))), np.bool_)


def _cut(setting: Setting) -> tuple[tuple[Point, ...], ...]:
    """The stretches of the lanes that lie in the area's box."""
    runs = [
        tuple(points)
        for line in setting.lanes
        for within, points in itertools.groupby(line, lambda point: inside(setting.area.box, point))
        if within
    ]
    return tuple(run for run in runs if len(run) > 1)


def _run(made: Simulation, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """What the seed was drawn to, and how many look-alikes there are for a true event that would alert."""
    setting, radio_ = made.cast.setting, made.air.radio
    alerting = sum(one["row"] == "event" and one["kind"] not in FACTS for one in lines)
    innocent = sum(one["row"] == "innocent" and one["what"] not in BORING for one in lines)
    return {
        "row": "run",
        "area": setting.area.name,
        "seed": made.seed,
        "start": truth.iso(made.epoch),
        "end": truth.iso(made.epoch + made.hours * HOUR),
        "vessels": len(made.cast.hulls),
        "vessel_days": round(len(made.cast.hulls) * made.hours / 24, 2),
        "events": alerting,
        "innocent": innocent,
        "innocent_per_event": round(innocent / max(alerting, 1), 1),
        "stations": {name: int(thin) for name, thin in zip(radio_.names, radio_.thin_s, strict=True)},
        "satellites": len(radio_.passes),
        "outages": [
            [radio_.names[n], truth.iso(made.epoch + a), truth.iso(made.epoch + b)] for n, a, b in radio_.outages
        ],
        "observable_means": dict(setting.ranges.observable),
    }


FACTS = frozenset({"stop", "drifting", "loitering", "port_visit", "speed_jump", "invalid_identity"})
"""Kinds that are facts, not alerts."""

BORING = frozenset({"moored_together"})
"""Look-alikes that are listed, but too plain to be counted as such: vessels side by side in a port."""
