"""`score`: events against the truth of simulated or injected runs, all added up."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from prasan.cli.output import emit
from prasan.errors import UsageError
from prasan.exercise.score import judge, report
from prasan.exercise.score_lines import read_events, read_truth
from prasan.exercise.score_table import table

EVENTS: Final = "events.jsonl"
TRUTH: Final = "truth.jsonl"
"""What these are called in the folder of a run."""


def score_(arguments: argparse.Namespace) -> int:
    """Print one JSON line, or with `--table` the same as text."""
    runs = [
        judge(read_events(_lines(events), events), read_truth(_lines(truth), truth))
        for events, truth in _pairs(arguments.paths)
    ]
    said = report(runs)
    if arguments.table:
        sys.stdout.write("".join(f"{line}\n" for line in table(said)))
    else:
        emit(said)
    return 0


def _pairs(paths: list[str]) -> Iterator[tuple[str, str]]:
    """Folders give their runs; other names are events and truth by turns."""
    waiting: str | None = None
    for name in paths:
        if waiting is not None:
            yield waiting, name
            waiting = None
        elif name != "-" and Path(name).is_dir():
            yield from _runs(Path(name))
        else:
            waiting = name
    if waiting is not None:
        raise UsageError(
            f"{waiting} has no truth beside it", "Give EVENTS TRUTH pairs, or folders with both files in them."
        )


def _runs(folder: Path) -> Iterator[tuple[str, str]]:
    """The folder's own run, or those of the folders in it."""
    runs = [one for one in (folder, *sorted(folder.iterdir())) if (one / TRUTH).is_file()]
    if not runs:
        raise UsageError(f"{folder} holds no run", f"A run is a folder with {EVENTS} and {TRUTH} in it.")
    for one in runs:
        if not (one / EVENTS).is_file():
            raise UsageError(
                f"{one} has no {EVENTS}",
                f"Make it: prasan detect {one / 'ais.nmea'} --areas {one / 'zones.geojson'} --out {one / EVENTS}",
            )
        yield str(one / EVENTS), str(one / TRUTH)


def _lines(name: str) -> list[bytes]:
    if name == "-":
        return sys.stdin.buffer.read().splitlines()
    try:
        return Path(name).read_bytes().splitlines()
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}", "Check the name.") from None
