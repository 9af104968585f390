"""One live feed, kept open: a thread that reads, gathers for a moment, hands on, and opens again what broke.

What it hands on waits in a bounded queue. While that is full nothing is read: a TCP sender then stops by itself, and
what UDP has no room for is dropped by the kernel, which counts it.
"""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Final

import msgspec

from prasan.errors import PrasanError
from prasan.feeds.live import Address, Health, Link, Options, Piece
from prasan.feeds.live_http import HttpLink, Memory
from prasan.feeds.live_meter import Meter
from prasan.feeds.live_sockets import TcpLink, TcpListenLink
from prasan.feeds.live_udp import UdpLink
from prasan.feeds.live_websocket import WebsocketLink, check_installed


class Hands(msgspec.Struct, frozen=True):
    """What comes from outside: seconds UTC, and a random number from 0 to 1 that spreads reconnects out."""

    now: Callable[[], float]
    jitter: Callable[[], float]


class Tuning(msgspec.Struct, frozen=True):
    """A piece is closed after `gather_s` seconds or at `gather_bytes`; `pieces` wait at most.

    After a failure the next try is in `first_s` seconds, then twice as many, at most `most_s`; of each wait up to half
    is left out at random.
    """

    gather_s: float = 0.25
    gather_bytes: int = 1 << 16
    pieces: int = 64
    first_s: float = 1.0
    most_s: float = 60.0


LOG: Final = logging.getLogger("prasan.live")
TUNING: Final = Tuning()
JOINED: Final = 16
"""Pieces taken as one at most: about a megabyte."""
_NOTHING: Final = Piece(None, b"", 0.0)
TICK_S: Final = 0.25
"""How long a read or a full queue is waited for before looking whether to stop."""
_LEAST_S: Final = 0.001


class Feed:
    """A feed that reads from `start` to `stop`. Take its pieces with `take` until that says it has ended."""

    def __init__(self, options: Options, hands: Hands, tuning: Tuning = TUNING) -> None:
        """UsageError if a library for this kind of feed is not installed."""
        if options.address.scheme in {"ws", "wss"}:
            check_installed()
        self.options = options
        self.meter = Meter(Health(options.address.shown, options.source, hands.now()))
        self._hands, self._tuning = hands, tuning
        self._queue = queue.Queue[Piece | None](tuning.pieces)
        self._stop, self._abandoned = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"read {options.source}", daemon=True)
        self._open = opener(options)
        self._held: Piece | None = _NOTHING
        self._lost_before = 0
        self._failures = 0

    def start(self) -> None:
        """Begin reading."""
        self._thread.start()

    def stop(self) -> None:
        """Read no more. What was read can still be taken."""
        self._stop.set()

    def abandon(self) -> None:
        """Nobody takes pieces any more: stop, and wait for no room."""
        self._abandoned.set()
        self.stop()

    def join(self, seconds: float) -> None:
        """Wait for the reading thread to end."""
        self._thread.join(seconds)

    def take(self, wait_s: float) -> Piece | None:
        """The next piece, or None if none came in this time. EOFError after the last one.

        When several wait, those of one stream and moment come as one: what is behind catches up in larger strides.
        """
        try:
            first = self._held if self._held is not _NOTHING else self._queue.get(timeout=wait_s)
        except queue.Empty:
            return None
        self._held = _NOTHING
        if first is None:
            raise EOFError
        parts = [first]
        while self._joins(first, len(parts)):
            parts.append(self._held)
            self._held = _NOTHING
        return Piece(first.stream, b"".join(part.data for part in parts), first.t, parts[-1].ended)

    def _joins(self, first: Piece, parts: int) -> bool:
        """True if the next piece, now held, goes on where these end."""
        if first.ended or parts >= JOINED:
            return False
        try:
            self._held = self._queue.get_nowait()
        except queue.Empty:
            return False
        following = self._held
        if following is None or following.ended or following.stream != first.stream:
            return False
        return following.t - first.t <= self._tuning.gather_s

    def _run(self) -> None:
        try:
            self._until_stopped()
        finally:
            self.meter.change(state="stopped", since=self._hands.now())
            self._put(None)

    def _until_stopped(self) -> None:
        while not self._stop.is_set():
            try:
                self._once()
            except (OSError, PrasanError) as error:
                self._wait_after(error)
            except Exception as error:
                LOG.exception("feed %s failed; it is opened again", self.options.source)
                self._wait_after(error)

    def _once(self) -> None:
        """Open and read until it breaks or is to stop."""
        link = self._open()
        self.meter.change(state="connected", since=self._hands.now())
        gathered = _Gathered(self._tuning)
        try:
            while not self._stop.is_set():
                self._step(link, gathered)
        finally:
            self._lost_before += link.dropped() or 0
            link.close()
            self._hand_on(gathered)
            self._put(Piece(None, b"", self._hands.now(), ended=True))

    def _step(self, link: Link, gathered: "_Gathered") -> None:
        found = link.read(gathered.wait_s())
        if found is not None:
            gathered.add(*found)
            self._failures = 0
            self.meter.receive(len(found[1]))
        if gathered.is_due():
            self._hand_on(gathered)
            lost = link.dropped()
            if lost is not None:
                self.meter.drop(self._lost_before + lost, self._hands.now())

    def _hand_on(self, gathered: "_Gathered") -> None:
        for piece in gathered.close(self._hands.now()):
            self._put(piece)

    def _put(self, piece: Piece | None) -> None:
        while not self._abandoned.is_set():
            with contextlib.suppress(queue.Full):
                self._queue.put(piece, timeout=TICK_S)
                return

    def _wait_after(self, error: Exception) -> None:
        """Note what went wrong, and wait before the next try."""
        problem = "lost" if self.meter.health.state == "connected" else "cannot_open"
        detail = (error.strerror if isinstance(error, OSError) else None) or str(error)
        self.meter.change(state="waiting", since=self._hands.now(), problem=problem, detail=detail)
        if not self._stop.wait(self._delay()):
            self.meter.add(reconnects=1)

    def _delay(self) -> float:
        self._failures = min(self._failures + 1, 16)
        longest = min(self._tuning.most_s, self._tuning.first_s * 2.0 ** (self._failures - 1))
        return longest * (1 - self._hands.jitter() / 2)


