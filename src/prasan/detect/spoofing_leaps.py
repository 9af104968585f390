"""Jumps as plain values, and the vessels that made them: see `spoofing`."""

import msgspec

from prasan.detect.make import degrees
from prasan.picture.finding import Fix
from prasan.tracks.columns import Fixes, points
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


class Leaps:
    """Jumps as plain values: they are gone through one by one, where arrays cost more than they save."""

    def __init__(self, made: Jumps) -> None:
        rows = made.after
        self.mmsi, self.t = rows.mmsi.tolist(), rows.t.tolist()
        self.left, self.emitter = made.before.emitter.tolist(), rows.emitter.tolist()
        self.metres, self.knots = made.metres.tolist(), made.knots.tolist()
        self.before, self.after = _Ends(made.before), _Ends(rows)

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

    def __init__(self, rows: Fixes) -> None:
        columns = (rows.t, rows.mmsi, rows.lat, rows.lon, rows.sog, rows.cog, rows.origin)
        self.t, self.mmsi, self.lat, self.lon, self.sog, self.cog, self.origin = (one.tolist() for one in columns)
        self.sets = rows.sets
        x, y, z = points(rows).T.tolist()
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
