"""The fleet of a seed: hulls with made-up names and numbers, each with its class and the work it does."""

import itertools
from typing import Final

import msgspec

from prasan.exercise import work
from prasan.exercise.area import Setting
from prasan.exercise.draw import Draw
from prasan.exercise.roads import Roads
from prasan.exercise.track import Hull, Way
from prasan.exercise.voyage import Sea, trips

FIRST: Final = (
    "AMBER", "BRASS", "CORAL", "DAWN", "EMBER", "FERN", "GOLD", "HERON", "INDIGO", "JADE", "KITE", "LOTUS", "MANGO",
    "NORTH", "ORCHID", "PEARL", "QUARTZ", "RIVER", "SILVER", "TEAK", "UMBRA", "VELVET", "WILLOW", "YARROW",
)  # fmt: skip
LAST: Final = (
    "ANCHOR", "BAY", "CREST", "DELTA", "ECHO", "FJORD", "GULF", "HARVEST", "ISLE", "JETTY", "KEEL", "LIGHT", "MOON",
    "NET", "OAR", "PRIDE", "QUEST", "REEF", "STAR", "TIDE", "UNITY", "VENTURE", "WIND", "ZENITH",
)  # fmt: skip
"""Made-up names: "EX" before one of each, so that nobody takes them for a real vessel's."""

TRADE: Final = ("cargo", "tanker")


class Size(msgspec.Struct, frozen=True):
    """Length of a hull and of the cable that it has out at anchor, metres."""

    length_m: float
    cable_m: float

    @property
    def swing_m(self) -> float:
        """Radius of the circle that it sweeps at anchor."""
        return self.length_m + self.cable_m


class Cast(msgspec.Struct):
    """The hulls so far, who lies at anchor where, and numbers and names that are taken. Grows while a seed is drawn."""

    setting: Setting
    draw: Draw
    sea: Sea
    hulls: list[Hull]
    taken: set[int | str]
    roads: Roads


def crew(cast: Cast, vessels: int) -> None:
    """Add about so many everyday vessels to the cast, by the shares of the data file."""
    shares = dict(cast.setting.ranges.fleet)
    anchored = round(shares.pop("anchored") * vessels)
    numbers = {kind: round(share * vessels) for kind, share in shares.items()}
    numbers["craft"] = max(0, vessels - anchored - sum(numbers.values()))
    for kind, number in numbers.items():
        for _ in range(number):
            everyday(cast, kind)
    while anchored > 0:
        anchored -= _anchored_fleet(cast, anchored)


def everyday(cast: Cast, kind: str) -> Hull:
    """One vessel of a kind at its everyday work."""
    draw, area, seconds = cast.draw, cast.setting.area, cast.sea.seconds
    size = new_size(cast, kind)
    knots = draw.uniform(*cast.setting.ranges.profiles[kind].knots)
    if kind in TRADE:
        ways, berths = trips(cast.sea, knots, draw, lambda spots, span: cast.roads.room(spots, size.swing_m, span))
    elif kind == "passenger":
        ways, berths = work.ferry(area, seconds, knots, draw)
    elif kind == "fishing":
        ways, berths = work.fishing(area, seconds, knots, draw)
    elif kind == "patrol":
        ways, berths = work.patrol(area, seconds, knots, draw)
    elif kind == "craft":
        ways, berths = work.day_trips(area, seconds, knots, draw)
    else:
        ways, berths = work.in_harbour(area, draw)[1], []
    hull = enlist(cast, kind, ways, size)
    share = draw.of("life", "berth_silent" if kind in TRADE else "craft_silent")
    off = tuple(stay for stay in berths if draw.chance(share)) if kind != "patrol" else ()
    return replace(cast, hull, off=off)


def new_size(cast: Cast, kind: str) -> Size:
    """How long a hull of a kind is, and how much cable it has out at anchor."""
    profile = cast.setting.ranges.profiles[kind]
    return Size(cast.draw.uniform(*profile.length_m), cast.draw.uniform(*profile.cable_m))


