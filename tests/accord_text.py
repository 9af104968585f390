"""The text of an accord between two parties, for every test that needs one."""

from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

import tomli_w


class Party(Protocol):
    """What an accord says of a side: its short name, its identity id, the thumbprint of its key."""

    @property
    def name(self) -> str: ...

    @property
    def id(self) -> str: ...

    @property
    def print(self) -> str: ...


class Side(NamedTuple):
    """A party of which there is nothing more."""

    name: str
    id: str
    print: str


def accord_text(a: Party, b: Party, **terms: Any) -> bytes:
    """An exercise accord that nobody has signed yet, with these terms beside the usual ones or instead of them."""
    usual = {
        "prasan_accord": 1,
        "name": f"{a.name}-{b.name}",
        "mode": "exercise",
        "parties": [{"name": one.name, "id": one.id, "key": one.print} for one in (a, b)],
        "purposes": ["maritime_security"],
        "highest_tlp": "amber",
        "onward": "never",
        "recall_days": 2,
        "store_days": 365,
        "valid_from": datetime(2026, 1, 1, tzinfo=UTC),
        "valid_until": datetime(2027, 1, 1, tzinfo=UTC),
    }
    return tomli_w.dumps(usual | terms).encode()
