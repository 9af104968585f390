"""Why a meeting of two vessels is found but is no event.

Excluded, recorded and counted: `same_emitter_family` two emitters of one MMSI; `buoy_or_gear` an MMSI that begins with
97, 98 or 99, which no ship has, of a right form or not (M.585-9, Annexes 1 and 2); `displaced` neither is the first
emitter of its MMSI: both came there by leaps that no hull can make; `pilot_or_tug` by ship type; `port` nearer than
`port_km` to a port or anchorage; `stationary` one of the two was never seen to leave the place where it was first
heard; `moored` nearer than `berth_km` to the shore, where one of the two lay still (not faster than `still_kn` in more
than half of the slots), held by the ground; `anchorage` learnt from own traffic: both lay still nearer than `shore_nm`
to the shore, and in more than half of the slots `others_count` other vessels lay still within `others_km`; one is
enough where the two mostly lay too far apart to be side by side.
`apart` both lay still nearer than `shore_nm` to the shore, each held in its own place, and were not side by side: what
goes from hull to hull needs that. Where both hulls had said how large they are, they were side by side if their
antennas were as near as these hulls allow (see `beside`) in `beside_count` slots in which both lay still; else if they
were nearer than `apart_m` in one: the antennas of two ships of 150 m that lie so are not farther apart, however they
point. Two that drift are held by nothing and meet, however many are around; so do two alone at anchor side by side.
With `port_km` 0 no place is excluded, with `others_count` 0 neither roads nor distances are asked. `assumed` both lay
still nearer than `shore_nm` to the shore, and more than `inferred_share` of the slots are inferred: who lay around them
was hardly heard either.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from prasan.picture.finding import Rule
from prasan.picture.world import World

SERVICE_TYPES: Final = frozenset({31, 32, 50, 52})
"""Ship types whose work is to lie alongside: towing, towing (large), pilot vessel, tug (M.1371-5 Table 53)."""

NO_SHIP: Final = 970_000_000
"""From here on an MMSI is a beacon's, a boat's with a mother ship, or a buoy's."""

_NM: Final = 1852.0


class Meeting(msgspec.Struct, frozen=True):
    """A meeting as plain values: both MMSIs, whether both had moved by its end, what its slots come to (see `Totals`).

    `leapt` is whether neither was its MMSI's first emitter: a leap that no hull can make led both there.

    `port_m` and `shore_m` are metres from where it began to the nearest port or anchorage and to the shore, inf where
    far. `limit_m` is how near the antennas are where these hulls lie side by side, `lengths` theirs if both gave them.
    """

    pair: tuple[int, int]
    moved: bool
    leapt: bool
    port_m: float
    shore_m: float
    limit_m: float
    lengths: tuple[int, int] | None
    slots: int
    inferred: int
    first_still: int
    second_still: int
    both_still: int
    others: int
    many_others: int
    metres: float
    closest: float
    knots: float
    still_m: float
    beside_m: float

    def mostly(self, count: int) -> bool:
        """Is that more than half of the slots?"""
        return 2 * count > self.slots


def shore_limit(rule: Rule) -> float:
    """Metres within which the distance from shore matters."""
    return max(rule.thresholds["shore_nm"] * _NM, rule.thresholds["berth_km"] * 1000)


def exclusion(met: Meeting, rule: Rule, world: World) -> str | None:
    """Why a meeting is no event, as a code; None if it is one."""
    limits = rule.thresholds
    asked = limits["port_km"] > 0
    reasons: tuple[tuple[str, Callable[[], object]], ...] = (
        ("same_emitter_family", lambda: met.pair[0] == met.pair[1]),
        ("buoy_or_gear", lambda: max(met.pair) >= NO_SHIP),
        ("displaced", lambda: asked and met.leapt),
        ("pilot_or_tug", lambda: any(world.ship_types.get(mmsi) in SERVICE_TYPES for mmsi in met.pair)),
        ("port", lambda: asked and met.port_m <= limits["port_km"] * 1000),
        ("stationary", lambda: not met.moved),
        ("moored", lambda: asked and _moored(met, limits)),
        ("anchorage", lambda: asks_roads(limits) and _anchored(met, limits)),
        ("apart", lambda: asks_roads(limits) and _stayed_apart(met, limits)),
        ("assumed", lambda: asked and lay_still(met, limits) and met.inferred > limits["inferred_share"] * met.slots),
    )
    return next((code for code, holds in reasons if holds()), None)


def asks_roads(limits: dict[str, float]) -> bool:
    """Does the rule ask for roads and for how near hulls can lie?"""
    return limits["port_km"] > 0 and limits["others_count"] > 0


def lay_still(met: Meeting, limits: dict[str, float]) -> bool:
    """Did both lie still, no farther out than roads are?"""
    return met.shore_m <= limits["shore_nm"] * _NM and met.mostly(met.both_still)


def _moored(met: Meeting, limits: dict[str, float]) -> bool:
    """Was it close to the shore, with one of the two held by the ground? The other may have been berthing by it."""
    return met.shore_m <= limits["berth_km"] * 1000 and met.mostly(max(met.first_still, met.second_still))


def _anchored(met: Meeting, limits: dict[str, float]) -> bool:
    """Did they lie still among others that lay still, no farther out than roads are?"""
    among = met.others if met.metres >= met.limit_m else met.many_others
    return lay_still(met, limits) and met.mostly(among)


def _stayed_apart(met: Meeting, limits: dict[str, float]) -> bool:
    """Did both lie still without ever lying side by side? How they came there is not asked."""
    nearest = met.still_m if met.lengths is None else met.beside_m
    return lay_still(met, limits) and nearest >= met.limit_m
