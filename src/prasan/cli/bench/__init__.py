"""`bench`: how fast this machine does the main work, each line beside a peer that did the same in the same run.

Rates are per CPU-second (all threads counted), medians of rounds taken in turn. Quote ratios: rates are the machine's.
"""

import argparse
import sys
from collections.abc import Mapping
from typing import Final

import msgspec
from rich.console import Console

from prasan.cli.bench import measures, memory, year
from prasan.cli.bench import measures_detect as finding
from prasan.cli.bench import measures_exchange as sharing
from prasan.cli.bench.page import notes, table
from prasan.cli.bench.pairing import Measure
from prasan.cli.output import emit, tell
from prasan.errors import UsageError

MEASURES: Final[Mapping[str, Measure]] = {
    "decode": measures.decode,
    "decode-libais": measures.decode_libais,
    "decode-aiscat": measures.decode_aiscat,
    "decode-stream": measures.decode_stream,
    "csv": measures.csv,
    "csv-day": measures.csv_day,
    "hot": measures.hot,
    "compaction": measures.compaction,
    "bins": measures.bins,
    "size": measures.size,
    "size-core": measures.size_core,
    "memory": memory.stored,
    "memory-chain": memory.looked_at,
    "gap": finding.gap,
    "gap-sql": finding.gap_sql,
    "gap-movingpandas": finding.gap_movingpandas,
    "gap-file": finding.gap_file,
    "stop": finding.stop,
    "encounter": finding.encounter,
    "gap-bins-encounter": finding.trio,
    "chain": finding.chain,
    "live": finding.live,
    "country-year": year.country_year,
    "taxii-add": sharing.add,
    "taxii-first-page": sharing.first_page,
    "taxii-poll": sharing.poll,
    "taxii-verbatim": sharing.read_verbatim,
    "taxii-sanitised": sharing.read_sanitised,
    "adopt": sharing.adopt,
    "decide": sharing.decide,
}


def bench(arguments: argparse.Namespace) -> int:
    """Run the measures named, or all. With `--json` one line a measure; 1 if a bar is not reached."""
    unknown = sorted({*arguments.names} - {*MEASURES})
    if unknown:
        raise UsageError(f"there is no benchmark '{unknown[0]}'", f"Use: {', '.join(MEASURES)}.")
    lines = []
    console = Console(stderr=True)
    for name in arguments.names or MEASURES:
        with console.status(name):
            lines.append(MEASURES[name](arguments.rows))
        if arguments.json:
            emit(msgspec.to_builtins(lines[-1]))
    if not arguments.json:
        sys.stdout.write(table(lines) + "\n")
        for line in lines:
            tell(notes(line))
    return 0 if all(line.reached is not False for line in lines) else 1
