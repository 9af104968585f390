"""Generated traffic for measuring: many shifted copies of the shipped exercise. It is not real, and lines say so."""

from functools import lru_cache

import numpy as np
import pyarrow as pa

from prasan.exercise.player import play
from prasan.feeds.reference import load_scenario
from prasan.picture.position import POSITIONS, UNITS_PER_DEGREE

FIRST_MMSI = 201_000_000
SPREAD_DEG = 0.731
SOURCE = "generated"
SAID = "rows are generated: shifted copies of the shipped exercise, each vessel with a number of its own"


@lru_cache(1)
def rows(count: int) -> pa.Table:
    """At least `count` rows of `POSITIONS`, sorted by (mmsi, t): copies of the exercise, side by side."""
    one = play(load_scenario("gulf-andaman"), SOURCE).positions.sort_by([("mmsi", "ascending"), ("t", "ascending")])
    _, vessel = np.unique(one["mmsi"].to_numpy(), return_inverse=True)
    vessels, lon = int(vessel.max()) + 1, one["lon"].to_numpy().astype(np.int64)
    around, half = 360 * UNITS_PER_DEGREE, 180 * UNITS_PER_DEGREE
    copies = []
    for copy in range(-(-count // one.num_rows)):
        shifted = (lon + round(copy * SPREAD_DEG * UNITS_PER_DEGREE) + half) % around - half
        columns = {"mmsi": FIRST_MMSI + copy * vessels + vessel, "lon": shifted}
        copies.append(_with(one, columns))
    return pa.concat_tables(copies).unify_dictionaries().combine_chunks()


def _with(table: pa.Table, columns: dict[str, np.ndarray]) -> pa.Table:
    for name, values in columns.items():
        at = POSITIONS.get_field_index(name)
        table = table.set_column(at, POSITIONS.field(at), pa.array(values, POSITIONS.field(at).type))
    return table
