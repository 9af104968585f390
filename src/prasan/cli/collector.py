"""Python's collector of garbage, for commands that decide much."""

import gc
from typing import Final

COLLECT_AFTER: Final = 20_000
"""Values that may hold others and were made since the last look, and not let go."""


def calm_collector() -> None:
    """Look for rings of garbage seldom: a post makes thousands of values that live until it is kept, and a look at
    each of them every seven hundred, Python's own measure, costs a tenth of the time and finds next to nothing."""
    gc.set_threshold(COLLECT_AFTER, 10, 10)
