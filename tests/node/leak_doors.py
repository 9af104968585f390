"""Every door of a node, asked by every sort of recipient: what test_no_leak compares.

Each function answers {door: [bytes]}. Left out is what docs/wire.md excludes: how long an answer takes, the public
note of counts, and the roots of the hour log. Left out as well are the pages on which our own officers see on purpose
what others hold: partners, health, and an event as a partner holds it.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from node.leak_plan import LANES, NAMES, Plan
from node.leak_world import World
from node.node_kit import uuid_of
from prasan.exchange.http import Response
from prasan.formats.stix_ids import EVENT
from prasan.node.lines.bundles import MAX_FILE, export
from prasan.node.objects import PUBLIC, STAFF
from prasan.node.releasing.explaining import preview
from prasan.web import stream
from prasan.web.desk import Filters
from prasan.web.screen import Screen

ROOT = "/taxii2/node/"
NEVER = f"{EVENT}--{uuid_of('never')}"
Told = dict[str, list[bytes]]


def plain(response: Response) -> bytes:
    """An answer as one text: status, headers, body."""
    return f"{response.status} {sorted(response.headers.items())!r}\n".encode() + response.body


def add(told: Told, more: Mapping[str, Iterable[bytes]]) -> None:
    for door, answers in more.items():
        told.setdefault(door, []).extend(answers)


def reads(world: World, name: str) -> Told:
    """What a partner asks again and again."""
    us = world.partners[name].id
    pages = [world.taxii(us, f"{ROOT}collections/{lane}/objects/", "limit=2") for lane in LANES]
    parcels = [world.peer(us, "/peer/v1/next", query) for query in ("", "alerts=1&limit=1", "objects=1&control=9")]
    wakes = [
        world.wakes(us, query) for query in ("alerts=0", "alerts=99&control=99", "alerts=99&control=99&objects=99")
    ]
    return {
        "taxii objects": [*map(plain, pages)],
        "peer parcels": [*map(plain, parcels)],
        "peer wait": [str(wakes).encode()],
        "peer checkpoint": [plain(world.peer(us, "/peer/v1/checkpoint", "from=1"))],
    }


def everything(world: World, plan: Plan, name: str) -> Told:
    """All else that a partner can ask, in one lane by every id of the plan and by one that never was."""
    us, told = world.partners[name].id, Told()
    for path in ("/taxii2/", ROOT, ROOT + "collections/", ROOT + "nothing/"):
        add(told, {"taxii about": [plain(world.taxii(us, path))]})
    add(told, {"taxii status": [plain(world.taxii(us, ROOT + "status/x/"))]})
    for lane in LANES:
        add(told, collection(world, plan, us, lane))
    for lane in LANES[:3]:
        pages = [world.peer(us, f"/peer/v1/statements/{lane}", query) for query in ("", "after=1&limit=1")]
        add(told, {"peer statements": map(plain, pages)})
    packed = [world.peer(us, "/peer/v1/next", packed=coding) for coding in ("zstd", "gzip")]
    hours = [world.peer(us, "/peer/v1/checkpoint", query) for query in ("log=hours", "from=0", "from=3", "from=999")]
    return told | {"peer packed": [*map(plain, packed)], "peer logs": [*map(plain, hours)]}


def collection(world: World, plan: Plan, us: str, lane: str) -> Told:
    """Requests to one collection."""
    base = f"{ROOT}collections/{lane}/"
    told: Told = {
        "taxii collection": [plain(world.taxii(us, base))],
        "taxii manifest": [plain(world.taxii(us, base + "manifest/", query)) for query in ("", "limit=1")],
        "taxii packed": [plain(world.taxii(us, base + "objects/", packed=coding)) for coding in ("zstd", "gzip")],
        "taxii match": [plain(world.taxii(us, base + "objects/", f"match[type]={EVENT}&match[version]=all"))],
    }
    if lane == plan.lane:
        add(told, by_id(world, us, base, [one.name for one in plan.store]))
    return told


def by_id(world: World, us: str, base: str, names: Sequence[str]) -> Told:
    """A collection asked for every id of the plan, withheld or not, and for one that never was."""

    def ask(name: str) -> list[bytes]:
        paths = (f"{base}objects/{name}/", f"{base}objects/{name}/versions/")
        deleted = world.taxii(us, paths[0], method="DELETE")
        matching = world.taxii(us, base + "manifest/", "match[id]=" + name)
        return [*(plain(world.taxii(us, path)) for path in paths), plain(deleted), plain(matching)]

    return {f"taxii by id: {name}": ask(name) for name in (*names, NEVER)}


def in_files(world: World, plan: Plan, name: str) -> Told:
    """Bundles, and what the officer's preview says. The queue is worked before, as an export does itself."""
    node, size = world.kit.node, 2000 if plan.web else MAX_FILE
    whole = [file.raw for file in export(node, name, since=0, max_bytes=size)]
    return {"bundle": whole, "preview": [b"\n".join(preview(node, name))]}


