"""All objects and recipients that the rules of a policy can tell apart, as the cells of a grid: one axis a condition.

A condition that looks at a set (labels, caveats, sources) has a value for every subset of the names that rules use. The
area is no axis: where two rules have one, `review` asks whether one lies in the other.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.picture.marking import Tlp
from prasan.release.rules import OWN, PARTNERS, RECEIVED, Rule, is_partner

MAX_CELLS: Final = 4_000_000
"""A grid of more is not laid out: a policy that a person wrote has a few thousand."""
MAX_NAMES: Final = 8
"""Names of which all subsets are told apart."""

Value = str | Tlp | frozenset[str]
Mask = npt.NDArray[np.bool_]
OTHER: Final = ""
"""A type, kind or partner that no rule names."""


class Axis(msgspec.Struct, frozen=True):
    """The values that a condition tells apart, and whether a rule matches a value."""

    values: tuple[Value, ...]
    matches: Callable[[Rule, Value], bool]


class Grid:
    """The cells, as axes to spread masks over."""

    def __init__(self, axes: Sequence[Axis]) -> None:
        self._axes = axes

    def mask(self, rule: Rule) -> Mask:
        """The cells that a rule matches, but for its area."""
        result = np.ones((1,) * len(self._axes), bool)
        for number, axis in enumerate(self._axes):
            along = np.array([axis.matches(rule, value) for value in axis.values])
            result = result & along.reshape([-1 if at == number else 1 for at in range(len(self._axes))])
        return np.broadcast_to(result, [len(axis.values) for axis in self._axes])

    def covering(self, earlier: Sequence[Rule], later: Rule) -> tuple[str, ...]:
        """The earlier rules that together match whatever the later one matches; empty if they do not."""
        left: Mask = self.mask(later).copy()
        used = []
        for rule in earlier:
            taken = left & self.mask(rule)
            if taken.any():
                used.append(rule.id)
                left &= ~taken
        return () if left.any() else tuple(used)


def grid_of(rules: Sequence[Rule]) -> Grid | None:
    """The grid of these rules; None if it would have more than `MAX_CELLS` cells."""
    axes = [axis for axis in (make(rules) for make in _AXES) if axis is None or len(axis.values) > 1]
    known = [axis for axis in axes if axis is not None]
    cells = np.prod([len(axis.values) for axis in known], dtype=float)
    return Grid(known) if len(known) == len(axes) and cells <= MAX_CELLS else None


def _recipients(rules: Sequence[Rule]) -> Axis:
    names = sorted({name for rule in rules for name in rule.to if name != PARTNERS})
    return Axis((OTHER, *names), lambda rule, name: name in rule.to or (_is_partner(name) and PARTNERS in rule.to))


def _is_partner(name: Value) -> bool:
    return name == OTHER or (isinstance(name, str) and is_partner(name))


def _types(rules: Sequence[Rule]) -> Axis:
    return Axis(_named(rule.types for rule in rules), lambda rule, name: rule.types is None or name in rule.types)


def _kinds(rules: Sequence[Rule]) -> Axis:
    return Axis(_named(rule.kinds for rule in rules), lambda rule, name: rule.kinds is None or name in rule.kinds)


def _origins(rules: Sequence[Rule]) -> Axis:
    names = sorted({rule.origin for rule in rules} - {None, OWN, RECEIVED}, key=str)

    def matches(rule: Rule, origin: Value) -> bool:
        return rule.origin in (None, origin) or (rule.origin == RECEIVED and origin != OWN)

    return Axis((OWN, OTHER, *map(str, names)), matches)


def _modes(_rules: Sequence[Rule]) -> Axis:
    return Axis(("real", "exercise"), lambda rule, mode: rule.mode in (None, mode))


def _tlps(_rules: Sequence[Rule]) -> Axis:
    return Axis(tuple(Tlp), lambda rule, tlp: rule.max_tlp is None or (isinstance(tlp, Tlp) and tlp <= rule.max_tlp))


def _labels(rules: Sequence[Rule]) -> Axis | None:
    return _sets((rule.labels for rule in rules), lambda rule: rule.labels, _any)


def _caveats(rules: Sequence[Rule]) -> Axis | None:
    return _sets((rule.caveats for rule in rules), lambda rule: rule.caveats, _any)


def _sources(rules: Sequence[Rule]) -> Axis | None:
    """`OTHER` among an object's sources stands for one that no rule names."""

    def matches(rule: Rule, named: frozenset[str], has: frozenset[str]) -> bool:
        return not named.isdisjoint(has) if rule.then == "withhold" else bool(has) and has <= named

    return _sets((rule.sources for rule in rules), lambda rule: rule.sources, matches, (OTHER,))


def _any(_rule: Rule, named: frozenset[str], has: frozenset[str]) -> bool:
    return not named.isdisjoint(has)


def _sets(
    named: Iterable[frozenset[str] | None],
    of: Callable[[Rule], frozenset[str] | None],
    matches: Callable[[Rule, frozenset[str], frozenset[str]], bool],
    more: tuple[str, ...] = (),
) -> Axis | None:
    """The axis of a condition on a set of names; None if there are too many."""
    names = sorted({name for some in named for name in some or ()})
    if len(names) > MAX_NAMES:
        return None
    every = (*names, *more) if names else ()
    subsets = tuple(frozenset(some) for size in range(len(every) + 1) for some in combinations(every, size))

    def holds(rule: Rule, has: Value) -> bool:
        wanted = of(rule)
        return wanted is None or (isinstance(has, frozenset) and matches(rule, wanted, has))

    return Axis(subsets, holds)


def _named(named: Iterable[frozenset[str] | None]) -> tuple[str, ...]:
    return (OTHER, *sorted({name for some in named for name in some or ()}))


_AXES: Final[tuple[Callable[[Sequence[Rule]], Axis | None], ...]] = (
    _recipients, _types, _kinds, _origins, _modes, _tlps, _labels, _caveats, _sources,
)  # fmt: skip
