"""How far behind a node is: what each stage took for the last that passed it, and since when the oldest waits."""

import threading
from typing import Final, Literal, TypeAlias

import msgspec

Stage: TypeAlias = Literal["stored", "detected", "published", "decided"]
STAGES: Final[tuple[Stage, ...]] = ("stored", "detected", "published", "decided")
"""What happens to what a feed received, in order: on disk; looked at; an object; decided for every recipient."""


class Lag(msgspec.Struct, frozen=True):
    """One stage: seconds it took for the last that passed it (None before the first), seconds the oldest waits now."""

    stage: Stage
    took_s: float | None
    waiting_s: float


class Pace:
    """Notes what waits for a stage and what passed it. Times are seconds UTC. Any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._took: dict[Stage, float] = {}
        self._waiting: dict[tuple[Stage, str], float] = {}

    def wait(self, stage: Stage, what: str, since: float) -> None:
        """Something waits for a stage; of the same name the first that waits counts."""
        with self._lock:
            self._waiting.setdefault((stage, what), since)

    def passed(self, stage: Stage, what: str, now: float) -> None:
        """What waited under this name has passed the stage."""
        with self._lock:
            since = self._waiting.pop((stage, what), None)
            if since is not None:
                self._took[stage] = max(0.0, now - since)

    def forget(self, stage: Stage, what: str) -> None:
        """What waited under this name needs not pass the stage."""
        with self._lock:
            self._waiting.pop((stage, what), None)

    def lags(self, now: float) -> tuple[Lag, ...]:
        """Every stage as it stands."""
        with self._lock:
            oldest = {stage: min((at for (one, _), at in self._waiting.items() if one == stage), default=now)
                      for stage in STAGES}  # fmt: skip
            return tuple(Lag(stage, self._took.get(stage), max(0.0, now - oldest[stage])) for stage in STAGES)
