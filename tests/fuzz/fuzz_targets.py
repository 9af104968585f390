"""The table of all fuzzed parsers."""

from typing import Final

import fuzz_ais
import fuzz_archive
import fuzz_files
import fuzz_trust
import fuzz_wire
from fuzz_kit import Target

TARGETS: Final[tuple[Target, ...]] = (
    *fuzz_ais.TARGETS, *fuzz_files.TARGETS, *fuzz_wire.TARGETS, *fuzz_trust.TARGETS, *fuzz_archive.TARGETS,
)  # fmt: skip
