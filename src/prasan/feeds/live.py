"""Live feeds as values: an address, a piece of bytes with its time, a record of health, and what is wrong with it.

The transports are `live_udp`, `live_sockets` (TCP both ways), `live_serial`, `live_http` and `live_websocket`;
`live_feed` keeps one of them open, and `live_decode` makes rows of the pieces.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, Protocol, TypeAlias
from urllib.parse import SplitResult, parse_qs, urlsplit

import msgspec

from prasan.errors import UsageError
from prasan.formats.ais_batch import Counts

State: TypeAlias = Literal["starting", "connected", "waiting", "stopped"]
FindingKind: TypeAlias = Literal[
    "not_stored", "cannot_open", "lost", "not_ais", "feed_silent", "feed_clock_off", "feed_loss"
]
"""What can be wrong with a feed, the most pressing first."""
PROBLEMS: Final[tuple[FindingKind, ...]] = ("not_stored", "cannot_open", "lost", "not_ais")
"""Those that the feed itself runs into: they are the `problem` of its record."""

SCHEMES: Final = ("udp", "tcp", "tcp-listen", "serial", "ws", "wss", "http", "https")
_WITH_PORT: Final = ("udp", "tcp", "tcp-listen")
BAUD: Final = 38_400
"""NMEA 0183-HS, IEC 61162-2: what AIS receivers speak on a serial line, with 8 data bits, no parity, one stop bit."""
_EXAMPLES: Final = "udp://0.0.0.0:10110, tcp://host:port, tcp-listen://0.0.0.0:port, serial:///dev/ttyUSB0 or https://…"


class Address(msgspec.Struct, frozen=True):
    """A feed's URL, taken apart. `url` is whole; `shown` has no password, no key and no query in it."""

    url: str
    scheme: str
    host: str
    port: int
    path: str
    baud: int
    shown: str


class Options(msgspec.Struct, frozen=True):
    """How one feed is read.

    `source`: the name on its rows. `dialect`: one of `ais_detect.DIALECTS`, None to find out. `hello`: sent after
    connecting (TCP, websocket). `every_s`: least seconds between polls.
    """

    address: Address
    source: str
    dialect: str | None = None
    hello: bytes = b""
    every_s: float = 60.0


class Limits(msgspec.Struct, frozen=True):
    """When a feed is ill: seconds without a row; seconds its rows may be ahead of our clock or behind it.

    `loss_s`: for so long after the kernel last threw a packet away, it is said.
    """

    silent_s: float = 300.0
    ahead_s: float = 300.0
    behind_s: float = 600.0
    loss_s: float = 3600.0


class Piece(msgspec.Struct, frozen=True):
    """Bytes of one stream of a feed and when they were received (seconds UTC). `ended`: nothing more of it comes.

    `stream` None stands for all streams of the feed: its connection is over.
    """

    stream: str | None
    data: bytes
    t: float
    ended: bool = False


class Health(msgspec.Struct, frozen=True):
    """A feed as it stands. Times are seconds UTC, by our clock unless said otherwise.

    `since`: connected, or waiting, since then. `counts`: lines read, kept, dropped by reason. `stored` and
    `quarantined`: positions that the archive has, with and without a usable time; `unstored`: rows it would not take.
    `last_row_t`: the newest time on a row, by the feed's clock. `lag_s`: the median of how much later than their time
    its latest rows came, of those that have a time of their own. `reconnects`: times it was opened again.
    `kernel_drops`: packets that the kernel threw away unread, None where it does not say; `dropped_at`: when that
    number last rose. `problem` is a code (one of `PROBLEMS`, or none), `detail` the system's words.
    """

    feed: str
    source: str
    started: float
    state: State = "starting"
    since: float | None = None
    bytes: int = 0
    counts: Counts = Counts()
    stored: int = 0
    quarantined: int = 0
    unstored: int = 0
    last_kept: float | None = None
    last_row_t: int | None = None
    lag_s: float | None = None
    reconnects: int = 0
    kernel_drops: int | None = None
    dropped_at: float | None = None
    problem: str = ""
    detail: str = ""


