"""Sections 1.6.8 to 4.2 and 8.2: media types, signing in, error messages, discovery and API root."""

import ssl
from urllib.parse import urlsplit

from conformance.bench import Bench, Check, must
from conformance.wire import TAXII, Answer, Client, envelope, indicator

PLAIN = "application/taxii+json"


def _read(bench: Bench, accept: str) -> Answer:
    return bench.one.ask(bench.inbox, headers={"Accept": accept})


def _send(bench: Bench, content_type: str | None) -> Answer:
    return bench.one.ask(
        bench.inbox + "objects/", "POST", envelope([indicator()]), headers={"Content-Type": content_type}
    )


def _error(answer: Answer, *statuses: int) -> None:
    """An error with the message of section 3.6.1."""
    assert answer.status in statuses, answer
    assert answer.headers["content-type"].replace(" ", "") == TAXII
    assert isinstance(answer.json["title"], str)
    assert answer.json["title"]
    assert answer.json.get("http_status", str(answer.status)) == str(answer.status)


def _served_or(answer: Answer, good: int, refused: int) -> None:
    if answer.status != good:
        _error(answer, refused)


ACCEPTED = {
    "acc-version": TAXII,
    "acc-plain": PLAIN,
    "acc-space": "application/taxii+json; version=2.1",
    "acc-case": "Application/TAXII+JSON;Version=2.1",
    "acc-quoted": 'application/taxii+json;version="2.1"',
    "acc-q": "text/html;q=0.9, application/taxii+json;version=2.1;q=0.5, */*;q=0.1",
    "acc-list": "application/taxii+json;version=2.1,application/stix+json;version=2.1",
    "acc-plain-q": "application/taxii+json;q=0.8",
}
SENT = {
    "ct-version": TAXII,
    "ct-plain": PLAIN,
    "ct-space": "application/taxii+json; version=2.1",
    "ct-case": "APPLICATION/taxii+json;VERSION=2.1",
    "ct-quoted": 'application/taxii+json;version="2.1"',
}


def _accepts(name: str, accept: str) -> Check:
    def check(bench: Bench) -> None:
        answer = _read(bench, accept)
        assert answer.status == 200, answer
        assert answer.headers["content-type"].replace(" ", "") == TAXII

    check.__doc__ = f"`Accept: {accept}` is defined and gets no 406"
    return must(name, "3.1, 1.6.8.2")(check)


def _takes(name: str, content_type: str) -> Check:
    def check(bench: Bench) -> None:
        assert _send(bench, content_type).status == 202

    check.__doc__ = f"`Content-Type: {content_type}` is defined and gets no 415"
    return must(name, "3.1, 1.6.8.2")(check)


ACCEPT_CHECKS = [_accepts(name, accept) for name, accept in ACCEPTED.items()]
CONTENT_CHECKS = [_takes(name, content_type) for name, content_type in SENT.items()]


@must("acc-other", "3.1")
def _(bench: Bench) -> None:
    """A media type that is not defined is served, or refused with 406 and an error message"""
    answer = _read(bench, "text/html")
    _served_or(answer, 200, 406)


@must("acc-old", "3.1")
def _(bench: Bench) -> None:
    """TAXII 2.0's version parameter is served, or refused with 406 and an error message"""
    answer = _read(bench, "application/taxii+json;version=2.0")
    _served_or(answer, 200, 406)


@must("ct-other", "3.1")
def _(bench: Bench) -> None:
    """A content type that is not defined is taken, or refused with 415 and an error message"""
    for content_type in ("text/plain", "application/json", None):
        answer = _send(bench, content_type)
        _served_or(answer, 202, 415)


