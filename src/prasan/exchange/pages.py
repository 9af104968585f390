"""Pages: envelopes, manifests and versions, spliced from stored bytes and never re-serialised."""

from collections.abc import Sequence
from typing import Final

import msgspec

from prasan.exchange.asked import Query, anything, next_token
from prasan.exchange.http import Problem, Response, raw_answer, time_text
from prasan.exchange.lanes import INBOX, fitting
from prasan.exchange.shelf import Row, Shelf

MAX_BYTES: Final = 8 * 1024 * 1024
"""Bytes of objects on one page: a page of large objects holds fewer."""


class Reader(msgspec.Struct, frozen=True):
    """One caller's collection at one moment."""

    shelf: Shelf
    space: str
    lane: str
    now_us: int

    def rows(self, query: Query) -> Sequence[Row]:
        """The rows asked for."""
        if self.lane == INBOX:
            return self.shelf.inbox_page(self.space, query)
        return self.shelf.view_page(self.space, self.lane, query, self.now_us)

    def page(self, query: Query) -> tuple[Sequence[Row], bool]:
        """The rows that fit on a page, and whether more follow."""
        rows = self.rows(msgspec.structs.replace(query, limit=query.limit + 1))
        fit = fitting((len(row.raw) for row in rows[: query.limit]), MAX_BYTES)
        return rows[:fit], fit < len(rows)


def objects(reader: Reader, query: Query) -> Response:
    """TAXII 2.1 section 5.4."""
    rows, more = reader.page(query)
    return _listing(b'"objects":', [row.raw for row in rows], rows, more)


def one(reader: Reader, query: Query, object_id: str) -> Response:
    """Section 5.6. 404 if no version of it is in the collection."""
    rows, more = reader.page(query.whole_object(object_id))
    if not rows and not reader.rows(anything(object_id)):
        raise Problem(404, "Not found", "There is no such object in this collection.")
    return _listing(b'"objects":', [row.raw for row in rows], rows, more)


def versions(reader: Reader, query: Query, object_id: str) -> Response:
    """Section 5.8. 404 as for the object."""
    rows, more = reader.page(query.whole_object(object_id, ("all",)))
    if not rows and not reader.rows(anything(object_id)):
        raise Problem(404, "Not found", "There is no such object in this collection.")
    return _listing(b'"versions":', [msgspec.json.encode(row.version) for row in rows], rows, more)


def manifest(reader: Reader, query: Query) -> Response:
    """Section 5.3."""
    rows, more = reader.page(query)
    return _listing(b'"objects":', [_record(row) for row in rows], rows, more)


def _record(row: Row) -> bytes:
    return msgspec.json.encode(
        {
            "id": row.id,
            "date_added": time_text(row.date_added_us),
            "version": row.version,
            "media_type": f"application/stix+json;version={row.spec_version}",
        }
    )


def _listing(name: bytes, items: Sequence[bytes], rows: Sequence[Row], more: bool) -> Response:
    """One list with what follows it. An empty list is left out (section 2); the headers are those of section 3.2."""
    if not rows:
        return raw_answer(200, b"{}")
    parts = [name + b"[" + b",".join(items) + b"]"]
    if more:
        parts = [b'"more":true,"next":"%s"' % next_token(rows[-1].date_added_us).encode(), *parts]
    headers = {
        "x-taxii-date-added-first": time_text(rows[0].date_added_us),
        "x-taxii-date-added-last": time_text(rows[-1].date_added_us),
    }
    return raw_answer(200, b"{" + b",".join(parts) + b"}", headers)
