"""Can two hulls lie side by side with their antennas so far apart? What their own static reports allow.

Hulls that hand something over lie parallel, either way round, with at least `beside_share` of the shorter one beside
the longer one. The antenna is `to_bow` from the bow and `to_stern` from the stern (M.1371-5, Annex 8, Figure 41), so
the antennas are farthest apart where the longer ends overlap by no more than that share: along the hulls

    max(bow, stern) + max(bow, stern) - beside_share x the shorter length

and across them max(port, starboard) + max(port, starboard). `slack_m` is for fenders (pneumatic ones are made up to
4.5 m, ISO 17357-1) and for two receivers that are each 8 m off in one case of twenty (GPS SPS Performance Standard,
5th edition, 3.8.3): 4.5 m and 8 m x root 2.

Where a hull gives its size but no place of its antenna (bow and port 0), that is taken to be anywhere on it. A hull
that never gave a size cannot be judged so.
"""

import numpy as np

from prasan.picture.sphere import Floats
from prasan.tracks.columns import Ints
from prasan.tracks.sizes import Sides


def lengths(size: Sides) -> Ints:
    """Metres from bow to stern, n; 0 where unknown."""
    return np.asarray(size[:, :2].astype(np.int64).sum(axis=1))


def beside_m(first: Sides, second: Sides, limits: dict[str, float]) -> Floats:
    """The farthest that the antennas of two hulls can be apart while they lie side by side, metres, n.

    `apart_m` where one of the two never gave a size.
    """
    one, other = lengths(first), lengths(second)
    ends, sides = (first[:, part].max(axis=1) + second[:, part].max(axis=1) for part in (slice(0, 2), slice(2, 4)))
    along = ends - limits["beside_share"] * np.minimum(one, other)
    known = (one > 0) & (other > 0)
    return np.where(known, np.hypot(along, sides) + limits["slack_m"], limits["apart_m"])
