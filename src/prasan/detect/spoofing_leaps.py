"""Jumps as plain values, and the vessels that made them: see `spoofing`."""

from itertools import product
from typing import Final

import msgspec
import numpy as np

from prasan.detect.make import degrees
from prasan.picture.finding import Fix
from prasan.picture.sphere import Floats
from prasan.tracks.columns import Fixes, Ints, points
from prasan.tracks.jumps import Jumps

Place = tuple[float, float, float]
"""A unit vector as plain numbers: groups are compared one by one, where arrays cost more than they save."""


class Victim(msgspec.Struct, frozen=True, gc=False):
    """One displaced vessel: the fixes before and after, the emitter it went to, when it left it; metres of its circle.

    `radius` is 0 if it was not seen to sail a circle there.
    """

    fixes: tuple[Fix, Fix]
    emitter: int
    metres: float
    knots: float
    sources: tuple[str, ...]
    back: int | None = None
    radius: float = 0.0


class Cells(msgspec.Struct, frozen=True):
    """Cells in space by which jumps that fit each other are found: by where they lead, and by their ways.

    `reach` in radii of the Earth. Cells are three times as wide: a place reaches into one or two of them by each axis.
    """

    reach: float

    def holding(self, place: Floats, way: Floats) -> list[tuple[int, int]]:
        """The cells of each place and way, n x 3 each."""
        columns = (_key(self._number(place, 0.0)), _key(self._number(way, 0.0)) + _WAYS)
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def reached(self, place: Floats, way: Floats) -> list[list[int]]:
        """All cells within reach of each place, and of each way; some twice."""
        corners = []
        for point, first in ((place, 0), (way, _WAYS)):
            low, high = self._number(point, -self.reach), self._number(point, self.reach)
            corners += [_key(np.where(corner, high, low)) + first for corner in _CORNERS]
        cells: list[list[int]] = np.stack(corners, axis=1).tolist()
        return cells

    def _number(self, point: Floats, shift: float) -> Ints:
        return np.asarray(((point + (_MIDDLE + shift)) / max(3 * self.reach, _LEAST)).astype(np.int64))


def _key(number: Ints) -> Ints:
    return np.asarray((number[:, 0] << 40) | (number[:, 1] << 20) | number[:, 2])


_CORNERS: Final = np.array(list(product((False, True), repeat=3)))
_MIDDLE: Final = 3.0
"""Added to coordinates: those of a way are larger than its negative."""
_LEAST: Final = 1e-4
"""Cells are no smaller than this, in radii of the Earth."""
_WAYS: Final = 1 << 62
"""Added to the numbers of cells of ways."""


class Leaps:
    """Jumps as plain values: they are gone through one by one, where arrays cost more than they save.

    `reached`: the cells that a group is listed under which begins with the jump; `there` and `back`: those in which
    groups lie that the jump may fit as it is, and turned around.
    """

    def __init__(self, made: Jumps, cells: Cells) -> None:
        rows = made.after
        self.mmsi, self.t = rows.mmsi.tolist(), rows.t.tolist()
        self.left, self.emitter = made.before.emitter.tolist(), rows.emitter.tolist()
        self.metres, self.knots = made.metres.tolist(), made.knots.tolist()
        source, target = points(made.before), points(rows)
        self.before, self.after = _Ends(made.before, source), _Ends(rows, target)
        self.reached = cells.reached(target, target - source)
        self.there, self.back = cells.holding(target, target - source), cells.holding(source, source - target)

    def __len__(self) -> int:
        return len(self.t)

    def victim(self, at: int) -> Victim:
        """The vessel of a jump as one that is displaced."""
        ends = (self.before, self.after)
        return Victim(
            fixes=(self.before.fix(at), self.after.fix(at)),
            emitter=self.emitter[at],
            metres=self.metres[at],
            knots=self.knots[at],
            sources=tuple(sorted({name for end in ends for name in end.sets[end.origin[at]]})),
        )


class _Ends:
    """The fixes before the jumps, or after them."""

    def __init__(self, rows: Fixes, point: Floats) -> None:
        columns = (rows.t, rows.mmsi, rows.lat, rows.lon, rows.sog, rows.cog, rows.origin)
        self.t, self.mmsi, self.lat, self.lon, self.sog, self.cog, self.origin = (one.tolist() for one in columns)
        self.sets = rows.sets
        x, y, z = point.T.tolist()
        self.place: list[Place] = list(zip(x, y, z, strict=True))

    def fix(self, at: int) -> Fix:
        """One of them as evidence."""
        sog, cog = self.sog[at], self.cog[at]
        return Fix(
            self.t[at],
            self.mmsi[at],
            degrees(self.lat[at]),
            degrees(self.lon[at]),
            sog / 10 if sog >= 0 else None,
            cog / 10 if cog >= 0 else None,
            "+".join(self.sets[self.origin[at]]),
        )