class HealthFinding(msgspec.Struct, frozen=True):
    """Something wrong with a feed: its measure and the limit it passed, or the system's words."""

    kind: FindingKind
    feed: str
    source: str
    since: float
    evidence: Mapping[str, float]
    detail: str = ""


class Link(Protocol):
    """An open connection of one of the transports. What goes wrong is an OSError."""

    def read(self, wait_s: float) -> tuple[str, bytes] | None:
        """The name of a stream and its next bytes; no bytes: that stream ended. None: nothing came in this time."""

    def dropped(self) -> int | None:
        """Packets that the kernel threw away unread since opening; None where it does not say."""

    def close(self) -> None:
        """Close."""


def is_live(source: str) -> bool:
    """True for what is written like a URL rather than like a file."""
    return "://" in source


def parse_address(url: str) -> Address:
    """A feed's URL -> its parts. UsageError if it is no URL of a live feed, or lacks a part."""
    parts, port = _split(url)
    if parts.scheme not in SCHEMES:
        raise UsageError(f"'{url}' is not a live feed that can be read", f"Use {_EXAMPLES}.")
    if parts.scheme in _WITH_PORT and (not parts.hostname or port is None):
        raise UsageError(f"'{url}' names no host and port", f"Write it as {parts.scheme}://host:port.")
    if parts.scheme == "serial" and not parts.path.strip("/"):
        raise UsageError(f"'{url}' names no device", "Write it as serial:///dev/ttyUSB0.")
    if parts.scheme in {"ws", "wss", "http", "https"} and not parts.hostname:
        raise UsageError(f"'{url}' names no host", f"Write it as {parts.scheme}://host/path.")
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host
    shown = f"{parts.scheme}://{name}{'' if port is None else f':{port}'}{parts.path}"
    return Address(url, parts.scheme, host, port or 0, parts.path, _baud(url, parts), shown)


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError as error:
        raise UsageError(f"'{url}' is not a URL: {error}", f"Use {_EXAMPLES}.") from None


def _baud(url: str, parts: SplitResult) -> int:
    given = parse_qs(parts.query).get("baud", [str(BAUD)])[-1] if parts.scheme == "serial" else str(BAUD)
    if not given.isdecimal():
        raise UsageError(f"'{url}' has no number behind baud=", f"Write it as serial:///dev/ttyUSB0?baud={BAUD}.")
    return int(given)


def find_ills(health: Health, now: float, limits: Limits) -> list[HealthFinding]:
    """What is wrong with a feed at `now` (seconds UTC), the most pressing first.

    A silence is not told beside the problem that explains it.
    """
    if health.state == "stopped":
        return []
    heard = health.started if health.last_kept is None else health.last_kept
    found = [_ill(kind, health, heard, {}, health.detail) for kind in PROBLEMS if kind == health.problem]
    if not found and now - heard > limits.silent_s:
        evidence = {"silent_s": now - heard, "limit_s": limits.silent_s}
        found.append(_ill("feed_silent", health, heard, evidence))
    lag = health.lag_s
    if lag is not None and not -limits.ahead_s <= lag <= limits.behind_s:
        evidence = {"lag_s": lag, "ahead_s": limits.ahead_s, "behind_s": limits.behind_s}
        found.append(_ill("feed_clock_off", health, heard, evidence))
    if health.dropped_at is not None and now - health.dropped_at <= limits.loss_s:
        packets = {"packets": float(health.kernel_drops or 0)}
        found.append(_ill("feed_loss", health, health.dropped_at, packets))
    return found


def _ill(
    kind: FindingKind, health: Health, since: float, evidence: dict[str, float], detail: str = ""
) -> HealthFinding:
    return HealthFinding(kind, health.feed, health.source, since, MappingProxyType(evidence), detail)
