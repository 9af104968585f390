"""`bench`: how fast this machine does the main work, each line beside a peer that did the same in the same run.

Rates are per CPU-second (all threads counted), medians of rounds taken in turn. Quote ratios: rates are the machine's.
"""

import argparse
from collections.abc import Mapping
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table

from prasan.cli.bench import measures, year
from prasan.cli.bench import measures_detect as finding
from prasan.cli.bench.pairing import Line, Measure
from prasan.cli.bench.peers import INSTALL
from prasan.cli.output import emit
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
    "memory": finding.memory,
    "memory-chain": finding.memory_chain,
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
        Console().print(_table(lines))
        for line in lines:
            console.print(f"{line.name}: {line.note}", highlight=False)
    return 0 if all(line.reached is not False for line in lines) else 1


def _table(lines: list[Line]) -> Table:
    table = Table("what", "unit", "prasan", "peer", "peer's rate", "ratio", "bar", "reached")
    for line in lines:
        missing = INSTALL if line.peer else ""
        peer, ratio = (f"{line.peer_rate:,.3g}", f"{line.ratio:.3g}x") if line.ratio else (missing, "")
        bars = [f"≥ {line.bar:,.3g}"] if line.bar else []
        bars += [f"≥ {line.bar_ratio:.3g}x"] if line.bar_ratio else []
        reached = {True: "yes", False: "no", None: ""}[line.reached]
        table.add_row(line.what, line.unit, f"{line.rate:,.3g}", line.peer, peer, ratio, ", ".join(bars), reached)
    return table
