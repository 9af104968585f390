"""Cuts a batch into the parts that become files: by date and bucket, sorted by MMSI and time."""

from collections.abc import Collection, Iterable
from hashlib import sha256
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from prasan.archive.values import Backfill, Kind
from prasan.errors import UsageError
from prasan.picture.position import Flag

UNDATED: Final = int(Flag.NO_TIME | Flag.EPOCH_TIME | Flag.FUTURE_TIME | Flag.CLOCK_OFF)
"""Rows with one of these flags have no date that a partition could be named after."""
LAST_T: Final = 2**32 - 1
"""7 February 2106: MMSI and time sort as one 64-bit number, 32 bits each. A later time is no date of ours."""
DAY_S: Final = 86_400


class Part(msgspec.Struct, frozen=True):
    """The rows of one future file. `day` is days since 1970, None in quarantine; `bucket` is None but for positions."""

    kind: Kind
    day: int | None
    bucket: int | None
    table: pa.Table

    def path(self, batch: str) -> str:
        """The file's path below the archive's folder: the same for the same batch, so a repeat writes over itself."""
        part = "part-" + sha256(batch.encode()).hexdigest()[:24]
        if self.day is None:
            return f"quarantine/{part}-{self.kind}.parquet"
        date = f"date={np.datetime64(self.day, 'D')}"
        if self.bucket is None:
            return f"{self.kind}/{date}/{part}.parquet"
        return f"{self.kind}/{date}/bucket={self.bucket:02d}/{part}.parquet"


