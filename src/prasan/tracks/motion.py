"""What motion is possible, and what motion was made: the one place that knows the limits."""

from typing import Final

import msgspec
import numpy as np

from prasan.picture.identity import of_forms
from prasan.picture.position import AIS_CLASSES, UNITS_PER_DEGREE
from prasan.picture.sphere import EARTH_M, KNOT_MS, Floats, bearing_deg, chord_m
from prasan.tracks.columns import Bools, Fixes, Ints, points, take

VESSEL_KN: Final = 25.0
"""Faster than this between two fixes is impossible unless the fixes report more (GFW gpsdio-segment core.py)."""

REPORTED_FACTOR: Final = 1.3
"""A vessel may have gone this much faster than the higher of the two speeds that it reported."""

AIRCRAFT_KN: Final = 400.0
"""The class limit of search and rescue aircraft (message 9; MMSI 111MIDxxx)."""

SLACK_M: Final = 500.0
"""Distances below this say nothing: antenna place, rounding, satellite fix noise."""

MINUTE_SLACK_S: Final = 60
"""A stamp on the whole minute may have been cut to it, so a step that touches one may be this much longer."""

FASTEST_KN: Final = 1000.0
"""Implied speeds end here; beyond it a higher number tells nothing."""

NOISE_SOG: Final = (512, 630, 1022, 1023)
"""Reported 51.2, 63.0 and 102.2 or 102.3 kn (in tenths) are noise or "not available" (gpsdio-segment core.py)."""

_AIRCRAFT: Final = frozenset({"sar_aircraft"})
_METRES: Final = EARTH_M * np.pi / 180 / UNITS_PER_DEGREE
_BLOCK: Final = 1 << 16
"""Rows looked at in one go, so that what is worked out on the way stays in the cache."""


def slack_s(t0: Ints, t1: Ints) -> Ints:
    """Seconds by which the step from t0 to t1 may really have been longer, from the resolution of the stamps."""
    return np.where((t0 % 60 == 0) | (t1 % 60 == 0), MINUTE_SLACK_S, 1)


def reported_kn(rows: Fixes) -> Floats:
    """The speed each fix itself reported, n; 0 where it reported none or noise."""
    noise = rows.derived | (rows.sog < 0) | np.isin(rows.sog, NOISE_SOG)
    return np.where(noise, 0.0, rows.sog / 10.0)


def limit_kn(rows: Fixes) -> Floats:
    """The fastest that each fix, taken alone, makes believable, n."""
    limit = np.maximum(VESSEL_KN, REPORTED_FACTOR * reported_kn(rows))
    aircraft = rows.ais_class == AIS_CLASSES.index("sar")
    if rows.mmsi.size and rows.mmsi.min() < 200_000_000:
        aircraft |= of_forms(rows.mmsi, _AIRCRAFT)
    return np.where(aircraft, AIRCRAFT_KN, limit)


def impossible_steps(rows: Fixes) -> Ints:
    """Rows from whose position no vessel can have gone to the next row's, ascending. Rows must ascend in time.

    Steps from one MMSI to the next are left out. A flat estimate that never falls short of the true distance, beside
    what any vessel may make, clears nearly every step; the rest is measured exactly.
    """
    parts = [_doubtful(rows, at, min(at + _BLOCK, len(rows) - 1)) for at in range(0, len(rows) - 1, _BLOCK)]
    doubt: Ints = np.concatenate(parts) if parts else np.empty(0, np.int64)
    doubt = doubt[rows.mmsi[doubt + 1] == rows.mmsi[doubt]]
    if not len(doubt):
        return doubt
    a, b = take(rows, doubt), take(rows, doubt + 1)
    allowed = np.maximum(limit_kn(a), limit_kn(b)) * KNOT_MS * (b.t - a.t + slack_s(a.t, b.t)) + SLACK_M
    return np.asarray(doubt[chord_m(points(a), points(b)) > allowed])


def _doubtful(rows: Fixes, begin: int, end: int) -> Ints:
    """Steps after rows begin to end - 1 that are longer than the slowest limit allows, were a degree as long as any."""
    span = slice(begin, end + 1)
    north, east = (np.diff(column[span]).astype(np.float32) for column in (rows.lat, rows.lon))
    allowed = np.diff(rows.t[span]).astype(np.float32)
    allowed += 1 + SLACK_M / (VESSEL_KN * KNOT_MS)
    allowed *= VESSEL_KN * KNOT_MS * 0.999 / _METRES  # a thousandth for rounding
    north *= north
    north += east * east
    found: Ints = np.flatnonzero(north > allowed * allowed)
    return found + begin


def step_kn(rows: Fixes, first: Ints, second: Ints) -> Floats:
    """The least speed in knots that leads from each row of `first` to its row of `second`, all slack granted."""
    a, b = take(rows, first), take(rows, second)
    way = np.maximum(chord_m(points(a), points(b)) - SLACK_M, 0.0)
    knots = way / (np.abs(b.t - a.t) + slack_s(a.t, b.t)) / KNOT_MS
    return np.asarray(np.minimum(knots, FASTEST_KN))


def derive_motion(rows: Fixes, same: Bools) -> Fixes:
    """Speed and course from the fix before, where a row reports no speed; `same`, n - 1, says which rows have one.

    A row reports speed and course together (M.1371-5, message 1), so a missing speed makes the pair derived.
    """
    want = np.flatnonzero(rows.sog[1:] < 0)
    want = want[same[want] & (rows.t[want + 1] > rows.t[want])] + 1
    if not len(want):
        return rows
    a, b = take(rows, want - 1), take(rows, want)
    speed = chord_m(points(a), points(b)) / (b.t - a.t) / KNOT_MS
    scale = 1 / UNITS_PER_DEGREE
    course = bearing_deg(a.lat * scale, a.lon * scale, b.lat * scale, b.lon * scale)
    sog, cog, derived = rows.sog.copy(), rows.cog.copy(), rows.derived.copy()
    sog[want] = np.minimum(np.rint(speed * 10), 1022).astype(np.int16)
    cog[want] = np.where(rows.cog[want] >= 0, rows.cog[want], np.rint(course * 10).astype(np.int16) % 3600)
    derived[want] = True
    return msgspec.structs.replace(rows, sog=sog, cog=cog, derived=derived)
