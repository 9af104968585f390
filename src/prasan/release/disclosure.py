"""Counts that may be shown to anybody: small ones are hidden, and so is what they could be worked out from.

A count below the floor points at single cases, so it is not told (primary suppression). Where a total is told too, what
is hidden can be worked out from the rest; so more is hidden until whoever knows the total still cannot tell any hidden
count to within the floor (complementary suppression; Hundepool et al., "Statistical Disclosure Control", chapter 4).
"""

from collections.abc import Mapping
from typing import Final

import msgspec

FLOOR: Final = 5
"""A count below this is not told apart from others below it."""


class Published(msgspec.Struct, frozen=True):
    """What may be shown: counts by cell; the cells that are hidden, by name; the total, None where it is hidden too."""

    counts: dict[str, int]
    hidden: tuple[str, ...]
    total: int | None


def protect(counts: Mapping[str, int], floor: int = FLOOR) -> Published:
    """Hide what is small, and as much else as keeps it hidden. Zeros are shown: they point at nobody."""
    hidden = {name for name, count in counts.items() if 0 < count < floor}
    shown = sorted((count, name) for name, count in counts.items() if count >= floor)
    while hidden and not _safe([counts[name] for name in hidden], floor) and shown:
        hidden.add(shown.pop(0)[1])
    kept = {name: count for name, count in counts.items() if name not in hidden}
    safe = not hidden or _safe([counts[name] for name in hidden], floor)
    return Published(kept, tuple(sorted(hidden)), sum(counts.values()) if safe else None)


def _safe(hidden: list[int], floor: int) -> bool:
    """True if the sum of the hidden counts, which the total gives away, leaves each of them `floor` values at least.

    Each is known to be 1 or more, so with m of them each lies between 1 and sum - (m - 1).
    """
    return len(hidden) > 1 and sum(hidden) - len(hidden) + 1 >= floor


def rounded(count: int, floor: int = FLOOR) -> int:
    """A count that is told again as it grows: down to a multiple of the floor, so that no single case shows."""
    return count - count % floor
