"""An exercise script as values: vessels, where they are hour by hour, when their transmitter is off. No threshold here.

What a detector should make of it is not written down: the script only says what physically happens (`Truth`), and which
meetings are ordinary work that merely looks like one.
"""

import datetime as dt
import math
from itertools import pairwise
from typing import Final, Literal

import msgspec

KM_A_DEGREE: Final = 111.2


class Silence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The transmitter is off between two hours of the exercise."""

    from_h: float
    to_h: float


class Vessel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A made-up vessel. `track` rows are hour, latitude, longitude: straight and steady from row to row.

    `ship_type` as in M.1371-5 Table 53, `nav_status` as in Table 45; length, beam and draught in metres. `interval_s`
    if its reports are received less often than the script's `interval_s` says.
    """

    name: str
    mmsi: int
    callsign: str
    ship_type: int
    track: tuple[tuple[float, float, float], ...]
    ais_class: Literal["A", "B"] = "A"
    nav_status: int = 0
    length_m: int = 90
    beam_m: int = 16
    draught_m: float = 5.0
    destination: str = ""
    silent: tuple[Silence, ...] = ()
    interval_s: int | None = None


class Shuttle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Made-up vessels that sail a route to and fro, evenly spread over it, side by side: ordinary traffic.

    `route` rows are latitude, longitude; `apart_km` is between the outermost of them; `mmsi` is the first one's number.
    """

    name: str
    mmsi: int
    callsign: str
    count: int
    knots: float
    route: tuple[tuple[float, float], ...]
    apart_km: float = 0.0
    ship_type: int = 70
    ais_class: Literal["A", "B"] = "A"
    length_m: int = 90
    beam_m: int = 16
    draught_m: float = 5.0
    interval_s: int | None = None

    def vessels(self, hours: float) -> tuple[Vessel, ...]:
        """Each of them, for so many hours."""
        return tuple(self._vessel(number, hours) for number in range(self.count))

    def _vessel(self, number: int, hours: float) -> Vessel:
        share = number / max(self.count - 1, 1) - 0.5
        aside = share * self.apart_km / KM_A_DEGREE
        # The offset is across the route's general direction, so that those side by side do not sail one behind another.
        north, east = (self.route[-1][at] - self.route[0][at] for at in (0, 1))
        length = math.hypot(north, east)
        places = [(lat - aside * east / length, lon + aside * north / length) for lat, lon in self.route]
        return Vessel(
            name=f"{self.name} {number + 1:02}",
            mmsi=self.mmsi + number,
            callsign=f"{self.callsign}{number + 1:02}",
            ship_type=self.ship_type,
            track=_to_and_fro(places, self.knots, number / self.count, hours),
            ais_class=self.ais_class,
            length_m=self.length_m,
            beam_m=self.beam_m,
            draught_m=self.draught_m,
            interval_s=self.interval_s,
        )


def _to_and_fro(
    places: list[tuple[float, float]], knots: float, begun: float, hours: float
) -> tuple[tuple[float, float, float], ...]:
    """A track over the places and back, again and again, `begun` (0 to 1) of the round being done at hour 0."""
    round_trip = [*places, *places[-2::-1]]
    legs = [_leg_h(a, b, knots) for a, b in pairwise(round_trip)]
    whole = sum(legs)
    hour = -begun * whole
    track = [(hour, *round_trip[0])]
    while hour < hours:
        for place, leg in zip(round_trip[1:], legs, strict=True):
            hour += leg
            track.append((hour, *place))
    return tuple(track)


def _leg_h(a: tuple[float, float], b: tuple[float, float], knots: float) -> float:
    lat = math.radians((a[0] + b[0]) / 2)
    return math.hypot(b[0] - a[0], (b[1] - a[1]) * math.cos(lat)) * 60 / knots


class Truth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens between named vessels. `ordinary` is why it is everyday work, empty if it is not."""

    what: Literal["transmitter_off", "alongside"]
    vessels: tuple[str, ...]
    from_h: float
    to_h: float
    ordinary: str = ""


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole script. `interval_s`: no report follows another sooner; `noise_m`: scatter of fixes."""

    name: str
    title_en: str
    title_th: str
    start: dt.datetime
    hours: float
    seed: int
    interval_s: int
    noise_m: float
    vessel: tuple[Vessel, ...]
    truth: tuple[Truth, ...]
    shuttle: tuple[Shuttle, ...] = ()

    def vessels(self) -> tuple[Vessel, ...]:
        """All of them, those of shuttles last."""
        return (*self.vessel, *(one for shuttle in self.shuttle for one in shuttle.vessels(self.hours)))
