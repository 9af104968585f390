"""The live AIS relay: positions as they come, to partners whose accord has a `[relay]` (docs/wire.md, section 14).

One thread passes on what came since its last look. Before every look it asks again what may be told, and to whom: a
partner that is suspended, an accord that ends, a token that is revoked end it within a second.
"""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from prasan.formats.nmea_encode import encode_positions
from prasan.node.clock_guard import check
from prasan.node.node import Node
from prasan.node.recipients import find_recipient, policy_in_force
from prasan.node.record import note
from prasan.picture.position import POSITIONS
from prasan.release.decide import prepare
from prasan.release.relay import Permit, due, sift
from prasan.release.sources import may_know

LOG: Final = logging.getLogger("prasan.relay")
TICK_S: Final = 0.5
"""How often it is looked for new rows, and asked whether they may be told."""
SOURCES_S: Final = 10.0
"""How often it is asked which sources there are."""
RECORD_S: Final = 10
"""How often what was told is put on record: a range, not a row."""
QUEUE: Final = 20_000
"""Sentences that wait for a reader who is slower than the ships; then it is let go, and may come again."""
STRANGE_S: Final = 3600
"""A row that says it is still younger than the delay, so long after it came, has no right time and is let go."""


class Subscriber:
    """One reader of one partner. `take` never waits; `ended` says why nothing more will come."""

    def __init__(self, partner: str) -> None:
        self.partner, self.ended = partner, ""
        self._lines, self._guard = deque[bytes](), threading.Lock()

    def put(self, lines: list[bytes]) -> None:
        """Add sentences; a reader that is too slow is ended."""
        with self._guard:
            if len(self._lines) + len(lines) > QUEUE:
                self.ended, lines = "slow", []
                self._lines.clear()
            self._lines.extend(lines)

    def close(self) -> None:
        """The reader goes."""
        self.ended = self.ended or "left"

    def take(self, most: int = 500) -> list[bytes]:
        """The next sentences, each with its line end."""
        with self._guard:
            return [self._lines.popleft() for _ in range(min(most, len(self._lines)))]


class Told(msgspec.Struct):
    """What was told since it was last put on record. Times are those of the rows."""

    rows: int = 0
    first: int = 0
    last: int = 0
    digest: bytes = b""

    def add(self, span: tuple[int, int], lines: list[bytes]) -> None:
        """More sentences: the hash goes on over all of them in order."""
        self.first = min(span[0], self.first) if self.rows else span[0]
        self.last, self.rows = max(self.last, span[1]), self.rows + len(lines)
        self.digest = sha256(self.digest + sha256(b"".join(lines)).digest()).digest()


class _Partner:
    """What is known of one partner's relay between two looks."""

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self.waiting: list[tuple[int, pa.Table]] = []
        self.told, self.recorded_at = Told(), 0
        self.left_out = Counter[str]()


