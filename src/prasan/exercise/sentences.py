"""The scripted exercise as the NMEA sentences that carry it, in order of time; `script` is for drawn traffic."""

from typing import Any

from prasan.exercise.player import Exercise
from prasan.formats.nmea_encode import StaticReport, encode_positions, encode_static
from prasan.picture.position import AIS_CLASSES


def to_nmea(made: Exercise) -> bytes:
    """All reports of an exercise as tagged AIVDM lines; static reports come before positions of the same second."""
    rows = made.positions.select(["mmsi", "ais_class"]).group_by("mmsi").aggregate([("ais_class", "max")])
    classes = dict(zip(*(rows[name].to_pylist() for name in ("mmsi", "ais_class_max")), strict=True))
    statics = made.statics.to_pylist()
    lines = [(row["t"], 0, row["mmsi"], _static(row, classes, at)) for at, row in enumerate(statics)]
    t, mmsi = (made.positions[name].to_pylist() for name in ("t", "mmsi"))
    lines += zip(t, [1] * len(t), mmsi, encode_positions(made.positions), strict=True)
    return b"".join(line for *_, line in sorted(lines))


def _static(row: dict[str, Any], classes: dict[int, int], number: int) -> bytes:
    given = {name: row[name] for name in ("callsign", "destination", "name", "ship_type") if row[name] is not None}
    size = {name: row[name] for name in ("to_bow", "to_stern", "to_port", "to_starboard") if row[name] is not None}
    return encode_static(
        StaticReport(
            t=row["t"],
            mmsi=row["mmsi"],
            imo=row["imo"],
            draught_m=(row["draught"] or 0) / 10,
            ais_class="B" if classes.get(row["mmsi"]) == AIS_CLASSES.index("B") else "A",
            station="EXERCISE",
            **given,
            **size,
        ),
        number % 10,
    )
