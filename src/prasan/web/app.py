"""The web application: pages, JSON, static files, and the routes that others mount (TAXII, the peer port)."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from prasan.errors import PrasanError, Refused, Unreachable
from prasan.web import api, interests_page, login, pages, requests_page
from prasan.web.acting import acting
from prasan.web.desk import Desk
from prasan.web.screen import House, house_of, refuse, screen_of, show
from prasan.web.security import SecurityHeaders
from prasan.web.stream import stream
from prasan.web.view import GLOBALS

LOG: Final = logging.getLogger("prasan.web")

ACTED_ON: Final = (
    ("/events/{id:path}", pages.event),
    ("/objects/{id:path}", pages.object_page),
    ("/partners", pages.partners),
    ("/requests", requests_page.requests),
    ("/health", pages.health),
)
"""Pages with forms, which are posted to the page's own address."""

PAGES: Final = (
    Route("/", pages.watch, name="watch"),
    Route("/side", pages.side),
    Route("/card/{id:path}", pages.card),
    Route("/events/{id:path}", pages.event),
    Route("/told/{recipient}/{id:path}", pages.told),
    Route("/objects/{id:path}", pages.object_page),
    Route("/partners", pages.partners, name="partners"),
    Route("/requests", requests_page.requests, name="requests"),
    Route("/interests", interests_page.interests, name="interests"),
    Route("/health", pages.health, name="health"),
    Route("/ills", pages.ills),
    *(Route(path, acting(page), methods=["POST"]) for path, page in ACTED_ON),
    Route("/login", login.login, name="login", methods=["GET"]),
    Route("/login", login.sign_in, methods=["POST"]),
    Route("/logout", login.sign_out, methods=["POST"]),
    Route("/api/v1/watch", api.watch),
    Route("/api/v1/zones", api.zones),
    Route("/api/v1/stream", stream),
    Route("/api/v1/openapi.json", api.openapi),
    Route("/metrics", api.metrics),
    Route("/healthz", api.healthz),
)


def build_app(
    desk: Desk,
    *,
    session_key: bytes,
    mounts: Sequence[BaseRoute] = (),
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """The web port. `session_key` (32 random bytes, kept by the node) signs cookies; `mounts` are tried first."""
    static = Mount("/static", StaticFiles(directory=str(files("prasan.web").joinpath("static"))), name="static")
    app = Starlette(
        routes=[*mounts, *PAGES, static],
        middleware=[Middleware(SecurityHeaders), Middleware(GZipMiddleware, minimum_size=1400, compresslevel=5)],
        exception_handlers={HTTPException: _http_error, PrasanError: _known_error, Exception: _defect},
    )
    app.state.house = House(desk=desk, templates=_templates(), session_key=session_key, clock=clock)
    return app


def _templates() -> Jinja2Templates:
    environment = Environment(
        loader=PackageLoader("prasan.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(GLOBALS)
    return Jinja2Templates(env=environment)


def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = (error.headers if isinstance(error, HTTPException) else None) or {}
    code = "missing" if status == 404 else "wrong"
    return _say(request, status, code, headers)


def _known_error(request: Request, error: Exception) -> Response:
    status = 403 if isinstance(error, Refused) else 503 if isinstance(error, Unreachable) else 400
    remedy = error.remedy if isinstance(error, PrasanError) else ""
    return _say(request, status, "known", {}, f"{error} {remedy}".strip())


def _defect(request: Request, error: Exception) -> Response:
    LOG.error("unexpected failure at %s", request.url.path, exc_info=error)
    return _say(request, 500, "defect", {})


def _say(request: Request, status: int, code: str, headers: Mapping[str, str], detail: str = "") -> Response:
    """One clear sentence: JSON under `/api/`, a page elsewhere."""
    if request.url.path.startswith("/api/"):
        response = refuse(status, code, detail or f"HTTP {status}.", "See /api/v1/openapi.json for what is offered.")
    else:
        house = house_of(request)
        context = {"code": f"screen.refused.{code}", "detail": detail}
        response = show(request, screen_of(request, house), "refused.html", context, status)
    response.headers.update(headers)
    return response
