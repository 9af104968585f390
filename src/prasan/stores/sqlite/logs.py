"""The ledgers: leaves, the side table of entries and salts, and signed checkpoints (docs/wire.md, section 11)."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from prasan.errors import IntegrityError
from prasan.ledger.entry import Entry, commit, encode
from prasan.ledger.tree import Frontier, Proof, consistency_proof, inclusion_proof
from prasan.ledger.verify import LeafRow
from prasan.stores.rows import CheckpointRow
from prasan.stores.sqlite.link import Link

_FRONTIER: Final = msgspec.msgpack.Decoder(Frontier)
_CHECKPOINT: Final = "SELECT log, size, by, note, at_us FROM checkpoints"


class LogReads(Link):
    """Reading them."""

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
        return consistency_proof(self._leaves(log, new), old)

    def log_inclusion(self, log: str, index: int, size: int) -> Proof:
        """The proof that entry `index` is among the first `size`."""
        return inclusion_proof(self._leaves(log, size), index)

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

    def _leaves(self, log: str, size: int) -> Sequence[bytes]:
        sql = "SELECT leaf FROM leaves WHERE log = ? AND i < ? ORDER BY i"
        return [row[0] for row in self._all(sql, (log, size))]


class LogWrites(LogReads):
    """Adding to them."""

    _frontiers: dict[str, Frontier]
    """What this transaction has added to; written once, at its end."""

    def frontier(self, log: str) -> Frontier:
        """As for readers, with what this transaction has added."""
        return self._frontiers.get(log) or super().frontier(log)

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
        self._do("INSERT INTO leaves VALUES (?, ?, ?)", (log, frontier.size, leaf))
        self._do("INSERT INTO entries VALUES (?, ?, ?, ?)", (log, frontier.size, salt, raw))
        self._frontiers[log] = frontier.append(leaf)
        return frontier.size

    def erase_entry(self, log: str, index: int) -> bool:
        """Delete an entry and its salt; the leaf stays and still verifies as a hole."""
        return self._do("DELETE FROM entries WHERE log = ? AND i = ?", (log, index)) == 1

    def put_checkpoint(self, row: CheckpointRow) -> None:
        """Keep a checkpoint note; of one size by one signer the latest."""
        self._do(
            "INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?) ON CONFLICT (log, by, size) DO UPDATE"
            " SET note = excluded.note, at_us = excluded.at_us",
            (row.log, row.size, row.by, row.note, row.at_us),
        )
