"""A reported incident at sea: where, when and how exactly that is known, and codes of what happened."""

from typing import Final, Literal

import msgspec

Precision = Literal["day", "minute"]


class Incident(msgspec.Struct, frozen=True):
    """One report. `occurred` is seconds UTC; with precision `day` it is midnight of the reported date.

    `local_time` is the hour the report gives where it names no time zone ("05:36"): shown, never computed with.
    `text` and `vessel_name` are free text: they enter an object only when asked for, and then need an officer's eyes.
    """

    key: str
    occurred: int
    precision: Precision
    lat: float
    lon: float
    attack_type: str
    vessel_status: str = ""
    vessel_type: str = ""
    country: str = ""
    source: str = ""
    local_time: str = ""
    text: str = ""
    vessel_name: str = ""


class Box(msgspec.Struct, frozen=True):
    """A box in degrees: north of `south` up to and with `north`, from `west` to `east`, both counted in."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lat: float, lon: float) -> bool:
        """True if the place is in it."""
        return self.south < lat <= self.north and self.west <= lon <= self.east


BOXES: Final = {
    "gulf_of_aden": Box(west=43, south=11, east=54, north=17),
    "malacca_strait": Box(west=98, south=0, east=105, north=6),
}
"""Boxes that incidents are counted in. Whole degrees; the Malacca box begins north of the equator."""
