"""Chance: every parameter of a seed comes through here, from the ranges of the data file."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from prasan.exercise.area import Disc, Point, Ranges
from prasan.exercise.lanes import shifted

T = TypeVar("T")

HOUR = 3600.0


class Draw:
    """A stream of random numbers with the ranges they are drawn from; equal seeds draw equal values."""

    def __init__(self, ranges: Ranges, seed: int, purpose: int = 0) -> None:
        self.ranges = ranges
        self.random = np.random.Generator(np.random.PCG64([seed, purpose]))

    def uniform(self, low: float, high: float) -> float:
        """A number between two, evenly."""
        return float(self.random.uniform(low, high))

    def of(self, section: str, name: str) -> float:
        """A parameter of a section, from its range; a range of one number is that number."""
        given = getattr(self.ranges, section)[name]
        return float(given) if isinstance(given, int | float) else self.uniform(*given)

    def hours(self, section: str, name: str) -> float:
        """A parameter in hours, as seconds."""
        return self.of(section, name) * HOUR

    def whole(self, section: str, name: str) -> int:
        """A parameter rounded to a whole number."""
        return round(self.of(section, name))

    def count(self, name: str, size: float, section: str = "deeds") -> int:
        """How many of something: per 100 vessels and two days, at least one. `size` is the exercise in those units."""
        return max(1, round(self.of(section, name) * size))

    def chance(self, share: float) -> bool:
        """True with this probability."""
        return bool(self.random.random() < share)

    def pick(self, items: Sequence[T]) -> T:
        """One of several, evenly."""
        return items[int(self.random.integers(len(items)))]

    def spread(self, items: Sequence[T]) -> list[T]:
        """All of them in a drawn order."""
        return [items[int(at)] for at in self.random.permutation(len(items))]

    def within(self, disc: Disc) -> Point:
        """A point in a piece of water, evenly over its surface."""
        return shifted(disc.at, self.uniform(0, 360), disc.radius_km * self.uniform(0, 1) ** 0.5)
