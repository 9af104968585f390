"""`decode`: AIS in any known dialect to position and static rows."""

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from prasan.cli.output import note, pass_over, said, whole_file
from prasan.errors import FormatError
from prasan.feeds.files import FileBatch, Summary, read_sources
from prasan.formats.ais_rows import csv_header, csv_lines, in_one, jsonl, position_rows, static_rows
from prasan.node.clock import Clock


def decode(arguments: argparse.Namespace) -> int:
    """Write the rows; the account of every line goes to standard error as the last line.

    What is no AIS in a folder is passed over and said.
    """
    refused: dict[str, str] = {}
    items = read_sources(arguments.sources, Clock().now(), refused=lambda name, error: _refuse(refused, name, error))
    with _output(arguments.out) as file:
        writer = _TEXT.get(arguments.to)
        summary = _columns(file, items, arguments.to) if writer is None else _text(file, items, writer, arguments.to)
    note(msgspec.structs.replace(summary, refused=refused).to_json())
    return 0


def _refuse(refused: dict[str, str], name: str, error: FormatError) -> None:
    refused[name] = said(error)
    pass_over(name, error)


_TEXT = {"jsonl": jsonl, "csv": csv_lines}


def _text(file: BinaryIO, items: Iterator[FileBatch], writer: Callable[[pa.Table], bytes], form: str) -> Summary:
    """A line a row."""
    summary = Summary()
    file.write(csv_header() if form == "csv" else b"")
    for item in items:
        for rows in _rows(item):
            file.write(writer(rows))
        summary = summary.add(item)
    return summary


def _rows(item: FileBatch) -> Iterator[pa.Table]:
    """Position rows, then static rows, under the file's name as given."""
    yield position_rows(item.batch.positions, item.source)
    yield static_rows(item.batch.statics, item.source)


def _columns(file: BinaryIO, items: Iterator[FileBatch], form: str) -> Summary:
    """All rows in one table; `row` says which of the two kinds a row is."""
    summary, writer = Summary(), None
    try:
        for item in items:
            summary = summary.add(item)
            for rows in _rows(item):
                table = in_one(rows)
                if writer is None:
                    writer = _writer(file, table.schema, form)
                writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()
    return summary


def _writer(file: Any, schema: pa.Schema, form: str) -> Any:
    return pa.ipc.new_file(file, schema) if form == "arrow" else pq.ParquetWriter(file, schema)


@contextlib.contextmanager
def _output(path: str | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with whole_file(Path(path)) as file:
        yield file
