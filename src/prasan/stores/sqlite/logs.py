"""The ledgers: leaves, the side table of entries and salts, and signed checkpoints (docs/wire.md, section 11)."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

import msgspec

from prasan.errors import IntegrityError
from prasan.ledger.entry import Entry, commit, encode
from prasan.ledger.tree import Frontier, Proof, Span, consistency_spans, inclusion_spans, root_of_parts
from prasan.ledger.verify import LeafRow
from prasan.stores.rows import CheckpointRow
from prasan.stores.sqlite.link import Link

RUN: Final = 1024
"""Leaves whose root is remembered, so that a proof in a long log does not read all of it."""
_FRONTIER: Final = msgspec.msgpack.Decoder(Frontier)
_CHECKPOINT: Final = "SELECT log, size, by, note, at_us FROM checkpoints"


class _At(msgspec.Struct):
    at: int


_AT: Final = msgspec.json.Decoder(_At)


class LogReads(Link):
    """Reading them."""

    @cached_property
    def _runs(self) -> dict[tuple[str, int], bytes]:
        return {}

    def logs(self) -> list[str]:
        """The names of all logs."""
        return [row[0] for row in self._all("SELECT name FROM logs ORDER BY name")]

    def frontier(self, log: str) -> Frontier:
        """What the next entry is added to; an empty one for a log that has none. IntegrityError if it is damaged."""
        raw = self._value("SELECT frontier FROM logs WHERE name = ?", (log,))
        if raw is None:
            return Frontier()
        try:
            return _FRONTIER.decode(raw).check()
        except msgspec.MsgspecError:
            raise IntegrityError(
                f"The frontier of log '{log}' is damaged.", "Restore the store from a backup."
            ) from None

    def leaf_rows(self, log: str, start: int = 0) -> Iterator[LeafRow]:
        """Every leaf from `start` on with its entry and salt, or without both if they were erased."""
        sql = (
            "SELECT l.i, l.leaf, e.salt, e.entry FROM leaves l LEFT JOIN entries e ON e.log = l.log AND e.i = l.i"
            " WHERE l.log = ? AND l.i >= ? ORDER BY l.i"
        )
        return (LeafRow(*row) for row in self._each(sql, (log, start)))

    def log_consistency(self, log: str, old: int, new: int) -> Proof:
        """The proof that the first `old` entries are the beginning of the first `new`."""
        return self._roots(log, consistency_spans(old, new))

    def log_inclusion(self, log: str, index: int, size: int) -> Proof:
        """The proof that entry `index` is among the first `size`."""
        return self._roots(log, inclusion_spans(index, size))

    def log_root(self, log: str, size: int) -> bytes:
        """The root of the first `size` entries."""
        return self._root(log, 0, size)

    def checkpoint(self, log: str, by: str = "") -> CheckpointRow | None:
        """The latest checkpoint of a log, our own or one that `by` has signed."""
        row = self._one(f"{_CHECKPOINT} WHERE log = ? AND by = ? ORDER BY size DESC LIMIT 1", (log, by))
        return None if row is None else CheckpointRow(*row)

    def last_seen(self, log: str, by: str) -> CheckpointRow | None:
        """The checkpoint that `by` has signed and that came last: after a new epoch it may be of a smaller size."""
        row = self._one(f"{_CHECKPOINT} WHERE log = ? AND by = ? ORDER BY at_us DESC, size DESC LIMIT 1", (log, by))
        return None if row is None else CheckpointRow(*row)

    def checkpoints(self, log: str) -> list[CheckpointRow]:
        """All checkpoints of a log by size."""
        return [CheckpointRow(*row) for row in self._all(f"{_CHECKPOINT} WHERE log = ? ORDER BY size, by", (log,))]

    def last_entry_at(self, log: str) -> int | None:
        """When the last entry that was not erased was written, in µs; None for a log without any."""
        raw = self._value("SELECT entry FROM entries WHERE log = ? ORDER BY i DESC LIMIT 1", (log,))
        return None if raw is None else _AT.decode(raw).at

    def epoch_indexes(self, log: str) -> list[int]:
        """Where in a log the entries are that began epochs."""
        raw = self._value("SELECT value FROM meta WHERE key = ?", (f"epochs/{log}",))
        return msgspec.json.decode(raw, type=list[int]) if raw else []

    def _roots(self, log: str, spans: Sequence[Span]) -> Proof:
        return tuple(self._root(log, *span) for span in spans)

    def _root(self, log: str, start: int, stop: int) -> bytes:
        """The root of a run of leaves. A run of a proof that is longer than `RUN` begins at a multiple of it."""
        whole = (stop - start) // RUN if start % RUN == 0 else 0
        parts = [self._run(log, start // RUN + number) for number in range(whole)]
        return root_of_parts(parts, self._leaves(log, start + whole * RUN, stop))

    def _run(self, log: str, number: int) -> bytes:
        """The root of `RUN` leaves, which never change: worked out once while the store is open."""
        found = self._runs.get((log, number))
        if found is None:
            leaves = self._leaves(log, number * RUN, (number + 1) * RUN)
            found = root_of_parts((), leaves)
            if len(leaves) == RUN:
                self._runs[log, number] = found
        return found

    def _leaves(self, log: str, start: int, stop: int) -> Sequence[bytes]:
        sql = "SELECT leaf FROM leaves WHERE log = ? AND i >= ? AND i < ? ORDER BY i"
        return [row[0] for row in self._all(sql, (log, start, stop))]


class LogWrites(LogReads):
    """Adding to them."""

    _frontiers: dict[str, Frontier]
    """What this transaction has added to; written once, at its end."""
    _entries: list[tuple[str, int, bytes, bytes, bytes]]
    """(log, index, leaf, salt, entry) of what it has added and not written yet: they are written together."""

    def frontier(self, log: str) -> Frontier:
        """As for readers, with what this transaction has added."""
        return self._frontiers.get(log) or super().frontier(log)

    def write_entries(self) -> None:
        """Write what was added. Called when the transaction ends, and before anything reads it."""
        added, self._entries = self._entries, []
        self._each_of("INSERT INTO leaves VALUES (?, ?, ?)", [row[:3] for row in added])
        self._each_of("INSERT INTO entries VALUES (?, ?, ?, ?)", [(*row[:2], *row[3:]) for row in added])

    def leaf_rows(self, log: str, start: int = 0) -> Iterator[LeafRow]:
        """As for readers, with what this transaction has added."""
        self.write_entries()
        return super().leaf_rows(log, start)

    def last_entry_at(self, log: str) -> int | None:
        """As for readers, with what this transaction has added."""
        self.write_entries()
        return super().last_entry_at(log)

    def _leaves(self, log: str, start: int, stop: int) -> Sequence[bytes]:
        self.write_entries()
        return super()._leaves(log, start, stop)

    def write_frontiers(self) -> None:
        """Store what the next entries are added to. Called when the transaction ends."""
        for log, frontier in self._frontiers.items():
            self._do(
                "INSERT INTO logs VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET frontier = excluded.frontier",
                (log, msgspec.msgpack.encode(frontier)),
            )

    def logs(self) -> list[str]:
        """As for readers, with those that this transaction began."""
        return sorted({*super().logs(), *self._frontiers})

    def append_log(self, log: str, entry: Entry, salt: bytes) -> int:
        """Add one entry with its 32 random salt bytes; its index."""
        raw = encode(entry)
        leaf = commit(salt, raw)
        frontier = self.frontier(log)
        self._entries.append((log, frontier.size, leaf, salt, raw))
        self._frontiers[log] = frontier.append(leaf)
        return frontier.size

    def erase_entry(self, log: str, index: int) -> bool:
        """Delete an entry and its salt; the leaf stays and still verifies as a hole."""
        self.write_entries()
        self._do("PRAGMA secure_delete = ON")  # the page is overwritten, not only let go
        return self._do("DELETE FROM entries WHERE log = ? AND i = ?", (log, index)) == 1

    def put_epoch_index(self, log: str, index: int) -> None:
        """Remember that this entry began an epoch."""
        indexes = msgspec.json.encode([*self.epoch_indexes(log), index]).decode()
        sql = "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        self._do(sql, (f"epochs/{log}", indexes))

    def forget_seen(self, log: str, by: str) -> int:
        """Let go of the checkpoints of another's log, so that what it shows next is a beginning."""
        return self._do("DELETE FROM checkpoints WHERE log = ? AND by = ?", (log, by))

    def put_checkpoint(self, row: CheckpointRow) -> None:
        """Keep a checkpoint note; of one size by one signer the latest."""
        self._do(
            "INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?) ON CONFLICT (log, by, size) DO UPDATE"
            " SET note = excluded.note, at_us = excluded.at_us",
            (row.log, row.size, row.by, row.note, row.at_us),
        )
