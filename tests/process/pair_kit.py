"""Two real nodes with small feeds, as processes on loopback, and what must hold between them after any crash."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from loopback import HOST, free_ports
from prasan.cli.demo.cast import TH, US
from prasan.cli.demo.processes import client
from prasan.cli.demo.stage import DATA, set_up
from prasan.formats.stix_ids import CONTROL, type_of
from prasan.ledger.entry import Entry, decode
from prasan.node.node import Node
from prasan.node.record import verify
from prasan.node.settings import Listen
from prasan.stores.rows import OWN

INCIDENTS = 300
SENDER, READER = "th-mc", "us-mo"
FEEDS = {
    SENDER: (
        str(DATA / "ais" / "gfw_mmsi_416000000.jsonl.gz"),
        "piracy_attacks_small.csv",
        "exercise-gulf-andaman.nmea",
    ),
    READER: (str(DATA / "ais" / "gfw_mmsi_338013000.jsonl.gz"),),
}
"""What each node takes in; names without a folder lie in the stage's own."""

KILLED = -signal.SIGKILL


class Process:
    """One command of prasan as a process of its own; its output goes to files, so that it never waits for a reader."""

    def __init__(self, stage: "Stage", arguments: Sequence[str], crash_at: str = "") -> None:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        if crash_at:
            environment["PRASAN_CRASH_AT"] = crash_at
        self.name = arguments[0]
        self._log = stage.root / f"{self.name}.{time.monotonic_ns()}"
        with self._log.with_suffix(".out").open("wb") as out, self._log.with_suffix(".err").open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "prasan.cli", *arguments], stdout=out, stderr=err, env=environment
            )

    def wait(self, seconds: float = 90) -> int:
        """The exit code; no traceback was written."""
        code = self._process.wait(seconds)
        assert "Traceback" not in self.errors(), self.errors()
        return code

    def running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> bool:
        """SIGKILL; False if it had ended by itself."""
        alive = self.running()
        self._process.kill()
        self._process.wait()
        return alive

    def stop(self) -> None:
        self._process.terminate()
        self.wait(30)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.with_suffix(".out").read_text().splitlines()]

    def errors(self) -> str:
        return self._log.with_suffix(".err").read_text()


class Stage:
    """A folder with two homes that know each other. A copy of it is another run of the same two nodes."""

    def __init__(self, root: Path, ports: dict[str, int]) -> None:
        self.root, self.ports = root, ports

    @classmethod
    def build(cls, root: Path) -> "Stage":
        """Homes, keys, cards, accord and feeds; nothing taken in yet."""
        free = free_ports(4)
        pairs = [(TH, Listen(HOST, free[0], free[1])), (US, Listen(HOST, free[2], free[3]))]
        set_up(root, [(msgspec.structs.replace(office, feeds=()), listen) for office, listen in pairs])
        table = gzip.decompress((DATA / "incidents" / "piracy_attacks_1993_2015.csv.gz").read_bytes()).splitlines(True)
        (root / "piracy_attacks_small.csv").write_bytes(b"".join(table[: INCIDENTS + 1]))
        shutil.move(root / SENDER / "feeds" / "exercise-gulf-andaman.nmea", root)
        return cls(root, {office.name: listen.port for office, listen in pairs})

    def copy(self, root: Path) -> "Stage":
        shutil.copytree(self.root, root)
        return Stage(root, self.ports)

    def home(self, name: str) -> Path:
        return self.root / name

    def start(self, *arguments: str, crash_at: str = "") -> Process:
        return Process(self, arguments, crash_at)

    def ingest(self, name: str, crash_at: str = "") -> Process:
        feeds = [str(self.root / feed) for feed in FEEDS[name]]
        return self.start("ingest", *feeds, "--home", str(self.home(name)), crash_at=crash_at)

    def sync(self, crash_at: str = "") -> Process:
        return self.start("sync", "--home", str(self.home(READER)), crash_at=crash_at)

    def serve(self, crash_at: str = "", name: str = SENDER) -> Process:
        """A node, the sender's if no other is named, answering."""
        process = self.start("serve", "--home", str(self.home(name)), crash_at=crash_at)
        end = time.monotonic() + 60
        with client(self.home(name)) as http:
            while process.running() and time.monotonic() < end:
                try:
                    if http.get(f"https://{HOST}:{self.ports[name]}/healthz").status_code == 200:
                        return process
                except httpx2.HTTPError:
                    time.sleep(0.05)
        process.kill()
        raise AssertionError(f"the sender did not start: {process.errors()}")

    def recall_one(self) -> str:
        """Recall one object that the reader holds; its id."""
        node = Node(self.home(SENDER))
        held = next(row.id for _, row in node.store.objects(types=["incident"]))
        node.close()
        arguments = ["recall", held, "--to", READER, "--reason", "kill test", "--home", str(self.home(SENDER))]
        assert self.start(*arguments).wait() == 0
        return held


def partner_id(node: Node) -> str:
    """The one partner's id."""
    return node.store.partners()[0].id


class Taken(msgspec.Struct, frozen=True):
    """What a node made of its feeds: equal for a run that was killed and one that was not."""

    positions: int
    statics: int
    quarantined: int
    batches: int
    objects: frozenset[str]
    events: frozenset[str]


