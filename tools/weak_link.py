"""Two real nodes over a line of 9.6 kbit/s, 600 ms each way, that breaks after a random number of bytes.

`python tools/weak_link.py --alerts 50 --objects 500` prints what came over the line, and how long an alert
took that was made in the middle of the bulk; 1 if something did not hold. The checks are those of tests/process.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "process"))

from weak_kit import Run

ALERT_S = 30.0
"""Within which an alert is to be there."""
CARRIED = 2.0
"""All bytes on the line, as a multiple of the payload: objects and statements as they are signed and kept."""


def main() -> int:
    """Run it once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=50)
    parser.add_argument("--objects", type=int, default=500)
    parser.add_argument("--bits", type=float, default=9600, help="a second, each way")
    parser.add_argument("--delay", type=float, default=0.6, help="seconds each way")
    parser.add_argument("--mean", type=float, default=10_000, help="bytes after which a connection breaks, on average")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="prasan-weak-"))
    run = Run(root / "run", alerts=asked.alerts, objects=asked.objects, seed=asked.seed)
    figures = run.go(bits=asked.bits, delay_s=asked.delay, mean=asked.mean)
    for line in figures.lines():
        sys.stdout.write(line + "\n")
    shutil.rmtree(root)
    held = figures.alert_s <= ALERT_S and figures.up + figures.down <= CARRIED * figures.raw
    sys.stdout.write("all rows exactly once on both sides, both records verify" + ("\n" if held else "; TOO MUCH\n"))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
