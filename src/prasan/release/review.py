"""A policy looked at as a whole: rules that never decide, and pairs that would let the more secret out."""

import msgspec

from prasan.release.boxes import inside
from prasan.release.grid import grid_of
from prasan.release.rules import OWN, PARTNERS, RECEIVED, STRICTNESS, Policy, Rule, is_partner


class Unreached(msgspec.Struct, frozen=True):
    """A rule that can never decide anything, because one of some earlier rules always matches first."""

    rule: str
    line: int
    covered_by: tuple[str, ...]


def unreached(policy: Policy) -> tuple[Unreached, ...]:
    """Rules that one earlier rule covers, or that several cover together.

    Several are looked for among all objects that the rules could tell apart; a policy that tells apart too many (above
    `MAX_CELLS`) is only looked through for single ones.
    """
    grid = grid_of(policy.rules)
    found = []
    for number, later in enumerate(policy.rules):
        earlier = next((rule for rule in policy.rules[:number] if _covers(rule, later)), None)
        if earlier is not None:
            found.append(Unreached(later.id, later.line, (earlier.id,)))
        elif grid is not None:
            some = [rule for rule in policy.rules[:number] if _covers_area(rule, later)]
            together = grid.covering(some, later)
            found += [Unreached(later.id, later.line, together)] if together else []
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
        and _wider(a.caveats, b.caveats)
        and _covers_sources(a, b)
        and _covers_area(a, b)
    )


def _covers_sources(a: Rule, b: Rule) -> bool:
    """Of an object's sources a rule that withholds matches one, a rule that lets go must match all."""
    return _wider(a.sources, b.sources) and (a.sources is None or a.then == "withhold" or b.then != "withhold")


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


class Crossing(msgspec.Struct, frozen=True):
    """`later` lets out, above the `max_tlp` of `earlier`, more than `earlier` lets out below it."""

    earlier: str
    later: str
    line: int


def crossings(rules: tuple[Rule, ...]) -> tuple[Crossing, ...]:
    """Pairs of rules by which an object with a stricter marking would get out further than one with a milder.

    `withhold` up to green followed by `release` of anything would send what is amber. That is never meant.
    """
    return tuple(
        Crossing(a.id, b.id, b.line)
        for number, a in enumerate(rules)
        for b in rules[number + 1 :]
        if a.max_tlp is not None and (b.max_tlp is None or b.max_tlp > a.max_tlp) and _milder(b, a) and _meet(a, b)
    )


def _milder(b: Rule, a: Rule) -> bool:
    if STRICTNESS[b.then] != STRICTNESS[a.then]:
        return STRICTNESS[b.then] < STRICTNESS[a.then]
    sooner = (b.min_age_h or 0) < (a.min_age_h or 0)
    return sooner or (b.personal_data and not a.personal_data) or not b.steps.at_least(a.steps)


def _meet(a: Rule, b: Rule) -> bool:
    """True if one object could match both for one recipient, but for its TLP. Areas are taken to overlap."""
    return (
        _share_recipient(a, b)
        and _overlap(a.types, b.types)
        and _overlap(a.kinds, b.kinds)
        and (a.mode is None or b.mode is None or a.mode == b.mode)
        and _overlap(a.sources, b.sources)
        and (a.origin is None or b.origin is None or (a.origin == OWN) == (b.origin == OWN))
    )


def _share_recipient(a: Rule, b: Rule) -> bool:
    if not a.to.isdisjoint(b.to):
        return True
    return any(PARTNERS in one.to and any(is_partner(name) for name in two.to) for one, two in ((a, b), (b, a)))


def _overlap(a: frozenset[str] | None, b: frozenset[str] | None) -> bool:
    return a is None or b is None or not a.isdisjoint(b)
