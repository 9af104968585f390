"""The policy: a node's own ordered rules of what goes to whom (docs/wire.md, section 4). It is never sent."""

from hashlib import sha256
from typing import Annotated, Final, Literal

import msgspec

from prasan.errors import AccordError
from prasan.picture.marking import Tlp
from prasan.release.accord import Mode, parse_tlp
from prasan.release.toml import load, rule_lines

Verdict = Literal["release", "sanitise", "withhold"]
Group = Literal["identity", "evidence", "text"]
Area = tuple[float, float, float, float]

PARTNERS: Final = "partners"
PUBLIC: Final = "public"
CLASS: Final = "class:"
OWN: Final = "own"
RECEIVED: Final = "received"

Degrees = Annotated[float, msgspec.Meta(ge=0.01, le=10.0)]
Minutes = Annotated[int, msgspec.Meta(ge=1, le=525_600)]
Hours = Annotated[float, msgspec.Meta(gt=0, le=876_600)]


class _Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule as written."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    to: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    then: Verdict
    types: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None
    origin: str | None = None
    mode: Mode | None = None
    max_tlp: str | None = None
    area: Area | None = None
    min_age_h: Hours | None = None
    personal_data: bool = False
    place_deg: Degrees | None = None
    time_min: Minutes | None = None
    drop: tuple[Group, ...] = ()
    again_min: Minutes | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    prasan_policy: Literal[1]
    name: str
    rule: tuple[_Rule, ...]


class Steps(msgspec.Struct, frozen=True):
    """How a view is made coarser: cell in degrees, time step in minutes, groups dropped, minutes between versions."""

    place_deg: float | None = None
    time_min: int | None = None
    drop: frozenset[str] = frozenset()
    again_min: int = 0


class Rule(msgspec.Struct, frozen=True):
    """One rule. A condition that is None always holds; `line` is where it stands in the file (0 unknown)."""

    id: str
    to: frozenset[str]
    then: Verdict
    types: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    labels: frozenset[str] | None = None
    origin: str | None = None
    mode: Mode | None = None
    max_tlp: Tlp | None = None
    area: Area | None = None
    min_age_h: float | None = None
    personal_data: bool = False
    steps: Steps = Steps()
    line: int = 0


class Policy(msgspec.Struct, frozen=True):
    """Ordered rules; the first that matches decides. `hash` is SHA-256 of the file's bytes."""

    name: str
    hash: str
    rules: tuple[Rule, ...]


def parse_policy(raw: bytes) -> Policy:
    """The bytes of a policy -> its value. AccordError names the rule and its line."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise AccordError(f"the policy is not UTF-8: {error}", "save it as UTF-8") from None
    file = load(text, _File, "the policy")
    lines = rule_lines(text)
    rules = tuple(_rule(rule, line) for rule, line in zip(file.rule, lines, strict=False))
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise _wrong(rule.id, rule.line, "the id is used twice", "give each rule an id of its own")
        seen.add(rule.id)
    return Policy(file.name, sha256(raw).hexdigest(), rules)


def _rule(rule: _Rule, line: int) -> Rule:
    _check_steps(rule, line)
    _check_conditions(rule, line)
    return Rule(
        id=rule.id,
        to=frozenset(rule.to),
        then=rule.then,
        types=_set(rule.types),
        kinds=_set(rule.kinds),
        labels=_set(rule.labels),
        origin=rule.origin,
        mode=rule.mode,
        max_tlp=None if rule.max_tlp is None else parse_tlp(rule.max_tlp, _at(rule.id, line) + ": max_tlp"),
        area=rule.area,
        min_age_h=rule.min_age_h,
        personal_data=rule.personal_data,
        steps=Steps(rule.place_deg, rule.time_min, frozenset(rule.drop), rule.again_min or 0),
        line=line,
    )


def _check_steps(rule: _Rule, line: int) -> None:
    steps = rule.place_deg is not None or rule.time_min is not None or bool(rule.drop)
    if rule.then == "sanitise" and not steps:
        raise _wrong(rule.id, line, "sanitise says nothing to change", "give place_deg, time_min or drop")
    if rule.then != "sanitise" and (steps or rule.again_min is not None):
        raise _wrong(
            rule.id, line, f"place_deg, time_min, drop and again_min do nothing in '{rule.then}'", "remove them"
        )


def _check_conditions(rule: _Rule, line: int) -> None:
    for name in ("to", "types", "kinds", "labels"):
        values = getattr(rule, name)
        if values is not None and (not values or "" in values):
            raise _wrong(rule.id, line, f"{name} is empty, so the rule never matches", "name something or leave it out")
    if rule.personal_data and rule.types is None:
        raise _wrong(rule.id, line, "personal_data = true without types", "name the types it is meant for")
    if rule.area is not None:
        west, south, east, north = rule.area
        if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90 and west != east):
            raise _wrong(rule.id, line, "area is not [west, south, east, north] in degrees", "correct the four numbers")


def _set(values: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)


def _at(name: str, line: int) -> str:
    return f"the policy: rule '{name}' (line {line})"


def _wrong(name: str, line: int, what: str, remedy: str) -> AccordError:
    return AccordError(f"{_at(name, line)}: {what}", remedy)


class Unreached(msgspec.Struct, frozen=True):
    """A rule that can never decide anything, because an earlier one always matches first."""

    rule: str
    line: int
    covered_by: str


def unreached(policy: Policy) -> tuple[Unreached, ...]:
    """Rules that one earlier rule covers wholly. (Rules that several earlier ones cover together are not found.)"""
    found = []
    for number, later in enumerate(policy.rules):
        earlier = next((rule for rule in policy.rules[:number] if _covers(rule, later)), None)
        if earlier is not None:
            found.append(Unreached(later.id, later.line, earlier.id))
    return tuple(found)


def _covers(a: Rule, b: Rule) -> bool:
    """True if `a` matches whatever `b` matches, for whomever `b` is meant."""
    return (
        all(name in a.to or (is_partner(name) and PARTNERS in a.to) for name in b.to)
        and _wider(a.types, b.types)
        and _wider(a.kinds, b.kinds)
        and _wider(a.labels, b.labels)
        and (a.origin in (None, b.origin) or (a.origin == RECEIVED and b.origin not in (None, OWN)))
        and a.mode in (None, b.mode)
        and (a.max_tlp is None or (b.max_tlp is not None and b.max_tlp <= a.max_tlp))
        and _covers_area(a, b)
    )


def is_partner(name: str) -> bool:
    """True if a name in `to` is a partner's (or "partners")."""
    return name != PUBLIC and not name.startswith(CLASS)


def _wider(a: frozenset[str] | None, b: frozenset[str] | None) -> bool:
    return a is None or (b is not None and b <= a)


def _covers_area(a: Rule, b: Rule) -> bool:
    if a.area is None:
        return True
    if b.area is None or (a.then != "withhold" and b.then == "withhold"):
        return False  # a rule that withholds also matches an object whose place is not known
    west, south, east, north = b.area
    corners = ((south, west), (north, east), (south, east), (north, west))
    same_turn = (west <= east) == (a.area[0] <= a.area[2])
    return same_turn and all(inside(a.area, lat, lon) for lat, lon in corners)


def inside(area: Area, lat: float, lon: float) -> bool:
    """True if the place is in the area, its edges included; west > east means across 180 degrees."""
    west, south, east, north = area
    if not south <= lat <= north:
        return False
    return west <= lon <= east if west <= east else lon >= west or lon <= east
