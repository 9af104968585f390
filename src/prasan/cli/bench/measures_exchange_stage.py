"""The node that the exchange is measured on: a home with partners, accords and a policy, served by its own process.

Of what the node shares, 60 of 100 objects are withheld from each partner, 30 go out whole and 10 sanitised.
"""

import atexit
import contextlib
import http.client
import os
import re
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from prasan.cli.bench.objects import stix_objects
from prasan.cli.demo.processes import COMMAND
from prasan.cli.introductions import introduce
from prasan.errors import Unreachable
from prasan.exchange.client import pinned
from prasan.exchange.http import MEDIA_TYPE
from prasan.exchange.lanes import INBOX, ROOT
from prasan.formats.stix import header
from prasan.formats.stix_ids import VESSEL
from prasan.node.clock import Clock
from prasan.node.home import Home
from prasan.node.keeping.founding import found
from prasan.node.node import Node
from prasan.node.objects import Kept, object_row, put_all
from prasan.node.partners.partnering import adopt_policy
from prasan.node.people import add_user, create_token
from prasan.node.releasing.publish import work_due
from prasan.node.settings import Listen, Settings
from prasan.picture.marking import Tlp
from prasan.release.facts import content_of
from prasan.stores.rows import OWN, ObjectRow
from prasan.stores.sqlite import Store

HOST: Final = "127.0.0.1"
USER: Final = "reader"
PASSWORD: Final = "measured and gone"  # noqa: S105 - of a home that lives as long as the measurement
KEPT_AT_ONCE: Final = 500
START_S: Final = 60.0
TICKS: Final = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100

TERMS: Final = {
    "mode": "real",
    "highest_tlp": "red",
    "onward": "never",
    "valid_until": datetime(2100, 1, 1, tzinfo=UTC),
}
"""Of the accord with each partner, beside those of the shipped one: what is measured is not an exercise."""
POLICY: Final = """prasan_policy = 1
name = "bench"
[[rule]]
id = "staff"
to = ["class:staff"]
then = "release"
[[rule]]
id = "whole"
to = ["partners"]
types = ["indicator", "course-of-action", "tool"]
then = "release"
[[rule]]
id = "coarse"
to = ["partners"]
types = ["{coarse}"]
then = "sanitise"
place_deg = 0.5
time_min = 60
drop = ["identity"]
"""
MIXED: Final = POLICY.format(coarse=VESSEL)
COLLECTIONS: Final = f"{ROOT}collections"
SAID: Final = "60 % withheld, 30 % whole, 10 % sanitised for each of three partners; fsync and TLS on"
SAID_ADDED: Final = "kept, decided for our staff, the public and two more partners; fsync and TLS on"


class Stage(msgspec.Struct, frozen=True):
    """A home with its partners' ids, and the token of a user that acts for the first of them."""

    home: Path
    partners: tuple[str, ...]
    token: str
    port: int


def build(root: Path, partners: int = 3) -> Stage:
    """A node with so many partners, each with an accord in force."""
    ports = free_ports()
    home = _found(root / "bench", "bench", Listen(HOST, *ports))
    node = Node(home)
    ids = tuple(_meet(node, root, f"partner-{number}") for number in range(partners))
    adopt_policy(node, MIXED.encode(), "bench")
    add_user(node, USER, "partner", PASSWORD, "partner-0")
    stage = Stage(home, ids, create_token(node, USER), ports[0])
    node.close()
    return stage


def _found(home: Path, name: str, listen: Listen) -> Path:
    clock = Clock()
    settings = Settings(name, f"identity--{clock.uuid('node')}", "TH", sync_every_s=0, listen=listen)
    found(home, settings, clock)
    return home


def _meet(node: Node, root: Path, name: str) -> str:
    """A partner with a home of its own, which is there to sign; its id."""
    other = Node(_found(root / name, name, Listen(HOST)))
    introduce(node, other, name=f"bench-{name}", **TERMS)
    other.close()
    return other.id


def keep(node: Node, raws: Iterable[bytes]) -> None:
    """Keep objects as the node's own, as if an officer had read their texts: what is measured is what goes out."""
    for some in batches(raws, KEPT_AT_ONCE):
        with node.store.write() as tx:
            put_all(node, tx, [_row(raw, node.clock.now_us()) for raw in some])


