"""Lanes and the collections they are served as (docs/wire.md, section 6)."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final, Literal, get_args
from uuid import UUID

import msgspec

Lane = Literal["alerts", "control", "objects"]

LANES: Final[tuple[Lane, ...]] = get_args(Lane)
"""In the order in which they are polled."""
INBOX: Final = "inbox"
ROOT: Final = "/taxii2/node/"
"""The API root, the same on both ports."""
PAGE: Final = 500
"""Objects on a page, at most."""


def fitting(sizes: Iterable[int], most: int) -> int:
    """How many of these, in order, go into `most` bytes; at least one, if there is one."""
    total = count = 0
    for count, size in enumerate(sizes, 1):
        total += size
        if total > most:
            return max(1, count - 1)
    return count


_TITLES: Final = {
    "alerts": ("Alerts", "Events that call for attention; poll these first"),
    "control": ("Recalls and receipts", "What is asked back, and the answers"),
    "objects": ("Objects", "Everything else that is shared with you"),
    INBOX: ("Inbox", "What you send: your own namespace, which you may read back and delete from"),
}


class Caller(msgspec.Struct, frozen=True):
    """Who asks. `space` names the collections it sees: a partner's identity id, or a namespace of its own.

    None: it sees no collections at all (roles other than `partner` read through the web pages, not here).
    """

    name: str
    space: str | None = None


class Collection(msgspec.Struct, frozen=True):
    """One collection of one caller."""

    id: str
    lane: str

    @property
    def can_write(self) -> bool:
        """Only the inbox."""
        return self.lane == INBOX

    def resource(self) -> dict[str, object]:
        """The collection resource of TAXII 2.1 section 5.2.1."""
        title, description = _TITLES[self.lane]
        return {
            "id": self.id,
            "title": title,
            "description": description,
            "alias": self.lane,
            "can_read": True,
            "can_write": self.can_write,
            "media_types": ["application/stix+json;version=2.1"],
        }


def collection_id(epoch: str, space: str, lane: str) -> str:
    """SHA-256(the 16 bytes of the epoch ‖ recipient id ‖ "/" ‖ lane), its first 16 bytes as a UUID of version 4.

    TAXII 2.1 section 2 wants version 4: random bits, which these are to whoever does not know the random epoch.
    """
    drawn = sha256(UUID(epoch).bytes + f"{space}/{lane}".encode()).digest()
    return str(UUID(bytes=drawn[:16], version=4))


def collections(epoch: str, caller: Caller) -> list[Collection]:
    """The caller's collections, always in the same order."""
    if caller.space is None:
        return []
    return [Collection(collection_id(epoch, caller.space, lane), lane) for lane in (*LANES, INBOX)]
