"""A websocket read over a real connection; left out where the library of the extra is not installed."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from live_kit import Reader, positions, same_rows, sample, until, whole
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

pytest.importorskip("wsproto")
DATA = sample(lines=200)


class Stream:
    """A server that waits for a subscription, sends each line as a message, and hangs up when told."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.over = threading.Event()
        app = Starlette(routes=[WebSocketRoute("/v0", self._talk)])
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._socket.getsockname()[1]}/v0"
        self._server = uvicorn.Server(uvicorn.Config(app, ws="wsproto", log_level="error", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))
        self._thread.start()

    async def _talk(self, line: WebSocket) -> None:
        await line.accept()
        self.heard.append(await line.receive_text())
        for sentence in DATA.splitlines():
            await line.send_text(sentence.decode())
        while not self.over.is_set():
            await asyncio.sleep(0.01)
        await line.close()

    def close(self) -> None:
        self.over.set()
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


@pytest.fixture
def stream() -> Iterator[Stream]:
    made = Stream()
    yield made
    made.close()


def test_messages_are_lines_and_a_closed_stream_is_opened_again(stream: Stream) -> None:
    with Reader(stream.url, hello=b'{"APIKey":"x"}') as reader:
        size = len(DATA.replace(b"\r", b""))
        reader.take_until(lambda: reader.feed.meter.health.bytes >= size)
        stream.over.set()
        until(lambda: reader.feed.meter.health.reconnects)
        reader.finish()
        assert stream.heard[0] == '{"APIKey":"x"}'
        rows = positions(whole(DATA))
        assert same_rows(reader.rows.slice(0, len(rows)), rows)


def test_a_page_that_is_no_websocket_is_said(stream: Stream) -> None:
    with Reader(stream.url.replace("/v0", "/nothing")) as reader:
        until(lambda: reader.feed.meter.health.problem == "cannot_open")
        assert reader.feed.meter.health.detail
