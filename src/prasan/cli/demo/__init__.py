"""`demo`: the main job on the shipped data, with two partner nodes as real processes.

Real AIS and real piracy reports are played at their own times; gap and encounter come from a scripted exercise. Each
partner gets what the other's policy lets it have; one object is recalled; both records are checked.
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
from prasan.cli.demo.cast import TH, US
from prasan.cli.demo.processes import Process, await_up, ingest, serving
from prasan.cli.demo.stage import Player, set_up
from prasan.cli.demo.telling import Told, canaries, tell
from prasan.cli.output import emit
from prasan.cli.serve import bind
from prasan.errors import PrasanError, UsageError
from prasan.node.node import Node
from prasan.node.recall import recall
from prasan.node.settings import Listen
from prasan.node.sync import sync

HOST = "127.0.0.1"
PULL_EVERY_S = 0.2
REASON = "Exercise: the two vessels were found to be on a licensed transfer."


def demo(arguments: argparse.Namespace) -> int:
    """Run it. With `--once` a JSON summary is the last line and 0 means that everything held."""
    started = time.perf_counter()
    signal.signal(signal.SIGTERM, _interrupt)  # so that the two nodes are stopped as by Ctrl-C
    console = Console(stderr=True)
    ports = [Listen(HOST, arguments.port, arguments.port + 1), Listen(HOST, arguments.port + 2, arguments.port + 3)]
    for port in range(arguments.port, arguments.port + 4):
        bind(HOST, port).close()
    root = _folder(arguments.dir)
    with _bars(console) as bars:
        homes = bars.add_task("homes, keys, cards, an accord signed by both", total=1)
        players = set_up(root, [(TH, ports[0]), (US, ports[1])])
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
    """Both take in and pull from each other, recall one object, pull again, and look for what must not be there."""
    nodes = [Node(player.root) for player in players]
    thai, american = nodes
    with _bars(console) as bars:
        ingested = _play(players, nodes, processes, bars)
        recalls = bars.add_task("one encounter recalled, withdrawn, answered", total=1)
        recall(thai, _an_encounter(thai), american.settings.name, REASON)
        _pull(american)
        bars.advance(recalls)
        checks = bars.add_task("searched for leaks, both records checked", total=3)
        told = tell(nodes, ingested)
        bars.advance(checks)
        with ThreadPoolExecutor(2) as pool:
            for found in pool.map(_leaks, (thai, american), (american, thai)):
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
            _pull(nodes[at])
        bars.advance(pulls)
        return result

    with ThreadPoolExecutor(len(players)) as pool:
        return {player.office.name: one for player, one in zip(players, pool.map(play, range(2)), strict=True)}


def _pull(node: Node) -> None:
    for name, summary in sync(node, []).items():
        if summary.failure or summary.quarantined:
            what = summary.message or summary.quarantined
            raise PrasanError(f"{node.settings.name} could not take all from {name}: {what}", "See serve.log there.")


def _an_encounter(node: Node) -> str:
    """The exercise's rendezvous, as the object that was sent."""
    for _, row in node.store.objects(types=["prasan-maritime-event"]):
        if row.kind == "encounter" and row.marking.exercise:
            return row.id
    raise PrasanError("the exercise gave no encounter to recall", "This is a defect: please report it.")


def _leaks(owner: Node, partner: Node) -> int:
    """Search the partner's whole home for words withheld from it, by a program that knows nothing of prasan."""
    words = canaries(owner, partner)
    found = subprocess.run(  # noqa: S603 - our own file, no shell
        [sys.executable, "-I", str(canary.__file__), str(partner.home.root)],
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
