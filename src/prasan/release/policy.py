"""The policy: a node's own ordered rules of what goes to whom (docs/wire.md, section 4). It is never sent."""

from hashlib import sha256
from typing import Annotated, Literal

import msgspec

from prasan.errors import AccordError
from prasan.release.accord import Mode, parse_tlp
from prasan.release.boxes import Area
from prasan.release.review import crossings
from prasan.release.rules import Caveat, Group, Policy, Rule, Steps, Verdict
from prasan.release.toml import load, rule_lines

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
    sources: tuple[str, ...] | None = None
    caveats: tuple[Caveat, ...] | None = None
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
    for pair in crossings(rules):
        what = f"above the max_tlp of rule '{pair.earlier}' it lets out more than that rule does below"
        raise _wrong(pair.later, pair.line, what, "give it a max_tlp too, or put it first")
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
        sources=_set(rule.sources),
        caveats=_set(rule.caveats),
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
    for name in ("to", "types", "kinds", "labels", "sources", "caveats"):
        values = getattr(rule, name)
        if values is not None and (not values or "" in values):
            raise _wrong(rule.id, line, f"{name} is empty, so the rule never matches", "name something or leave it out")
    if rule.caveats is not None and rule.then != "withhold":
        # A marking that gets stricter must never let more out.
        raise _wrong(rule.id, line, f"caveats in '{rule.then}': a caveat can only keep back", "make it withhold")
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
