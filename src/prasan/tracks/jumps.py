"""Where an MMSI was heard next from a place that no hull can have got to: changes between its emitters. Pure."""

import numpy as np

from prasan.picture.sphere import Floats, chord_m
from prasan.tracks.columns import Columns, Fixes, concat, no_fixes, points, take
from prasan.tracks.motion import step_kn


class Jumps(Columns, frozen=True):
    """Consecutive fixes of one MMSI on different emitters, in order of (t, mmsi, emitter) of the later one.

    `metres` between them, and `knots`, the least speed that leads from one to the other, all slack granted.
    """

    metres: Floats
    knots: Floats
    before: Fixes
    after: Fixes


def jumps(rows: Fixes, last: Fixes | None) -> Jumps:
    """Fixes sorted by (mmsi, emitter, t), and the last fix of every emitter before them -> the jumps they complete."""
    known = last if last is not None else no_fixes(rows.sets)
    odd = np.unique(np.concatenate((rows.mmsi[rows.emitter > 0], known.mmsi[known.emitter > 0])))
    if not len(odd):
        return Jumps(np.empty(0), np.empty(0), no_fixes(rows.sets), no_fixes(rows.sets))
    known, fresh = take(known, np.isin(known.mmsi, odd)), take(rows, np.isin(rows.mmsi, odd))
    both = concat(known, fresh)
    new = np.arange(len(both)) >= len(known)
    order = np.lexsort((both.emitter, both.t, both.mmsi))
    both, new = take(both, order), new[order]
    after = np.flatnonzero((both.mmsi[1:] == both.mmsi[:-1]) & (both.emitter[1:] != both.emitter[:-1]) & new[1:]) + 1
    after = after[np.lexsort((both.emitter[after], both.mmsi[after], both.t[after]))]
    first, second = take(both, after - 1), take(both, after)
    return Jumps(chord_m(points(first), points(second)), step_kn(both, after - 1, after), first, second)
