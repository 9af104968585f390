"""Fuzz the parsers: `python tools/fuzz.py --seconds 60 [NAME…]`; names are those of the table in tests/fuzz.

Each parser runs in a process of its own for so many seconds, from its kept seeds (tests/fuzz/seeds/NAME). What breaks a
promise is kept there as a small file, which the test suite replays from then on. With atheris installed
(`uv run --with atheris python tools/fuzz.py …`) mutation is guided by coverage; without it, it is random.
"""

import argparse
import atexit
import hashlib
import logging
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any

TESTS = Path(__file__).absolute().parent.parent / "tests" / "fuzz"
SLOW_S = 20.0
"""CPU seconds for one input: more is a finding."""
GROWTH_MB = 400
"""Memory that one input may add: more is a finding."""
LONGEST = 20_000


class TooMuch(Exception):  # noqa: N818 - what an input cost, kept like any other finding
    """An input that costs too much time or memory."""


class Keeper:
    """Runs one parser's check and keeps what breaks it: one input for each place where it broke, the shortest."""

    def __init__(self, target: Any, seeds: Path) -> None:
        self.target, self.seeds = target, seeds
        self.runs = 0
        self.found: dict[str, tuple[int, Path]] = {}
        self._peak = 0

    def run(self, data: bytes) -> None:
        """One input. Anything but the promised refusals is a finding; the hunt goes on."""
        self.runs += 1
        try:
            with _limited():
                self.target.check(data)
            self._weigh()
        except Exception as error:  # whatever it is, it is what is looked for
            self._keep(data, error)

    def _weigh(self) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        before, self._peak = self._peak, max(peak, self._peak)
        if before and peak - before > GROWTH_MB and self.runs > 50:
            raise TooMuch(f"{peak - before} MB more for one input")

    def _keep(self, data: bytes, error: Exception) -> None:
        place = traceback.extract_tb(error.__traceback__)[-1]
        key = f"{type(error).__name__} {Path(place.filename).name}:{place.lineno}"
        size, path = self.found.get(key, (1 << 30, None))
        if len(data) >= size:
            return
        if path is not None:
            path.unlink(missing_ok=True)
        else:
            print(f"{self.target.name}: {key}: {str(error)[:200]}", flush=True)  # noqa: T201
        self.seeds.mkdir(parents=True, exist_ok=True)
        name = self.seeds / f"found-{hashlib.sha256(data).hexdigest()[:12]}"
        name.write_bytes(data)
        self.found[key] = (len(data), name)


