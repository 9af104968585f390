"""`/api/v1`, `/healthz` and `/metrics`: the same rows as the pages, for machines."""

from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

import prasan
from prasan.web.answers import ErrorAnswer, WatchAnswer, watch_answer
from prasan.web.metrics import MEDIA_TYPE, exposition
from prasan.web.pages import filters_of, in_watch_order
from prasan.web.screen import House, Screen, api

JSON: Final = "application/json"


@api("picture")
def watch(request: Request, house: House, screen: Screen) -> Response:
    """The picture; 304 while the caller's copy is still right."""
    picture = in_watch_order(house.desk.watch(screen.audience, filters_of(request)))
    tag = f'"{picture.version}-{screen.lang}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    body = msgspec.json.encode(watch_answer(picture, screen.lang))
    return Response(body, media_type=JSON, headers={"etag": tag})


@api("picture")
def zones(_request: Request, house: House, screen: Screen) -> Response:
    """The operator's zones as GeoJSON."""
    return Response(house.desk.zones(screen.audience), media_type="application/geo+json")


@api("picture")
def openapi(_request: Request, _house: House, _screen: Screen) -> Response:
    """The OpenAPI document."""
    return Response(msgspec.json.encode(document()), media_type=JSON)


@api("metrics")
def metrics(_request: Request, house: House, _screen: Screen) -> Response:
    """Prometheus text; no label names a partner."""
    return PlainTextResponse(exposition(house.desk.metrics()), media_type=MEDIA_TYPE)


def healthz(_request: Request) -> Response:
    """Alive; says nothing else to strangers."""
    return PlainTextResponse("ok\n")


def _answer(description: str, schema: dict[str, Any] | None = None, media: str = JSON) -> dict[str, Any]:
    return {"description": description, **({"content": {media: {"schema": schema}}} if schema else {})}


def _get(summary: str, answers: dict[str, Any], parameters: tuple[str, ...] = ()) -> dict[str, Any]:
    asked = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in parameters]
    return {"get": {"summary": summary, "parameters": asked, "responses": answers}}


def document() -> dict[str, Any]:
    """OpenAPI 3.1, its schemas made from the types that encode the answers."""
    template = "#/components/schemas/{name}"
    (picture, error), components = msgspec.json.schema_components((WatchAnswer, ErrorAnswer), ref_template=template)
    wrapped = {"type": "object", "properties": {"error": error}, "required": ["error"]}
    refusals = {"401": _answer("Not signed in", wrapped), "403": _answer("Not for this role", wrapped)}
    text = {"type": "string"}
    filters = ("source", "kind", "mode", "origin", "lang")
    unchanged = {"304": _answer("Unchanged since the ETag sent")}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Prasan", "version": prasan.__version__, "license": {"name": "Apache-2.0"}},
        "security": [{"bearer": []}, {"basic": []}, {"session": []}],
        "paths": {
            "/api/v1/watch": _get("The picture", {"200": _answer("Rows", picture), **unchanged, **refusals}, filters),
            "/api/v1/stream": _get(
                "Server-Sent Events: `picture` {version} when it changed, `alert` {row} when one is new or changed",
                {"200": _answer("Events", text, "text/event-stream"), **refusals},
            ),
            "/api/v1/zones": _get(
                "The zones that are watched",
                {"200": _answer("GeoJSON", {"type": "object"}, "application/geo+json"), **refusals},
            ),
            "/api/v1/openapi.json": _get(
                "This document", {"200": _answer("OpenAPI 3.1", {"type": "object"}), **refusals}
            ),
            "/metrics": _get("Prometheus text", {"200": _answer("Metrics", text, "text/plain"), **refusals}),
            "/healthz": {"get": {**_get("Alive", {"200": _answer("ok", text, "text/plain")})["get"], "security": []}},
        },
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
                "session": {"type": "apiKey", "in": "cookie", "name": "prasan_session"},
            },
        },
    }
