"""How long to wait until rows are in order: learnt from looks that late rows took back."""

from typing import Final

import msgspec

LEAST_S: Final = 1
MOST_S: Final = 30
"""Later rows always take the look back."""
CALM: Final = 300
"""After so many looks in a row that nothing took back, wait half as long."""


class Settling(msgspec.Struct, frozen=True):
    """Seconds by which a look stays behind the newest row of its clock, and how many looks have held since.

    Receivers on one line are in order at once; those on different links are seconds apart. A look that is taken back is
    paid for with the work of ten minutes, one that waits with an alert that comes later: so it doubles at once and
    halves slowly.
    """

    seconds: int = LEAST_S
    calm: int = 0

    def after(self, *, taken_back: bool) -> "Settling":
        """What a look that was taken back, or was not, teaches."""
        if taken_back:
            return Settling(min(self.seconds * 2, MOST_S))
        if self.calm + 1 < CALM:
            return Settling(self.seconds, self.calm + 1)
        return Settling(max(self.seconds // 2, LEAST_S))
