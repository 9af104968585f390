"""The nodes as real processes: ingest runs to its end, serve until it is told to stop."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx2

from prasan.cli.demo.stage import Player
from prasan.cli.ingest import PROGRESS
from prasan.errors import Unreachable
from prasan.exchange.client import pinned

START_S: Final = 30.0
STOP_S: Final = 10.0
COMMAND: Final = (sys.executable, "-m", "prasan.cli")

Process = subprocess.Popen[bytes]


def ingest(player: Player, step: Callable[[], None]) -> dict[str, Any]:
    """One player's feeds, in a process of their own; what it printed. `step` is called for each file read."""
    log = player.root / "ingest.log"
    command = [*COMMAND, "ingest", *player.feeds, "--home", str(player.root)]
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )
        for line in process.stderr or ():
            file.write(line)
            if line.startswith(PROGRESS):
                step()
        out, _ = process.communicate()
    if process.returncode:
        raise Unreachable(f"ingest of {player.office.name} ended with {process.returncode}", f"See {log}.")
    result: dict[str, Any] = json.loads(out)
    return result


@contextlib.contextmanager
def serving(players: list[Player]) -> Iterator[list[Process]]:
    """Both nodes begin to serve, and are stopped at the end."""
    started = [_start(["serve", "--home", str(player.root)], player) for player in players]
    try:
        yield started
    finally:
        for process in started:
            process.terminate()
        for process in started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_S)
            process.kill()


def _start(arguments: list[str], player: Player) -> Process:
    log = (player.root / f"{arguments[0]}.log").open("ab")
    with log:
        return subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=log)  # noqa: S603 - ourselves


def await_up(player: Player, process: Process) -> None:
    """Wait until the node answers. Unreachable if it does not."""
    with client(player.root) as http:
        end = time.monotonic() + START_S
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(httpx2.HTTPError):
                if http.get(f"{player.url}/healthz").status_code == httpx2.codes.OK:
                    return
            time.sleep(0.1)
    raise Unreachable(f"the node {player.office.name} did not start", f"See {player.root / 'serve.log'}.")


def client(home: Path) -> httpx2.Client:
    """A client that trusts this node's own web certificate and nothing else."""
    certificate = (home / "keys" / "web.cert.pem").read_text(encoding="ascii")
    return httpx2.Client(verify=pinned(certificate), trust_env=False, timeout=30)
