"""The tracks that the small map draws: a vessel's fixes, thinned, and broken where nothing was heard."""

import pyarrow as pa

from prasan.picture.position import degrees
from prasan.web import desk

TRACK_POINTS = 400
SILENCE_S = 3600
"""A track is drawn as broken where nothing was heard for so long."""


def lines_of(fixes: pa.Table, mmsi: int) -> list[desk.Track]:
    """One vessel's fixes as tracks, cut at silences: nobody knows the way across one."""
    rows = [row for row in fixes.to_pylist() if row["mmsi"] == mmsi]
    step = max(1, len(rows) // TRACK_POINTS)
    pieces, last = list[list[tuple[int, float, float]]](), None
    for row in rows[::step]:
        if last is None or row["t"] - last > SILENCE_S:
            pieces.append([])
        pieces[-1].append((row["t"], degrees(row["lat"]), degrees(row["lon"])))
        last = row["t"]
    return [desk.Track(mmsi, tuple(piece)) for piece in pieces]
