"""NMEA over TCP, the other way: a server that gives sentences to whoever shows a token in the first line.

One thread serves all connections of one address and waits for none of them.
"""

import contextlib
import selectors
import socket
import threading
import time
from typing import Final, Protocol

from prasan.errors import Unreachable
from prasan.feeds.live_sockets import keep_alive

TOKEN: Final = 256
"""Characters of the first line, at most."""
TOKEN_S: Final = 10.0
"""How long the first line is waited for."""
CLIENTS: Final = 32
TICK_S: Final = 0.1
AGAIN_S: Final = 0.5
"""How often a token is asked about again: one that was revoked ends its connection."""


class Source(Protocol):
    """Where the sentences for one connection come from."""

    @property
    def ended(self) -> str:
        """Why nothing more comes, or ""."""

    def take(self, most: int = 500) -> list[bytes]:
        """The next sentences; does not wait."""

    def close(self) -> None:
        """The connection is closed."""


class Guard(Protocol):
    """Who may read."""

    def open(self, token: str) -> Source | None:
        """What the holder of a token reads; None if it may not."""

    def holds(self, token: str) -> bool:
        """Whether it still may."""


class _Client:
    def __init__(self, connection: socket.socket, now: float) -> None:
        self.connection, self.until = connection, now + TOKEN_S
        self.heard, self.out, self.token = b"", b"", ""
        self.source: Source | None = None


class SentenceServer:
    """One listening address. Unreachable if somebody else has it."""

    def __init__(self, host: str, port: int, guard: Guard) -> None:
        self._guard = guard
        try:
            self._listener = socket.create_server((host, port), family=_family(host))
        except OSError as error:
            remedy = "Choose another host or port in [[relay]] of prasan.toml."
            raise Unreachable(f"port {port} on {host} cannot be used: {error.strerror}", remedy) from None
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._clients: list[_Client] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"relay port {self.port}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Close everything."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10)
        for client in list(self._clients):
            self._close(client)
        self._selector.close()
        self._listener.close()

    def _run(self) -> None:
        asked = 0.0
        while not self._stop.is_set():
            for key, _ in self._selector.select(TICK_S):
                self._accept() if key.data is None else self._hear(key.data)
            now = time.monotonic()
            again, asked = now - asked >= AGAIN_S, now if now - asked >= AGAIN_S else asked
            for client in list(self._clients):
                self._serve(client, now, again=again)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            if len(self._clients) >= CLIENTS:
                connection.close()
                return
            connection.setblocking(False)
            keep_alive(connection)
            client = _Client(connection, time.monotonic())
            self._clients.append(client)
            self._selector.register(connection, selectors.EVENT_READ, client)

    def _hear(self, client: _Client) -> None:
        """The token, and nothing else that a reader says."""
        try:
            data = client.connection.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(client)
        elif client.source is None:
            client.heard += data
            line, found, _ = client.heard.partition(b"\n")
            if found:
                client.token = line.decode("ascii", "replace").strip()
                client.source = self._guard.open(client.token)
            if (found and client.source is None) or len(line) > TOKEN:
                self._close(client)

    def _serve(self, client: _Client, now: float, *, again: bool) -> None:
        source = client.source
        if source is None:
            if now > client.until:
                self._close(client)
            return
        if source.ended or (again and not self._guard.holds(client.token)):
            self._close(client)
            return
        try:
            client.out = client.out or b"".join(source.take())
            client.out = client.out[client.connection.send(client.out) :] if client.out else b""
        except BlockingIOError:
            return
        except OSError:
            self._close(client)

    def _close(self, client: _Client) -> None:
        if client not in self._clients:
            return
        self._clients.remove(client)
        self._selector.unregister(client.connection)
        client.connection.close()
        if client.source is not None:
            client.source.close()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
