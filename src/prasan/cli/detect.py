"""`detect`: events as JSONL, from files without a node, or from a node's archive."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa

from prasan.cli.output import note, pass_over, whole_file
from prasan.detect.life import compare, everything
from prasan.detect.lines import event_line
from prasan.detect.rules import apply_settings, preset
from prasan.detect.run import detect as find
from prasan.errors import UsageError
from prasan.feeds.files import read_sources
from prasan.feeds.reference import read_area, reference_world, world_of
from prasan.node.clock import Clock
from prasan.node.finding.clocks import fit, known_off
from prasan.node.node import Node
from prasan.picture.event import Event
from prasan.picture.marking import PUBLIC
from prasan.picture.position import POSITIONS, STATICS
from prasan.tracks.clocks import Clocks, faults, hear_clocks, set_aside
from prasan.tracks.settle import COLUMNS
from prasan.words import LANGUAGES, say


def detect(arguments: argparse.Namespace) -> int:
    """Print one event a line; counts go to standard error as the last line."""
    if bool(arguments.sources) == bool(arguments.home):
        raise UsageError("name either files or a node's --home", "For example: prasan detect track.csv")
    rules = apply_settings(preset(arguments.preset, arguments.kind or ()), arguments.settings)
    positions, statics = _archive(arguments.home) if arguments.home else _files(arguments.sources)
    world = world_of([read_area(Path(name)) for name in arguments.areas]) if arguments.areas else reference_world()
    outcome = find(positions, statics, rules, world, kinds=arguments.kind)
    events = compare({}, outcome.findings, lambda _: PUBLIC, Clock().now(), everything)
    if arguments.out is None:
        _write(sys.stdout.buffer, events)
    else:
        with whole_file(Path(arguments.out)) as file:
            _write(file, events)
    note(outcome.counts)
    return 0


def _files(sources: list[str]) -> tuple[pa.Table, pa.Table]:
    """Positions, those of receivers whose clock was off flagged so, and static reports."""
    batches = [item.batch for item in read_sources(sources, Clock().now(), refused=pass_over)]
    positions = pa.Table.from_batches([batch.positions for batch in batches], POSITIONS).unify_dictionaries()
    off = faults(hear_clocks(positions, Clocks()))
    return (
        set_aside(positions, off)[0],
        pa.Table.from_batches([batch.statics for batch in batches], STATICS).unify_dictionaries(),
    )


def _archive(home: str) -> tuple[pa.Table, pa.Table]:
    """The same from an archive."""
    node = Node(Path(home))
    positions = node.archive.read(columns=[*COLUMNS, "station"], ordered=False)
    return fit(positions, known_off(node, node.archive.sources())), node.archive.read_statics()


def _write(file: BinaryIO, events: list[Event]) -> None:
    for line in _lines(events):
        file.write(orjson.dumps(line) + b"\n")
    file.flush()


def _lines(events: list[Event]) -> Iterator[dict[str, Any]]:
    """Each event with its sentences: what was found, and what limits it."""
    for event in events:
        line = event_line(event)
        codes = line["evidence"].get("codes", [])
        line["evidence"]["text"] = {
            lang: " ".join(say(f"finding.{code}", line["evidence"], lang) for code in codes) for lang in LANGUAGES
        }
        yield line
