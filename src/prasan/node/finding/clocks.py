"""Rows whose receiver's clock is off are used for nothing.

Stations of one source are compared with each other as rows come: what is off goes into the archive's quarantine.
Receivers of different sources are compared only for what this node itself holds to be so: what is off by them stays in
the archive and is left out when rows are read, and for somebody who may not know every source it is found again without
the others (see `deriving`). So no source that they may not know decides what they are told.
"""

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

import msgspec
import pyarrow as pa

from prasan.node.node import Node
from prasan.tracks.clocks import RULE, ClockRule, Clocks, Judged, Receiver, faults, hear_clocks, set_aside, without

LATELY_H: Final = 2
"""What was judged so many hours before the newest hour is not said any more."""
FILES: Final = msgspec.structs.replace(RULE, memory_count=500_000)
"""In a file stations may come one after the other, so more is remembered: 14 MB."""
OFF: Final = "clocks/off"
"""Name of the document: source, station and hour (since 1970) of what is off."""
HOURS: Final = 20_000
"""Receiver-hours kept in it; with more, the earliest found are let go."""

Hours = tuple[tuple[str, str, int], ...]


class ClockWatch:
    """Compares receivers as rows come. Any thread may call it."""

    def __init__(self, rule: ClockRule = RULE) -> None:
        self._rule = rule
        self._within: dict[str, Clocks] = {}
        self._between: dict[str, Clocks] = {}
        self._told: set[tuple[str, str, int]] = set()
        self._guard = threading.Lock()

    def judge(self, source: str, positions: pa.Table) -> tuple[pa.Table, int]:
        """New rows of one source, those of its stations that are off flagged so; how many."""
        with self._guard:
            known = hear_clocks(positions, self._within.get(source, Clocks()), self._rule)
            self._within[source] = known
        return set_aside(positions, faults(known))

    def compare(self, clock: str, positions: pa.Table) -> None:
        """The same rows beside those of the other sources of their clock (data sets with one label)."""
        with self._guard:
            self._between[clock] = hear_clocks(positions, self._between.get(clock, Clocks()), self._rule)

    def wrong(self) -> Iterator[Judged]:
        """Receivers that are off or disputed now, as each was judged last."""
        for judged in self._judged():
            last = {receiver: judged[receiver, hour] for receiver, hour in sorted(judged)}
            newest = max((one.hour for one in last.values()), default=0)
            yield from (one for one in last.values() if one.hour >= newest - LATELY_H and (one.off or one.disputed))

    def remember(self, node: Node) -> None:
        """Keep with the node what is off among all receivers."""
        every = {(*one.receiver, one.hour) for judged in self._judged() for one in judged.values() if one.off}
        remember_off(node, every - self._told)
        self._told |= every

    def _judged(self) -> list[Mapping[tuple[Receiver, int], Judged]]:
        with self._guard:
            return [self._between[clock].judged for clock in sorted(self._between)]


def fit(positions: pa.Table, known: Mapping[Receiver, Sequence[int]] | None = None) -> pa.Table:
    """All rows of some sources, looked at together -> without those of receivers that are off by these very rows.

    `known`: hours that are off by rows that came and went.
    """
    off = faults(hear_clocks(positions, Clocks()))
    every = {one: [*off.get(one, ()), *(known or {}).get(one, ())] for one in {*off, *(known or {})}}
    return without(positions, every)


def read_fit(  # noqa: PLR0913, PLR0917 - as `Archive.read`
    node: Node, names: Collection[str], mmsis: Collection[int] | None = None, t_from: int | None = None,
    t_to: int | None = None, columns: Sequence[str] | None = None, *, ordered: bool = True,
) -> pa.Table:  # fmt: skip
    """Positions as `Archive.read` gives them, without those of receiver-hours that are known to be off."""
    off = known_off(node, names)
    if not off:
        return node.archive.read(names, mmsis, t_from, t_to, columns, ordered=ordered)
    wanted = None if columns is None else list(dict.fromkeys((*columns, "t", "source", "station")))
    rows = without(node.archive.read(names, mmsis, t_from, t_to, wanted, ordered=ordered), off)
    return rows if columns is None else rows.select([name for name in rows.column_names if name in columns])


def known_off(node: Node, names: Collection[str]) -> dict[Receiver, list[int]]:
    """The hours in which receivers of these sources are known to be off."""
    off: dict[Receiver, list[int]] = {}
    for source, station, hour in _read(node.store.meta(OFF) or "[]"):
        if source in names:
            off.setdefault((source, station), []).append(hour)
    return off


def remember_off(node: Node, new: Collection[tuple[str, str, int]]) -> None:
    """Keep these receiver-hours with the others that are off."""
    if new := sorted(set(new) - set(_read(node.store.meta(OFF) or "[]"))):
        with node.store.write() as tx:
            kept = (*_read(tx.meta(OFF) or "[]"), *new)[-HOURS:]
            tx.set_meta(OFF, msgspec.json.encode(kept).decode())


@lru_cache(4)
def _read(text: str) -> Hours:
    return msgspec.json.decode(text, type=Hours)
