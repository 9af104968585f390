"""What a live feed gave, decoded and stored every few seconds, by a thread for each feed.

What was read is safe once it is stored: a killed node loses at most the rows of `FLUSH_S` seconds or `FLUSH_ROWS` rows
of each feed, and, when the disk is slow, what waits to be decoded (64 pieces of about 64 kB).
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

import pyarrow as pa

from prasan.archive.archive import batch_id
from prasan.errors import PrasanError
from prasan.feeds.live import Piece
from prasan.feeds.live_decode import Decoding
from prasan.feeds.live_feed import TICK_S, Feed
from prasan.formats.ais_batch import Batch, Counts
from prasan.node.finding.clocks import ClockWatch
from prasan.node.node import Node
from prasan.node.record import NODE_LOG, note
from prasan.node.seeing.live_pace import Pace
from prasan.picture.source import Source

LOG: Final = logging.getLogger("prasan.live")
FLUSH_S: Final = 2.0
FLUSH_ROWS: Final = 50_000
RETRY_S: Final = 2.0
"""After the archive refused: the rows are kept and nothing more is taken until it accepts them."""
RECORD_S: Final = 3600.0
"""How often what a feed gave is put on record."""
STOP_S: Final = 30.0


class Storing:
    """Takes the pieces of one feed, decodes and stores them; `news` hears of the clock that has new rows."""

    def __init__(  # noqa: PLR0913, PLR0917 - a feed, and what all feeds share
        self, node: Node, feed: Feed, news: Callable[[str], None], pace: Pace, clocks: ClockWatch, number: int
    ) -> None:
        self._node, self._feed, self._news, self._pace, self._clocks = node, feed, news, pace, clocks
        self._name = str(number)
        self._source: Source = node.settings.source_for(feed.options.source)
        self._session = (feed.options.address.shown, node.clock.now_us(), number)
        self._decoding = Decoding(feed.options, feed.meter)
        self._gathered: list[Batch] = []
        self._stored = 0
        self._flush_at = self._record_at = time.monotonic()
        self._recorded = feed.meter.health
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"store {self._source.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """After the feed was told to stop: end when its last piece is stored."""
        self._stop.set()
        self._thread.join(STOP_S)
        self._feed.abandon()

    def _run(self) -> None:
        self._record_at = time.monotonic() + RECORD_S
        while self._safely(self._turn):
            pass
        for step in (self._flush, self._record):
            self._safely(step)

    def _safely(self, step: Callable[[], bool]) -> bool:
        """Whatever one piece or one batch does to us, the feed goes on. What the step says, or that it goes on."""
        try:
            return step()
        except Exception:
            LOG.exception("feed %s: something was passed over", self._source.name)
            return True

    def _turn(self) -> bool:
        """Take one piece, if there is one, and do what is due; False after the last."""
        try:
            piece = self._feed.take(TICK_S)
        except EOFError:
            return False
        if piece is not None:
            self._decode(piece)
        if self._gathered and (time.monotonic() >= self._flush_at or self._rows() >= FLUSH_ROWS):
            self._flush()
        if time.monotonic() >= self._record_at:
            self._record()
        return True

    def _decode(self, piece: Piece) -> None:
        self._pace.wait("stored", self._name, piece.t)
        try:
            self._keep(self._decoding.take(piece))
            if not self._gathered:
                self._pace.forget("stored", self._name)  # nothing of it is to be stored
        except Exception:
            lines = piece.data.count(b"\n")
            self._feed.meter.lose(Counts(lines, 0, {"defect": lines}))
            raise

    def _keep(self, batches: list[Batch]) -> None:
        if not self._gathered:
            self._flush_at = time.monotonic() + FLUSH_S
        self._gathered += [batch for batch in batches if batch.positions.num_rows or batch.statics.num_rows]

    def _rows(self) -> int:
        return sum(batch.positions.num_rows + batch.statics.num_rows for batch in self._gathered)

    def _flush(self) -> bool:
        """Store what is gathered, however long it takes; when told to stop, give up after one more try."""
        if not self._gathered:
            return True
        stored = False
        try:
            positions, statics = self._tables()
            while not stored:
                last = self._stop.is_set()
                stored = self._store(positions, statics)
                if last:
                    break
                if not stored:
                    self._stop.wait(RETRY_S)
        finally:
            if not stored:
                self._feed.meter.add(unstored=self._rows())
            self._gathered = []
        return stored

    def _tables(self) -> tuple[pa.Table, pa.Table]:
        """What was gathered; rows of receivers whose clock is off are flagged, and the archive sets them aside."""
        positions = pa.Table.from_batches([batch.positions for batch in self._gathered]).unify_dictionaries()
        statics = pa.Table.from_batches([batch.statics for batch in self._gathered]).unify_dictionaries()
        positions, _ = self._clocks.judge(self._source.name, positions)
        self._clocks.compare(self._source.clock, positions)
        self._clocks.remember(self._node)
        return positions, statics

    def _store(self, positions: pa.Table, statics: pa.Table) -> bool:
        name = batch_id(self._source.name, "live", *self._session, self._stored)
        try:
            stored = self._node.archive.append(name, self._source.name, positions, statics, hot=True)
        except PrasanError as error:
            LOG.warning("feed %s: %s %s", self._source.name, error, error.remedy)
            self._feed.meter.change(problem="not_stored", detail=str(error))
            return False
        self._stored += 1
        self._feed.meter.store(stored.rows, stored.quarantined)
        self._pace.passed("stored", self._name, self._node.clock.now_us() / 1e6)
        self._news(self._source.clock)
        return True

    def _record(self) -> bool:
        """Put on record what the feed gave since the last time, if it gave anything."""
        self._record_at = time.monotonic() + RECORD_S
        before, after = self._recorded, self._feed.meter.health
        if after.counts.lines == before.counts.lines:
            return False
        detail = {
            "lines": after.counts.lines - before.counts.lines,
            "kept": after.counts.kept - before.counts.kept,
            "rows": after.stored - before.stored,
        }
        with self._node.store.write() as tx:
            note(self._node, tx, NODE_LOG, "ingest", self._source.name, detail)
        self._recorded = after
        return True
