"""What the TAXII server reads from and posts to. A store fulfils it; nothing here knows which."""

from collections.abc import Collection, Sequence
from typing import Protocol

from prasan.exchange.asked import Query
from prasan.picture.posted import Item, Report


class Row(Protocol):
    """One row of a page."""

    @property
    def id(self) -> str:
        """The object's id."""

    @property
    def version(self) -> str:
        """`modified`, byte for byte."""

    @property
    def date_added_us(self) -> int:
        """When it became visible here; strictly rising along a collection."""

    @property
    def spec_version(self) -> str:
        """The STIX version it is written in."""

    @property
    def raw(self) -> bytes:
        """The object's bytes."""


class Shelf(Protocol):
    """The collections behind the server. `owner` and `recipient` are the caller's space."""

    def epoch(self) -> str:
        """The UUID that collection ids are made of."""

    def view_page(self, recipient: str, lane: str, wanted: Query, now_us: int) -> Sequence[Row]:
        """Rows of an outbound collection, oldest first, at most `wanted.limit`."""

    def inbox_page(self, owner: str, wanted: Query) -> Sequence[Row]:
        """Rows of an inbox, oldest first, at most `wanted.limit`."""

    def status(self, owner: str, status_id: str) -> bytes | None:
        """The stored status resource of one of the owner's posts."""

    def post(
        self,
        owner: str,
        status_id: str,
        items: Sequence[Item],
        now_us: int,
        report: Report,
    ) -> bytes:
        """Keep the items and, in the same transaction, the status made of their outcomes; that status."""

    def delete(
        self, owner: str, object_id: str, versions: Collection[str], spec_versions: Collection[str] | None
    ) -> int:
        """Delete from an inbox; how many versions were there."""
