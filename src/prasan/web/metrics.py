"""Prometheus text, version 0.0.4 (prometheus.io, "Exposition formats"): the node's numbers, none a partner."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

import msgspec

from prasan.feeds.live import Health
from prasan.node.keeping.live_health import CODES, Standing

MEDIA_TYPE: Final = "text/plain; version=0.0.4"
Labels = Mapping[str, str]


class Family(msgspec.Struct, frozen=True):
    """One metric: its name, type, what it is, and a sample for each set of labels."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    samples: tuple[tuple[Labels, float], ...]


def gauge(name: str, help_text: str, value: float) -> Family:
    """A number without labels."""
    return Family(name, "gauge", help_text, (({}, value),))


def exposition(families: Iterable[Family]) -> str:
    """The text. A family without samples is left out."""
    return "".join(line for family in families if family.samples for line in _lines(family))


def node_families(standing: Standing) -> tuple[Family, ...]:
    """The numbers of a standing: feeds, archive, stages, and what is wrong."""
    archive = standing.archive
    codes = [ill.code for ill in standing.ills]
    return (
        *_feed_families([health for health, _ in standing.feeds]),
        gauge("prasan_archive_positions", "Positions in date partitions and logs.", archive.positions),
        gauge("prasan_archive_hot_rows", "Rows in logs that are not yet files.", archive.hot),
        gauge("prasan_archive_bytes", "Size of the archive.", archive.bytes),
        gauge("prasan_archive_room_bytes", "Bytes that may still be stored.", archive.room),
        Family("prasan_archive_let_go_total", "counter", "Last fixes not kept, as there were too many numbers.",
               (({}, archive.let_go),)),
        Family("prasan_archive_days", "gauge", "Days with positions, by whether they are closed.",
               (({"state": "open"}, archive.days_open), ({"state": "closed"}, archive.days_closed))),
        Family("prasan_stage_took_seconds", "gauge", "How long the last to pass a stage waited for it.",
               tuple(({"stage": lag.stage}, lag.took_s) for lag in standing.lags if lag.took_s is not None)),
        Family("prasan_stage_waiting_seconds", "gauge", "How long the oldest that waits for a stage has waited.",
               tuple(({"stage": lag.stage}, lag.waiting_s) for lag in standing.lags)),
        Family("prasan_ills", "gauge", "What is wrong with the node now, by code.",
               tuple(({"code": code}, codes.count(code)) for code in CODES)),
    )  # fmt: skip


def _feed_families(feeds: list[Health]) -> Iterator[Family]:
    """A series for each feed; `number` is its place in the settings, so that no two are one."""
    named = [({"number": str(at), "feed": one.feed, "source": one.source}, one) for at, one in enumerate(feeds, 1)]
    for name, kind, help_text, field in _OF_FEEDS:
        values = [(labels, getattr(one, field)) for labels, one in named]
        yield Family(name, kind, help_text, tuple((labels, float(v)) for labels, v in values if v is not None))
    yield Family(
        "prasan_feed_connected", "gauge", "1 while the feed is open.",
        tuple((labels, float(one.state == "connected")) for labels, one in named),
    )  # fmt: skip
    yield Family(
        "prasan_feed_lines_total", "counter", "Lines read.", tuple((labels, one.counts.lines) for labels, one in named)
    )
    yield Family(
        "prasan_feed_dropped_lines_total", "counter", "Lines left out, by reason.",
        tuple(({**labels, "reason": reason}, n) for labels, one in named for reason, n in one.counts.dropped.items()),
    )  # fmt: skip


_OF_FEEDS: Final[tuple[tuple[str, Literal["gauge", "counter"], str, str], ...]] = (
    ("prasan_feed_received_bytes_total", "counter", "Bytes received.", "bytes"),
    ("prasan_feed_stored_rows_total", "counter", "Positions stored.", "stored"),
    ("prasan_feed_unstored_rows_total", "counter", "Rows that the archive did not take.", "unstored"),
    ("prasan_feed_reconnects_total", "counter", "Times it was opened again.", "reconnects"),
    ("prasan_feed_lost_packets_total", "counter", "UDP packets that the kernel threw away unread.", "kernel_drops"),
    ("prasan_feed_last_row_timestamp_seconds", "gauge", "The newest time on a row.", "last_row_t"),
    ("prasan_feed_last_kept_timestamp_seconds", "gauge", "When a line was last kept.", "last_kept"),
    ("prasan_feed_clock_offset_seconds", "gauge", "How much later than their times its rows come.", "lag_s"),
)


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {family.help}\n# TYPE {family.name} {family.kind}\n"
    for labels, value in family.samples:
        inner = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        yield f"{family.name}{{{inner}}} {value:.16g}\n" if inner else f"{family.name} {value:.16g}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
