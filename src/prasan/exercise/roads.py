"""Ships at anchor keep clear of each other: who lies where, and where there is room for one more.

A ship at anchor sweeps a circle as wide as its length and the cable it has out (United States Navy training manual
14221, Precision Anchoring; CHIRP Annual Digest 2017, article 39). Two that lie to the same wind and stream swing
together, so in crowded roads they keep the wider of both circles between them; the sum of both, which CHIRP counsels
where the tide turns, nobody keeps there.
"""

from collections import defaultdict
from collections.abc import Callable
from itertools import count
from typing import Final

import msgspec

from prasan.exercise.area import Point
from prasan.exercise.lanes import km

CELL_DEG: Final = 0.02
"""Edge of the cells by which neighbours are looked for: wider than the widest circle anywhere but near the poles."""


class Stay(msgspec.Struct, frozen=True):
    """One hull at anchor: where, the radius of its circle in metres, from and until which second."""

    at: Point
    swing_m: float
    begin: float
    end: float


class Roads:
    """All stays at anchor so far, by cell. Grows while a seed is drawn."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[Stay]] = defaultdict(list)

    def room(self, spots: Callable[[int], Point], swing_m: float, span: tuple[float, float]) -> Point:
        """The first of some spots, asked for by number from 0 on, that is clear of all others; it is taken then."""
        for number in count():
            stay = Stay(spots(number), swing_m, *span)
            if self._clear(stay):
                self._cells[_cell(stay.at)].append(stay)
                return stay.at
        raise AssertionError

    def _clear(self, one: Stay) -> bool:
        north, east = _cell(one.at)
        near = [self._cells.get((north + a, east + b), ()) for a in (-1, 0, 1) for b in (-1, 0, 1)]
        together = (other for cell in near for other in cell if other.begin < one.end and one.begin < other.end)
        return all(km(one.at, other.at) * 1000 >= max(one.swing_m, other.swing_m) for other in together)


def _cell(at: Point) -> tuple[int, int]:
    return int(at[0] // CELL_DEG), int(at[1] // CELL_DEG)
