"""An event: a finding with a life. It opens, is revised, closes or is withdrawn; it is never deleted."""

from typing import Literal

import msgspec

from prasan.picture.finding import Finding
from prasan.picture.marking import Marking

State = Literal["open", "closed", "revised", "withdrawn"]


class Event(msgspec.Struct, frozen=True):
    """What the node says happened. `id` is a UUIDv5 of the finding's key and stays for life.

    `known_at` is when this revision was made (seconds UTC); `reason` is the code of why the state is what it is;
    `superseded_by` names the older event that took this one over.
    """

    id: str
    finding: Finding
    state: State
    revision: int
    known_at: int
    marking: Marking
    reason: str = ""
    superseded_by: str | None = None
