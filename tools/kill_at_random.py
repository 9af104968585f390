"""Kill either of two real nodes at random moments and check that nothing is lost or doubled.

`python tools/kill_at_random.py --times 100 --seed 7` prints one line a kill and a summary; 1 if something did not hold.
Three of four kills hit nodes that serve and follow each other while objects are made, revised, recalled and answered,
consents asked for and given, and bundles carried (`alive`); the others an ingest, a single pull or the node it pulls
from (`apart`). The checks are those of tests/process. The seed fixes what is killed and when, as far as a machine can
repeat a moment; `--kind` does only one of the two.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "process"))

from alive_kit import Alive
from pair_kit import READER, SENDER, Process, Stage, Taken, problems, taken

STARTING = 0.4
"""Share of a run's time in which Python is still starting: kills come after it, where there is something to break."""

A_ROUND = 10
"""Kills of serving nodes until both are let come to rest."""


class Bases:
    """The states that a run may begin in, and how long each step takes undisturbed."""

    def __init__(self, root: Path) -> None:
        self.fresh = Stage.build(root / "fresh")
        run(self.fresh.ingest(READER))
        self.ingested = self.fresh.copy(root / "ingested")
        self.ingest_s = run(self.ingested.ingest(SENDER))
        self.whole: Taken = taken(self.ingested, SENDER)
        self.recalled = self.ingested.copy(root / "recalled")
        serving = self.recalled.serve()
        self.sync_s = run(self.recalled.sync())
        serving.stop()
        self.recalled.recall_one()


def run(process: Process) -> float:
    """Run to a good end; seconds."""
    started = time.perf_counter()
    if process.wait():
        raise SystemExit(f"{process.name} failed undisturbed: {process.errors()}")
    return time.perf_counter() - started


def kill_after(process: Process, seconds: float) -> bool:
    """SIGKILL after so many seconds; False if it had ended before."""
    time.sleep(seconds)
    return process.kill()


def kill_ingest(bases: Bases, root: Path, share: float) -> tuple[Stage, bool]:
    """The sender's ingest dies and is started again."""
    stage = bases.fresh.copy(root)
    killed = kill_after(stage.ingest(SENDER), share * bases.ingest_s)
    run(stage.ingest(SENDER))
    return stage, killed


def kill_sync(base: Stage, bases: Bases, root: Path, share: float) -> tuple[Stage, bool]:
    """The reader's pull dies; the pull at the end is made anew."""
    stage = base.copy(root)
    serving = stage.serve()
    killed = kill_after(stage.sync(), share * bases.sync_s)
    serving.kill()
    return stage, killed


def kill_serve(base: Stage, bases: Bases, root: Path, share: float) -> tuple[Stage, bool]:
    """The sender dies while the reader pulls; the reader must end by itself, with 3, or 0 if it was done."""
    stage = base.copy(root)
    serving, pulling = stage.serve(), stage.sync()
    killed = kill_after(serving, share * bases.sync_s)
    if pulling.wait() not in (0, 3):
        raise SystemExit(f"the pull ended badly: {pulling.errors()}")
    return stage, killed


def finish(stage: Stage, whole: Taken) -> list[str]:
    """Bring the run to its end and check it."""
    serving = stage.serve()
    run(stage.sync())
    serving.stop()
    return problems(stage) + ["the sender made something else of its feeds"] * (taken(stage, SENDER) != whole)


def apart(root: Path, times: int, draw: random.Random) -> tuple[int, int]:
    """Kills of one command each: how many hit, and after how many something did not hold."""
    bases = Bases(root)
    plans: dict[str, Callable[[Path, float], tuple[Stage, bool]]] = {
        "ingest": lambda to, share: kill_ingest(bases, to, share),
        "sync": lambda to, share: kill_sync(bases.ingested, bases, to, share),
        "sync with a recall": lambda to, share: kill_sync(bases.recalled, bases, to, share),
        "serve": lambda to, share: kill_serve(bases.ingested, bases, to, share),
        "serve with a recall": lambda to, share: kill_serve(bases.recalled, bases, to, share),
    }
    killed = bad = 0
    for number in range(1, times + 1):
        what, share = draw.choice(sorted(plans)), draw.uniform(STARTING, 1.0)
        stage, hit = plans[what](root / f"kill-{number}", share)
        found = finish(stage, bases.whole)
        shutil.rmtree(stage.root)
        killed, bad = killed + hit, bad + bool(found)
        how = "killed" if hit else "had ended"
        say(f"{number:>3}  {what:<20} {how:<9} at {share:4.0%}  {'; '.join(found) or 'whole'}")
    return killed, bad


def alive(root: Path, times: int, draw: random.Random) -> tuple[int, int]:
    """Kills of nodes that serve, in rounds of a few, after each of which both must come to rest and agree."""
    killed = bad = 0
    while killed < times:
        seed = draw.randrange(10**6)
        pair = Alive(root / f"alive-{seed}", seed)
        pair.begin()
        for _ in range(min(A_ROUND, times - killed)):
            killed += 1
            say(f"{killed:>3}  {pair.kill_one()}  (round {seed})")
        found = pair.settle()
        bad += bool(found)
        did = ", ".join(f"{count} {what}" for what, count in sorted(pair.told.acts.items()))
        say(f"     round {seed}: {did}, {pair.told.imports} imports killed: {'; '.join(found) or 'whole'}")
        shutil.rmtree(pair.stage.root)
    return killed, bad


def say(text: str) -> None:
    """One line, now."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """One line a kill, a summary, and 1 if anything did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=("alive", "apart"), action="append", help="default: both")
    asked = parser.parse_args()
    kinds = asked.kind or ["apart", "alive"]
    draw = random.Random(asked.seed)  # noqa: S311 - moments, not secrets
    root = Path(tempfile.mkdtemp(prefix="prasan-kill-"))
    share = asked.times // 4 if len(kinds) > 1 else asked.times
    times = {"apart": share, "alive": asked.times - share if len(kinds) > 1 else asked.times}
    bad = 0
    for kind in kinds:
        hit, wrong = KINDS[kind](root, times[kind], draw)
        bad += wrong
        say(f"{kind}: {times[kind]} times, {hit} killed, {wrong} not whole (seed {asked.seed})")
    shutil.rmtree(root)
    return 1 if bad else 0


KINDS: dict[str, Callable[[Path, int, random.Random], tuple[int, int]]] = {"apart": apart, "alive": alive}


if __name__ == "__main__":
    sys.exit(main())
