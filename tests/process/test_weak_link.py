"""A line of 9.6 kbit/s and 600 ms each way that breaks every few kilobytes, at reduced size; `make weak-link` is the
full one. Everything is applied exactly once, an alert does not wait for the bulk, and little is carried twice."""

from pathlib import Path

import pytest
from weak_kit import Run

pytestmark = pytest.mark.process


def test_a_line_that_breaks_loses_doubles_and_delays_nothing(tmp_path: Path) -> None:
    run = Run(tmp_path / "run", alerts=5, objects=30, seed=3)
    # Four times the speed and a third of the way, cut as often a byte: the same line, in less of a test's time.
    figures = run.go(bits=38_400, delay_s=0.2, mean=5_000, most_s=120)
    assert figures.cuts >= 2, "the line broke"
    assert figures.alert_s < 30
    assert figures.up + figures.down <= 3 * figures.raw