def enlist(cast: Cast, kind: str, ways: list[Way], size: Size | None = None) -> Hull:
    """A new hull of a kind with these ways, with a name and numbers nobody else has."""
    draw, profile = cast.draw, cast.setting.ranges.profiles[kind]
    size = size or new_size(cast, kind)
    length = size.length_m
    share = (length - profile.length_m[0]) / (profile.length_m[1] - profile.length_m[0])
    low, high = profile.antenna_m
    weak = draw.chance(draw.of("radio", "weak"))
    class_b = draw.chance(profile.class_b)
    hull = Hull(
        mmsi=new_mmsi(cast),
        kind=kind,
        ways=in_order(ways),
        name=new_name(cast),
        callsign=f"EX{draw.random.integers(10_000):04d}",
        imo=0 if class_b or length < 35 else new_imo(cast),
        ship_type=profile.ship_type,
        length_m=round(length),
        antenna_m=low + share * (high - low),
        class_b=class_b,
        cable_m=size.cable_m,
        range_share=draw.of("radio", "weak_range") if weak else 1.0,
    )
    cast.hulls.append(hull)
    return hull


def in_order(ways: list[Way]) -> tuple[Way, ...]:
    """Ways each later than the one before, two at least."""
    kept = [way for way, after in itertools.pairwise(ways) if after.t > way.t] + ways[-1:]
    return (*kept, msgspec.structs.replace(kept[-1], t=kept[-1].t + 1.0))


def replace(cast: Cast, hull: Hull, **changes: object) -> Hull:
    """The hull with other values, in its place in the cast."""
    at = next(i for i in range(len(cast.hulls) - 1, -1, -1) if cast.hulls[i].mmsi == hull.mmsi)
    cast.hulls[at] = msgspec.structs.replace(cast.hulls[at], **changes)
    return cast.hulls[at]


def new_mmsi(cast: Cast, prefix: int | None = None) -> int:
    """A number of the form MIDxxxxxx, or `prefix` of five digits and four more, that nobody else has."""
    draw = cast.draw
    while True:
        head = (
            draw.pick(cast.setting.area.mids) * 100 + 90 + int(draw.random.integers(10)) if prefix is None else prefix
        )
        number = head * 10_000 + int(draw.random.integers(10_000))
        if number not in cast.taken:
            cast.taken.add(number)
            return number


def new_name(cast: Cast) -> str:
    """A name of at most 20 letters."""
    while True:
        name = f"EX {cast.draw.pick(FIRST)} {cast.draw.pick(LAST)}"
        while name in cast.taken:
            name = f"{name.rstrip('0123456789 ')[:16]} {cast.draw.random.integers(2, 999)}"
        cast.taken.add(name)
        return name


def new_imo(cast: Cast) -> int:
    """A number with a right check digit (IMO resolution A.1117(30)) that nobody else has."""
    while True:
        six = int(cast.draw.random.integers(990_000, 999_999))
        total = sum(int(digit) * weight for digit, weight in zip(str(six), range(7, 1, -1), strict=True))
        number = six * 10 + total % 10
        if number not in cast.taken:
            cast.taken.add(number)
            return number


def _anchored_fleet(cast: Cast, most: int) -> int:
    draw = cast.draw
    boats = min(most, draw.whole("life", "anchored_fleet")) if most > 1 else 1
    knots = draw.uniform(*cast.setting.ranges.profiles["fishing"].knots)
    sizes = [new_size(cast, "fishing") for _ in range(boats)]
    swings = [size.swing_m for size in sizes]
    fleet = work.at_anchor(cast.setting.area, cast.sea.seconds, swings, knots, draw, cast.roads)
    for size, ways in zip(sizes, fleet, strict=True):
        enlist(cast, "fishing", ways, size)
    return boats
