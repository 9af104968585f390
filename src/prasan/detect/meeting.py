"""What a meeting of two vessels is made of, and why one is found but is no event.

Excluded, recorded and counted: `same_emitter_family` two emitters of one MMSI; `buoy_or_gear` an MMSI of the forms 97x,
98x, 99x; `pilot_or_tug` by ship type; `port` nearer than `port_km` to a port or anchorage; `stationary` one of the two
was never seen to leave the place where it was first heard; `moored` nearer than `berth_km` to the shore, where one of
the two lay still (not faster than `still_kn` in the median), held by the ground; `anchorage` learnt from own traffic:
both lay still nearer than `shore_nm` to the shore, and in the median `others_count` other vessels lay still within
`others_km`; one is enough where the two lay `apart_m` or more from each other. `apart` both lay still nearer than
`shore_nm` to the shore, each held in its own place, and in no slot in which they did were they nearer than `apart_m`:
what goes from hull to hull needs them side by side, and the antennas of two ships of 150 m that lie so are not farther
apart, however they point. Two that drift are held by nothing and meet, however many are around; so do two alone at
anchor side by side. With `port_km` 0 no place is excluded, with `others_count` 0 neither roads nor distances are asked.
`assumed` both lay still nearer than `shore_nm` to the shore, and more than `inferred_share` of the slots are inferred:
who lay around them was hardly heard either.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.picture.finding import Rule
from prasan.picture.identity import GEAR, mmsi_form
from prasan.picture.sphere import Floats
from prasan.picture.world import World
from prasan.tracks.columns import Bools, Columns, Ints, Slots

SERVICE_TYPES: Final = frozenset({31, 32, 50, 52})
"""Ship types whose work is to lie alongside: towing, towing (large), pilot vessel, tug (M.1371-5 Table 53)."""

INFERRED_S: Final = 3600
"""A slot between fixes farther apart than this is inferred rather than seen (GFW interpolates up to 1 h)."""

_NM: Final = 1852.0


class Meets(Columns, frozen=True):
    """Pairs of slots at one instant within the distance, `a` before `b` by MMSI and emitter, and the metres between.

    `others` counts the other vessels that lay still around `a` then.
    """

    a: Slots
    b: Slots
    metres: Floats
    others: Ints


class Place(msgspec.Struct, frozen=True):
    """Where a meeting began: metres to the nearest port or anchorage and to the shore, inf where far."""

    port_m: float
    shore_m: float


def pair_speed(meets: Meets) -> Floats:
    """The higher of both speeds in knots, n."""
    return np.maximum(meets.a.speed, meets.b.speed)


def inferred(meets: Meets) -> Bools:
    """Slots that rest on a line over a silence longer than `INFERRED_S`, n."""
    return np.asarray(np.maximum(meets.a.silence, meets.b.silence) > INFERRED_S)


def median(values: npt.NDArray[Any]) -> float:
    """The median, as NumPy's, which takes ten times as long over a few values."""
    ordered = np.sort(values)
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def shore_limit(rule: Rule) -> float:
    """Metres within which the distance from shore matters."""
    return max(rule.thresholds["shore_nm"] * _NM, rule.thresholds["berth_km"] * 1000)


def exclusion(part: Meets, place: Place, rule: Rule, world: World) -> str | None:
    """Why a meeting is no event, as a code; None if it is one. `part` holds its slots in order of time."""
    pair = (int(part.a.mmsi[0]), int(part.b.mmsi[0]))
    limits = rule.thresholds
    asked = limits["port_km"] > 0
    reasons: tuple[tuple[str, Callable[[], object]], ...] = (
        ("same_emitter_family", lambda: pair[0] == pair[1]),
        ("buoy_or_gear", lambda: any(mmsi_form(mmsi) in GEAR for mmsi in pair)),
        ("pilot_or_tug", lambda: any(world.ship_types.get(mmsi) in SERVICE_TYPES for mmsi in pair)),
        ("port", lambda: asked and place.port_m <= limits["port_km"] * 1000),
        ("stationary", lambda: not (part.a.moved[-1] and part.b.moved[-1])),
        ("moored", lambda: asked and _moored(part, place, limits)),
        ("anchorage", lambda: asked and _anchored(part, place, limits)),
        ("apart", lambda: asked and _stayed_apart(part, place, limits)),
        (
            "assumed",
            lambda: (
                asked and _lay_still(part, place, limits) and float(np.mean(inferred(part))) > limits["inferred_share"]
            ),
        ),
    )
    return next((code for code, holds in reasons if holds()), None)


def _moored(part: Meets, place: Place, limits: dict[str, float]) -> bool:
    """Was it close to the shore, with one of the two held by the ground? The other may have been berthing by it."""
    slower = min(median(part.a.speed), median(part.b.speed))
    return bool(place.shore_m <= limits["berth_km"] * 1000 and slower <= limits["still_kn"])


def _anchored(part: Meets, place: Place, limits: dict[str, float]) -> bool:
    """Did they lie still among others that lay still, no farther out than roads are?"""
    if not limits["others_count"] or not _lay_still(part, place, limits):
        return False
    apart = median(part.metres) >= limits["apart_m"]
    least = 1 if apart else limits["others_count"]
    return bool(median(part.others) >= least)


def _stayed_apart(part: Meets, place: Place, limits: dict[str, float]) -> bool:
    """Did both lie still without ever lying side by side? How they came there is not asked."""
    if not limits["others_count"] or not _lay_still(part, place, limits):
        return False
    return bool(part.metres[pair_speed(part) <= limits["still_kn"]].min() >= limits["apart_m"])


def _lay_still(part: Meets, place: Place, limits: dict[str, float]) -> bool:
    """Did both lie still, no farther out than roads are?"""
    near = place.shore_m <= limits["shore_nm"] * _NM
    return bool(near and median(pair_speed(part)) <= limits["still_kn"])
