"""Reading: which files can hold the answer (by the manifest), and the rows of those files (by Parquet's statistics)."""

from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from prasan.archive.manifest import Manifest
from prasan.archive.partition import is_sorted, sort_key
from prasan.archive.values import LATEST, Kind
from prasan.errors import IntegrityError, UsageError


class Wanted(msgspec.Struct, frozen=True):
    """A question to the archive; None asks for everything. Times are seconds UTC, `t_to` is not included."""

    sources: Collection[str] | None
    mmsis: Collection[int] | None
    t_from: int | None
    t_to: int | None
    columns: Sequence[str] | None
    ordered: bool
    quarantine: bool = False


def choose(manifest: Manifest, kind: Kind, wanted: Wanted) -> list[str]:
    """Paths of the live files that can hold rows of the answer, in the order they were written by day."""
    where = ["kind = ?", "quarantine = ?", "state = 'live'"]
    values: list[str | int] = [kind, int(wanted.quarantine)]
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
    ordered = wanted.ordered and len(paths) > 1
    read = [n for n in schema.names if n in names or (ordered and n in ("mmsi", "t"))]
    table = read_files(root, paths, schema, read, _filter(wanted))
    if ordered:
        table = sorted_rows(table)
    return table.select(names)


def read_files(
    root: Path,
    paths: Sequence[str],
    schema: pa.Schema,
    columns: list[str] | None = None,
    rows: pc.Expression | None = None,
) -> pa.Table:
    """Columns and rows of some files, one after the other. IntegrityError if a file is gone or cannot be read."""
    if not paths:
        return schema.empty_table().select(columns or schema.names)
    try:
        dataset = ds.dataset([str(root / path) for path in paths], schema=schema, format="parquet")
        table = dataset.to_table(columns=columns, filter=rows)
    except (OSError, pa.ArrowException) as error:
        raise IntegrityError(
            f"A file of the archive cannot be read: {error}", "Restore it from a backup of this archive."
        ) from error
    return table.unify_dictionaries()


def read_latest(manifest: Manifest, sources: tuple[str, ...] | None) -> pa.Table:
    """The last fix of each MMSI by each of the sources (None: all), in the schema LATEST, sorted by source and MMSI."""
    where = "1" if sources is None else f"source IN ({','.join('?' * len(sources))})"
    rows = manifest.all(f"SELECT {','.join(LATEST.names)} FROM latest WHERE {where} ORDER BY 1, 2", sources or ())  # noqa: S608
    columns = list(zip(*rows, strict=True)) or [()] * len(LATEST)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, LATEST, strict=True)], schema=LATEST)


def _names(schema: pa.Schema, columns: Sequence[str] | None) -> list[str]:
    unknown = [name for name in columns or () if name not in schema.names]
    if unknown:
        raise UsageError(f"There is no column {', '.join(unknown)}.", f"Choose from {', '.join(schema.names)}.")
    return [name for name in schema.names if columns is None or name in columns]


def _filter(wanted: Wanted) -> pc.Expression | None:
    terms = list[pc.Expression]()
    if wanted.t_from is not None:
        terms.append(pc.field("t") >= wanted.t_from)
    if wanted.t_to is not None:
        terms.append(pc.field("t") < wanted.t_to)
    if wanted.mmsis is not None:
        mmsi, asked = pc.field("mmsi"), sorted(set(wanted.mmsis))
        if asked:  # plain bounds are what row group statistics can be held against
            terms += [mmsi >= asked[0], mmsi <= asked[-1]]
        terms.append(mmsi.isin(pa.array(asked, pa.uint32())))
    if wanted.sources is not None:
        terms.append(pc.field("source").cast(pa.string()).isin(pa.array(sorted(wanted.sources), pa.string())))
    if not terms:
        return None
    result = terms[0]
    for term in terms[1:]:
        result = result & term
    return result


def sorted_rows(table: pa.Table) -> pa.Table:
    """The rows by MMSI and time; those alike in both stay in the order they have."""
    key = sort_key(table["mmsi"].to_numpy(), table["t"].to_numpy())
    if is_sorted(key):
        return table
    return table.combine_chunks().take(np.argsort(key, kind="stable"))
