"""`serve`: both ports of a node in one process, and what it does by itself."""

import argparse
import asyncio
import contextlib
import logging
import socket
import ssl
from pathlib import Path
from typing import Protocol

import msgspec
import uvicorn
from starlette.applications import Starlette

from prasan.cli.collector import calm_collector
from prasan.cli.output import tell
from prasan.errors import Unreachable
from prasan.exchange.taxii import Site
from prasan.node.keeping.live_health import Ward
from prasan.node.keeping.tending import Tender
from prasan.node.lines.collecting import Collector, rows_feeds
from prasan.node.lines.doors import PeerDesk, People, door, doorkeeper, shelf
from prasan.node.lines.relay_doors import relay_servers
from prasan.node.lines.relaying import Relays
from prasan.node.node import Node
from prasan.node.partners.certificate import watch
from prasan.node.seeing.live import Live
from prasan.node.settings import Listen
from prasan.web.app import build_app
from prasan.web.credentials import Credentials
from prasan.web.office import Office
from prasan.web.peer import build_peer_app
from prasan.web.relay import relay_routes
from prasan.web.taxii import taxii_routes
from prasan.web.waiting import Bell

KEEP_ALIVE_S = 30
CERTIFICATE_S = 5
"""How often it is looked whether the peer port's certificate was replaced."""
STOP_S = 2
"""How long open streams are waited for when the node stops."""


class _Part(Protocol):
    """What runs beside the two ports."""

    def start(self) -> None: ...

    def stop(self) -> object: ...


def serve(arguments: argparse.Namespace) -> int:
    """Serve until interrupted. Unreachable (exit 3) if a port is taken."""
    node = Node(Path(arguments.home))
    listen = _listen(node.settings.listen, arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    with contextlib.ExitStack() as stack:
        live = Live(node, rows_feeds(node.settings.feed))
        collector = Collector(node, node.settings.feed)
        tender = Tender(node, live.pace, live.look_anew)
        relays = Relays(node)
        pages = web_app(node, Ward(node, live, tender, collector), relays)
        doors = [
            (stack.enter_context(bind(listen.host, listen.port)), pages, "web"),
            (stack.enter_context(bind(listen.host, listen.peer_port)), peer_app(node), "peer"),
        ]
        parts: list[_Part] = [tender, live, collector, relays, *relay_servers(node, relays)]
        for part in parts:
            part.start()
            stack.callback(part.stop)
        calm_collector()
        tell(f"{node.settings.name}: https://{listen.host}:{listen.port} (partners: port {listen.peer_port})")
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(node, doors))
    node.close()
    return 0


def _listen(listen: Listen, arguments: argparse.Namespace) -> Listen:
    asked = {"host": arguments.host, "port": arguments.port, "peer_port": arguments.peer_port}
    return msgspec.structs.replace(listen, **{name: value for name, value in asked.items() if value is not None})


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Unreachable if somebody else has the port."""
    # Named, since asyncio sends small answers at once only where the protocol says TCP: else each waits 40 ms.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        remedy = "Stop the other program, or choose another with --port and --peer-port."
        raise Unreachable(f"port {port} on {host} cannot be used: {error.strerror}", remedy) from None
    return listener


def web_app(node: Node, ward: Ward, relays: Relays) -> Starlette:
    """The web port: pages, API, the relay's stream and ordinary TAXII. `ward` knows how the node stands."""
    credentials = Credentials(People(node))
    routes = taxii_routes(credentials, shelf(node), _site(node), node.clock.now_us, node.at)
    mounts = [*routes, *relay_routes(credentials, relays)]
    return build_app(Office(node, credentials, ward), session_key=node.session_key, mounts=mounts)


def peer_app(node: Node) -> Starlette:
    """The peer port."""
    return build_peer_app(
        doorkeeper(node),
        shelf(node),
        _site(node),
        own=door(node),
        desk=PeerDesk(node),
        now_us=node.clock.now_us,
        at=node.at,
    )


def _site(node: Node) -> Site:
    return Site(node.settings.title("en"), lambda: node.clock.uuid("status"))


async def _serve(node: Node, doors: list[tuple[socket.socket, Starlette, str]]) -> None:
    """Run both servers until one of them ends."""
    servers = [(_server(node, app, name), listener) for listener, app, name in doors]
    tasks = [asyncio.create_task(server.serve(sockets=[listener])) for server, listener in servers]
    watching = asyncio.create_task(_watch_certificate(node, servers[-1][0]))
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    watching.cancel()
    for server, _ in servers:
        server.should_exit = True
    await asyncio.gather(*tasks)


async def _watch_certificate(node: Node, peer: uvicorn.Server) -> None:
    """New connections get the certificate that is in use now; those that are open keep theirs."""

    def load(certificate: str, key: str) -> None:
        if peer.config.ssl is not None:
            peer.config.ssl.load_cert_chain(certificate, key)

    check = watch(node, load)
    while True:
        await asyncio.sleep(CERTIFICATE_S)
        check()


class _Server(uvicorn.Server):
    """A server that answers those who wait for news when it stops, instead of leaving them hanging."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As usual."""
        bell = getattr(getattr(self.config.app, "state", None), "bell", None)
        if isinstance(bell, Bell):
            bell.close()
        await super().shutdown(sockets)


def _server(node: Node, app: Starlette, name: str) -> uvicorn.Server:
    key, certificate = node.home.tls(name)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_S,
        ssl_keyfile=str(key),
        ssl_certfile=str(certificate),
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
    )
    return _Server(config)
