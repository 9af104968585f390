"""Kinds of values that several objects of ours hold, each within limits."""

from typing import Annotated

import msgspec

from prasan.formats.stix_ids import ID

Id = Annotated[str, msgspec.Meta(pattern=f"^{ID.pattern}$", max_length=300)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Nonce = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
Moment = Annotated[str, msgspec.Meta(max_length=40)]
"""A time as text; `parse_time` says whether it is one."""
