"""Files that are wholly there or not at all: write, sync, rename, sync the folder. And tidying up after a crash."""

import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from prasan.archive.values import Recovered
from prasan.errors import PrasanError

KEPT: Final = ("positions", "statics", "quarantine", "bins", "hot")
LOST: Final = "lost"
WORK: Final = "work"
"""Where tending writes before it commits; only who tends may clean it."""
TEMPORARY: Final = ".tmp"
ROW_GROUP: Final = 131_072
ZSTD_LEVEL: Final = 3
ENCODINGS: Final = {
    **dict.fromkeys(("bin", "cell", "mmsi"), "DELTA_BINARY_PACKED"),
    **dict.fromkeys(("t", "t_last", "lat", "lon", "sog", "cog", "heading"), "BYTE_STREAM_SPLIT"),
}
"""How columns lie whose neighbours are alike once a file is sorted. The others repeat: dictionary.

A dictionary on these costs 60 % more. Splitting the bytes of whole numbers (Parquet 2.11) takes a quarter less than
delta on real and made tracks, and is written faster. Read by pyarrow 15, polars, DuckDB 2.0 and parquet-java 1.14 on.
"""


class Written(msgspec.Struct, frozen=True):
    """A finished file: its rows, bytes and SHA-256 in hexadecimal."""

    rows: int
    bytes: int
    sha256: str


def encode(table: pa.Table) -> pa.Buffer:
    """The bytes of a Parquet file: zstd, page index, encodings by column."""
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, **_options(table.schema)) as writer:
        writer.write_table(table, ROW_GROUP)
    return sink.getvalue()


def write_stream(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> Written:
    """One durable Parquet file of tables that come one by one: no more than a row group is held beside the table."""
    with disk_errors():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            rows = _write_groups(file, schema, tables)
            file.flush()
            os.fsync(file.fileno())
        return Written(rows, path.stat().st_size, file_hash(path) or "")


def _write_groups(file: BinaryIO, schema: pa.Schema, tables: Iterable[pa.Table]) -> int:
    """Write tables as row groups of equal size but for the last; how many rows."""
    rows, held = 0, schema.empty_table()
    with pq.ParquetWriter(file, schema, **_options(schema)) as writer:
        for table in tables:
            held = pa.concat_tables([held, table])
            whole = held.num_rows - held.num_rows % ROW_GROUP
            if whole:
                writer.write_table(held.slice(0, whole).unify_dictionaries(), ROW_GROUP)
                held = held.slice(whole).combine_chunks()  # a copy: the slice would keep the whole alive
            rows += table.num_rows
        writer.write_table(held.unify_dictionaries(), ROW_GROUP)
    return rows


def _options(schema: pa.Schema) -> dict[str, Any]:
    order = ("bin", "cell", "mmsi") if "bin" in schema.names else ("mmsi", "t")
    return {
        "compression": "zstd",
        "compression_level": ZSTD_LEVEL,
        "use_dictionary": [name for name in schema.names if name not in ENCODINGS],
        "column_encoding": {name: ENCODINGS[name] for name in schema.names if name in ENCODINGS},
        "write_page_index": True,
        "sorting_columns": pq.SortingColumn.from_ordering(schema, [(name, "ascending") for name in order]),
    }


def move(root: Path, pairs: Iterable[tuple[Path, str]]) -> None:
    """Give finished files their names below `root`, durably."""
    folders = set[Path]()
    with disk_errors():
        for source, path in pairs:
            target = root / path
            folders |= {*_make_folders(target.parent), target.parent}
            source.replace(target)
        for folder in folders:
            sync_folder(folder)


def append_log(path: Path, start: int, data: Iterable[pa.Buffer]) -> None:
    """Write at `start` of a log, where its last committed batch ends, and make it durable; what lay behind is cut."""
    with disk_errors():
        folders = _make_folders(path.parent) | (set() if start else {path.parent})
        with path.open("r+b" if start else "wb") as file:
            file.truncate(start)
            file.seek(start)
            for buffer in data:
                file.write(memoryview(buffer))
            file.flush()
            os.fsync(file.fileno())
        for folder in folders:
            sync_folder(folder)


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
            sync_folder(folder)


def recover(root: Path, known: Collection[str], logs: Mapping[str, int]) -> Recovered:
    """Delete unfinished files, move those not in `known` to `lost/`, cut `logs` to their length.

    Only for who holds the write lock: nobody else is half-way through a batch then.
    """
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
        torn = sum(_cut(root / name, length) for name, length in logs.items())
    return Recovered(temporary, moved, torn)


def clean_work(root: Path) -> int:
    """Delete what an interrupted tending left; how many files. Only for who holds the tending lock."""
    with disk_errors():
        left = list((root / WORK).glob("*")) if (root / WORK).is_dir() else []
        for path in left:
            path.unlink()
    return len(left)


def drop_lost(root: Path, before: float) -> int:
    """Delete files in `lost/` that were last written before a time; how many."""
    dropped = 0
    with disk_errors():
        for folder, _, names in os.walk(root / LOST):
            for path in (Path(folder) / name for name in names):
                if path.stat().st_mtime < before:
                    path.unlink()
                    dropped += 1
    return dropped


def _cut(path: Path, length: int) -> bool:
    if not path.is_file() or path.stat().st_size <= length:
        return False
    with path.open("r+b") as file:
        file.truncate(length)
        os.fsync(file.fileno())
    return True


def free_bytes(root: Path) -> int:
    """Bytes that may still be written to the disk of a folder."""
    return shutil.disk_usage(root).free


def count_lost(root: Path) -> int:
    """Files that recoveries have moved aside since the archive was made."""
    return sum(len(files) for _, _, files in os.walk(root / LOST))


def file_hash(path: Path, start: int = 0, length: int | None = None) -> str | None:
    """SHA-256 of a file, or of `length` bytes of it from `start`, in hexadecimal; None if it is not there."""
    digest, left = sha256(), 2**63 if length is None else length
    try:
        with path.open("rb") as file:
            file.seek(start)
            while block := file.read(min(left, 1 << 20)):
                digest.update(block)
                left -= len(block)
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


def sync_folder(folder: Path) -> None:
    """Make what was renamed or made in a folder survive a power cut."""
    if os.name == "nt":  # a folder cannot be opened there; NTFS journals the rename itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
