"""Time and randomness come in from here, and only here; a test hands in its own."""

import secrets
import time
import uuid
from collections.abc import Callable

import msgspec


def _steady_ns() -> int:
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return time.monotonic_ns()


class Clock(msgspec.Struct, frozen=True):
    """`now_us` answers microseconds UTC since 1970; `entropy(n, purpose)` n random bytes.

    The purpose names the recipient and the object that the bytes are for, so that a test can fix the randomness of
    one without touching any other (docs/wire.md, section 5, "No leak").
    """

    now_us: Callable[[], int] = lambda: time.time_ns() // 1000
    steady_us: Callable[[], int] = lambda: _steady_ns() // 1000
    """Time that nobody sets and that goes on while the machine sleeps, from any beginning."""
    entropy: Callable[[int, str], bytes] = lambda n, _purpose: secrets.token_bytes(n)

    def now(self) -> int:
        """Seconds UTC since 1970."""
        return self.now_us() // 1_000_000

    def uuid(self, purpose: str) -> str:
        """A random UUID (version 4) from this clock's entropy."""
        return str(uuid.UUID(bytes=self.entropy(16, purpose), version=4))
