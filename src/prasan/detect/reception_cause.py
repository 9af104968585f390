"""Other reasons for a silence than a transmitter switched off or reception: looked for first.

`lay_still`  the vessel did not move before, was moored, or made at most `berth_kn` where ships berth: near a known port
             or anchorage, or where any vessel, itself included, was heard lying still in the `learn_h` before.
`other_emitter`  another transmitter with its MMSI was heard meanwhile: a shared number, or displaced positions.
`new_number`  within `TAKEN_OVER_S` a number that had not been heard in `learn_h` came up within reach of the last fix:
             perhaps the same transmitter with another MMSI.
"""

from typing import Final

import numpy as np

from prasan.detect.ear import Asked, Ear, near, within
from prasan.detect.reception import LEAST_KN, MOST_KN
from prasan.picture.finding import Rule
from prasan.picture.sphere import KNOT_MS
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Fixes, Ints, take

LAY_STILL: Final = "lay_still"
OTHER_EMITTER: Final = "other_emitter"
NEW_NUMBER: Final = "new_number"
CAUSES: Final = (LAY_STILL, OTHER_EMITTER, NEW_NUMBER)

TAKEN_OVER_S: Final = 1800
"""A transmitter that is given another number is off the air for minutes."""

SLACK_M: Final = 500.0
"""What positions may be off by, antennas and clocks together."""

_MOORED: Final = 5  # M.1371-5 Table 45


def causes(listened: Ear, asked: Asked, rows: Fixes, at: Ints, rule: Rule, world: World) -> list[str]:  # noqa: PLR0913, PLR0917
    """The code of what explains each silence after rows `at`, or ''. `asked` are these silences' beginnings."""
    shared = other_emitter(listened, asked, rows)
    taken = new_number(listened, asked)
    lay = lay_still(listened, asked, rows, at, int(rule.thresholds["before_count"]), rule, world)
    named = ((lay, LAY_STILL), (shared, OTHER_EMITTER), (taken, NEW_NUMBER))
    return [next((code for found, code in named if found[place]), "") for place in range(len(asked))]


def lay_still(  # noqa: PLR0913, PLR0917 - what the vessel said, what others said, and the world
    listened: Ear, asked: Asked, rows: Fixes, at: Ints, count: int, rule: Rule, world: World
) -> Bools:
    """True where a vessel did not move in the `count` fixes up to row `at`, or came to a berth or left one."""
    slow = rows.sog[at] <= rule.thresholds["berth_kn"] * 10
    found = at_rest(rows, at, count, rule)
    some = np.flatnonzero(slow & ~found)
    found[some] = berthed(listened, take(asked, some), rule, world)
    return found


def at_rest(rows: Fixes, at: Ints, count: int, rule: Rule) -> Bools:
    """True where the `count` fixes of a vessel up to row `at` show that it does not move, or that it is moored."""
    speed = rows.sog[at[:, None] - np.arange(count)].max(axis=1)
    still = (speed >= 0) & (speed <= rule.thresholds["still_kn"] * 10)
    return np.asarray(still | (rows.nav_status[at] == _MOORED))


def berthed(listened: Ear, asked: Asked, rule: Rule, world: World) -> Bools:
    """True near a port or anchorage of `world`, or near where a vessel was heard lying still."""
    metres = rule.thresholds["berth_km"] * 1000
    found = np.isfinite(world.ports.nearest_m(asked.lat, asked.lon, metres))
    width, sog = listened.reception.width, listened.reception.past.sog
    slots = (asked.known - int(rule.thresholds["learn_h"] * 3600)) // width, asked.known // width

    def still(_: Ints, row: Ints) -> Bools:
        return np.asarray((sog[row] >= 0) & (sog[row] <= rule.thresholds["still_kn"] * 10))

    found[near(listened, asked, np.full(len(asked), metres), slots, still)[0]] = True
    return found


def other_emitter(listened: Ear, asked: Asked, rows: Fixes) -> Bools:
    """True where the vessel's MMSI was heard in slots that lie within the silence."""
    found = np.zeros(len(asked), np.bool_)
    if not rows.emitter.any():
        return found
    past = listened.reception.past
    for place in np.flatnonzero(np.isin(asked.mmsi, rows.mmsi[rows.emitter > 0])).tolist():
        mine = past.mmsi == asked.mmsi[place]
        over = past.slot < asked.known[place] // listened.reception.width
        found[place] = bool((mine & over & (past.first > asked.t[place])).any())
    return found


def new_number(listened: Ear, asked: Asked) -> Bools:
    """True where a number came up near the last fix that was not heard before."""
    width, found = listened.reception.width, np.zeros(len(asked), np.bool_)
    speed = np.clip(asked.knots * 1.3, LEAST_KN, MOST_KN) * KNOT_MS
    past = listened.reception.past
    slots = asked.t // width, np.minimum((asked.t + TAKEN_OVER_S) // width + 1, asked.known // width)

    def soon(owner: Ints, row: Ints) -> Bools:
        first = past.first[row] - asked.t[owner]
        return np.asarray((first > 0) & (first <= TAKEN_OVER_S) & (past.mmsi[row] != asked.mmsi[owner]))

    owner, rows = near(listened, asked, SLACK_M + speed * (TAKEN_OVER_S + width), slots, soon)
    keep = within(asked, owner, rows, SLACK_M + speed[owner] * (rows.last - asked.t[owner]))
    owner, mmsi = owner[keep], rows.mmsi[keep]
    if not len(owner):
        return found
    numbers = np.unique(mmsi)
    some = np.isin(past.mmsi, numbers)
    earliest = np.full(len(numbers), np.iinfo(np.int64).max)
    np.minimum.at(earliest, np.searchsorted(numbers, past.mmsi[some]), past.first[some])
    found[owner[earliest[np.searchsorted(numbers, mmsi)] > asked.t[owner]]] = True
    return found