def taken(stage: Stage, name: str) -> Taken:
    """Count it, with every file of the archive read and compared with the manifest."""
    node = Node(stage.home(name))
    stats = node.archive.stats()
    assert node.archive.check() == []
    found = Taken(
        positions=stats.positions,
        statics=stats.statics,
        quarantined=stats.quarantined,
        batches=stats.batches,
        objects=frozenset(row.id for row in node.store.each_object() if row.origin == OWN),
        events=frozenset(row.id for row in node.store.events()),
    )
    assert node.archive.read().num_rows == stats.positions
    node.close()
    return found


def problems(stage: Stage) -> list[str]:
    """Everything that does not hold between the two nodes; empty after any crash that was followed by a whole run."""
    sender, reader = Node(stage.home(SENDER)), Node(stage.home(READER))
    found = one_way(sender, reader)
    for node in (sender, reader):
        found += [f"{node.settings.name}: log {one.log} does not verify" for one in verify(node) if not one.report.ok]
        found += [f"{node.settings.name}: decisions are still due"] * (node.store.due(node.clock.now_us()) != [])
        node.close()
    return found


def one_way(sender: Node, reader: Node) -> list[str]:
    """What does not hold of what the sender sent and the reader read."""
    return [*_views(sender, reader), *_once(reader, partner_id(reader)), *_recalls(sender, reader)]


def _views(sender: Node, reader: Node) -> list[str]:
    """Current rows of the sender against what the reader holds: id, version and hash, each exactly once."""
    to, by = partner_id(sender), partner_id(reader)
    rows = sender.store._all(
        "SELECT view_id, version, sha256, status, seq FROM views WHERE r = (SELECT r FROM recipients WHERE id = ?)",
        (to,),
    )
    current = {tuple(row[:3]) for row in rows if row[3] == "current"}
    received = Counter(reader.store._all("SELECT object_id, version, sha256 FROM received WHERE partner = ?", (by,)))
    kept = Counter(reader.store._all("SELECT id, version, sha256 FROM objects WHERE origin = ?", (by,)))
    shown = {row[:3] for row in current if type_of(row[0]) not in CONTROL}
    live = reader.store._all(
        "SELECT id, version, sha256 FROM objects WHERE origin = ? AND status IN ('current', 'revoked')", (by,)
    )
    checks = {
        "a current view is not received": current - set(received),
        "received, and never sent": set(received) - {tuple(row[:3]) for row in rows},
        "received twice": {key for key, times in received.items() if times != 1},
        "kept twice": {key for key, times in kept.items() if times != 1},
        "the reader shows other objects than the sender's current views": shown ^ set(live),
        "the order has a hole": set(range(1, len(rows) + 1)) ^ {row[4] for row in rows},
        "a view has not exactly one leaf": _uneven(entries(sender, to), rows),
    }
    return [f"{what}: {sorted(map(str, which))[:3]}" for what, which in checks.items() if which]


def _uneven(log: list[Entry], rows: list[Any]) -> set[str]:
    leaves = Counter((entry.subject, entry.detail["seq"]) for entry in log if entry.kind == "view")
    return {str(key) for key in (leaves - Counter((row[0], row[4]) for row in rows))} | {
        str(key) for key in (Counter((row[0], row[4]) for row in rows) - leaves)
    }


def _once(reader: Node, by: str) -> list[str]:
    """Every page applied once, from where the one before it ended."""
    ends = dict[str, list[int]]()
    for entry in entries(reader, by):
        if entry.kind == "applied":
            ends.setdefault(str(entry.detail["lane"]), []).append(int(str(entry.detail["upto"])))
    wrong = [f"pages of {lane} were applied out of order or twice: {to}" for lane, to in ends.items() if not rising(to)]
    apart = {one.reason for one in reader.store.quarantined(by)} - {"not_held"}  # an ask may cross a recall
    return wrong + [f"quarantined: {sorted(apart)}"] * bool(apart)


def rising(numbers: list[int]) -> bool:
    return all(a < b for a, b in pairwise(numbers))


def _recalls(sender: Node, reader: Node) -> list[str]:
    """Every recall taken in once, obeyed, and answered once."""
    to, by = partner_id(sender), partner_id(reader)
    out, came = sender.store.recalls_out(to), reader.store.recalls_in(by)
    asked = sorted(one.id for one in out)
    checks = {
        "a recall did not come": asked == sorted(one.id for one in came),
        "a recall is not answered": None not in [*(one.answered_us for one in out), *(one.answered_us for one in came)],
        "a receipt still waits": not reader.store.outgoing(by),
        "a recall has not exactly one receipt": asked == subjects(sender, to, "receipt"),
        "a recall was not obeyed exactly once": asked == subjects(reader, by, "recalled"),
    }
    return [what for what, holds in checks.items() if not holds]


def subjects(node: Node, log: str, kind: str) -> list[str]:
    return sorted(entry.subject for entry in entries(node, log) if entry.kind == kind)


def entries(node: Node, log: str) -> list[Entry]:
    """All entries of a log."""
    return [decode(row.entry) for row in node.store.leaf_rows(log) if row.entry is not None]
