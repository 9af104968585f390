"""A simulated exercise as text: `ais.nmea` piece by piece, and on the way the record of who was heard when."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa

from prasan.exercise.draw import HOUR
from prasan.exercise.emit import Heard, batch, heard, windows
from prasan.exercise.radio import Bools
from prasan.exercise.simulate import SOURCE, Simulation, hearings, truth_lines
from prasan.exercise.track import Hull, beam_m, bow_m
from prasan.exercise.truth import BIN_S
from prasan.formats.nmea_encode import StaticReport, encode_positions, encode_static

DESTINATIONS: Final = "EXERCISE"


def nmea(made: Simulation, record: Bools) -> Iterator[bytes]:
    """Tagged sentences by time, a piece a window; `record` is filled in: see `hearings`."""
    for start, end in windows(made.air, made.hours * HOUR):
        said, static = heard(made.air, start, end), heard(made.air, start, end, static=True)
        for place, rows in enumerate((said, static)):
            record[place, made.air.legs.hull[rows.leg], rows.t // BIN_S] = True
        positions = encode_positions(pa.Table.from_batches([batch(made.air, said, made.epoch, SOURCE)]))
        statics = _statics(made, static)
        t = np.concatenate((static.t, said.t))
        lines = [*statics, *positions]
        yield b"".join(lines[at] for at in np.argsort(t, kind="stable").tolist())


def files(made: Simulation) -> Iterator[tuple[str, Any]]:
    """What `prasan simulate` writes: ("ais.nmea", bytes) piece by piece, then ("truth.jsonl", value) line by line."""
    record = hearings(made)
    for piece in nmea(made, record):
        yield "ais.nmea", piece
    for value in truth_lines(made, record):
        yield "truth.jsonl", value


def _statics(made: Simulation, rows: Heard) -> list[bytes]:
    numbers = made.air.legs.hull[rows.leg].tolist()
    mmsi = made.air.legs.mmsi[rows.leg].tolist()
    names = made.air.receivers
    return [
        encode_static(_report(made.cast.hulls[number], sent, t, made.epoch, names[receiver]), at % 10)
        for at, (number, sent, t, receiver) in enumerate(
            zip(numbers, mmsi, rows.t.tolist(), rows.receiver.tolist(), strict=True)
        )
    ]


def _report(hull: Hull, mmsi: int, t: int, epoch: int, station: str) -> StaticReport:
    name, callsign = next(((n, c) for a, b, n, c in hull.named if a <= t < b), (hull.name, hull.callsign))
    beam = beam_m(hull.length_m)
    return StaticReport(
        t=t + epoch,
        mmsi=mmsi,
        imo=hull.imo,
        name=name,
        callsign=callsign,
        ship_type=hull.ship_type,
        to_bow=bow_m(hull.length_m),
        to_stern=hull.length_m - bow_m(hull.length_m),
        to_port=beam // 2,
        to_starboard=beam - beam // 2,
        draught_m=round(hull.length_m / 22, 1),
        destination=DESTINATIONS,
        ais_class="B" if hull.class_b else "A",
        station=station,
    )
