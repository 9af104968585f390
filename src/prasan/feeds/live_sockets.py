"""TCP as client and as server: a stream for each connection, so that the parts of two receivers' messages never meet.

TCP waits: what is not read is not acknowledged, and the sender stops.
"""

import contextlib
import selectors
import socket
import time
from collections import deque
from typing import Final, cast

from prasan.feeds.live import Address

READ: Final = 1 << 16
CONNECT_S: Final = 5.0
CLIENTS: Final = 64
"""Connections served at once by `tcp-listen`; more wait in the backlog."""
_IDLE_S: Final = 30
_PROBES: Final = (("TCP_KEEPIDLE", _IDLE_S), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
"""A dead peer is noticed within a minute, not within the two hours of the kernel's default."""


class TcpLink:
    """A connection to a server. `hello` is sent first."""

    def __init__(self, address: Address, hello: bytes = b"") -> None:
        self._socket = socket.create_connection((address.host, address.port), CONNECT_S)
        self._ended = False
        keep_alive(self._socket)
        try:
            self._socket.sendall(hello)
        except OSError:
            self.close()
            raise

    def read(self, wait_s: float) -> tuple[str, bytes] | None:
        """The next bytes. ConnectionError once the server has ended."""
        if self._ended:
            raise ConnectionAbortedError("the other side ended the connection")
        self._socket.settimeout(wait_s)
        try:
            data = self._socket.recv(READ)
        except TimeoutError:
            return None
        self._ended = not data
        return "", data

    def dropped(self) -> int | None:
        """TCP loses nothing."""
        return 0

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class TcpListenLink:
    """A server for receivers that connect by themselves, each a stream. One that breaks off disturbs no other."""

    def __init__(self, address: Address) -> None:
        self._listener = bound(address, socket.SOCK_STREAM)
        self._listener.listen()
        self.address = self._listener.getsockname()
        self._ready = deque[socket.socket]()
        self._clients: dict[socket.socket, str] = {}
        self._accepted = 0
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)

    def read(self, wait_s: float) -> tuple[str, bytes] | None:
        """The next bytes of whoever has some, in turn."""
        end = time.monotonic() + wait_s
        while not self._ready:
            events = self._selector.select(max(0.0, end - time.monotonic()))
            if not events:
                return None
            for key, _ in events:
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    self._ready.append(cast(socket.socket, key.fileobj))
        return self._receive(self._ready.popleft())

    def dropped(self) -> int | None:
        """TCP loses nothing."""
        return 0

    def close(self) -> None:
        """Close all connections and the door."""
        self._selector.close()
        for client in (*self._clients, self._listener):
            client.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # it may have gone again already
            client, peer = self._listener.accept()
            client.setblocking(False)
            keep_alive(client)
            self._accepted += 1
            self._clients[client] = f"{peer[0]} {peer[1]} {self._accepted}"
            self._selector.register(client, selectors.EVENT_READ)
        if len(self._clients) >= CLIENTS:
            self._selector.unregister(self._listener)

    def _receive(self, client: socket.socket) -> tuple[str, bytes] | None:
        try:
            data = client.recv(READ)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        return self._clients[client] if data else self._gone(client), data

    def _gone(self, client: socket.socket) -> str:
        full = len(self._clients) >= CLIENTS
        self._selector.unregister(client)
        client.close()
        if full:
            self._selector.register(self._listener, selectors.EVENT_READ)
        return self._clients.pop(client)


def keep_alive(connection: socket.socket) -> None:
    """Let the kernel notice a peer that vanished."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _PROBES:
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def bound(address: Address, kind: socket.SocketKind) -> socket.socket:
    """A socket bound to an address. OSError if it cannot be had."""
    found = socket.getaddrinfo(address.host, address.port, type=kind, flags=socket.AI_PASSIVE)
    made = socket.socket(found[0][0], kind)
    try:
        if kind == socket.SOCK_STREAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(found[0][4])
    except OSError:
        made.close()
        raise
    return made