def _row(raw: bytes, now_us: int) -> ObjectRow:
    found = header(raw)
    return object_row(raw, found, OWN, found.marking(Tlp.GREEN), Kept(content_of(raw, found), now_us / 1e6), now_us)


class Client:
    """One connection of a TAXII client, over TLS, with a token or with a password."""

    def __init__(self, at: Stage, *, basic: bool) -> None:
        certificate = (at.home / "keys" / "web.cert.pem").read_text(encoding="ascii")
        self._line = http.client.HTTPSConnection(HOST, at.port, context=pinned(certificate), timeout=120)
        sign = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        shown = f"Basic {sign}" if basic else f"Bearer {at.token}"
        self._headers = {"accept": MEDIA_TYPE, "authorization": shown}

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """The body of the answer. Unreachable for any that is no success."""
        kind = {"content-type": MEDIA_TYPE} if body else {}
        self._line.request(method, f"{COLLECTIONS}/{path}", body, self._headers | kind)
        answer = self._line.getresponse()
        found = answer.read()
        if answer.status >= http.client.BAD_REQUEST:
            raise Unreachable(f"The node answered {answer.status}: {found[:200]!r}", "See serve.log in its home.")
        return found

    def post(self, body: bytes) -> None:
        """Objects for the inbox."""
        self.ask("POST", f"{INBOX}/objects/", body)

    def page(self, query: str) -> bytes:
        """A page of the lane that bulk travels in."""
        return self.ask("GET", f"objects/objects/?{query}")

    def pages(self, query: str) -> Iterator[bytes]:
        """Page after page, to the end."""
        more = ""
        while True:
            page = self.page(query + more)
            yield page
            following = _NEXT.match(page[:200])
            if following is None:
                return
            more = f"&next={following[1].decode()}"


_NEXT: Final = re.compile(rb'\{"more":true,"next":"([^"]+)"')


class Served(msgspec.Struct, frozen=True):
    """A node that answers, in a process of its own."""

    at: Stage
    process: subprocess.Popen[bytes]

    def client(self, *, basic: bool = False) -> Client:
        """A client of it."""
        return Client(self.at, basic=basic)

    def cpu_s(self) -> float:
        """Processor seconds that it took so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def settle(self) -> None:
        """Wait until nothing is due."""
        store = Store(Home(self.at.home).store)
        while store.next_due() is not None or store.pending():
            time.sleep(0.05)
        store.close()


@contextlib.contextmanager
def serving(at: Stage) -> Iterator[Served]:
    """Serve a home until the measurement is over."""
    with (at.home / "serve.log").open("wb") as log:
        process = subprocess.Popen([*COMMAND, "serve", "--home", str(at.home)], stdout=log, stderr=log)  # noqa: S603
    try:
        served, end = Served(at, process), time.monotonic() + START_S
        while not _answers(served):
            if time.monotonic() > end or process.poll() is not None:
                raise Unreachable("The node that is measured did not start.", f"See {at.home / 'serve.log'}.")
            time.sleep(0.1)
        yield served
    finally:
        process.terminate()
        process.wait(START_S)


def _answers(served: Served) -> bool:
    try:
        with served.client() as client:
            client.page("limit=1")
    except OSError:
        return False
    return True


@lru_cache(1)
def kept(count: int) -> Served:
    """A served node that holds so many objects, decided for everybody; the measures of one run share it."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    at = build(Path(stack.enter_context(TemporaryDirectory())))
    node = Node(at.home)
    keep(node, stix_objects(count))
    work_due(node)
    node.close()
    return stack.enter_context(serving(at))


def batches(raws: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    """Lists of so many at most."""
    left = iter(raws)
    while some := [*islice(left, size)]:
        yield some


def free_ports() -> tuple[int, int]:
    """Two ports that nobody has now."""
    with socket.socket() as one, socket.socket() as other:
        one.bind((HOST, 0))
        other.bind((HOST, 0))
        return one.getsockname()[1], other.getsockname()[1]
