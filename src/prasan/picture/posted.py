"""What a caller posts to an inbox, once it was checked."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

Outcome = Literal["new", "same", "conflict"]
"""Kept; here before with these bytes; here before with others, which stay."""

Report = Callable[[Sequence[Outcome]], bytes]
"""Makes the status resource of the outcomes, in the order of the items."""


class Item(msgspec.Struct, frozen=True):
    """An object that was posted and checked, as its bytes; `document` is what they say, decoded once for all."""

    id: str
    version: str
    type: str
    spec_version: str
    sha256: str
    raw: bytes
    document: dict[str, Any]
