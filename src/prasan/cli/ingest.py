"""`ingest`: files until they end, live feeds until interrupted."""

import argparse
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from prasan.cli.output import emit, tell
from prasan.errors import UsageError
from prasan.feeds.live import is_live
from prasan.node.ingest import Taken, tidy
from prasan.node.ingest import ingest as take_in
from prasan.node.live import Live, summarise
from prasan.node.node import Node
from prasan.node.picture import Looked
from prasan.node.publish import work_due
from prasan.node.record import seal_all
from prasan.node.settings import FeedSetting
from prasan.node.summing import publish_counts

PROGRESS = "read "
"""How a line of progress begins."""
PASSED: Final = "passed over "
WATCH_S: Final = 0.5
STANDS: Final = {
    "starting": "starting",
    "connected": "connected",
    "waiting": "waiting",
    "stopped": "stopped",
    "cannot_open": "cannot be opened ({detail}); it is tried again",
    "lost": "the connection was lost ({detail}); it is tried again",
    "not_ais": "what came is not AIS ({detail}); the next lines are read all the same",
    "not_stored": "rows cannot be stored ({detail}); reading waits",
}
"""What becomes of a feed, by its problem or state."""


def ingest(arguments: argparse.Namespace) -> int:
    """Take files in, find what they show, decide who may know: one JSON line; progress goes to standard error."""
    live = [source for source in arguments.sources if is_live(source)]
    if live:
        return _follow(arguments, live)
    node = Node(Path(arguments.home))
    taken, looks = take_in(node, arguments.sources, name=arguments.source, dialect=arguments.format, done=_progress)
    publish_counts(node)
    decided = work_due(node)
    seal_all(node)
    tended = tidy(node)
    found = {one.clock: one.counts for one in looks}
    emit(
        {
            "files": len(taken),
            "rows": sum(one.rows for one in taken),
            "kept": sum(one.kept for one in taken),
            "dropped": _sum(taken),
            "quarantined": sum(one.quarantined for one in taken),
            "objects": sum(one.objects for one in taken) + sum(one.objects for one in looks),
            "found": found,
            "decided": decided,
            "archive": {"merged": tended.merged, "made": tended.made, "closed": len(tended.closed)},
            "seconds": round(sum(one.seconds for one in taken), 3),
            "by_file": msgspec.to_builtins(taken),
        }
    )
    if any(one.duplicates for one in taken):
        tell("Some of it was here already and changed nothing.")
    return 0


def _follow(arguments: argparse.Namespace, urls: list[str]) -> int:
    """Live feeds until Ctrl-C or SIGTERM: one JSON line; what becomes of each feed goes to standard error."""
    if len(urls) < len(arguments.sources):
        raise UsageError("files and live feeds cannot be taken in by one command", "Run one command for each.")
    node = Node(Path(arguments.home))
    feeds = [FeedSetting(url, source=arguments.source or "", format=arguments.format or "") for url in urls]
    live, began = Live(node, feeds, after=_decide), time.monotonic()
    with _interruptible(), suppress(KeyboardInterrupt):
        live.start()
        _watch(live)
    summary = summarise(live, live.stop())
    decided = work_due(node)
    seal_all(node)
    emit({**summary, "decided": decided, "seconds": round(time.monotonic() - began, 3)})
    node.close()
    return 0


def _watch(live: Live) -> None:
    """Tell what becomes of each feed, without an end."""
    told: dict[int, str] = {}
    while True:
        for number, one in enumerate(live.health()):
            sentence = f"{one.feed}: {STANDS[one.problem or one.state].format(detail=one.detail)}"
            if told.get(number) != sentence:
                told[number] = sentence
                tell(sentence)
        time.sleep(WATCH_S)


def _decide(node: Node, looked: Looked) -> None:
    if looked.objects and work_due(node):
        seal_all(node)


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _progress(one: Taken) -> None:
    if one.refused:
        tell(f"{PASSED}{one.source}: {one.refused}")
        return
    new = f"{one.rows} rows" if one.rows else f"{one.objects} objects"
    tell(f"{PROGRESS}{one.source}: {new} in {one.seconds} s")


def _sum(taken: list[Taken]) -> dict[str, int]:
    return dict(sum((Counter(one.dropped) for one in taken), Counter[str]()))
