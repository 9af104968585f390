"""What every act of the archive stands on: where it lies, its manifest, its tuning, and the world it asks."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from prasan.archive.manifest import Manifest
from prasan.archive.values import Tuning
from prasan.errors import PrasanError

MIB = 1 << 20


class DiskLow(PrasanError):  # noqa: N818 - named for what happened
    """The disk has less room than what is asked for and what stays reserved."""


class Ground(msgspec.Struct, frozen=True):
    """`now` gives seconds since 1970, `free` the bytes left on the disk of a folder, `at` hears of named moments."""

    root: Path
    manifest: Manifest
    tuning: Tuning
    at: Callable[[str], None]
    now: Callable[[], float]
    free: Callable[[Path], int]

    def room(self) -> int:
        """Bytes that may be written before the disk counts as full; below zero if it does."""
        return self.free(self.root) - self.tuning.free_bytes

    def ensure_room(self, needed: int) -> None:
        """DiskLow if `needed` more bytes would leave less free than `Tuning.free_bytes`."""
        room = self.room()
        if room < needed:
            raise DiskLow(
                f"The archive's disk is nearly full: {(room + self.tuning.free_bytes) // MIB} MiB are free and "
                f"{self.tuning.free_bytes // MIB} MiB stay reserved.",
                "Nothing was stored: free space or shorten the sources' store_days, then send the same batch again.",
            )
