"""Signing in and out."""

import secrets
from urllib.parse import urlsplit

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from prasan.web.guessing import TooSoon
from prasan.web.screen import Screen, came_from, house_of, remember, screen_of, show
from prasan.web.security import (
    FORM_COOKIE,
    SESSION_COOKIE,
    SESSION_HOURS,
    Ticket,
    form_is_ours,
    form_token,
    seal,
    unseal,
)


def login(request: Request) -> Response:
    """The form."""
    house = house_of(request)
    screen = screen_of(request, house)
    wanted = _own_path(request.query_params.get("next", "/"))
    if screen.session is not None:
        return RedirectResponse(wanted, status_code=303)
    return remember(request, _form(request, screen, wanted), screen)


async def sign_in(request: Request) -> Response:
    """Check the password and begin a session."""
    house = house_of(request)
    form = await request.form(max_files=0, max_fields=8)
    user, password, token = (str(form.get(name, "")) for name in ("user", "password", "token"))
    screen = screen_of(request, house)
    wanted = _own_path(str(form.get("next", "/")))
    if not form_is_ours(house.session_key, request.cookies.get(FORM_COOKIE, ""), token):
        return _form(request, screen, wanted, fault="screen.login.stale", status=403)
    try:
        session = await run_in_threadpool(house.desk.authenticate, user, password, came_from(request))
    except TooSoon as error:
        response = _form(request, screen, wanted, fault="screen.login.too_many", status=429)
        response.headers["retry-after"] = str(error.seconds)
        return response
    if session is None:
        return _form(request, screen, wanted, fault="screen.login.wrong", status=401)
    ticket = Ticket(session.user, int(house.clock()), secrets.token_urlsafe(18))
    done = RedirectResponse(wanted, status_code=303)
    _set(request, done, SESSION_COOKIE, seal(house.session_key, ticket), SESSION_HOURS * 3600)
    done.delete_cookie(FORM_COOKIE)
    return done


async def sign_out(request: Request) -> Response:
    """End the session; only the page's own form may."""
    house = house_of(request)
    form = await request.form(max_files=0, max_fields=4)
    ticket = unseal(house.session_key, request.cookies.get(SESSION_COOKIE, ""), house.clock())
    response = RedirectResponse("/login", status_code=303)
    if ticket and form_is_ours(house.session_key, ticket.nonce, str(form.get("token", ""))):
        response.delete_cookie(SESSION_COOKIE)
    return response


def _form(request: Request, screen: Screen, wanted: str, fault: str = "", status: int = 200) -> Response:
    house = house_of(request)
    nonce = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(18)
    fresh = msgspec.structs.replace(screen, token=form_token(house.session_key, nonce))
    response = show(request, fresh, "login.html", {"next": wanted, "fault": fault}, status=status)
    _set(request, response, FORM_COOKIE, nonce, 3600)
    return response


def _set(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    secure = request.url.scheme == "https"
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure)


def _own_path(wanted: str) -> str:
    """A path on this host; anything else becomes the first page (an address in `next` must not lead away)."""
    parts = urlsplit(wanted)
    ours = not parts.scheme and not parts.netloc and wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if ours else "/"
