"""From an object in the store to what a decision about it needs."""

from functools import cached_property
from typing import Literal

import msgspec
import orjson

from prasan.formats.stix import Header, parse_time, peek, references
from prasan.formats.stix_ids import EVENT
from prasan.node.objects import KEPT, PROFILE, Kept
from prasan.node.releasing.outlooks import onward_now
from prasan.release.decide import Case
from prasan.release.facts import Consent, Facts, profile_of
from prasan.stores.rows import ObjectRow

Form = Literal["object", "variant", "untold"]
"""The object itself; a variant of it; or the object, of which the recipient may be told a variant only and has none."""


class Subject:
    """One object made ready: decoded once, then decided for one recipient after the other."""

    def __init__(
        self,
        row: ObjectRow,
        node_id: str,
        form: Form = "object",
        consents: tuple[Consent, ...] = (),
        sender: Case | None = None,
    ) -> None:
        """`sender` is the partner that it came from, made ready."""
        self.row, self.form, self.consents, self._sender = row, form, consents, sender
        self.header: Header = peek(row.raw)
        self._node_id, self._origin_name = node_id, sender.recipient.name if sender else row.origin

    @cached_property
    def kept(self) -> Kept:
        """What the bytes do not say."""
        return KEPT(self.row.facts)

    @cached_property
    def refs(self) -> frozenset[str]:
        """Every id in it but its own."""
        return references(self.row.raw)

    @cached_property
    def taken_back(self) -> bool:
        """True if this version says that what earlier ones said does not hold."""
        row = self.row
        return self.header.revoked or (row.type == EVENT and orjson.loads(row.raw).get("state") == "withdrawn")

    @cached_property
    def facts(self) -> Facts:
        """What is the same for every recipient."""
        row, kept = self.row, self.kept
        return Facts(
            id=row.id,
            version=row.version,
            type=row.type,
            kind=kept.content.kind,
            marking=row.marking,
            node=self._node_id,
            known_at=kept.known_at,
            labels=kept.tags.union(self.header.labels),
            sources=kept.sources,
            origin=row.origin,
            origin_name=self._origin_name,
            onward=onward_now(kept.onward, self._sender),
            places=kept.content.places,
            when=parse_time(kept.content.when) if kept.content.when else None,
            terms=kept.terms,
            unread_text=kept.unread_text,
            consents=self.consents,
        )

    @cached_property
    def profile(self) -> bytes:
        """What it shares with others, as the store has it; found out now for an object that came before profiles."""
        return self.row.profile or PROFILE(profile_of(self.facts))

    def facts_for(self, recipient: str, *, recalled: bool) -> Facts:
        """The facts for one recipient, from whom the object may have been recalled."""
        return msgspec.structs.replace(self.facts, recalled_from=frozenset({recipient})) if recalled else self.facts