def classes(world: World, plan: Plan, name: str) -> Told:
    """What our own staff or the public reads."""
    audience = STAFF if name == "staff" else PUBLIC
    told: Told = {"preview": [b"\n".join(preview(world.kit.node, "class:staff" if name == "staff" else PUBLIC))]}
    office = world.office
    told["desk"] = [
        msgspec.json.encode(office.watch(audience, Filters())),
        *(msgspec.json.encode(office.row(audience, one.name)) for one in plan.store),
    ]
    if plan.web and name == "staff":
        paths = ["/", "/side", "/api/v1/zones", "/api/v1/openapi.json", f"/card/{NEVER}", f"/events/{NEVER}"]
        for one in plan.store:
            paths += [f"/card/{one.name}", f"/events/{one.name}", f"/objects/{one.name}"]
        told["web pages"] = [world.web("watch", path) for path in paths]
        told["web json"] = [world.web("watch", "/api/v1/watch", header=True)]
    return told


def accounts(world: World, plan: Plan, user: str) -> Told:
    """The ordinary port, asked with the token or cookie of a user of role `partner`."""
    closed = ("/metrics", "/api/v1/watch", "/api/v1/stream", "/api/v1/openapi.json")
    pages = ("/", f"/events/{plan.store[0].name}", f"/told/{NAMES[0]}/{plan.store[0].name}", "/partners", "/health")
    base = f"{ROOT}collections/objects/"
    name = plan.store[0].name
    forms = [urlencode({"act": act, "subject": name}).encode() for act in ("recall.issue", "request.answer", "nothing")]
    acted = [f"/events/{name}", f"/objects/{name}", "/partners", "/requests", "/health"]
    return {
        "web acts": [world.web(user, path, form=form) for path in acted for form in forms],
        "web closed": [
            *(world.web(user, path, header=True) for path in closed),
            *(world.web(user, path) for path in (*closed, *pages)),
        ],
        "taxii by token": [
            world.web(user, path, header=True)
            for path in (base + "objects/", base + "manifest/", f"{base}objects/{plan.store[0].name}/")
        ],
    }


class Listening:
    """Our staff's event stream, open while things happen."""

    def __init__(self, world: World) -> None:
        self._world = world
        house = world.web_app.state.house
        now = int(house.clock())
        screen = Screen(world.office.node(), world.office.session("watch", now), "en", "auto", "", now)
        self._events: AsyncIterator[bytes] = stream._events(house, screen)
        self.heard = [world.run(self._next())]

    async def _next(self) -> bytes:
        return await anext(self._events)

    async def _rest(self) -> list[bytes]:
        return [event async for event in self._events]

    def end(self) -> Told:
        """Everything that was sent."""
        self.heard += self._world.run(self._rest())
        return {"web stream": self.heard}


def quick_stream(patch: Any) -> None:
    """A stream of a few ticks that take no time."""
    patch.setattr(stream, "TICK_S", 0.0)
    patch.setattr(stream, "LIFE_TICKS", 3)
