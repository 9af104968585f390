"""One request's screen: who looks, in which language and theme; and how handlers are given it."""

import base64
import binascii
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.templating import Jinja2Templates

from prasan.errors import PrasanError
from prasan.web.desk import Desk, Node, Session
from prasan.web.form_fields import Given
from prasan.web.guessing import TooSoon
from prasan.web.roles import Door, may
from prasan.web.security import SESSION_COOKIE, form_token, unseal
from prasan.words import LANGUAGES, Language

LANG_COOKIE: Final = "prasan_lang"
THEME_COOKIE: Final = "prasan_theme"
KEYS_COOKIE: Final = "prasan_keys"
DONE_COOKIE: Final = "prasan_done"
"""The act that was done last, said once on the page that it led back to."""
Theme = Literal["auto", "day", "dusk"]
THEMES: Final[tuple[Theme, ...]] = ("auto", "day", "dusk")
Keys = Literal["on", "off"]
"""Shortcuts that are single letters; whoever speaks to the computer must be able to switch them off (WCAG 2.1.4)."""
YEAR_S: Final = 365 * 86400


class House(msgspec.Struct, frozen=True):
    """What every handler needs; kept on `app.state.house`."""

    desk: Desk
    templates: Jinja2Templates
    session_key: bytes
    clock: Callable[[], float] = time.time


class Tried(msgspec.Struct, frozen=True):
    """An act that could not be done: its name, what it was about, what was filled in, and why not."""

    act: str
    subject: str
    given: Given
    error: PrasanError


class Screen(msgspec.Struct, frozen=True):
    """Who looks at what, how. `done` is the act just done, `tried` the one that could not be."""

    node: Node
    session: Session | None
    lang: Language
    theme: Theme
    token: str
    now: int
    keys: Keys = "on"
    done: str = ""
    tried: Tried | None = None

    @property
    def audience(self) -> str:
        """The clearance class whose views are read; only asked behind a login."""
        return self.session.audience if self.session else ""

    def may(self, door: Door) -> bool:
        """True if who looks may open it."""
        return self.session is not None and may(self.session.role, door)


Handler = Callable[[Request, House, Screen], Response]
Endpoint = Callable[[Request], Response]


def house_of(request: Request) -> House:
    """The app's house."""
    house: House = request.app.state.house
    return house


def language(request: Request, default: str) -> Language:
    """`?lang=`, else the cookie, else the node's own."""
    for wish in (request.query_params.get("lang"), request.cookies.get(LANG_COOKIE), default):
        for lang in LANGUAGES:
            if wish == lang:
                return lang
    return "en"


def _theme(request: Request) -> Theme:
    wish = request.query_params.get("theme") or request.cookies.get(THEME_COOKIE)
    return next((theme for theme in THEMES if theme == wish), "auto")


def _keys(request: Request) -> Keys:
    wish = request.query_params.get("keys") or request.cookies.get(KEYS_COOKIE)
    return "off" if wish == "off" else "on"


def screen_of(request: Request, house: House) -> Screen:
    """Read the cookies."""
    now = house.clock()
    ticket = unseal(house.session_key, request.cookies.get(SESSION_COOKIE, ""), now)
    session = house.desk.session(ticket.user, ticket.since) if ticket else None
    node = house.desk.node()
    token = form_token(house.session_key, ticket.nonce) if ticket else ""
    lang = language(request, node.language)
    done, tried = request.cookies.get(DONE_COOKIE, ""), getattr(request.state, "tried", None)
    return Screen(node, session, lang, _theme(request), token, int(now), _keys(request), done, tried)


def remember(request: Request, response: Response, screen: Screen) -> Response:
    """Keep a language, theme or use of keys that the address asked for; what was done is said once."""
    secure = request.url.scheme == "https"
    if screen.done:
        response.delete_cookie(DONE_COOKIE)
    for name, cookie, value in (
        ("lang", LANG_COOKIE, screen.lang),
        ("theme", THEME_COOKIE, screen.theme),
        ("keys", KEYS_COOKIE, screen.keys),
    ):
        if name in request.query_params:
            response.set_cookie(cookie, value, max_age=YEAR_S, samesite="lax", secure=secure, httponly=True)
    return response


def _guarded(check: Callable[[Handler, Request, House, Screen], Response]) -> Callable[[Handler], Endpoint]:
    """Endpoints whose handler is reached only through a check."""

    def behind(handler: Handler) -> Endpoint:
        @wraps(handler)
        def serve(request: Request) -> Response:
            house = house_of(request)
            return check(handler, request, house, screen_of(request, house))

        return serve

    return behind


def page(door: Door) -> Callable[[Handler], Endpoint]:
    """A page for people behind this door: without a session it leads to the login; partners' accounts have none."""

    def check(handler: Handler, request: Request, house: House, screen: Screen) -> Response:
        if screen.session is None:
            return to_login(request)
        if not screen.may(door):
            return refused(request, screen, "partner" if screen.session.role == "partner" else "role", 403)
        return remember(request, handler(request, house, screen), screen)

    return _guarded(check)


def api(door: Door) -> Callable[[Handler], Endpoint]:
    """A machine's door: bearer token, Basic, or the browser's session, of a user whose role may open it."""

    def check(handler: Handler, request: Request, house: House, screen: Screen) -> Response:
        try:
            session = screen.session or _by_header(request, house.desk)
        except TooSoon as error:
            response = refuse(429, "too_many", str(error), error.remedy)
            response.headers["retry-after"] = str(error.seconds)
            return response
        if session is None:
            return refuse(401, "not_signed_in", "No valid session, token or password.", "Send a bearer token or Basic.")
        if session.role == "partner":
            return refuse(403, "role", "Partners' accounts read over TAXII only.", "Use /taxii2/ with this account.")
        if not may(session.role, door):
            return refuse(403, "role", "This is not for the role of this account.", "Ask your administrator.")
        return handler(request, house, msgspec.structs.replace(screen, session=session))

    return _guarded(check)


def refuse(status: int, code: str, message: str, remedy: str) -> Response:
    """An error for a machine: one sentence and what to do next."""
    headers = {"www-authenticate": 'Bearer, Basic realm="prasan", charset="UTF-8"'} if status == 401 else {}
    return JSONResponse({"error": {"code": code, "message": message, "remedy": remedy}}, status, headers)


def _by_header(request: Request, desk: Desk) -> Session | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return desk.bearer(value.strip())
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return desk.authenticate(user, password, came_from(request))


def came_from(request: Request) -> str:
    """The address a request came from, "" if nobody knows."""
    return request.client.host if request.client else ""


def refused(request: Request, screen: Screen, code: str, status: int) -> Response:
    """A page that says why not: `screen.refused.CODE`."""
    return show(request, screen, "refused.html", {"code": f"screen.refused.{code}"}, status)


def to_login(request: Request) -> Response:
    """Sign in first, then come back."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = request.url_for("login").include_query_params(next=wanted)
    if "hx-request" in request.headers:  # a fragment must not show a login form in its place
        return Response(status_code=401, headers={"hx-redirect": str(target)})
    return RedirectResponse(f"{target.path}?{target.query}", status_code=303)


def show(request: Request, screen: Screen, template: str, context: dict[str, Any], status: int = 200) -> Response:
    """Render a template with the screen. `placed` fills up once a form has said what it could not do."""
    return house_of(request).templates.TemplateResponse(
        request, template, {"screen": screen, "placed": [], **context}, status_code=status
    )