class Relays:
    """The relays of a node, from `start` to `stop`."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._readers: list[Subscriber] = []
        self._partners: dict[str, _Partner] = {}
        self._names, self._names_until = list[str](), 0.0
        self._guard, self._stop = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what was told is on record."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(30)
        with self._guard:
            for reader in self._readers:
                reader.ended = reader.ended or "stopped"

    def subscribe(self, partner: str) -> Subscriber | None:
        """A new reader for a partner, by its identity id; None if it may not be told anything."""
        if permit_of(self._node, partner, ()) is None:
            return None
        reader = Subscriber(partner)
        with self._guard:
            self._readers.append(reader)
        return reader

    def left_out(self) -> Mapping[str, Counter[str]]:
        """How many rows were left out for each partner, by code."""
        return {partner: state.left_out for partner, state in self._partners.items()}

    def _run(self) -> None:
        while not self._stop.wait(TICK_S):
            try:
                self.look()
            except Exception:
                LOG.exception("the relay failed; it is tried again")
        self._record(force=True)

    def look(self) -> None:
        """Pass on what came since the last look, to those who read now and may."""
        with self._guard:
            readers = [reader for reader in self._readers if not reader.ended]
            self._readers = readers
        for partner in sorted({reader.partner for reader in readers}):
            mine = [reader for reader in readers if reader.partner == partner]
            permit = permit_of(self._node, partner, self._sources())
            if permit is None:
                for reader in mine:
                    reader.ended = "not_permitted"
            else:
                self._pass_on(partner, permit, mine)
        for partner in set(self._partners) - {reader.partner for reader in readers if not reader.ended}:
            self._record_one(partner, force=True)
            del self._partners[partner]
        self._record()

    def _sources(self) -> list[str]:
        """The sources that are here; a new one is seen after a moment, what may be told of it at once."""
        if time.monotonic() >= self._names_until:
            declared = [one.name for one in self._node.settings.source]
            self._names = sorted({*declared, *self._node.archive.sources()})
            self._names_until = time.monotonic() + SOURCES_S
        return self._names

    def _pass_on(self, partner: str, permit: Permit, readers: list[Subscriber]) -> None:
        now = self._node.clock.now()
        state = self._partners.get(partner)
        if state is None:
            state = self._partners[partner] = _Partner(self._node.archive.news(0, self._sources()).batch)
        sifted = sift(self._came(state, permit), permit)
        state.left_out.update(sifted.left_out)
        waiting = [*state.waiting, *([(now, sifted.rows)] if sifted.rows.num_rows else [])]
        state.waiting, ready = [], list[pa.Table]()
        for came, table in waiting:
            # What was permitted when it came must still be when it is told.
            still = sift(table, permit).rows
            old = pa.array(due(still, permit.delay_s, now))
            ready.append(still.filter(old))
            rest = still.filter(pc.invert(old))
            if rest.num_rows and now - came <= permit.delay_s + STRANGE_S:
                state.waiting.append((came, rest))
        told = pa.concat_tables(ready).unify_dictionaries() if ready else POSITIONS.empty_table()
        if told.num_rows:
            lines = encode_positions(without_stations(told))
            for reader in readers:
                reader.put(lines)
            state.told.add(min_max(told), lines)

    def _came(self, state: _Partner, permit: Permit) -> pa.Table:
        """The live rows since the last look. What a source brought before it might be told stays untold."""
        archive, parts = self._node.archive, [POSITIONS.empty_table()]
        newest = archive.news(state.batch, self._sources()).batch
        while (found := archive.arrivals(state.batch, permit.sources))[1] != state.batch:
            state.batch = found[1]
            parts.append(found[0])
        state.batch = max(state.batch, newest)
        return pa.concat_tables(parts).unify_dictionaries()

    def _record(self, *, force: bool = False) -> None:
        for partner in list(self._partners):
            self._record_one(partner, force=force)

    def _record_one(self, partner: str, *, force: bool) -> None:
        """The range that was told, in the pair log."""
        state, now = self._partners[partner], self._node.clock.now()
        if not state.told.rows or (not force and now - state.recorded_at < RECORD_S):
            return
        told, state.told, state.recorded_at = state.told, Told(), now
        with self._node.store.write() as tx:
            detail = {"from": told.first, "to": told.last, "rows": told.rows}
            note(self._node, tx, partner, "relayed", told.digest.hex(), detail)


def permit_of(node: Node, partner: str, names: Iterable[str]) -> Permit | None:
    """What a partner may be told now of these sources; None: nothing. Asked each time anew, as accords end by time."""
    recipient = find_recipient(node.store, partner)
    if recipient is None or recipient.kind != "partner" or recipient.suspended or check(node):
        return None
    case = prepare(recipient, policy_in_force(node.store), node.clock.now_us() / 1e6)
    if case.terms is None or not case.terms.relay:
        return None
    sources = [node.settings.source_for(name) for name in names]
    allowed = frozenset(one.name for one in sources if one.terms.onward and may_know(one, node.id, case))
    return Permit(case.terms.relay, allowed, frozenset(node.settings.own_vessels))


def min_max(rows: pa.Table) -> tuple[int, int]:
    """The first and the last second of some rows."""
    t = rows["t"].to_numpy()
    return int(t.min()), int(t.max())


def without_stations(rows: pa.Table) -> pa.Table:
    """The rows without who heard them: where our receivers stand is not part of what is told."""
    empty = pa.nulls(rows.num_rows, POSITIONS.field("station").type)
    return rows.set_column(rows.schema.get_field_index("station"), POSITIONS.field("station"), empty)
