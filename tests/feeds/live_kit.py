"""Real sockets for live feeds, and waiting for what must come without saying when."""

import gzip
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any

import pyarrow as pa

from loopback import free_ports
from prasan.feeds.live import Options, Piece, parse_address
from prasan.feeds.live_decode import Decoding
from prasan.feeds.live_feed import Feed, Hands, Tuning
from prasan.formats.ais_batch import Batch
from prasan.formats.nmea import DecoderState, decode, finish

QUICK = Tuning(gather_s=0.01, first_s=0.02, most_s=0.05)
NOW = 1_400_000_000.0
PATIENCE_S = 60


def sample(name: str = "dma_2010-06-11_stream.nmea.gz", lines: int = 2000) -> bytes:
    """The first lines of a shipped recording."""
    raw = gzip.decompress((resources.files("prasan") / "data" / "ais" / name).read_bytes())
    return b"".join(raw.splitlines(keepends=True)[:lines])


def hands() -> Hands:
    return Hands(lambda: NOW, lambda: 0.5)


def until(holds: Callable[[], Any]) -> None:
    """Wait until it holds; give up only when it surely never will."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    (port,) = free_ports(1, kind)
    return port


class Reader:
    """A feed that runs, and everything that was taken of it."""

    def __init__(self, url: str, tuning: Tuning = QUICK, **more: Any) -> None:
        self.feed = Feed(Options(parse_address(url), "test", **more), hands(), tuning)
        self.decoding = Decoding(self.feed.options, self.feed.meter)
        self.pieces: list[Piece] = []
        self.batches: list[Batch] = []
        self.feed.start()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.feed.abandon()
        self.feed.join(PATIENCE_S)

    def take_until(self, holds: Callable[[], Any]) -> None:
        def step() -> Any:
            self.take()
            return holds()

        until(step)

    def take(self) -> None:
        piece = self.feed.take(0.001)
        if piece is not None:
            self.pieces.append(piece)
            self.batches += self.decoding.take(piece)

    def finish(self) -> None:
        """Stop, and take the rest."""
        self.feed.stop()
        try:
            while True:
                self.take()
        except EOFError:
            self.batches += self.decoding.finish()

    @property
    def kept(self) -> int:
        return self.feed.meter.health.counts.kept

    @property
    def rows(self) -> pa.Table:
        return positions(self.batches)


def positions(batches: list[Batch]) -> pa.Table:
    return pa.Table.from_batches([batch.positions for batch in batches]).unify_dictionaries().combine_chunks()


def whole(data: bytes, received: float = NOW) -> list[Batch]:
    """The same bytes as one file received at that time."""
    from prasan.formats.ais_batch import Options as Reading

    options = Reading("test", default_t=received, now=received)
    state, batches = decode(DecoderState(), data, options)
    return [*batches, finish(state, options)]


def same_rows(one: pa.Table, other: pa.Table) -> bool:
    """Equal, whatever codes their dictionaries use."""
    return bool(one.to_pylist() == other.to_pylist())


class Server:
    """A TCP server that says something to each who connects, then keeps the line open until told."""

    def __init__(self, says: bytes, port: int = 0) -> None:
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.says, self.heard = says, bytearray()
        self.lines: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        try:
            while True:
                line, _ = self.listener.accept()
                self.lines.append(line)
                threading.Thread(target=self._talk, args=(line,), daemon=True).start()
        except OSError:
            return

    def _talk(self, line: socket.socket) -> None:
        try:
            line.sendall(self.says)
            while data := line.recv(4096):
                self.heard += data
        except OSError:
            return

    def hang_up(self) -> None:
        for line in self.lines:
            line.shutdown(socket.SHUT_RDWR)
            line.close()
        self.lines.clear()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.hang_up()


class PollServer:
    """An HTTP server with one table and its validators; a request that has seen it is answered 304."""

    def __init__(self, body: bytes) -> None:
        self.body, self.status, self.asked = body, 200, 0
        self.tag: str | None = '"1"'
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.answer(self)

            def log_message(self, *_: Any) -> None:
                return

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/ais?key=secret"
        self.unchanged = 0
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked += 1
        seen = self.tag is not None and handler.headers.get("If-None-Match") == self.tag
        self.unchanged += seen
        body = self.body if self.status == 200 and not seen else b""
        handler.send_response(304 if seen else self.status)
        if self.tag is not None:
            handler.send_header("ETag", self.tag)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
