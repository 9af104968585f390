"""Looking at live rows as they come: each step goes on where the last one ended, and goes back when rows came late.

What a step says is what one look at all rows would say (the law of `detect.runner`). A node that starts again goes on
where it was (`live_kept`); one that starts anew begins with the rows of the last days. So it does when rows come that
are older than the run can be taken back to: a backfill, or another receiver's record. It then begins before the oldest
silence that they break.
"""

import time
from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa

from prasan.archive.values import News
from prasan.detect.heard import between
from prasan.detect.life import event_id_of
from prasan.detect.run import hulls
from prasan.detect.runner import WINDOW_S, Run, Said, Step, back_to, corrected, go_on, missed
from prasan.node.finding.clocks import read_fit
from prasan.node.finding.deriving import WARM_S, Deriving, begin
from prasan.node.finding.events import Rows, events_of, keep, revisions
from prasan.node.finding.provenance import with_partners
from prasan.node.finding.reception import Listening
from prasan.node.finding.register import Ours
from prasan.node.node import Node
from prasan.node.rules import rules_in_force
from prasan.node.seeing.live_hulls import learn
from prasan.node.seeing.live_kept import Hulls, Keeper, Kept, unkept
from prasan.node.seeing.picture import Looked, sources_of
from prasan.picture.event import Event
from prasan.picture.finding import Finding, Rule
from prasan.picture.world import World, with_hulls
from prasan.tracks.settle import COLUMNS

LOOK_BACK_S: Final = 3 * 86_400
"""How many seconds of rows a node that starts looks at before the first live step."""

PIECE_S: Final = 3600
"""A stretch looked at anew is cut into steps this long, so that the next late row need not take all of it back."""
ANEW_REST: Final = 20.0
"""After rows older than the run made it begin anew, rest so many times as long as that took before the next time."""

_EVENT: Final = msgspec.json.Decoder(Event)


