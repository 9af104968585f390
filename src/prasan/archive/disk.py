"""Files that are wholly there or not at all: write, sync, rename, sync the folder. And tidying up after a crash."""

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from prasan.archive.values import Recovered
from prasan.errors import PrasanError

KEPT: Final = ("positions", "statics", "quarantine")
LOST: Final = "lost"
TEMPORARY: Final = ".tmp"
ROW_GROUP: Final = 131_072
ZSTD_LEVEL: Final = 3
DELTA: Final = ("t", "mmsi", "lat", "lon", "sog", "cog", "heading")
"""Columns whose neighbours are close once a file is sorted by vessel and time. The others repeat: dictionary.

A dictionary on these costs 60 % more on dense tracks; DELTA_BINARY_PACKED is read by every Parquet reader in use.
"""


def encode(table: pa.Table) -> pa.Buffer:
    """The bytes of a Parquet file: zstd, page index, encodings by column."""
    sink = pa.BufferOutputStream()
    delta = {name: "DELTA_BINARY_PACKED" for name in table.column_names if name in DELTA}
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        row_group_size=ROW_GROUP,
        use_dictionary=[name for name in table.column_names if name not in delta],  # type: ignore[arg-type]
        column_encoding=delta,
        write_page_index=True,
        sorting_columns=pq.SortingColumn.from_ordering(table.schema, [("mmsi", "ascending"), ("t", "ascending")]),
    )
    return sink.getvalue()


def write_all(root: Path, files: Iterable[tuple[str, pa.Buffer]]) -> None:
    """Put files below `root`, each durable under its final name when this returns. PrasanError if the disk refuses."""
    folders = set[Path]()
    with disk_errors():
        for path, data in files:
            target = root / path
            folders |= _make_folders(target.parent)
            temporary = target.with_name(target.name + TEMPORARY)
            try:
                _write(temporary, data)
                temporary.replace(target)
            except OSError:
                temporary.unlink(missing_ok=True)
                raise
            folders.add(target.parent)
        for folder in folders:
            _sync_folder(folder)


def recover(root: Path, known: Collection[str]) -> Recovered:
    """Delete unfinished files and move those not in `known` to `lost/`. Only for who holds the write lock."""
    temporary = moved = 0
    with disk_errors():
        for path in _files(root):
            name = path.relative_to(root).as_posix()
            if name.endswith(TEMPORARY):
                path.unlink()
                temporary += 1
            elif name not in known:
                target = root / LOST / name
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
                moved += 1
    return Recovered(temporary, moved)


def count_lost(root: Path) -> int:
    """Files that recoveries have moved aside since the archive was made."""
    return sum(len(files) for _, _, files in os.walk(root / LOST))


def file_hash(path: Path) -> str | None:
    """SHA-256 of a file in hexadecimal, or None if it is not there."""
    try:
        with path.open("rb") as file:
            digest = sha256()
            while block := file.read(1 << 20):
                digest.update(block)
    except FileNotFoundError:
        return None
    return digest.hexdigest()


@contextmanager
def disk_errors() -> Iterator[None]:
    """A full or failing disk as one sentence: what was not acknowledged can be sent again."""
    try:
        yield
    except OSError as error:
        raise PrasanError(
            f"The archive cannot use its disk: {error.strerror or error}.",
            "Free space or mend the disk, then send the same batch again: nothing of it was acknowledged.",
        ) from error


def _files(root: Path) -> Iterator[Path]:
    for kind in KEPT:
        for folder, _, names in os.walk(root / kind):
            yield from (Path(folder) / name for name in names)


def _make_folders(folder: Path) -> set[Path]:
    """Create a folder; the result is every existing folder that now has a new entry and must be synced."""
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return {p.parent for p in missing}


def _write(path: Path, data: pa.Buffer) -> None:
    with path.open("wb") as file:
        file.write(memoryview(data))
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there; NTFS journals the rename itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