class _Gathered:
    """Bytes by stream until it is time to hand them on."""

    def __init__(self, tuning: Tuning) -> None:
        self._tuning = tuning
        self._data: dict[str, bytearray] = {}
        self._ended = set[str]()
        self._size, self._end = 0, 0.0

    def add(self, stream: str, data: bytes) -> None:
        """Some bytes, or none: the stream ended."""
        if not self._data:
            self._end = time.monotonic() + self._tuning.gather_s
        self._data.setdefault(stream, bytearray()).extend(data)
        self._size += len(data)
        if not data:
            self._ended.add(stream)

    def wait_s(self) -> float:
        """How long a read may wait."""
        return min(max(_LEAST_S, self._end - time.monotonic()), TICK_S) if self._data else TICK_S

    def is_due(self) -> bool:
        """True when it is time."""
        return bool(self._data) and (self._size >= self._tuning.gather_bytes or time.monotonic() >= self._end)

    def close(self, now: float) -> list[Piece]:
        """What was gathered, received by `now`."""
        pieces = [Piece(name, bytes(data), now, name in self._ended) for name, data in self._data.items()]
        self._data, self._ended, self._size = {}, set(), 0
        return pieces


def opener(options: Options) -> Callable[[], Link]:
    """What opens the transport of an address, again and again. It raises OSError or PrasanError."""
    address = options.address
    if address.scheme in {"http", "https"}:
        memory = Memory()
        return lambda: HttpLink(address, options.every_s, memory)
    if address.scheme == "udp":
        return lambda: UdpLink(address)
    if address.scheme == "tcp":
        return lambda: TcpLink(address, options.hello)
    if address.scheme == "tcp-listen":
        return lambda: TcpListenLink(address)
    if address.scheme == "serial":
        return lambda: _serial(address)
    return lambda: WebsocketLink(address, options.hello)


def _serial(address: Address) -> Link:
    from prasan.feeds.live_serial import SerialLink  # noqa: PLC0415 - termios is not on every system

    return SerialLink(address)
