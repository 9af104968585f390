"""The health record of one feed, written by the thread that reads and the one that stores, read by anybody."""

import threading
from collections import deque
from statistics import median
from typing import Any, Final

import msgspec
import numpy as np

from prasan.feeds.live import Health
from prasan.formats.ais_batch import Batch, Counts
from prasan.picture.position import TIME_SOURCES, Flag

LAGS: Final = 200
"""Rows over which the median lag is taken: a late satellite among them does not make a clock wrong."""
_RECEIVER: Final = TIME_SOURCES.index("receiver")


class Meter:
    """One `Health`, replaced as things happen. All methods may be called from any thread."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._lags = deque[float](maxlen=LAGS)
        self._lock = threading.Lock()

    @property
    def health(self) -> Health:
        """As it stands."""
        with self._lock:
            return self._health

    def change(self, **values: Any) -> None:
        """Set some of its fields."""
        with self._lock:
            self._health = msgspec.structs.replace(self._health, **values)

    def add(self, **numbers: int) -> None:
        """Add to some of its fields."""
        with self._lock:
            sums = {name: getattr(self._health, name) + number for name, number in numbers.items()}
            self._health = msgspec.structs.replace(self._health, **sums)

    def receive(self, size: int) -> None:
        """Bytes came: the connection is well again."""
        self.add(bytes=size)
        self._mend({"lost", "cannot_open"})

    def drop(self, packets: int, now: float) -> None:
        """The kernel has thrown away so many packets since the feed began."""
        with self._lock:
            before = self._health.kernel_drops
            if packets != before:
                at = now if packets > (before or 0) else self._health.dropped_at
                self._health = msgspec.structs.replace(self._health, kernel_drops=packets, dropped_at=at)

    def store(self, rows: int, quarantined: int) -> None:
        """Rows were stored: the archive is well again."""
        self.add(stored=rows, quarantined=quarantined)
        self._mend({"not_stored"})

    def lose(self, counts: Counts) -> None:
        """Lines that never got as far as a decoder."""
        with self._lock:
            self._health = msgspec.structs.replace(self._health, counts=self._health.counts + counts)

    def _mend(self, problems: set[str]) -> None:
        with self._lock:
            if self._health.problem in problems:
                self._health = msgspec.structs.replace(self._health, problem="", detail="")

    def note(self, batch: Batch, received: float) -> None:
        """Account for one batch that was received at this time (seconds UTC)."""
        rows = batch.positions
        t, flags = rows["t"].to_numpy(), rows["flags"].to_numpy()
        good = (flags & np.uint16(Flag.NO_TIME)) == 0
        own = good & (rows["time_source"].to_numpy() != _RECEIVER)
        with self._lock:
            self._lags.extend((received - t[own][-LAGS:]).tolist())
            changed: dict[str, Any] = {"counts": self._health.counts + batch.counts}
            if batch.counts.kept:
                changed["last_kept"] = received
                if self._health.problem == "not_ais":
                    changed |= {"problem": "", "detail": ""}
            if good.any():
                changed["last_row_t"] = max(int(t[good].max()), self._health.last_row_t or 0)
            if self._lags:
                changed["lag_s"] = median(self._lags)
            self._health = msgspec.structs.replace(self._health, **changed)
