"""Reading: which files can hold the answer (by the manifest), and the rows of those files (by Parquet's statistics)."""

from collections.abc import Callable, Collection, Iterable, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from prasan.archive.bins import BINS
from prasan.archive.manifest import Manifest
from prasan.archive.partition import is_sorted, ordered, sort_key
from prasan.archive.values import Kind
from prasan.errors import IntegrityError, UsageError
from prasan.picture.position import POSITIONS, STATICS

LOGS: Final = "hot"
"""The folder of the hot logs; a stream in one is named `<log>@<start>`."""


FOLDER: Final = "rtrim(path, replace(path, '/', ''))"
"""SQL for a path up to its last slash: trim, from the right, every character that is not one."""


def is_hot(path: str) -> bool:
    """True if the manifest's name is that of a stream in a hot log."""
    return path.startswith(LOGS + "/")


def log_of(path: str) -> tuple[str, int]:
    """The log and the first byte of a stream."""
    log, _, start = path.rpartition("@")
    return log, int(start)


def schema_of(kind: Kind) -> pa.Schema:
    """The columns of a kind of file."""
    return {"positions": POSITIONS, "statics": STATICS, "bins": BINS}[kind]


LARGE: Final = 1 << 24
"""Bytes of an answer, after which what Arrow needed for finding it is given back: it keeps as much again."""


class Wanted(msgspec.Struct, frozen=True):
    """A question to the archive; None asks for everything. Times are seconds UTC, `t_to` is not included."""

    sources: Collection[str] | None
    mmsis: Collection[int] | None
    t_from: int | None
    t_to: int | None
    columns: Sequence[str] | None
    ordered: bool
    quarantine: bool = False


def choose(manifest: Manifest, kind: Kind, wanted: Wanted, *, hot: bool = False) -> list[str]:
    """Paths of the live files that can hold rows of the answer, in the order they were written by day.

    `hot` asks for streams in hot logs only.
    """
    where = ["kind = ?", "quarantine = ?", "state = 'live'"]
    values: list[str | int] = [kind, int(wanted.quarantine)]
    if hot:
        where.append(f"path GLOB '{LOGS}/*'")
    if wanted.t_from is not None:
        where, values = [*where, "t_max >= ?"], [*values, wanted.t_from]
    if wanted.t_to is not None:
        where, values = [*where, "t_min < ?"], [*values, wanted.t_to]
    if wanted.mmsis is not None:
        low, high = min(wanted.mmsis, default=0), max(wanted.mmsis, default=-1)
        where, values = [*where, "mmsi_max >= ?", "mmsi_min <= ?"], [*values, low, high]
    if wanted.sources is not None:
        marks = ",".join("?" * len(wanted.sources))
        where.append(f"path IN (SELECT path FROM file_sources WHERE source IN ({marks}))")  # noqa: S608
        values.extend(wanted.sources)
    rows = manifest.all(f"SELECT path FROM files WHERE {' AND '.join(where)} ORDER BY t_min / 86400, seq", values)  # noqa: S608
    return [path for (path,) in rows]


def scan(root: Path, paths: list[str], schema: pa.Schema, wanted: Wanted) -> pa.Table:
    """The rows of the answer. IntegrityError if a file is gone or cannot be read; UsageError for unknown columns."""
    names = _names(schema, wanted.columns)
    ordered = wanted.ordered and (len(paths) > 1 or any(map(is_hot, paths)))
    read = [n for n in schema.names if n in names or (ordered and n in ("mmsi", "t"))]
    table = read_files(root, paths, schema, read, filter_of(wanted.sources, wanted.mmsis, wanted.t_from, wanted.t_to))
    if ordered:
        table = sorted_rows(table)
    if table.nbytes > LARGE:
        pa.default_memory_pool().release_unused()
    return table.select(names)


