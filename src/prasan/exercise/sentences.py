"""Exercise rows as the NMEA sentences that carry them, in order of time: what `prasan simulate` writes and replays."""

from typing import Any

import pyarrow as pa

from prasan.exercise.player import Exercise
from prasan.formats.nmea_encode import PositionReport, StaticReport, encode_position, encode_static
from prasan.picture.position import AIS_CLASSES, UNITS_PER_DEGREE


def to_nmea(made: Exercise) -> bytes:
    """All reports of an exercise as tagged AIVDM lines; static reports come before positions of the same second."""
    rows = made.positions.select(["mmsi", "ais_class"]).group_by("mmsi").aggregate([("ais_class", "max")])
    classes = dict(zip(*(rows[name].to_pylist() for name in ("mmsi", "ais_class_max")), strict=True))
    lines = [(row["t"], 0, row["mmsi"], _static(row, classes, at)) for at, row in enumerate(_rows(made.statics))]
    lines += [(row["t"], 1, row["mmsi"], _position(row)) for row in _rows(made.positions)]
    return b"".join(line for *_, line in sorted(lines))


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _position(row: dict[str, Any]) -> bytes:
    return encode_position(
        PositionReport(
            t=row["t"],
            mmsi=row["mmsi"],
            lat=row["lat"] / UNITS_PER_DEGREE,
            lon=row["lon"] / UNITS_PER_DEGREE,
            sog_kn=row["sog"] / 10,
            cog_deg=row["cog"] / 10,
            heading_deg=row["heading"],
            nav_status=row["nav_status"],
            ais_class="B" if row["ais_class"] == AIS_CLASSES.index("B") else "A",
            station=row["station"] or "",
        )
    )


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
