"""Rows whose receiver's clock is off are set aside before they are stored: quarantine has them, no kernel does."""

import threading
from collections.abc import Iterator
from typing import Final

import msgspec
import pyarrow as pa

from prasan.tracks.clocks import RULE, ClockRule, Clocks, Judged, faults, hear_clocks, set_aside

LATELY_H: Final = 2
"""What was judged so many hours before the newest hour is not said any more."""
FILES: Final = msgspec.structs.replace(RULE, memory_count=500_000)
"""Files of several receivers come one after the other, so more is remembered: 14 MB."""


class ClockWatch:
    """Compares the receivers of each clock (data sets with one label) as rows come. Any thread may call it."""

    def __init__(self, rule: ClockRule = RULE) -> None:
        self._rule = rule
        self._clocks: dict[str, Clocks] = {}
        self._guard = threading.Lock()

    def judge(self, clock: str, positions: pa.Table) -> tuple[pa.Table, int]:
        """New rows of one clock, those of a receiver that is off flagged so; how many. They count as evidence too."""
        with self._guard:
            known = hear_clocks(positions, self._clocks.get(clock, Clocks()), self._rule)
            self._clocks[clock] = known
        return set_aside(positions, faults(known))

    def wrong(self) -> Iterator[Judged]:
        """Receivers that are off or disputed now, as each was judged last."""
        with self._guard:
            every = [self._clocks[clock].judged for clock in sorted(self._clocks)]
        for judged in every:
            last = {receiver: judged[receiver, hour] for receiver, hour in sorted(judged)}
            newest = max((one.hour for one in last.values()), default=0)
            yield from (one for one in last.values() if one.hour >= newest - LATELY_H and (one.off or one.disputed))