def read_files(
    root: Path,
    paths: Sequence[str],
    schema: pa.Schema,
    columns: list[str] | None = None,
    rows: pc.Expression | None = None,
) -> pa.Table:
    """Columns and rows of some files, one after the other. IntegrityError if a file is gone or cannot be read."""
    names = columns or schema.names
    files, streams = [path for path in paths if not is_hot(path)], [path for path in paths if is_hot(path)]
    try:
        found = list[pa.Table]()
        if files:
            dataset = ds.dataset([str(root / path) for path in files], schema=schema, format="parquet")
            found.append(dataset.to_table(columns=names, filter=rows))
        if streams:
            table = _read_streams(root, streams, schema)
            found.append((table if rows is None else table.filter(rows)).select(names))
    except (OSError, pa.ArrowException) as error:
        raise unreadable(error) from error
    return pa.concat_tables(found or [schema.empty_table().select(names)]).unify_dictionaries()


TRIES: Final = 5


def settled(ask: Callable[[], pa.Table]) -> pa.Table:
    """Ask again if files went between naming and reading them: they had been replaced longer ago than their grace.

    Damage looks the same, and stays.
    """
    for _ in range(TRIES - 1):
        try:
            return ask()
        except IntegrityError:
            continue
    return ask()


def unreadable(error: Exception) -> IntegrityError:
    """What is said of a file that is gone or damaged."""
    return IntegrityError(f"A file of the archive cannot be read: {error}", "Restore it from a backup of this archive.")


def _read_streams(root: Path, paths: Sequence[str], schema: pa.Schema) -> pa.Table:
    """Whole streams of hot logs. Each ends where it says, so what is being appended behind it does not matter."""
    found, by_log = list[pa.Table](), dict[str, list[int]]()
    for log, start in map(log_of, paths):
        by_log.setdefault(log, []).append(start)
    for log, starts in by_log.items():
        with (root / log).open("rb") as file:
            for start in starts:
                file.seek(start)
                found.append(_read_stream(file, schema))
    return pa.concat_tables(found).unify_dictionaries()


def _read_stream(file: BufferedReader, schema: pa.Schema) -> pa.Table:
    """One stream. OSError if it is damaged: what Arrow makes of bad lengths and names is no exception of its own."""
    try:
        with pa.ipc.open_stream(file) as stream:
            table = stream.read_all()
        same = table.schema.equals(schema)
    except (KeyError, UnicodeDecodeError, MemoryError) as error:
        raise OSError(f"a stream of a log is damaged ({type(error).__name__})") from error
    if not same:
        raise OSError("a stream of a log has other columns")
    return table


def _names(schema: pa.Schema, columns: Sequence[str] | None) -> list[str]:
    unknown = [name for name in columns or () if name not in schema.names]
    if unknown:
        raise UsageError(f"There is no column {', '.join(unknown)}.", f"Choose from {', '.join(schema.names)}.")
    return [name for name in schema.names if columns is None or name in columns]


def filter_of(
    sources: Collection[str] | None, mmsis: Collection[int] | None, t_from: int | None, t_to: int | None
) -> pc.Expression | None:
    """Which rows answer a question, in a form that row group statistics can be held against; None for all."""
    terms = list[pc.Expression]()
    if t_from is not None:
        terms.append(pc.field("t") >= t_from)
    if t_to is not None:
        terms.append(pc.field("t") < t_to)
    if mmsis is not None:
        mmsi, asked = pc.field("mmsi"), sorted(set(mmsis))
        if asked:  # plain bounds are what row group statistics can be held against
            terms += [mmsi >= asked[0], mmsi <= asked[-1]]
        terms.append(mmsi.isin(pa.array(asked, pa.uint32())))
    if sources is not None:
        terms.append(pc.field("source").cast(pa.string()).isin(pa.array(sorted(sources), pa.string())))
    return all_of(terms)


def all_of(terms: Iterable[pc.Expression]) -> pc.Expression | None:
    """Every term holds; None without terms."""
    result: pc.Expression | None = None
    for term in terms:
        result = term if result is None else result & term
    return result


def sorted_rows(table: pa.Table) -> pa.Table:
    """The rows by MMSI and time; those alike in both stay in the order they have."""
    key = sort_key(table["mmsi"].to_numpy(), table["t"].to_numpy())
    if is_sorted(key):
        return table
    return ordered(table.unify_dictionaries(), np.argsort(key, kind="stable"))
