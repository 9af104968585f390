"""The TAXII 2.1 server as a function: a request, its caller and a shelf in, a response out (OASIS, 10 June 2021).

It decides nothing about release: a shelf holds rows that were decided when they were made. What a caller may not see
is answered exactly as what is not there.
"""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

import msgspec

from prasan.exchange import asked, pages, posts
from prasan.exchange.http import Problem, Request, Response, answer, compressed, raw_answer
from prasan.exchange.lanes import ROOT, Caller, Collection, collections
from prasan.exchange.shelf import Shelf

__all__ = ["Site", "handle"]

_HOST: Final = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
VERSIONS: Final = ["application/taxii+json;version=2.1"]


class Site(msgspec.Struct, frozen=True):
    """What the server says of itself. `new_id` gives a random UUID as text."""

    title: str
    new_id: Callable[[], str]
    description: str = ""
    contact: str = ""


class _Call(msgspec.Struct, frozen=True):
    request: Request
    caller: Caller
    shelf: Shelf
    site: Site
    now_us: int

    def collection(self, name: str) -> Collection:
        """The caller's collection of that id or alias."""
        for collection in collections(self.shelf.epoch(), self.caller):
            if name in (collection.id, collection.lane):
                return collection
        raise Problem(404, "Not found", "There is no such collection for you.")


def handle(request: Request, caller: Caller, shelf: Shelf, site: Site, now_us: int) -> Response:
    """Answer one request of an authenticated caller. `now_us` is the clock, in microseconds UTC."""
    try:
        response = _route(_Call(request, caller, shelf, site, now_us))
    except Problem as problem:
        response = problem.response()
    return compressed(response, request.headers.get("accept-encoding", ""))


def _route(call: _Call) -> Response:
    path = call.request.path if call.request.path.endswith("/") else call.request.path + "/"
    for pattern, verbs in _ROUTES:
        match = pattern.fullmatch(path)
        if match:
            method = "GET" if call.request.method == "HEAD" else call.request.method
            if method not in verbs:
                raise Problem(405, "Method not allowed", headers={"allow": ", ".join(verbs)})
            asked.check_accept(call.request.headers.get("accept"))
            return verbs[method](call, *(unquote(group) for group in match.groups()))
    raise Problem(404, "Not found", "There is nothing at this address.")


def _discovery(call: _Call) -> Response:
    optional = {"description": call.site.description, "contact": call.site.contact}
    given = {key: value for key, value in optional.items() if value}
    root = _root_url(call.request.headers.get("host", ""))
    return answer(200, {"title": call.site.title, **given, "default": root, "api_roots": [root]})


def _root_url(host: str) -> str:
    """The API root under the name that the reader asked for: not every client understands a relative one (4.1.1)."""
    return f"https://{host}{ROOT}" if _HOST.fullmatch(host) else ROOT


def _root(call: _Call) -> Response:
    return answer(200, {"title": call.site.title, "versions": VERSIONS, "max_content_length": posts.MAX_CONTENT})


def _status(call: _Call, status_id: str) -> Response:
    found = None if call.caller.space is None else call.shelf.status(call.caller.space, status_id)
    if found is None:
        raise Problem(404, "Not found", "There is no such status for you.")
    return raw_answer(200, found)


def _collections(call: _Call) -> Response:
    found = [collection.resource() for collection in collections(call.shelf.epoch(), call.caller)]
    return answer(200, {"collections": found} if found else {})


def _collection(call: _Call, name: str) -> Response:
    return answer(200, call.collection(name).resource())


def _objects(call: _Call, name: str) -> Response:
    return pages.objects(_reader(call, name), asked.read_query(call.request.query))


def _manifest(call: _Call, name: str) -> Response:
    return pages.manifest(_reader(call, name), asked.read_query(call.request.query))


def _object(call: _Call, name: str, object_id: str) -> Response:
    return pages.one(_reader(call, name), asked.read_query(call.request.query), object_id)


def _versions(call: _Call, name: str, object_id: str) -> Response:
    return pages.versions(_reader(call, name), asked.read_query(call.request.query), object_id)


def _add(call: _Call, name: str) -> Response:
    collection = call.collection(name)
    if not collection.can_write:
        raise Problem(403, "Forbidden", "This collection cannot be written to; post to the inbox.")
    asked.check_content_type(call.request.headers.get("content-type"))
    body = posts.unpacked(call.request.body, call.request.headers.get("content-encoding"))
    return posts.add(call.shelf, call.caller.space or "", body, call.site.new_id(), call.now_us)


def _delete(call: _Call, name: str, object_id: str) -> Response:
    if not call.collection(name).can_write:
        raise Problem(403, "Forbidden", "Only what you posted to your inbox can be deleted.")
    query = asked.read_query(call.request.query, default_version="all")
    if not call.shelf.delete(call.caller.space or "", object_id, query.versions, query.spec_versions):
        raise Problem(404, "Not found", "There is no such object or version in your inbox.")
    return raw_answer(200, b"")


def _reader(call: _Call, name: str) -> pages.Reader:
    return pages.Reader(call.shelf, call.caller.space or "", call.collection(name).lane, call.now_us)


_Verb = Callable[..., Response]
_C: Final = re.escape(ROOT) + r"collections/"
_ROUTES: Final[tuple[tuple[re.Pattern[str], dict[str, _Verb]], ...]] = tuple(
    (re.compile(pattern), verbs)
    for pattern, verbs in (
        (r"/taxii2/", {"GET": _discovery}),
        (re.escape(ROOT), {"GET": _root}),
        (re.escape(ROOT) + r"status/([^/]+)/", {"GET": _status}),
        (_C, {"GET": _collections}),
        (_C + r"([^/]+)/", {"GET": _collection}),
        (_C + r"([^/]+)/manifest/", {"GET": _manifest}),
        (_C + r"([^/]+)/objects/", {"GET": _objects, "POST": _add}),
        (_C + r"([^/]+)/objects/([^/]+)/", {"GET": _object, "DELETE": _delete}),
        (_C + r"([^/]+)/objects/([^/]+)/versions/", {"GET": _versions}),
    )
)
