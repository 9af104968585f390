"""A store served by the TAXII core, asked directly: the whole server without a socket."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from prasan.exchange import taxii
from prasan.exchange.http import Request, Response
from prasan.exchange.lanes import INBOX, Caller, collection_id
from prasan.picture.marking import Marking
from prasan.stores.rows import Lane, NewView, ObjectRow, Place
from prasan.stores.sqlite import Store, StoreShelf

EPOCH = str(UUID(int=7, version=4))
US = "identity--" + str(UUID(int=1, version=4))
TAXII = "application/taxii+json;version=2.1"
START = 1_780_000_000_000_000


def uid(number: int, kind: str = "incident") -> str:
    return f"{kind}--{UUID(int=number, version=4)}"


def incident(number: int, version: str = "2026-01-01T00:00:00.000Z", **more: Any) -> dict[str, Any]:
    head = {"type": "incident", "spec_version": "2.1", "id": uid(number), "created": "2026-01-01T00:00:00.000Z"}
    return head | {"modified": version, "name": f"n {number}"} | more


class Node:
    """The server and a clock that stands still unless it is moved."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.shelf = StoreShelf(store)
        self.now = START
        self._ids = (str(UUID(int=n, version=4)) for n in range(1, 10**6))
        self.site = taxii.Site("Test", lambda: next(self._ids))
        with store.write() as tx:
            tx.set_epoch(EPOCH)

    def ask(
        self, path: str, *, who: str | None = US, method: str = "GET", body: bytes = b"", **headers: str
    ) -> Response:
        path, _, query = path.partition("?")
        given = {"accept": TAXII, **({"content-type": TAXII} if body else {})}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(method, path, query, given, body)
        return taxii.handle(request, Caller("someone", who), self.shelf, self.site, self.now)

    def url(self, lane: str, rest: str = "objects/", **query: str) -> str:
        base = f"/taxii2/node/collections/{collection_id(EPOCH, US, lane)}/{rest}"
        return f"{base}?{urlencode(query)}" if query else base

    def read(self, lane: str, rest: str = "objects/", **query: str) -> Any:
        response = self.ask(self.url(lane, rest, **query))
        assert response.status == 200, response.body
        return json.loads(response.body or b"null")

    def post(self, *objects: dict[str, Any]) -> Any:
        response = self.ask(self.url(INBOX), method="POST", body=json.dumps({"objects": objects}).encode())
        assert response.status == 202, response.body
        return json.loads(response.body)

    def publish(self, *numbers: int, lane: Lane = "objects", version: str = "2026-01-01T00:00:00.000Z") -> None:
        with self.store.write() as tx:
            for number in numbers:
                raw = json.dumps(incident(number, version)).encode()
                digest = sha256(raw).hexdigest()
                tx.put_object(ObjectRow(uid(number), version, "incident", "", "own", digest, raw, Marking()))
                tx.put_view(
                    US, NewView(uid(number), version, uid(number), version, lane, "verbatim", digest), self.now, seq
                )

    def pages(self, lane: str, how: str, **query: str) -> Iterator[list[dict[str, Any]]]:
        """Page after page as a client reads them: by `next`, or by `added_after` from the header."""
        more: dict[str, str] = {}
        while True:
            response = self.ask(self.url(lane, **query, **more))
            found = json.loads(response.body)
            yield found.get("objects", [])
            if not found.get("more"):
                return
            last = response.headers["x-taxii-date-added-last"]
            more = {"next": found["next"]} if how == "next" else {"added_after": last}


def seq(place: Place) -> bytes:
    return b'{"seq":%d}' % place.seq