def split(kind: Kind, table: pa.Table, schema: pa.Schema) -> list[Part]:
    """The rows with a date and those without, as they lie; the day of the former is that of its first row."""
    table = conform(table, schema)
    dated = _dated(table)
    if dated.all():
        halves = [(True, table)]  # nearly always: nothing to filter
    else:
        halves = [(True, table.filter(pa.array(dated))), (False, table.filter(pa.array(~dated)))]
    return [
        Part(kind, int(rows["t"][0].as_py()) // DAY_S if has_date else None, None, rows)
        for has_date, rows in halves
        if rows.num_rows
    ]


def _dated(table: pa.Table) -> NDArray[np.bool_]:
    t = table["t"].to_numpy()
    dated: NDArray[np.bool_] = (table["flags"].to_numpy() & UNDATED == 0) & (t >= 0) & (t <= LAST_T)
    return dated


def cut(kind: Kind, table: pa.Table, schema: pa.Schema, buckets: int) -> list[Part]:
    """The parts of a batch; `buckets` spreads the vessels of a day over so many files (positions only).

    UsageError if the table does not have the schema's columns.
    """
    table = conform(table, schema)
    t, dated = table["t"].to_numpy(), _dated(table)
    parts = list[Part]()
    if not dated.all():
        parts.append(Part(kind, None, None, table.filter(pa.array(~dated))))
        table, t = table.filter(pa.array(dated)), t[dated]
    if not table.num_rows:
        return parts
    mmsi = table["mmsi"].to_numpy()
    bucket = bucket_of(mmsi, buckets) if kind == "positions" else np.zeros(len(mmsi), np.int64)
    order, cells, counts = _sorted_cells(mmsi, t, t // DAY_S * buckets + bucket)
    table = ordered(table, order) if order is not None else table
    for cell, count, stop in zip(cells, counts, np.cumsum(counts), strict=True):
        day, number = divmod(int(cell), buckets)
        rows = table.slice(int(stop - count), int(count))
        parts.append(Part(kind, day, number if kind == "positions" else None, rows))
    return parts


def day_of(folder: str) -> int:
    """The day that a folder is for, in days since 1970."""
    return int(np.datetime64(folder.split("date=")[1][:10], "D").astype(np.int64))


def bucket_of(mmsi: NDArray[np.uint32], buckets: int) -> NDArray[np.int64]:
    """The bucket of each MMSI. Multiplicative hashing: the last digits alone are uneven (many end in 000)."""
    mixed = (mmsi.astype(np.uint64) * np.uint64(2_654_435_761)) & np.uint64(0xFFFFFFFF)
    return ((mixed * np.uint64(buckets)) >> np.uint64(32)).astype(np.int64)


def sort_key(mmsi: NDArray[np.uint32], t: NDArray[np.int64]) -> NDArray[np.uint64]:
    """MMSI and time as one number that sorts like both; `t` within 0..LAST_T."""
    return (mmsi.astype(np.uint64) << np.uint64(32)) | t.astype(np.uint64)


def is_sorted(key: NDArray[Any]) -> bool:
    """True if no value is smaller than the one before."""
    return bool((key[:-1] <= key[1:]).all())


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table in one chunk with exactly the schema. UsageError names what differs."""
    given = set(table.column_names)
    missing = [name for name in schema.names if name not in given]
    if missing:
        raise UsageError(f"The batch lacks the columns {', '.join(missing)}.", "Decode it with prasan.formats.")
    try:
        if not table.schema.equals(schema):
            table = table.select(schema.names).cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
        raise UsageError(f"The batch has a column of another type: {error}", "Decode it with prasan.formats.") from None
    for field in schema:
        if not field.nullable and table[field.name].null_count:
            raise UsageError(f"The batch has rows without '{field.name}'.", "Drop and count such rows when decoding.")
    if all(column.num_chunks == 1 for column in table.columns):
        return table
    return table.unify_dictionaries().combine_chunks()


def late(parts: Iterable[Part], closed: Collection[int]) -> tuple[Backfill, ...]:
    """The closed days, ascending, that have rows in these parts, and the MMSIs of those rows."""
    found = dict[int, list[NDArray[np.uint32]]]()
    for part in parts:
        if part.day is None or not closed:
            continue
        day, mmsi = part.table["t"].to_numpy() // DAY_S, part.table["mmsi"].to_numpy()
        for one in np.intersect1d(day, np.fromiter(closed, np.int64)).tolist():
            found.setdefault(one, []).append(np.unique(mmsi[day == one]))
    return tuple(Backfill(day, tuple(np.unique(np.concatenate(found[day])).tolist())) for day in sorted(found))


def ordered(table: pa.Table, order: NDArray[np.intp]) -> pa.Table:
    """The rows in another order."""
    columns = [_ordered(table[name].combine_chunks(), order) for name in table.column_names]
    return pa.table(columns, schema=table.schema)


def _ordered(column: Any, order: NDArray[np.intp]) -> Any:
    """The values in another order. Columns that hold one value only are common, and their order costs nothing."""
    if column.null_count == len(column):
        return pa.nulls(len(column), column.type)
    if pa.types.is_dictionary(column.type):
        return pa.DictionaryArray.from_arrays(_ordered(column.indices, order), column.dictionary)
    if column.null_count or not pa.types.is_integer(column.type):
        return column.take(pa.array(order))
    values = column.to_numpy()
    return column if (values == values[0]).all() else pa.array(values[order])


def last_fixes(part: Part) -> pa.Table:
    """The newest row with a usable position per source and MMSI of a dated position part."""
    table = part.table
    placed = table["lat"].is_valid().to_numpy() & table["lon"].is_valid().to_numpy()
    placed &= table["flags"].to_numpy() & int(Flag.NULL_ISLAND) == 0
    table = table.filter(pa.array(placed)).combine_chunks()
    if not table.num_rows:
        return table
    mmsi, source = table["mmsi"].to_numpy(), _codes(table["source"])
    if source.min() != source.max():
        order = np.argsort(source, kind="stable")
        table, mmsi, source = table.take(order), mmsi[order], source[order]
    last = np.append((mmsi[1:] != mmsi[:-1]) | (source[1:] != source[:-1]), True)
    return table.filter(pa.array(last))


def by_source(part: Part) -> list[tuple[str, int, int, int]]:
    """Rows, first and last time of each source in a part: (source, rows, t_min, t_max)."""
    codes, t = _codes(part.table["source"]), part.table["t"].to_numpy()
    names = _encoded(part.table["source"]).dictionary.to_pylist()
    spans = list[tuple[str, int, int, int]]()
    if codes.min() == codes.max():  # nearly always
        return [(str(names[codes[0]]), len(t), int(t.min()), int(t.max()))]
    for code in np.unique(codes):
        times = t[codes == code]
        spans.append((str(names[code]), len(times), int(times.min()), int(times.max())))
    return spans


def _codes(column: Any) -> NDArray[np.int32]:
    codes: NDArray[np.int32] = _encoded(column).indices.to_numpy(zero_copy_only=False)
    return codes


def _encoded(column: Any) -> Any:
    """The one dictionary array of a column in one chunk; the stubs do not know that it is one."""
    return column.combine_chunks()


def _sorted_cells(
    mmsi: NDArray[np.uint32], t: NDArray[np.int64], cell: NDArray[np.int64]
) -> tuple[NDArray[np.intp] | None, NDArray[np.int64], NDArray[np.intp]]:
    """The order that groups rows by cell, each sorted by (MMSI, t), None if they lie so; the cells; their sizes."""
    key = sort_key(mmsi, t)
    order = None if is_sorted(key) else np.argsort(key, kind="stable")
    if cell.min() == cell.max():
        return order, cell[:1], np.array([len(cell)])
    by_vessel = cell if order is None else cell[order]
    cells, member = np.unique(by_vessel, return_inverse=True)
    grouped = np.argsort(member, kind="stable")
    return (grouped if order is None else order[grouped]), cells, np.bincount(member)
