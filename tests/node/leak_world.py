"""The node of test_no_leak: three partners under accords, users of every sort, and all its doors."""

import asyncio
import sqlite3
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from node.leak_plan import NAMES, Who
from node.node_kit import Kit, Partner, new_home, uuid_of
from prasan.exchange import door as peer_door
from prasan.exchange import taxii
from prasan.exchange.http import Request, Response
from prasan.exchange.lanes import Caller
from prasan.node.lines.doors import PeerDesk, People, door, shelf
from prasan.node.people import add_user, create_token
from prasan.stores.sqlite import link
from prasan.web.app import build_app
from prasan.web.credentials import Credentials
from prasan.web.office import Office
from prasan.web.security import SESSION_COOKIE, Ticket, seal
from prasan.web.taxii import taxii_routes

MEDIA = "application/taxii+json;version=2.1"
PACKED = ("accept-encoding", "gzip")
PASSWORD = "a long enough password"


def whose() -> Who:
    """The ids of everybody, known before anybody is there."""
    return Who("identity--" + uuid_of("th-mc"), {name: "identity--" + uuid_of(name) for name in NAMES})


def quick() -> pytest.MonkeyPatch:
    """Stores that do not wait for a disk; undo it at the end."""
    patch = pytest.MonkeyPatch()
    patch.setattr(link, "SETTINGS", (*link.SETTINGS, "PRAGMA journal_mode = MEMORY", "PRAGMA synchronous = OFF"))
    return patch


class World:
    """A node before any object came, and the way back to there."""

    def __init__(self, folder: Path, terms: dict[str, Any]) -> None:
        self.kit = Kit(new_home(folder))
        self.partners = {name: Partner(name, folder) for name in NAMES}
        self.accords = {}
        for name, partner in self.partners.items():
            self.accords[name] = self.kit.agree(partner, **terms)
        self.tokens = {}
        for user, role in (("watch", "watch"), ("us-mo", "partner"), ("nobody", "partner")):
            add_user(self.kit.node, user, role, PASSWORD)
            self.tokens[user] = create_token(self.kit.node, user)
        self.runner = asyncio.Runner()
        self.open()
        self.fresh = sqlite3.connect(":memory:")
        with sqlite3.connect(self.kit.node.home.store) as file:
            file.backup(self.fresh)
        self.file = sqlite3.connect(self.kit.node.home.store)
        self.file.execute("PRAGMA synchronous = OFF")

    def open(self) -> None:
        """The ports over the node."""
        node = self.kit.node
        self.shelf, self.door, self.desk = shelf(node), door(node), PeerDesk(node)
        credentials = Credentials(People(node))
        self.office = Office(node, credentials)
        routes = taxii_routes(credentials, self.shelf, self.site("user"), node.clock.now_us)
        self.web_app = build_app(
            self.office, session_key=node.session_key, mounts=routes, clock=lambda: node.clock.now_us() / 1e6
        )

    def again(self) -> Kit:
        """The node as it was before any object came; clock and randomness too."""
        self.fresh.backup(self.file)
        self.kit.hands.start()
        self.office._seen.clear()
        return self.kit

    def close(self) -> None:
        self.runner.close()
        for partner in self.partners.values():
            partner.close()
        for file in (self.file, self.fresh):
            file.close()
        self.kit.close()

    def site(self, who: str) -> taxii.Site:
        return taxii.Site("Thai Centre", lambda: self.kit.node.clock.uuid(f"status/{who}"))

    # The doors

    def taxii(self, who: str, path: str, query: str = "", **more: Any) -> Response:
        """TAXII, asked by an authenticated partner (an identity id) or user."""
        headers = {"accept": MEDIA, "accept-encoding": more.pop("packed", ""), "content-type": MEDIA}
        request = Request(more.pop("method", "GET"), path, query, headers, **more)
        return taxii.handle(request, Caller("someone", who), self.shelf, self.site(who), self.kit.hands.now_us)

    def peer(self, who: str, path: str, query: str = "", packed: str = "") -> Response:
        """The rest of the peer port, asked by an admitted partner."""
        request = Request("GET", path, query, {"accept-encoding": packed})
        return peer_door.handle(request, who, self.door, self.desk, self.kit.hands.now_us)

    def wakes(self, who: str, query: str) -> bool:
        """Whether a request that waits would be answered now."""
        request = Request("GET", "/peer/v1/next", query)
        return peer_door.news(request, who, self.door, self.desk, self.kit.hands.now_us)

    def web(self, user: str, path: str, *, header: bool = False, form: bytes = b"") -> bytes:
        """A page or an answer of the ordinary port, as the bytes of its status, headers and body; `form` is posted."""
        return self.runner.run(self._web(user, path, header=header, form=form))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    async def _web(self, user: str, path: str, *, header: bool, form: bytes) -> bytes:
        node = self.kit.node
        ticket = Ticket(user, self.kit.hands.now_us // 10**6, "n")
        cookie = f"{SESSION_COOKIE}={seal(node.session_key, ticket)}"
        sent = ("authorization", f"Bearer {self.tokens[user]}") if header else ("cookie", cookie)
        posted = (("content-type", "application/x-www-form-urlencoded"), ("content-length", str(len(form))))
        sending = (PACKED, sent, *(posted if form else ()))
        where, _, query = path.partition("?")
        scope = {
            "type": "http", "http_version": "1.1", "scheme": "https", "path": where, "root_path": "",
            "method": "POST" if form else "GET",
            "raw_path": where.encode(), "query_string": query.encode(), "client": ("127.0.0.1", 1),
            "server": ("node.example", 443),
            "headers": [(name.encode(), value.encode()) for name, value in (("host", "node.example"), *sending)],
        }  # fmt: skip
        told = list[bytes]()
        asked = iter([{"type": "http.request", "body": form, "more_body": False}])

        async def receive() -> Any:
            found = next(asked, None)
            if found is None:
                await asyncio.Event().wait()
            return found

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                told.append(f"{message['status']} {sorted(message['headers'])!r}\n".encode())
            else:
                told.append(message.get("body", b""))

        await self.web_app(scope, receive, send)
        return b"".join(told)


def worlds(folder: Path, accords: tuple[dict[str, Any], ...]) -> list[World]:
    """One for each way of agreeing."""
    made = []
    for number, terms in enumerate(accords):
        (folder / str(number)).mkdir()
        made.append(World(folder / str(number), terms))
    return made
