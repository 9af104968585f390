"""What is known of hulls beside a live run: ship type and IMO number of each MMSI, of no more than are followed."""

from collections.abc import Mapping
from typing import Final

from prasan.detect.crowd import KEPT, MAX_VESSELS

LIMIT: Final = MAX_VESSELS
"""A static report needs no position, so a flood of made-up numbers may come in these alone."""


def learn(known: dict[int, int], new: Mapping[int, int], limit: int = LIMIT) -> int:
    """Put new values beside those that are known, the last heard last. How many had to go because there are too many.

    Beyond `limit` a quarter is let go, those first that were not heard of for longest.
    """
    for mmsi, value in new.items():
        known.pop(mmsi, None)
        known[mmsi] = value
    if len(known) <= limit:
        return 0
    going = list(known)[: len(known) - int(limit * KEPT)]
    for mmsi in going:
        del known[mmsi]
    return len(going)
