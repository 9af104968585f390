"""Many sorted Parquet files read as one sorted stream, holding no more than a few million rows at a time."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from prasan.archive.partition import ordered, sort_key
from prasan.archive.reading import unreadable

HELD_ROWS: Final = 800_000
"""Rows held of all files together: about 50 bytes each, three times over while they are sorted."""
MOST_FILES: Final = 256
"""Files merged at once: each holds a file handle and a row group's pages."""


def merged(root: Path, paths: Sequence[str], schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows of files that are each sorted by (mmsi, t), in that order, as tables of some million rows or less.

    IntegrityError if a file is gone or cannot be read.
    """
    step = min(max(HELD_ROWS // max(len(paths), 1), 8_192), 524_288)
    readers = list[_Reader]()
    try:
        readers += [_Reader(root / path, schema, step) for path in paths]
        while True:
            for reader in readers:
                reader.fill()
            readers = [reader for reader in readers if len(reader.key)]
            if not readers:
                return
            # No file holds back a row up to the least of the last keys that are known.
            bound = min((reader.key[-1] for reader in readers if reader.more), default=None)
            yield _sorted([reader.take(bound) for reader in readers])
    except (OSError, pa.ArrowException) as error:
        raise unreadable(error) from error
    finally:
        for reader in readers:
            reader.close()


class _Reader:
    """One file: the rows that were read and not yet taken, and their keys."""

    def __init__(self, path: Path, schema: pa.Schema, step: int) -> None:
        self._file: Any = pq.ParquetFile(path)
        self._batches = self._file.iter_batches(batch_size=step, columns=schema.names, use_threads=False)
        self._schema, self._step = schema, step
        self._rows = schema.empty_table()
        self.key: NDArray[np.uint64] = np.empty(0, np.uint64)
        self.more = True

    def fill(self) -> None:
        """Read on if less than half a step is left, unless the file is at its end."""
        while self.more and len(self.key) <= self._step // 2:
            batch = next(self._batches, None)
            if batch is None:
                self.more = False
                self.close()
                return
            rows = pa.Table.from_batches([batch]).cast(self._schema)
            self._rows = pa.concat_tables([self._rows, rows])
            self.key = np.concatenate((self.key, sort_key(rows["mmsi"].to_numpy(), rows["t"].to_numpy())))

    def take(self, bound: np.uint64 | None) -> tuple[pa.Table, NDArray[np.uint64]]:
        """The rows up to a key, or all."""
        count = len(self.key) if bound is None else int(np.searchsorted(self.key, bound, "right"))
        taken = self._rows.slice(0, count), self.key[:count]
        self._rows, self.key = self._rows.slice(count), self.key[count:]
        return taken

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _sorted(parts: list[tuple[pa.Table, NDArray[np.uint64]]]) -> pa.Table:
    table = pa.concat_tables([rows for rows, _ in parts])
    if len(parts) == 1:
        return table
    order = np.argsort(np.concatenate([key for _, key in parts]), kind="stable")
    return ordered(table.unify_dictionaries(), order)


def ahead(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The same tables; the next is made in another thread while the caller works on this one."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, tables, None)
        while (table := coming.result()) is not None:
            coming = pool.submit(next, tables, None)
            yield table
