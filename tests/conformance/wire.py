"""A TAXII 2.1 client of a hundred lines, on the standard library alone: what a stranger's program would send.

Nothing in this folder imports the program under test; it is only ever spoken to over TLS.
"""

import base64
import http.client
import json
import ssl
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

TAXII = "application/taxii+json;version=2.1"
OLD = "2024-05-01T08:00:00.000Z"
Object = dict[str, Any]


class Answer(NamedTuple):
    """What came back. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def objects(self) -> list[Object]:
        found: list[Object] = self.json.get("objects", [])
        return found

    @property
    def ids(self) -> list[str]:
        return [one["id"] for one in self.objects]


class Server(NamedTuple):
    """Where the server is and whose certificate it must show."""

    port: int
    trust: str
    tls: ssl.TLSVersion | None = None

    def connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cadata=self.trust)
        context.check_hostname = False
        if self.tls is not None:
            context.minimum_version = context.maximum_version = self.tls
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)


class Client:
    """One user of the server. `name` None asks without signing in."""

    def __init__(self, server: Server, name: str | None = None, password: str = "", token: str = "") -> None:
        self.server, self.name = server, name
        self._connection: http.client.HTTPSConnection | None = None
        self._sign = {}
        if token:
            self._sign = {"Authorization": f"Bearer {token}"}
        elif name is not None:
            self._sign = {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str | None] | None = None
    ) -> Answer:
        """One request. A header given as None is left out."""
        sent: dict[str, str | None] = {"Accept": TAXII, **self._sign, **({"Content-Type": TAXII} if body else {})}
        given = {name: value for name, value in (sent | dict(headers or {})).items() if value is not None}
        if self._connection is None:
            self._connection = self.server.connect()
        try:
            self._connection.request(method, path, body, given)
            response = self._connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        except (http.client.HTTPException, OSError):
            self.close()
            raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def root(self) -> str:
        """The first API root that discovery names, as a path."""
        return urlsplit(str(self.ask("/taxii2/").json["api_roots"][0])).path

    def collections(self) -> list[Object]:
        found: list[Object] = self.ask(self.root + "collections/").json.get("collections", [])
        return found

    def writable(self) -> str:
        """The path of the first collection that may be read and written."""
        ours = [one for one in self.collections() if one["can_write"] and one["can_read"]]
        return f"{self.root}collections/{ours[0]['id']}/"

    def readable(self) -> str:
        """The path of one that may only be read."""
        ours = [one for one in self.collections() if one["can_read"] and not one["can_write"]]
        return f"{self.root}collections/{ours[0]['id']}/"


def query(**match: str) -> str:
    """A query string; `id`, `type`, `version` and `spec_version` become match fields."""
    fields = {"id", "type", "version", "spec_version"}
    return "?" + urlencode({f"match[{k}]" if k in fields else k: v for k, v in match.items()}, safe=":,")


def envelope(objects: Sequence[Object]) -> bytes:
    return json.dumps({"objects": objects}).encode()


def new_id(kind: str = "indicator") -> str:
    return f"{kind}--{uuid.uuid4()}"


def indicator(object_id: str | None = None, modified: str = OLD, **more: Any) -> Object:
    """A native indicator with all it must have."""
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": object_id or new_id(),
        "created": OLD,
        "modified": modified,
        "pattern": "[ipv4-addr:value = '198.51.100.7']",
        "pattern_type": "stix",
        "valid_from": OLD,
        **more,
    }


def campaign(**more: Any) -> Object:
    return {
        "type": "campaign", "spec_version": "2.1", "id": new_id("campaign"), "created": OLD, "modified": OLD,
        "name": "c", **more,
    }  # fmt: skip
