"""Decisions by profile: worked out once for all objects that share one, and for any number of objects in columns.

A profile (`facts.Profile`) is what rules and markings look at. For most, one decision holds for every object; for some,
rules with an area or an age let the object itself decide, and then the rules that come into question are known.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.release.boxes import Area, inside_all
from prasan.release.decide import HOUR_S, Case, Decision, candidates, judge_by
from prasan.release.facts import Facts
from prasan.release.matching import fits
from prasan.release.rules import Rule, Steps, Verdict

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NEVER: Final = np.inf
"""In `Columns.expires`: the marking does not expire."""


class Way(msgspec.Struct, frozen=True):
    """What one rule does with an object that it matches, if it has come of age."""

    area: Area | None
    then: Verdict
    min_age_h: float | None
    verdict: Verdict
    steps: Steps


class Outlook(msgspec.Struct, frozen=True):
    """What a recipient gets of a profile. `decision` holds for every object of it that has not expired and nobody
    recalled or consented to; None if place or age of the object decide, by `ways`, in order."""

    decision: Decision | None
    ways: tuple[Way, ...] = ()

    @property
    def withholds(self) -> bool:
        """True if no object of the profile goes out."""
        return self.decision is not None and self.decision.verdict == "withhold"

    @property
    def key(self) -> bytes:
        """Equal for two outlooks by which every object fares alike, whatever the reasons and the names of rules."""
        return _KEY(None if self.withholds else self.ways)


_KEY: Final = msgspec.json.Encoder(order="sorted").encode


def outlook(facts: Facts, case: Case) -> Outlook:
    """The outlook of a profile, by its facts (`Profile.facts`)."""
    rules = _rules(facts, case)
    ways: list[tuple[Rule | None, Decision]] = [(rule, judge_by(rule, facts, case)) for rule in rules]
    if not rules or rules[-1].area is not None:
        ways.append((None, judge_by(None, facts, case)))
    first = ways[0][1]
    one = len(ways) == 1 and (rules == () or rules[0].min_age_h is None)
    settled = one or all(decision.verdict == "withhold" for _, decision in ways)
    return Outlook(first if settled else None, tuple(_way(*way) for way in ways))


def _way(rule: Rule | None, decision: Decision) -> Way:
    if rule is None:
        return Way(None, "withhold", None, "withhold", decision.steps)
    return Way(rule.area, rule.then, rule.min_age_h, decision.verdict, decision.steps)


def _rules(facts: Facts, case: Case) -> tuple[Rule, ...]:
    """The rules that may match an object of this profile, up to the first that matches all of them."""
    found: list[Rule] = []
    for rule in candidates(facts, case):
        if fits(rule, facts):
            found.append(rule)
            if rule.area is None:
                break
    return tuple(found)


class Columns(msgspec.Struct, frozen=True):
    """Many objects. `profile`: index into a list of profiles' facts; `known_at` and `expires` (`NEVER` for none) in
    seconds UTC; the places of object i are `lats[offsets[i]:offsets[i + 1]]` and the same of `lons`."""

    profile: Ints
    known_at: Floats
    expires: Floats
    offsets: Ints
    lats: Floats
    lons: Floats


class Judged(msgspec.Struct, frozen=True):
    """Object i got `decisions[which[i]]`; their `recheck_at` is None, as it belongs to an object."""

    decisions: tuple[Decision, ...]
    which: Ints


def judge_all(profiles: Sequence[Facts], columns: Columns, case: Case) -> Judged:
    """`judge` for every object, in columns. Consents and recalls are not looked at: those objects are judged alone."""
    decisions = _Decisions()
    which = np.zeros(len(columns.profile), np.int64)
    expired = columns.expires <= case.now
    order = np.argsort(columns.profile, kind="stable")
    starts = np.searchsorted(columns.profile[order], np.arange(len(profiles) + 1))
    for number, facts in enumerate(profiles):
        rows = order[starts[number] : starts[number + 1]]
        if len(rows):
            _judge_profile(facts, case, columns, rows, expired, which, decisions)
    return Judged(tuple(decisions.every), which)


class _Decisions:
    """Each decision once."""

    def __init__(self) -> None:
        self.every: list[Decision] = []
        self._number: dict[Decision, int] = {}

    def number(self, decision: Decision) -> int:
        plain = msgspec.structs.replace(decision, recheck_at=None)
        if plain not in self._number:
            self._number[plain] = len(self.every)
            self.every.append(plain)
        return self._number[plain]


def _judge_profile(  # noqa: PLR0913, PLR0917 - a kernel over columns
    facts: Facts, case: Case, columns: Columns, rows: Ints, expired: Mask, which: Ints, decisions: _Decisions
) -> None:
    """Give every row of one profile the number of its decision."""
    left = rows
    for rule in _rules(facts, case):
        matched = _in_area(rule, columns, left)
        _give(rule, facts, case, columns, left[matched], expired, which, decisions)
        left = left[~matched]
    _give(None, facts, case, columns, left, expired, which, decisions)


def _give(  # noqa: PLR0913, PLR0917
    rule: Rule | None,
    facts: Facts,
    case: Case,
    columns: Columns,
    rows: Ints,
    expired: Mask,
    which: Ints,
    decisions: _Decisions,
) -> None:
    """One rule, one profile: what is left to tell apart is who is expired and who is too young."""
    if not len(rows):
        return
    age = rule.min_age_h * HOUR_S if rule is not None and rule.min_age_h is not None else None
    young = case.now < columns.known_at[rows] + age if age is not None else np.zeros(len(rows), bool)
    over = expired[rows]
    for is_young in (False, True):
        for is_over in (False, True):
            some = rows[(young == is_young) & (over == is_over)]
            if len(some):
                which[some] = decisions.number(judge_by(rule, _example(facts, case, is_young, is_over), case))


def _example(facts: Facts, case: Case, young: bool, over: bool) -> Facts:
    """An object of the profile that is young or expired, or neither."""
    marking = msgspec.structs.replace(facts.marking, expires=int(case.now) if over else None)
    return msgspec.structs.replace(facts, known_at=float("inf") if young else float("-inf"), marking=marking)


def _in_area(rule: Rule, columns: Columns, rows: Ints) -> Mask:
    """As `decide` does for one object: on the safe side, what withholds needs one place inside or none known."""
    if rule.area is None or not len(rows):
        return np.ones(len(rows), bool)
    begin, end = columns.offsets[rows], columns.offsets[rows + 1]
    hits = np.concatenate(([0], np.cumsum(inside_all(rule.area, columns.lats, columns.lons))))
    count, total = hits[end] - hits[begin], end - begin
    matched: Mask = (total == 0) | (count > 0) if rule.then == "withhold" else (total > 0) & (count == total)
    return matched
