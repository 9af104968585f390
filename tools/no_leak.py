"""Non-interference at any size: what tests/node/test_no_leak.py tries, for as many cases as asked.

`python tools/no_leak.py --cases 100000 --jobs 2 --state no-leak.json` goes on where the state file ends, prints counts
by recipient and door, and the seed of every failure; 1 if there is one. `--only SEED` tries one seed again.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from multiprocessing import Pool
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path.insert(0, str(TESTS))

from node import leak_doors, leak_plan, leak_run, leak_world  # noqa: E402 - it lies beside the tests

SEEDS_AT_ONCE = 20
"""Seeds that a process tries before it says how it went: as often the state is saved."""
FIRST = 10_000_000
"""Seeds below are those of the test suite."""
worlds: list[leak_world.World] = []


def build() -> None:
    """The nodes of a process, on a memory disk where there is one; the folder is left to the system's own tidying."""
    leak_doors.quick_stream(leak_world.quick())
    memory = Path("/dev/shm")  # noqa: S108 - speed only
    folder = tempfile.mkdtemp(prefix="prasan-no-leak-", dir=memory if memory.is_dir() else None)
    worlds.extend(leak_world.worlds(Path(folder), leak_plan.ACCORDS))


def work(first: int) -> tuple[int, dict[str, dict[str, int]], list[str]]:
    """Try some seeds: the first of them, counts, and what leaked."""
    counts: dict[str, Counter[str]] = {"cases": Counter(), "compared": Counter(), "sent": Counter()}
    leaks = []
    for seed in range(first, first + SEEDS_AT_ONCE):
        plan = leak_plan.plan(seed, leak_world.whose())
        tried = leak_run.try_plan(plan, worlds[plan.accord])
        counts["cases"] += tried.cases
        counts["compared"] += tried.compared
        counts["sent"] += Counter(plans=1, given=tried.given)
        leaks += tried.leaks
    return first, {name: dict(count) for name, count in counts.items()}, leaks


class State:
    """How far it is: the next seed, counts, failures; kept in a file if one is named."""

    def __init__(self, path: Path | None, seed: int) -> None:
        self.path, self.next, self.leaks = path, seed, list[str]()
        self.counts: dict[str, Counter[str]] = {}
        if path is not None and path.exists():
            kept = json.loads(path.read_text())
            self.next, self.leaks = kept["next"], kept["leaks"]
            self.counts = {name: Counter(count) for name, count in kept["counts"].items()}

    @property
    def cases(self) -> int:
        """Cases tried."""
        return sum(self.counts.get("cases", Counter()).values())

    def add(self, done: tuple[int, dict[str, dict[str, int]], list[str]]) -> None:
        """Count what a process tried, and save."""
        first, counts, leaks = done
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, Counter()) + Counter(count)
        self.next, self.leaks = max(self.next, first + SEEDS_AT_ONCE), self.leaks + leaks
        if self.path is not None:
            text = {"next": self.next, "cases": self.cases, "counts": self.counts, "leaks": self.leaks}
            new = self.path.with_suffix(".new")
            new.write_text(json.dumps(text, indent=1))
            new.replace(self.path)


def rounds(state: State, jobs: int, wanted: int) -> None:
    """Try until there are enough cases. Answers come in order, so what is saved has no gaps."""
    started, before = time.monotonic(), state.cases
    with Pool(jobs, build) as pool:
        while state.cases < wanted:
            firsts = [state.next + SEEDS_AT_ONCE * number for number in range(jobs)]
            for done in pool.map(work, firsts, 1):
                state.add(done)
                for leak in done[2]:
                    sys.stdout.write(f"LEAK at seed {leak}\n")
            rate = (state.cases - before) / (time.monotonic() - started)
            sys.stdout.write(f"{state.cases} cases, {len(state.leaks)} leaks, next seed {state.next}, {rate:.0f}/s\n")
            sys.stdout.flush()


def main() -> int:
    """Try, and print counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=FIRST, help="the first seed, where no state says another")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--state", type=Path, help="a file that keeps how far it is")
    parser.add_argument("--only", type=int, help="try one seed and print what differs")
    asked = parser.parse_args()
    if asked.only is not None:
        build()
        plan = leak_plan.plan(asked.only, leak_world.whose())
        sys.stdout.write("\n".join(leak_run.try_plan(plan, worlds[plan.accord]).leaks or ["no leak"]) + "\n")
        return 0
    state = State(asked.state, asked.seed)
    rounds(state, asked.jobs, asked.cases)
    for name, count in state.counts.items():
        sys.stdout.writelines(f"{name:<9} {key:<20} {number:>10}\n" for key, number in sorted(count.items()))
    sys.stdout.writelines(f"LEAK at seed {leak}\n" for leak in state.leaks)
    return 1 if state.leaks else 0


if __name__ == "__main__":
    sys.exit(main())