ENDPOINTS = {
    "discovery": ("4.1", "GET", "/taxii2/"),
    "root": ("4.2", "GET", "{root}"),
    "collections": ("5.1", "GET", "{root}collections/"),
    "collection": ("5.2", "GET", "{inbox}"),
    "manifest": ("5.3", "GET", "{inbox}manifest/"),
    "objects": ("5.4", "GET", "{inbox}objects/"),
    "add": ("5.5", "POST", "{inbox}objects/"),
    "object": ("5.6", "GET", "{inbox}objects/{id}/"),
    "delete": ("5.7", "DELETE", "{inbox}objects/{id}/"),
    "versions": ("5.8", "GET", "{inbox}objects/{id}/versions/"),
}


def _call(bench: Bench, client: Client, method: str, path: str) -> Answer:
    found = bench.added()["id"]
    full = path.format(root=bench.one.root, inbox=bench.inbox, id=found)
    return client.ask(full, method, envelope([indicator()]) if method == "POST" else None)


def _typed(name: str, section: str, method: str, path: str) -> Check:
    def check(bench: Bench) -> None:
        answer = _call(bench, bench.one, method, path)
        assert answer.status == (202 if method == "POST" else 200)
        assert answer.headers["content-type"].replace(" ", "") == TAXII
        assert method == "DELETE" or isinstance(answer.json, dict)

    check.__doc__ = f"{method} {path} answers in TAXII's media type with its version, with the body defined"
    return must(f"type-{name}", f"3.1, {section}")(check)


def _locked(name: str, section: str, method: str, path: str) -> Check:
    def check(bench: Bench) -> None:
        assert _call(bench, bench.nobody, method, path).status in (401, 404)
        wrong = Client(bench.server, "one", "not the password of one")
        assert _call(bench, wrong, method, path).status in (401, 404)
        wrong.close()

    check.__doc__ = f"{method} {path} without or with wrong credentials is 401 or 404"
    return must(f"auth-{name}", section)(check)


TYPE_CHECKS = [_typed(name, *rest) for name, rest in ENDPOINTS.items()]
AUTH_CHECKS = [_locked(name, *rest) for name, rest in ENDPOINTS.items() if rest[0].startswith("5.")]


@must("auth-www", "1.6.9")
def _(bench: Bench) -> None:
    """A 401 names at least one scheme in WWW-Authenticate"""
    answer = bench.nobody.ask("/taxii2/")
    assert answer.status == 401
    assert "basic" in answer.headers["www-authenticate"].lower()


@must("auth-ctype", "3.1, 5.1")
def _(bench: Bench) -> None:
    """A 401 is an error message in TAXII's media type"""
    _error(bench.nobody.ask(bench.one.root + "collections/"), 401)


@must("auth-basic", "8.2.2")
def _(bench: Bench) -> None:
    """HTTP Basic (RFC 7617) is understood, its scheme in any case"""
    sign = bench.one._sign["Authorization"].replace("Basic", "bAsIc")
    assert bench.nobody.ask("/taxii2/", headers={"Authorization": sign}).status == 200


@must("auth-junk", "1.6.9")
def _(bench: Bench) -> None:
    """An Authorization header that cannot be read is a 401, not a failure"""
    for value in ("Basic", "Basic %%%", "Basic AAAA", "Bearer ", "Digest x=1", "é"):
        _error(bench.nobody.ask("/taxii2/", headers={"Authorization": value.encode().decode("latin-1")}), 401)


@must("err-msg", "3.6.1")
def _(bench: Bench) -> None:
    """An error body has a title"""
    _error(bench.one.ask(bench.inbox + "objects/?limit=x"), 400)


@must("err-status", "3.6.1")
def _(bench: Bench) -> None:
    """`http_status`, where it is given, is that of the HTTP header, as a string"""
    answer = bench.one.ask(bench.one.root + "collections/none/")
    assert answer.json.get("http_status", "404") == "404"


@must("err-method", "3.6, 8.2.1")
def _(bench: Bench) -> None:
    """A method that is not offered is an error message, not a failure"""
    _error(bench.one.ask(bench.inbox + "objects/", "PUT", b"{}"), 403, 404, 405, 501)


