"""What a recipient may know of an object of ours whose sources it may not all know: made again from the others.

A variant has the object's id, so nobody can tell it from the object; a recipient has at most one of each. The view rows
keep their own bytes, so only the latest is kept here.
"""

from typing import Any, Final

import msgspec

from prasan.picture.marking import Marking
from prasan.stores.rows import OWN, ObjectRow
from prasan.stores.sqlite.link import Link
from prasan.stores.sqlite.profiles import ProfileWrites

_SELECT: Final = (
    "SELECT object_id, version, type, kind, sha256, bytes, marking, facts, received_us,"
    " (SELECT body FROM profiles p WHERE p.n = profile) FROM variants"
)
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode
_DECODE: Final = msgspec.json.Decoder(Marking).decode


class VariantReads(Link):
    """Finding them."""

    def variant(self, recipient: str, object_id: str) -> ObjectRow | None:
        """The latest for one recipient."""
        row = self._one(f"{_SELECT} WHERE recipient = ? AND object_id = ?", (recipient, object_id))
        return None if row is None else _row(row)

    def variant_ids(self, recipient: str) -> list[str]:
        """The objects of which a recipient is told a variant."""
        return [row[0] for row in self._all("SELECT object_id FROM variants WHERE recipient = ?", (recipient,))]

    def variant_events(self, recipient: str) -> list[bytes]:
        """The register of events that one recipient's variants are made of, as JSON bytes."""
        return [row[0] for row in self._all("SELECT event FROM variants WHERE recipient = ?", (recipient,)) if row[0]]


class VariantWrites(VariantReads, ProfileWrites):
    """Changing them."""

    def put_variant(self, recipient: str, row: ObjectRow, event: bytes = b"") -> None:
        """Keep the latest; `event` is the event it is made of, if it is one: where none is given it stays as it was."""
        self.number_names([row.id])
        self._do(
            "INSERT INTO variants (recipient, object_id, version, type, kind, sha256, bytes, marking, facts,"
            " received_us, event, profile) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (recipient, object_id) DO UPDATE SET version = excluded.version, type = excluded.type,"
            " kind = excluded.kind, sha256 = excluded.sha256, bytes = excluded.bytes, marking = excluded.marking,"
            " facts = excluded.facts, received_us = excluded.received_us, profile = excluded.profile,"
            " event = iif(excluded.event = x'', event, excluded.event)",
            (recipient, row.id, row.version, row.type, row.kind, row.sha256, row.raw, _ENCODE(row.marking), row.facts,
             row.received_us, event, self.profile_number(row.profile)),
        )  # fmt: skip

    def drop_variant(self, recipient: str, object_id: str) -> None:
        """The recipient may know nothing of it any more."""
        self._do("DELETE FROM variants WHERE recipient = ? AND object_id = ?", (recipient, object_id))


def _row(row: tuple[Any, ...]) -> ObjectRow:
    object_id, version, type_, kind, sha256, raw, marking, facts, received_us, profile = row
    return ObjectRow(
        object_id, version, type_, kind, OWN, sha256, raw, _DECODE(marking), facts, received_us, profile=profile
    )