class Watcher:
    """One live clock and its run."""

    def __init__(self, node: Node, clock: str) -> None:
        self._node, self._clock = node, clock
        self._deriving = Deriving(node, clock)
        self._rest_until, self._let_go = 0.0, 0
        self._start(rules_in_force(node.store))

    def _start(self, rules: dict[str, Rule]) -> None:
        """Begin with these rules: where a run with the same ones was kept, or anew."""
        self._rules = rules
        self._keeper = Keeper(self._node, self._clock, self._rules)
        kept = self._keeper.load()
        self._run = kept.run if kept else None
        self._begin, self._batch = (kept.begin, kept.batch) if kept else (0, 0)
        self._hulls: Hulls = kept.hulls if kept else ({}, {})
        self._unkept = unkept(kept, self._standing()) if kept else {}

    @property
    def upto(self) -> int | None:
        """The watermark: rows before it were looked at (seconds UTC); None before the first step."""
        return self._run.upto if self._run else None

    def step(self, upto: int, detected: Callable[[], None] = lambda: None) -> Looked:
        """Look at everything before `upto` (seconds UTC) that was not looked at yet, late rows included.

        `detected` is called between finding and publishing.
        """
        if (rules := rules_in_force(self._node.store)) != self._rules:
            self._start(rules)
        names = [source.name for source in sources_of(self._node, self._clock)]
        news = self._node.archive.news(self._batch, names)
        began, older = time.monotonic(), self._is_older(news)
        if older and began < self._rest_until:
            older, news = False, News(self._batch, None)  # they are asked for again
        run, since = self._rewound(names, upto, news if older else None)
        before = self._run.upto if self._run else 0
        upto = max(upto, before)
        if upto <= run.upto:
            return Looked(self._clock, {}, 0, 0)
        again, after, rows = self._advance(run, names, upto)
        said, gone = corrected(run, {**self._unkept, **since}, again)
        detected()
        objects = self._publish(names, said, gone, upto)
        self._deriving.step(with_partners(self._node, sources_of(self._node, self._clock)), upto)
        self._node.at("look")
        self._run, self._batch, self._unkept = after, news.batch, {}
        self._keeper.save(Kept(after, self._begin, self._batch, self._hulls))
        if older:
            self._rest_until = time.monotonic() + ANEW_REST * (time.monotonic() - began)
        counts = {"rows": rows} | ({"hulls_let_go": self._let_go} if self._let_go else {})
        return Looked(self._clock, counts, len(said) + len(gone), objects, taken_back=run.upto < before)

    def _advance(self, run: Run, names: list[str], upto: int) -> tuple[Said, Run, int]:
        """All rows, a piece of time after the other: what they say, the run with places to go back to, their number."""
        archive, said, number = self._node.archive, dict[str, Finding](), 0
        world = self._world(archive.read_statics(names, None, run.upto, upto, ["t", "mmsi", "imo", "ship_type"]))
        for end in pieces(run.upto, upto):
            rows = read_fit(self._node, names, None, run.upto, end, COLUMNS, ordered=False)
            statics = archive.read_statics(names, None, run.upto, end)
            new, run = go_on(run, rows, end, self._rules, world, statics)
            said |= new
            number += rows.num_rows
        return said, run, number

    def _is_older(self, news: News) -> bool:
        """True if rows came that are older than the run can be taken back to."""
        return self._run is not None and news.t_min is not None and news.t_min < self._run.steps[0].upto

    def _rewound(self, names: list[str], upto: int, older: News | None) -> tuple[Run, Said]:
        """The run to go on from: a new one, the one there is, or that one taken back to before the first late row."""
        if self._run is None:
            self._begin = upto - LOOK_BACK_S
            return Run((Step(self._begin),)), {}
        if older is not None and older.t_min is not None:
            return self._anew(names, older.t_min)
        span = self._run.steps[0].upto, self._run.upto
        statics = self._node.archive.read_statics(names, None, *span, ["t"], ordered=False)
        tables = [read_fit(self._node, names, None, *span, ["t"], ordered=False), statics]
        late = missed(self._run, np.concatenate([table["t"].to_numpy().astype(np.int64) for table in tables]))
        return (self._run, {}) if late is None else back_to(self._run, late)

    def _anew(self, names: list[str], late: int) -> tuple[Run, Said]:
        """A run from long enough before the earliest late row, and what stands of what it will find again."""
        standing = self._standing()
        silent = [one for one in standing if one.kind == "gap" and one.start < late and (one.end or late + 1) > late]
        mmsis = {mmsi for one in silent for mmsi in one.mmsi}
        rows = read_fit(self._node, names, mmsis, min((one.start for one in silent), default=late))
        begin = min([late, *(one.start for one in silent if len(between(one, rows)))]) - LOOK_BACK_S
        self._begin = begin = max(begin, self._node.archive.kept_since(names))
        return Run((Step(begin),)), {one.key: one for one in standing if one.start >= begin + WARM_S}

    def _standing(self) -> list[Finding]:
        """The findings of this clock's events that stand."""
        events = events_of(self._node, self._clock).values()
        return [event.finding for event in events if event.state != "withdrawn"]

    def _world(self, statics: pa.Table) -> World:
        """The world with what static reports say of hulls so far."""
        self._let_go += sum(learn(known, new) for known, new in zip(self._hulls, hulls(statics), strict=True))
        return with_hulls(self._node.world, *self._hulls)

    def _publish(self, names: list[str], said: Said, gone: frozenset[str], upto: int) -> int:
        """Revisions of the events that these findings are about; how many objects are new or changed."""
        rows = (self._node.store.event(event_id_of(key)) for key in (*said, *gone))
        published = [_EVENT.decode(row.body) for row in rows if row is not None]
        previous = {event.finding.key: event for event in published}
        sources = with_partners(self._node, sources_of(self._node, self._clock))
        begin(self._node, self._clock, sources)
        judged = Listening(self._node, [source.name for source in sources]).judged(said.values())
        changed = revisions(self._node, sources, previous, judged)
        mmsis = {mmsi for event in changed for mmsi in event.finding.mmsi}
        since = min([upto, *(event.finding.start for event in changed)]) - LOOK_BACK_S
        archive = self._node.archive
        some = Rows(read_fit(self._node, names, mmsis, since, upto), archive.read_statics(names, mmsis))
        return keep(self._node, self._clock, changed, sources, some, Ours(self._node))


def pieces(begin: int, end: int) -> list[int]:
    """Where to cut a stretch of time, its end included: by six hours, smaller where rows may still be taken back."""
    first = max(begin, end - WINDOW_S)
    long = [*range(begin + WINDOW_S, first, WINDOW_S), *([first] if first > begin else [])]
    return [*long, *range(first + PIECE_S, end, PIECE_S), end]
