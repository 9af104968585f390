"""How kernels write down what they found: keys, evidence fixes, source names."""

from typing import Any

import numpy as np

from prasan.picture.finding import Fix, Rule
from prasan.picture.position import UNITS_PER_DEGREE
from prasan.tracks.columns import Fixes, Ints, SourceSets

Row = dict[str, Any]


def key(rule: Rule, mmsi: tuple[int, ...], t: int, lat: int, lon: int) -> str:
    """Kind, preset, MMSIs and the first anchor fix: seconds UTC, position in 1/10000 minute."""
    numbers = ",".join(map(str, mmsi)) if len(mmsi) > 1 else mmsi[0]
    return f"{rule.id}|{rule.preset}|{numbers}|{t}|{lat}|{lon}"


def fix(rows: Fixes, index: int) -> Fix:
    """One row as evidence."""
    sog, cog = int(rows.sog[index]), int(rows.cog[index])
    return Fix(
        t=int(rows.t[index]),
        mmsi=int(rows.mmsi[index]),
        lat=degrees(rows.lat[index]),
        lon=degrees(rows.lon[index]),
        sog=sog / 10 if sog >= 0 else None,
        cog=cog / 10 if cog >= 0 else None,
        source="+".join(rows.sets[int(rows.origin[index])]),
    )


def fixes(rows: Fixes, index: Ints) -> list[Fix]:
    """Some rows as evidence."""
    names = ["+".join(members) for members in rows.sets]
    columns = (rows.t, rows.mmsi, rows.lat, rows.lon, rows.sog, rows.cog, rows.origin)
    return [
        Fix(
            t,
            mmsi,
            round(lat / UNITS_PER_DEGREE, 6),
            round(lon / UNITS_PER_DEGREE, 6),
            sog / 10 if sog >= 0 else None,
            cog / 10 if cog >= 0 else None,
            names[origin],
        )
        for t, mmsi, lat, lon, sog, cog, origin in zip(*(column[index].tolist() for column in columns), strict=True)
    ]


def degrees(units: int | np.integer[Any]) -> float:
    """1/10000 minute -> decimal degrees with the six decimals that the unit can fill."""
    return round(int(units) / UNITS_PER_DEGREE, 6)


def names(sets: SourceSets, indices: Any) -> tuple[str, ...]:
    """The sources that the set indices name, each once, sorted."""
    return tuple(sorted({name for index in set(np.asarray(indices).ravel().tolist()) for name in sets[index]}))


def hours(seconds: float) -> float:
    """Seconds as hours with two decimals."""
    return round(float(seconds) / 3600, 2)
