"""The table for people: a line a measure, no wider than a terminal of 80 columns, and why a bar is not reached."""

import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from prasan.cli.bench.pairing import Line
from prasan.cli.bench.peers import INSTALL

WIDTH: Final = 80
_HEAD: Final = ("", "measured", "bar", "", "ratio", "beside")
_SIGN: Final = {True: "yes", False: "no", None: ""}


def table(lines: Iterable[Line]) -> str:
    """A row a line, under one that missed its bar the reason, and a sentence on all bars."""
    lines = list(lines)
    rows = [text for one in lines for text in (_row(_cells(one)), *_why(one))]
    return "\n".join((_row(_HEAD), *rows, "", *_end(lines)))


def notes(line: Line) -> str:
    """What a line was measured on."""
    return _wrapped(f"{line.name}: {line.what}, {line.unit}. {line.note}")


def short(value: float) -> str:
    """Three digits with k for thousands and M for millions."""
    for unit, sign in ((1e6, " M"), (1e3, " k")):
        if value >= 0.9995 * unit:
            return f"{_digits(value / unit)}{sign}"
    return _digits(value)


def _digits(value: float) -> str:
    """Three digits that count, without an exponent; round numbers without a point."""
    text = f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"
    return text.rstrip("0").rstrip(".") if "." in text and float(text) == round(float(text)) else text


def _cells(line: Line) -> Iterator[str]:
    yield line.name
    yield f"{short(line.rate)}/{line.unit.rpartition('/')[2].removeprefix('CPU-')}"
    bars = [short(line.bar)] if line.bar else []
    bars += [f"{line.bar_ratio:.3g}x"] if line.bar_ratio else []
    yield f"≥ {', '.join(bars)}" if bars else ""
    yield _SIGN[line.reached]
    yield f"{short(line.ratio)}x" if line.ratio else ""
    yield line.peer if line.ratio or not line.peer else f"({line.peer})"


def _row(cells: Iterable[str]) -> str:
    name, rate, bar, reached, ratio, peer = cells
    return f"{name:18} {rate:>9} {bar:>12} {reached:3} {ratio:>6}  {peer}".rstrip()


def _why(line: Line) -> list[str]:
    return [_wrapped(f"why not: {line.why}", "    ")] if line.why else []


def _end(lines: list[Line]) -> Iterator[str]:
    judged = [one for one in lines if one.reached is not None]
    missed = [one.name for one in judged if not one.reached]
    if judged:
        yield _wrapped(f"{len(judged) - len(missed)} of {len(judged)} bars are reached{'; not: ' * bool(missed)}"
                       f"{', '.join(missed)}.")  # fmt: skip
    yield "Rates (/s) are per CPU-second of all threads. Ratios are to what stands beside."
    if any(one.peer and not one.ratio for one in lines):
        yield f"What stands in brackets is {INSTALL}"


def _wrapped(text: str, indent: str = "") -> str:
    later = indent + "    "
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=later, break_on_hyphens=False)
