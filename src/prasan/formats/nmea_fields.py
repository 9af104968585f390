"""Where the fields of each message lie: the tables of ITU-R M.1371-5 Annex 8, as (first bit, width)."""

from typing import Final, TypeAlias

import msgspec

from prasan.picture.position import AIS_CLASSES

KNOWN_TYPES: Final = range(1, 28)
"""The numbers M.1371 gives out. Those without a layout here are `other_type`: counted, not read, because they would add
nothing to a table of ships. 6, 8, 25 and 26 are binary for applications; 12 and 14 free text; 7, 10, 13, 15, 16, 20, 22
and 23 run the radio channel; 17 corrects satellite fixes (and pyais is off by a factor of 60 there); 11 is a clock, and
used as one in `nmea_times`; its sender also reports by 1 to 3. So no second, slower decoder is asked."""

MIN_BITS: Final = {
    1: 163, 2: 163, 3: 163, 4: 168, 5: 420, 9: 168, 18: 168, 19: 312, 21: 272, 24: 160, 27: 94,
}  # fmt: skip
"""Fewest bits read as a message of this type. M.1371 says 168 for 1 to 3 and 424 for 5; some transponders
leave out the last, unused ones, and all fields read here lie before them. 24 is its part A; part B needs 162."""

PART_B_BITS: Final = 162

Field: TypeAlias = tuple[int, int]


class PlaceLayout(msgspec.Struct, frozen=True):
    """Fields of a message with a position. `scale`: units of 1/10000 minute; `ten_knots`: speed is in whole knots."""

    lon: Field
    lat: Field
    sog: Field | None = None
    cog: Field | None = None
    heading: Field | None = None
    status: Field | None = None
    coarse: bool = False
    whole_knots: bool = False
    ais_class: int | None = None


def _code(name: str) -> int:
    return AIS_CLASSES.index(name)


_CLASS_A: Final = PlaceLayout(
    (61, 28), (89, 27), (50, 10), (116, 12), (128, 9), (38, 4), ais_class=_code("A")
)  # fmt: skip
_CLASS_B: Final = PlaceLayout((57, 28), (85, 27), (46, 10), (112, 12), (124, 9), ais_class=_code("B"))

PLACES: Final[dict[tuple[int, ...], PlaceLayout]] = {
    (1, 2, 3): _CLASS_A,
    (18, 19): _CLASS_B,
    (4,): PlaceLayout((79, 28), (107, 27), ais_class=_code("base")),
    (9,): PlaceLayout((61, 28), (89, 27), (50, 10), (116, 12), whole_knots=True, ais_class=_code("sar")),
    (21,): PlaceLayout((164, 28), (192, 27), ais_class=_code("aton")),
    (27,): PlaceLayout((44, 18), (62, 17), (79, 6), (85, 9), None, (40, 4), coarse=True, whole_knots=True),
}
"""Message 27 (long range) does not say its class, and is in 1/10 minute, whole knots and whole degrees."""

UTC: Final = ((38, 14), (52, 4), (56, 5), (61, 5), (66, 6), (72, 6))
"""Year, month, day, hour, minute and second of messages 4 and 11."""


class StaticLayout(msgspec.Struct, frozen=True):
    """Fields of a message with static data; text as (first bit, letters)."""

    imo: Field | None = None
    callsign: Field | None = None
    name: Field | None = None
    ship_type: Field | None = None
    dims: int | None = None  # first bit of A 9, B 9, C 6, D 6
    eta: int | None = None  # first bit of month 4, day 5, hour 5, minute 6
    draught: Field | None = None
    destination: Field | None = None


STATICS_5: Final = StaticLayout((40, 30), (70, 7), (112, 20), (232, 8), 240, 274, (294, 8), (302, 20))
STATICS_19: Final = StaticLayout(name=(143, 20), ship_type=(263, 8), dims=271)
STATICS_21: Final = StaticLayout(name=(43, 20), dims=219)
STATICS_24A: Final = StaticLayout(name=(40, 20))
STATICS_24B: Final = StaticLayout(callsign=(90, 7), ship_type=(40, 8), dims=132)
NAME_EXTENSION_21: Final = (272, 14)
"""Message 21: the rest of a name longer than 20 letters, as many as the message has bits for."""
