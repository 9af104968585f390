"""Whether a rule of the policy is meant for a recipient, and whether it matches an object (docs/wire.md, section 4)."""

from collections.abc import Callable
from typing import Final

import msgspec

from prasan.picture.marking import Marking
from prasan.release.boxes import inside
from prasan.release.facts import Facts, Recipient
from prasan.release.rules import CLASS, OWN, PARTNERS, PUBLIC, RECEIVED, Rule


def addressed(rule: Rule, recipient: Recipient) -> bool:
    """True if the rule is meant for this recipient."""
    if recipient.kind == "partner":
        return recipient.name in rule.to or PARTNERS in rule.to
    return (PUBLIC if recipient.kind == "public" else CLASS + recipient.name) in rule.to


def can_match(rule: Rule, name: str, kind: str | None) -> bool:
    """True if type and kind (None: one that no rule names) do not rule the rule out."""
    return (rule.types is None or name in rule.types) and (rule.kinds is None or kind in rule.kinds)


def matches(rule: Rule, facts: Facts) -> bool:
    """True if every condition of the rule holds for the object."""
    return (
        (rule.types is None or facts.type in rule.types)
        and (rule.kinds is None or facts.kind in rule.kinds)
        and (rule.labels is None or not rule.labels.isdisjoint(facts.labels))
        and (rule.origin is None or _from(rule.origin, facts))
        and (rule.mode is None or (rule.mode == "exercise") == facts.marking.exercise)
        and (rule.max_tlp is None or facts.marking.tlp <= rule.max_tlp)
        and (rule.sources is None or _of_sources(rule.sources, rule.then == "withhold", facts))
        and (rule.caveats is None or any(_HAS[name](facts.marking) for name in rule.caveats))
        and (rule.area is None or _in_area(rule, facts))
    )


def fits(rule: Rule, facts: Facts) -> bool:
    """`matches` but for the area: whether the rule can match an object of this profile."""
    return matches(rule if rule.area is None else msgspec.structs.replace(rule, area=None), facts)


def _from(origin: str, facts: Facts) -> bool:
    if origin == RECEIVED:
        return facts.origin != OWN
    return origin == OWN if facts.origin == OWN else origin == facts.origin_name


def _of_sources(named: frozenset[str], withholds: bool, facts: Facts) -> bool:
    """On the safe side: what withholds matches one source among those named, what lets go needs all to be."""
    if withholds:
        return not named.isdisjoint(facts.sources)
    return bool(facts.sources) and facts.sources <= named


_HAS: Final[dict[str, Callable[[Marking], bool]]] = {
    "rel_to": lambda marking: marking.rel_to is not None,
    "orcon": lambda marking: bool(marking.orcon),
    "purposes": lambda marking: marking.purposes is not None,
    "personal_data": lambda marking: marking.personal_data,
}
"""Whether a marking has a caveat at all."""


def _in_area(rule: Rule, facts: Facts) -> bool:
    """On the safe side: what withholds matches one place inside or none known; what lets go needs all inside."""
    if rule.area is None:
        return True
    area, places = rule.area, facts.places
    if rule.then == "withhold":
        return not places or any(inside(area, lat, lon) for lat, lon in places)
    return bool(places) and all(inside(area, lat, lon) for lat, lon in places)