@must("disc-url", "8.2.1")
def _(bench: Bench) -> None:
    """Discovery is at /taxii2/ at the root of the server"""
    assert bench.one.ask("/taxii2/").status == 200


@must("disc-title", "4.1.1")
def _(bench: Bench) -> None:
    """Discovery has a title"""
    assert isinstance(bench.one.ask("/taxii2/").json["title"], str)


@must("disc-default", "4.1.1")
def _(bench: Bench) -> None:
    """The default API root is one of the API roots"""
    found = bench.one.ask("/taxii2/").json
    assert "default" not in found or found["default"] in found["api_roots"]


@must("disc-roots", "4.1.1")
def _(bench: Bench) -> None:
    """API roots are HTTPS or begin with a single slash, have no query, and there is one at least"""
    roots = bench.one.ask("/taxii2/").json["api_roots"]
    assert roots
    for root in roots:
        assert root.startswith("https://") or (root.startswith("/") and not root.startswith("//"))
        assert "?" not in root


@must("root-unique", "4.2, 8.2.1")
def _(bench: Bench) -> None:
    """Every API root has a URL of its own, and each answers"""
    roots = bench.one.ask("/taxii2/").json["api_roots"]
    assert len(set(roots)) == len(roots)
    assert all(bench.one.ask(urlsplit(root).path).status == 200 for root in roots)


@must("root-title", "4.2.1")
def _(bench: Bench) -> None:
    """An API root has a title"""
    assert isinstance(bench.one.ask(bench.one.root).json["title"], str)


@must("root-versions", "4.2.1")
def _(bench: Bench) -> None:
    """`versions` are media types with their version, that of TAXII 2.1 among them"""
    versions = bench.one.ask(bench.one.root).json["versions"]
    assert "application/taxii+json;version=2.1" in versions
    assert all(one.startswith("application/taxii+json;version=") for one in versions)


@must("root-max", "4.2.1")
def _(bench: Bench) -> None:
    """`max_content_length` is a whole number above zero"""
    length = bench.one.ask(bench.one.root).json["max_content_length"]
    assert isinstance(length, int)
    assert length > 0


@must("root-max-under", "4.2.1")
def _(bench: Bench) -> None:
    """A body shorter than `max_content_length` never gets 413, however many objects it has"""
    body = envelope([{"type": "x-many", "id": f"x-many--{n}"} for n in range(2000)])
    assert len(body) < bench.one.ask(bench.one.root).json["max_content_length"]
    assert bench.one.ask(bench.inbox + "objects/", "POST", body).status in (202, 422)


@must("root-max-over", "5.5")
def _(bench: Bench) -> None:
    """A body longer than `max_content_length` gets 413 with an error message"""
    length = bench.one.ask(bench.one.root).json["max_content_length"]
    _error(bench.one.ask(bench.inbox + "objects/", "POST", b" " * (length + 1)), 413)


@must("root-404", "4.2")
def _(bench: Bench) -> None:
    """An API root that does not exist is 404"""
    for path in ("/taxii2/none/", "/taxii2/not-a-uuid/collections/", "/taxii2/none/status/x/"):
        _error(bench.one.ask(path), 404)


@must("tls-12", "8.2.2")
def _(bench: Bench) -> None:
    """Connections with TLS 1.2 are accepted"""
    old = Client(bench.server._replace(tls=ssl.TLSVersion.TLSv1_2), token=bench.token)
    assert old.ask("/taxii2/").status == 200
    old.close()


@must("https-only", "8.2.2")
def _(bench: Bench) -> None:
    """A request is answered over HTTPS, by the certificate that was asked for"""
    connection = bench.server.connect()
    connection.connect()
    assert isinstance(connection.sock, ssl.SSLSocket)
    assert connection.sock.version() in ("TLSv1.2", "TLSv1.3")
    connection.close()
