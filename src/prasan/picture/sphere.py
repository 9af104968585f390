"""Distances and directions on a sphere of the mean Earth radius. Vectorised; no special case at a pole or at 180°."""

from typing import Final

import numpy as np
import numpy.typing as npt

EARTH_M: Final = 6_371_008.8
"""Mean radius of the Earth in metres (IUGG 1980)."""

KNOT_MS: Final = 1852 / 3600
"""One knot in metres per second."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def vectors(lat: npt.ArrayLike, lon: npt.ArrayLike) -> Floats:
    """Decimal degrees, n each -> unit vectors, n x 3."""
    phi, lam = np.radians(np.asarray(lat, np.float64)), np.radians(np.asarray(lon, np.float64))
    cos_phi = np.cos(phi)
    return np.stack((cos_phi * np.cos(lam), cos_phi * np.sin(lam), np.sin(phi)), axis=-1)


def lat_lon(vector: Floats) -> tuple[Floats, Floats]:
    """Vectors, n x 3, of any length but zero -> decimal degrees, n each; longitude in [-180, 180]."""
    x, y, z = vector[..., 0], vector[..., 1], vector[..., 2]
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def chord_m(a: Floats, b: Floats) -> Floats:
    """Great-circle distance in metres between unit vectors, n x 3 each; exact for the smallest distances too."""
    gap = a - b
    half = np.sqrt(np.einsum("...i,...i->...", gap, gap)) / 2
    return np.asarray(2 * EARTH_M * np.arcsin(np.minimum(half, 1.0)))


def distance_m(lat1: npt.ArrayLike, lon1: npt.ArrayLike, lat2: npt.ArrayLike, lon2: npt.ArrayLike) -> Floats:
    """Great-circle distance in metres between points in decimal degrees, by the haversine formula."""
    phi1, phi2 = np.radians(np.asarray(lat1, np.float64)), np.radians(np.asarray(lat2, np.float64))
    half_lam = np.radians(np.asarray(lon2, np.float64) - np.asarray(lon1, np.float64)) / 2
    h = np.sin((phi2 - phi1) / 2) ** 2 + np.cos(phi1) * np.cos(phi2) * np.sin(half_lam) ** 2
    return np.asarray(2 * EARTH_M * np.arcsin(np.minimum(np.sqrt(h), 1.0)))


def bearing_deg(lat1: npt.ArrayLike, lon1: npt.ArrayLike, lat2: npt.ArrayLike, lon2: npt.ArrayLike) -> Floats:
    """Initial great-circle course from point 1 to point 2, degrees in [0, 360)."""
    phi1, phi2 = np.radians(np.asarray(lat1, np.float64)), np.radians(np.asarray(lat2, np.float64))
    lam = np.radians(np.asarray(lon2, np.float64) - np.asarray(lon1, np.float64))
    east = np.sin(lam) * np.cos(phi2)
    north = np.cos(phi1) * np.sin(phi2) - np.sin(phi1) * np.cos(phi2) * np.cos(lam)
    return np.asarray(np.degrees(np.arctan2(east, north)) % 360.0)
