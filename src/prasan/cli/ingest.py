"""`ingest`: files until they end, live feeds until interrupted, TAXII collections to their end."""

import argparse
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from prasan.cli import foreign
from prasan.cli.output import emit, tell
from prasan.errors import UsageError
from prasan.feeds.live import is_live
from prasan.feeds.taxii_http import is_taxii
from prasan.node.node import Node
from prasan.node.record import seal_all
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.summing import publish_counts
from prasan.node.seeing.ingest import Taken, tidy
from prasan.node.seeing.ingest import ingest as take_in
from prasan.node.seeing.live import Live, summarise
from prasan.node.seeing.picture import Looked
from prasan.node.settings import FeedSetting

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
    afar = [source for source in arguments.sources if is_taxii(source)]
    if afar and len(afar) < len(arguments.sources):
        raise UsageError("TAXII collections and other sources cannot be taken in by one command", "Run two commands.")
    if afar:
        return foreign.ingest(arguments)
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
    with _interruptible() as stop:
        live.start()
        _watch(live, stop)
    summary = summarise(live, live.stop())
    decided = work_due(node)
    seal_all(node)
    emit({**summary, "decided": decided, "seconds": round(time.monotonic() - began, 3)})
    node.close()
    return 0


def _watch(live: Live, stop: "_Stop") -> None:
    """Tell what becomes of each feed, until it is to stop."""
    told: dict[int, str] = {}
    while not stop.asked:
        for number, one in enumerate(live.health()):
            sentence = f"{one.feed}: {STANDS[one.problem or one.state].format(detail=one.detail)}"
            if told.get(number) != sentence:
                told[number] = sentence
                tell(sentence)
        time.sleep(WATCH_S)


def _decide(node: Node, looked: Looked) -> None:
    if looked.objects and work_due(node):
        seal_all(node)


class _Stop:
    """Whether the user asked to stop. A flag that is looked at: an exception raised at any point may get lost there."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, *_: object) -> None:
        """The handler of a signal; the next Ctrl-C ends the process at once."""
        self.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _interruptible() -> Iterator[_Stop]:
    """Ctrl-C and SIGTERM ask to stop."""
    stop = _Stop()
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _progress(one: Taken) -> None:
    if one.refused:
        tell(f"{PASSED}{one.source}: {one.refused}")
        return
    new = f"{one.rows} rows" if one.rows else f"{one.objects} objects"
    tell(f"{PROGRESS}{one.source}: {new} in {one.seconds} s")


def _sum(taken: list[Taken]) -> dict[str, int]:
    return dict(sum((Counter(one.dropped) for one in taken), Counter[str]()))
