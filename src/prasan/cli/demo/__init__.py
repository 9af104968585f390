"""`demo`: the main job on the shipped data, with three partner nodes as real processes.

Real AIS and real piracy reports are played at their own times; gap and encounter come from a scripted exercise. Each
partner gets what the other's policy lets it have; one object goes on to a third by consent and is recalled from both;
all records are checked.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from prasan.cli.demo import canary
from prasan.cli.demo.cast import MY, TH, US
from prasan.cli.demo.processes import Process, await_up, ingest, serving
from prasan.cli.demo.stage import SYNC_EVERY_S, Player, set_up
from prasan.cli.demo.telling import Told, canaries, tell
from prasan.cli.demo.third import pass_on, pull, take_back
from prasan.cli.output import emit
from prasan.cli.serve import bind
from prasan.errors import PrasanError, UsageError
from prasan.node.node import Node
from prasan.node.settings import Listen

HOST = "127.0.0.1"
PULL_EVERY_S = 0.2
CAST = (TH, US, MY)
SEARCHES = ((0, 1), (1, 0), (0, 2), (1, 2))
"""Whose words are looked for at whom, by their place in the cast: the third has none of its own."""


def demo(arguments: argparse.Namespace) -> int:
    """Run it. With `--once` a JSON summary is the last line and 0 means that everything held."""
    started = time.perf_counter()
    signal.signal(signal.SIGTERM, _interrupt)  # so that the nodes are stopped as by Ctrl-C
    console = Console(stderr=True)
    ports = [Listen(HOST, arguments.port + 2 * at, arguments.port + 2 * at + 1) for at in range(len(CAST))]
    for port in range(arguments.port, arguments.port + 2 * len(CAST)):
        bind(HOST, port).close()
    root = _folder(arguments.dir)
    with _bars(console) as bars:
        homes = bars.add_task("homes, keys, cards, accords signed by both", total=1)
        players = set_up(root, list(zip(CAST, ports, strict=True)), 0 if arguments.once else SYNC_EVERY_S)
        bars.advance(homes)
    with serving(players) as processes:
        told = _exchange(players, processes, console)
        told.seconds = round(time.perf_counter() - started, 1)
        if arguments.once:
            emit(msgspec.to_builtins(told))
            return 0 if told.good else 1
        _invite(players, told, console)
        _wait()
    return 0


def _bars(console: Console) -> Progress:
    return Progress(TextColumn("{task.description:<44}"), BarColumn(), TimeElapsedColumn(), console=console)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _folder(name: str | None) -> Path:
    if name is None:
        return Path(tempfile.mkdtemp(prefix="prasan-demo-"))
    root = Path(name)
    if root.exists() and any(root.iterdir()):
        raise UsageError(f"{root} is not empty", "Name a new folder with --dir, or leave it out.")
    return root


def _exchange(players: list[Player], processes: list[Process], console: Console) -> Told:
    """Two take in and pull from each other; one object goes on to the third and is recalled; then what must not be
    anywhere is looked for."""
    nodes = [Node(player.root) for player in players]
    thai, american, malay = nodes
    with _bars(console) as bars:
        ingested = _play(players[:2], nodes[:2], processes, bars)
        third = bars.add_task("refused, consented to, passed on to a third", total=1)
        await_up(players[2], processes[2])
        meeting = _an_encounter(thai)
        passed = pass_on(thai, american, malay, meeting)
        bars.advance(third)
        recalls = bars.add_task("recalled, withdrawn, answered by both", total=1)
        take_back(thai, american, malay, meeting, passed)
        bars.advance(recalls)
        checks = bars.add_task("searched for leaks, all records checked", total=1 + len(SEARCHES))
        told = tell(nodes, ingested)
        told.consent = passed
        bars.advance(checks)
        with ThreadPoolExecutor(2) as pool:
            for found in pool.map(lambda pair: _leaks(nodes, *pair), [(nodes[a], nodes[b]) for a, b in SEARCHES]):
                told.leaks += found
                bars.advance(checks)
    console.print(f"leaks found at the partners: {told.leaks}; records: {told.ledger}")
    for node in nodes:
        node.close()
    return told


def _play(players: list[Player], nodes: list[Node], processes: list[Process], bars: Progress) -> dict[str, Any]:
    """Side by side: each takes its feeds in, then pulls until the other had nothing more to take in."""
    feeds = bars.add_task("feeds read, events found, all decided", total=sum(len(one.feeds) + 1 for one in players))
    pulls = bars.add_task("pulled both ways, every statement checked", total=len(players))
    taken = [threading.Event() for _ in players]

    def play(at: int) -> dict[str, Any]:
        try:
            result = ingest(players[at], lambda: bars.advance(feeds))
        finally:
            taken[at].set()
        bars.advance(feeds)
        await_up(players[1 - at], processes[1 - at])
        complete = False
        while not complete:
            complete = taken[1 - at].wait(PULL_EVERY_S)
            pull(nodes[at], nodes[1 - at])
        bars.advance(pulls)
        return result

    with ThreadPoolExecutor(len(players)) as pool:
        return {player.office.name: one for player, one in zip(players, pool.map(play, range(2)), strict=True)}


def _an_encounter(node: Node) -> str:
    """The exercise's rendezvous, as the object that was sent."""
    for _, row in node.store.objects(types=["prasan-maritime-event"]):
        if row.kind == "encounter" and row.marking.exercise:
            return row.id
    raise PrasanError("the exercise gave no encounter to recall", "This is a defect: please report it.")


def _leaks(nodes: list[Node], owner: Node, other: Node) -> int:
    """Search the other's whole home for words withheld from it, by a program that knows nothing of prasan."""
    words = canaries(nodes, owner, other)
    found = subprocess.run(  # noqa: S603 - our own file, no shell
        [sys.executable, "-I", str(canary.__file__), str(other.home.root)],
        input="\n".join(words).encode(),
        capture_output=True,
        check=False,
    )
    if found.returncode not in (0, 1):
        raise PrasanError(f"the search for leaks failed: {found.stderr.decode()[:300]}", "Report it.")
    return len(found.stdout.splitlines())


def _invite(players: list[Player], told: Told, console: Console) -> None:
    """Addresses and logins."""
    console.print()
    for player in players:
        sys.stdout.write(f"{player.office.title_en}\n  {player.url}\n")
        for user, password in player.logins.items():
            sys.stdout.write(f"    {user:<12} {password}\n")
        sys.stdout.write(f"    TAXII 2.1: {player.url}/taxii2/  bearer token of {player.office.partner_user}:\n")
        sys.stdout.write(f"    {player.token}\n")
    sys.stdout.write(f"homes: {players[0].root.parent}\n")
    sys.stdout.flush()
    console.print(f"ready after {told.seconds} s; the browser will warn once: the certificate is the node's own")
    console.print("stop with Ctrl-C")


def _wait() -> None:
    while True:
        time.sleep(3600)
