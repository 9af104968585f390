"""Areas that rules and accords name: boxes of degrees, edges included, for one place and for columns of places."""

import numpy as np
import numpy.typing as npt

Area = tuple[float, float, float, float]
"""West, south, east, north in degrees; west > east means across 180 degrees."""


def inside(area: Area, lat: float, lon: float) -> bool:
    """True if the place is in the area."""
    west, south, east, north = area
    if not south <= lat <= north:
        return False
    return west <= lon <= east if west <= east else lon >= west or lon <= east


def inside_all(area: Area, lats: npt.NDArray[np.float64], lons: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """`inside` for columns."""
    west, south, east, north = area
    along = (lons >= west) & (lons <= east) if west <= east else (lons >= west) | (lons <= east)
    found: npt.NDArray[np.bool_] = (south <= lats) & (lats <= north) & along
    return found
