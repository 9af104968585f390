"""Response headers, signed cookies and the token against forged forms.

The session cookie holds only a user name, an end and a random number, signed with HMAC-SHA-256; who that user is now is
asked of the node at every request, so removing a user ends their sessions.
"""

import base64
import hashlib
import hmac
from typing import Final

import msgspec
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SESSION_COOKIE: Final = "prasan_session"
FORM_COOKIE: Final = "prasan_form"
SESSION_HOURS: Final = 12
"""One watch. Longer would outlive the person at the desk."""

CONTENT_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

HEADERS: Final = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Ticket(msgspec.Struct, frozen=True):
    """What the session cookie says: `user`, since when (seconds UTC), and a random number."""

    user: str
    since: int
    nonce: str


class SecurityHeaders:
    """Adds the headers to every answer; what is not under `/static/` is never kept by a cache."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        static = scope["path"].startswith("/static/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-cache" if static else "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _mac(key: bytes, purpose: str, text: str) -> str:
    digest = hmac.digest(key, f"{purpose}\0{text}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def seal(key: bytes, ticket: Ticket) -> str:
    """Ticket -> cookie value."""
    body = base64.urlsafe_b64encode(msgspec.json.encode(ticket)).rstrip(b"=").decode("ascii")
    return f"{body}.{_mac(key, 'session', body)}"


def unseal(key: bytes, value: str, now: float) -> Ticket | None:
    """Cookie value -> ticket; None if it is forged, damaged or over."""
    body, _, mac = value.partition(".")
    if not hmac.compare_digest(_mac(key, "session", body).encode(), mac.encode()):
        return None
    try:
        ticket = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=Ticket)
    except ValueError:
        return None
    return ticket if now < ticket.since + SESSION_HOURS * 3600 else None


def form_token(key: bytes, nonce: str) -> str:
    """The token that a form must carry; it is bound to the browser's nonce."""
    return _mac(key, "form", nonce)


def form_is_ours(key: bytes, nonce: str, token: str) -> bool:
    """True if the form was made for the browser that holds this nonce."""
    return bool(nonce) and hmac.compare_digest(form_token(key, nonce).encode(), token.encode())
