"""An exercise script as values: vessels, where they are hour by hour, when their transmitter is off. No threshold here.

What a detector should make of it is not written down: the script only says what physically happens (`Truth`), and which
meetings are ordinary work that merely looks like one.
"""

import datetime as dt
from typing import Literal

import msgspec


class Silence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The transmitter is off between two hours of the exercise."""

    from_h: float
    to_h: float


class Vessel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A made-up vessel. `track` rows are hour, latitude, longitude: straight and steady from row to row.

    `ship_type` as in M.1371-5 Table 53, `nav_status` as in Table 45; length, beam and draught in metres.
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
