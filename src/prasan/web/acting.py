"""An act on a page: its form is posted to the page's own address, and leads back to the page.

What cannot be done is said beside the form, with what was filled in. Nothing here is for machines: only the session's
own cookie and the token of the form count.
"""

import hmac
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from prasan.errors import PrasanError, Refused, Unreachable
from prasan.web.acts import ACTS
from prasan.web.form_fields import Given, read
from prasan.web.screen import DONE_COOKIE, Endpoint, Screen, Tried, house_of, refused, screen_of, to_login

MAX_BODY: Final = 131_072
"""Bytes of a form: the longest text, every letter of it three bytes and each of these three signs."""
MAX_FIELDS: Final = 100


def acting(page: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of posts to a page's address."""

    async def serve(request: Request) -> Response:
        length = request.headers.get("content-length", "")
        if not (length.isdecimal() and int(length[:9]) <= MAX_BODY):
            return await run_in_threadpool(_too_long, request)
        form = await request.form(max_files=0, max_fields=MAX_FIELDS)
        given = {name: [str(value) for value in form.getlist(name)] for name in form}
        return await run_in_threadpool(_serve, request, page, given)

    return serve


def _too_long(request: Request) -> Response:
    return refused(request, screen_of(request, house_of(request)), "wrong", 413)


def _serve(request: Request, page: Endpoint, given: Given) -> Response:
    screen = screen_of(request, house_of(request))
    name = _one(given, "act")
    turned = _turned_away(request, screen, name, _one(given, "token"))
    if turned is not None:
        return turned
    error = _do(request, screen, name, given)
    if error is None:
        return _done(request, name)
    request.state.tried = Tried(name, _one(given, "subject"), given, error)
    response = page(request)
    if response.status_code == 200:
        response.status_code = 403 if isinstance(error, Refused) else 503 if isinstance(error, Unreachable) else 400
    return response


def _turned_away(request: Request, screen: Screen, name: str, token: str) -> Response | None:
    """Who may not, or does not come from our own form; None if the act may be tried."""
    if screen.session is None:
        return to_login(request)
    if screen.session.role == "partner":
        return refused(request, screen, "partner", 403)
    if not (screen.token and hmac.compare_digest(screen.token.encode(), token.encode())):
        return refused(request, screen, "stale", 403)
    if name not in ACTS:
        return refused(request, screen, "wrong", 400)
    return None if screen.may(ACTS[name].door) else refused(request, screen, "role", 403)


def _do(request: Request, screen: Screen, name: str, given: Given) -> PrasanError | None:
    """Do it; what it failed by."""
    by = screen.session.user if screen.session else ""
    try:
        values = read(ACTS[name].fields, given)
        house_of(request).desk.act(by, name, _one(given, "subject"), values)
    except PrasanError as error:
        return error
    return None


def _done(request: Request, name: str) -> Response:
    """Back to the page by a new request, so that loading it again does nothing twice."""
    back = request.url.remove_query_params("about")
    query = f"?{back.query}" if back.query else ""
    response = RedirectResponse(f"{back.path}{query}#done", status_code=303)
    secure = request.url.scheme == "https"
    response.set_cookie(DONE_COOKIE, name, max_age=60, httponly=True, samesite="strict", secure=secure)
    return response


def _one(given: Given, name: str) -> str:
    return next(iter(given.get(name, ())), "")