@contextmanager
def _limited() -> Iterator[None]:
    signal.setitimer(signal.ITIMER_VIRTUAL, SLOW_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _too_slow(*_: object) -> None:
    raise TooMuch(f"more than {SLOW_S:.0f} CPU seconds")


def mutated(rng: random.Random, corpus: list[bytes], words: tuple[bytes, ...]) -> bytes:
    """One of the inputs with a few changes: bytes flipped, cut, doubled, spliced with another, words put in."""
    data = bytearray(rng.choice(corpus))
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        at, size = rng.randrange(len(data) + 1), rng.choice((1, 1, 2, 4, 16, 200))
        kind = rng.randrange(7)
        if kind == 0:
            data[at : at + size] = rng.randbytes(min(size, 8))
        elif kind == 1:
            del data[at : at + size]
        elif kind == 2 and words:
            data[at:at] = rng.choice(words)
        elif kind == 3:
            data[at:at] = data[at : at + size] * rng.choice((1, 2, 50))
        elif kind == 4:
            other = rng.choice(corpus)
            data[at:] = other[rng.randrange(len(other) + 1) :]
        elif kind == 5 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        else:
            data[at : at + size] = rng.choice((b"0", b"9", b"\n", b",", b"-", b'"', b" ", b"\x00", b"\xff"))
    return bytes(data[:LONGEST])


def at_random(keeper: Keeper, corpus: list[bytes], seconds: float, seed: int) -> None:
    """Random mutation until the CPU seconds are used up; a tenth of the mutants stays to be mutated again."""
    rng, end = random.Random(seed), time.process_time() + seconds  # noqa: S311 - a hunt, no secret
    pool = list(corpus)
    while time.process_time() < end:
        data = mutated(rng, pool, keeper.target.words)
        keeper.run(data)
        if rng.random() < 0.1:
            pool.append(data)
            if len(pool) > len(corpus) + 500:
                del pool[len(corpus) + rng.randrange(500)]


def guided(keeper: Keeper, corpus: list[bytes], seconds: float, seed: int) -> None:
    """Coverage-guided by atheris. It ends the process, so it comes last."""
    import atheris  # noqa: PLC0415 - not a dependency of the project

    folder = Path(tempfile.gettempdir()) / "fuzz-corpus" / keeper.target.name
    folder.mkdir(parents=True, exist_ok=True)
    for data in corpus:
        (folder / hashlib.sha256(data).hexdigest()[:20]).write_bytes(data)
    words = folder.parent / f"{keeper.target.name}.words"
    lines = ['"' + "".join(f"\\x{byte:02x}" for byte in word[:60]) + '"\n' for word in keeper.target.words]
    words.write_text("".join(lines) or '"\\x00"\n')
    end = time.process_time() + seconds

    def once(data: bytes) -> None:
        keeper.run(data)
        if time.process_time() > end:
            tell(keeper, time.process_time())
            sys.stdout.flush()
            atexit._run_exitfuncs()
            os._exit(0)  # the only way out of the engine

    flags = [
        f"-dict={words}",
        f"-seed={seed}",
        f"-max_len={LONGEST}",
        "-rss_limit_mb=6000",
        "-timeout=600",
        "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *flags, str(folder)], once)
    atheris.Fuzz()


def tell(keeper: Keeper, seconds: float) -> None:
    """The account of one parser."""
    print(f"{keeper.target.name}: {keeper.runs} inputs, {seconds:.0f} CPU s, {len(keeper.found)} findings")  # noqa: T201


def hunt(name: str, seconds: float, seed: int, *, coverage: bool) -> None:
    """One parser, in this process."""
    logging.disable(logging.INFO)
    warnings.simplefilter("error", RuntimeWarning)
    if coverage:
        import atheris  # noqa: PLC0415

        watched: Any = atheris.instrument_imports(include=["prasan"])
    else:
        watched = nullcontext()
    sys.path.insert(0, str(TESTS))
    with watched:
        from fuzz_targets import TARGETS  # noqa: PLC0415
    signal.signal(signal.SIGVTALRM, _too_slow)
    (target,) = [one for one in TARGETS if one.name == name]
    keeper = Keeper(target, TESTS / "seeds" / name)
    corpus = [path.read_bytes() for path in target.seeds()] or [b"x"]
    for data in corpus:
        keeper.run(data)
    run: Callable[[Keeper, list[bytes], float, int], None] = guided if coverage else at_random
    run(keeper, corpus, seconds, seed)
    tell(keeper, time.process_time())


def main() -> int:
    """All parsers, or those that are named, one after the other."""
    parser = argparse.ArgumentParser(description="Fuzz the parsers; findings are kept as seeds.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a parser of the table; default: all")
    parser.add_argument("--seconds", type=float, default=60.0, help="CPU seconds for each")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the random numbers")
    parser.add_argument("--engine", choices=("auto", "random", "atheris"), default="auto")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    coverage = given.engine == "atheris" or (given.engine == "auto" and find_spec("atheris") is not None)
    if given.alone:
        hunt(given.names[0], given.seconds, given.seed, coverage=coverage)
        return 0
    sys.path.insert(0, str(TESTS))
    from fuzz_targets import TARGETS  # noqa: PLC0415

    known = [target.name for target in TARGETS]
    if unknown := set(given.names) - set(known):
        parser.error(f"there is no {', '.join(sorted(unknown))}; use {', '.join(known)}")
    engine = "atheris" if coverage else "random"
    for name in given.names or known:
        command = [sys.executable, __file__, name, "--alone", f"--seconds={given.seconds}", f"--seed={given.seed}"]
        subprocess.run([*command, f"--engine={engine}"], check=False)  # noqa: S603
    return 0


if __name__ == "__main__":
    sys.exit(main())
