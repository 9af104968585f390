"""What can be found: every kind with its kernel, by what the kernel eats, and with what it says. The one place to add.

Each kind's file opens with its definition, source, columns, cadence and what it cannot see.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from prasan.detect import (
    crowd,
    drifting,
    duplicate_identity,
    encounter,
    gap,
    identity_change,
    invalid_identity,
    loitering,
    port_visit,
    speed_jump,
    spoofing,
    stop,
    zone_entry,
)
from prasan.detect import experimental_kinds as experimental
from prasan.picture.finding import Finding

Kernels = Mapping[str, Callable[..., tuple[list[Finding], Any]]]

TRACK_KERNELS: Final[Kernels] = {
    "gap": gap.kernel,
    "duplicate_identity": duplicate_identity.kernel,
    "speed_jump": speed_jump.kernel,
    "invalid_identity": invalid_identity.kernel,
    "stop": stop.kernel,
    "port_visit": port_visit.kernel,
    "loitering": loitering.kernel,
    "drifting": drifting.kernel,
    "zone_entry": zone_entry.kernel,
    **experimental.ON_FIXES,
}
CELL_KERNELS: Final[Kernels] = {"encounter": encounter.kernel}
JUMP_KERNELS: Final[Kernels] = {"spoofing": spoofing.kernel}
STATIC_KERNELS: Final[Kernels] = {
    "identity_change": identity_change.kernel,
    "duplicate_identity": duplicate_identity.from_statics,
    **experimental.ON_STATICS,
}
"""Kernels by what they eat: fixes, ten-minute slots, jumps and circles, changes in static reports (see `told`)."""

KINDS: Final = tuple(dict.fromkeys((*TRACK_KERNELS, *CELL_KERNELS, *JUMP_KERNELS, *STATIC_KERNELS)))

MESSAGES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "gap": gap.MESSAGES,
    "encounter": encounter.MESSAGES,
    "duplicate_identity": duplicate_identity.MESSAGES,
    "speed_jump": speed_jump.MESSAGES,
    "invalid_identity": invalid_identity.MESSAGES,
    "identity_change": identity_change.MESSAGES,
    "spoofing": spoofing.MESSAGES,
    "stop": stop.MESSAGES,
    "port_visit": port_visit.MESSAGES,
    "loitering": loitering.MESSAGES,
    "drifting": drifting.MESSAGES,
    "zone_entry": zone_entry.MESSAGES,
    **experimental.MESSAGES,
}
"""Kind -> message code -> the names in `evidence` that its sentence may use; `evidence.codes` lists the codes."""

NOT_ASSESSABLE: Final[Mapping[str, tuple[str, ...]]] = {
    "gap": gap.NOT_ASSESSABLE,
    "drifting": drifting.NOT_ASSESSABLE,
    "stop": stop.NOT_ASSESSABLE,
    "loitering": loitering.NOT_ASSESSABLE,
    "any": crowd.NOT_ASSESSABLE,
}
"""Kind -> why it could not judge, as codes; each is counted."""
