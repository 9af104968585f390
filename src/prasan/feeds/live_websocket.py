"""A websocket (RFC 6455) whose messages are lines or JSON objects. Needs the extra `prasan[websocket]`."""

import contextlib
from importlib.util import find_spec
from typing import Any, Final

import httpx2

from prasan.errors import UsageError
from prasan.feeds.live import Address

CONNECT_S: Final = 5.0
_LIBRARY: Final = "wsproto"


def check_installed() -> None:
    """UsageError if the library is not there."""
    if find_spec(_LIBRARY) is None:
        remedy = "Install it with 'pip install prasan[websocket]', or use the same feed over TCP, UDP or HTTP."
        raise UsageError("Reading a websocket needs a library that is not installed", remedy)


class WebsocketLink:
    """A connection; `hello` (a subscription) is sent first. Each message ends a line."""

    def __init__(self, address: Address, hello: bytes = b"") -> None:
        check_installed()
        self._open = contextlib.ExitStack()
        self._refusals: tuple[type[Exception], ...] = (httpx2.HTTPError, httpx2.InvalidURL, *_exceptions())
        try:
            http = self._open.enter_context(httpx2.Client(timeout=httpx2.Timeout(CONNECT_S)))
            self._session: Any = self._open.enter_context(http.websocket(address.url))
            if hello:
                self._session.send_text(hello.decode())
        except self._refusals as error:
            self._open.close()
            raise ConnectionError(f"{type(error).__name__}: {error}") from None

    def read(self, wait_s: float) -> tuple[str, bytes] | None:
        """One message, with a line end behind it."""
        try:
            data = self._session.receive(timeout=wait_s).data
        except TimeoutError:
            return None
        except self._refusals as error:
            raise ConnectionError(f"{type(error).__name__}: {error}") from None
        raw = data.encode() if isinstance(data, str) else bytes(data)
        return "", raw if raw.endswith(b"\n") else raw + b"\n"

    def dropped(self) -> int | None:
        """TCP loses nothing."""
        return 0

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(*self._refusals):
            self._open.close()


def _exceptions() -> tuple[type[Exception], ...]:
    from httpx2.websockets import _exceptions as known  # noqa: PLC0415 - it imports the library of the extra

    return (known.HTTPXWSException,)
