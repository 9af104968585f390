"""Two nodes that serve and follow each other while either is killed again and again, and what must hold between them.

Something always happens: objects are made and revised, recalled, answered by opinions; consents are asked for and
given; bundles are carried. An act that returned is acknowledged: it must be on the other side once, whatever is killed.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import msgspec
from pair_kit import READER, SENDER, Process, Stage, one_way, partner_id

from loopback import HOST, free_ports
from prasan.cli.demo.cast import TH, US
from prasan.cli.demo.processes import client
from prasan.cli.demo.stage import set_up
from prasan.errors import PrasanError
from prasan.exchange.lanes import LANES
from prasan.formats.stix_build import Stamp, incident_object
from prasan.formats.stix_ids import object_id
from prasan.node.acts.asking import Ask, ask
from prasan.node.acts.consents import Answer, answer
from prasan.node.acts.feedback import say
from prasan.node.lines.bundles import export
from prasan.node.node import Node
from prasan.node.objects import Made, keep_made
from prasan.node.partners.partnering import adopt_policy
from prasan.node.record import verify
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.recall import recall
from prasan.node.settings import Listen
from prasan.picture.incident import Incident
from prasan.picture.marking import Marking, Tlp
from prasan.stores.rows import OWN

POLICY = """prasan_policy = 1
name = "{name}"
[[rule]]
id = "all"
to = ["partners", "class:staff"]
then = "release"
"""
NAMES = (SENDER, READER)
THIRD = "identity--00000000-0000-4000-8000-000000000001"
GREEN = Marking(tlp=Tlp.GREEN, exercise=True)
AT_ONCE = 5
SETTLE_S = 120.0


class Killed(msgspec.Struct):
    """What was done: kills by node, acts by name, bundles whose import was killed."""

    kills: dict[str, int]
    acts: dict[str, int]
    imports: int = 0


class Alive:
    """The two homes, and the processes that serve them. `draw` chooses what happens, to whom, and when."""

    def __init__(self, root: Path, seed: int) -> None:
        free = free_ports(4)
        pairs = [(TH, Listen(HOST, free[0], free[1])), (US, Listen(HOST, free[2], free[3]))]
        set_up(root, [(msgspec.structs.replace(office, feeds=()), listen) for office, listen in pairs], 1)
        self.stage = Stage(root, {office.name: listen.port for office, listen in pairs})
        self.draw, self.made = random.Random(seed), 0
        self.processes = dict[str, Process]()
        self.told = Killed(dict.fromkeys(NAMES, 0), {})
        self.said = list[tuple[str, str]]()
        """Who made which object: each was acknowledged to whoever made it."""
        for name in NAMES:
            with self.node(name) as node:
                adopt_policy(node, POLICY.format(name=name).encode(), "test")

    @contextmanager
    def node(self, name: str) -> Iterator[Node]:
        """The node as another process of its own machine, beside the one that serves."""
        node = Node(self.stage.home(name))
        try:
            yield node
        finally:
            node.close()

    # Processes

    def begin(self) -> None:
        """Both serve, with something to tell."""
        for name in NAMES:
            self.start(name)
        for name in NAMES:
            self.ready(name)
            with self.node(name) as node:
                self.make(node)

    def start(self, name: str) -> None:
        self.processes[name] = self.stage.start("serve", "--home", str(self.stage.home(name)))

    def ready(self, name: str, seconds: float = 90) -> None:
        process, end = self.processes[name], time.monotonic() + seconds
        with client(self.stage.home(name)) as http:
            while process.running() and time.monotonic() < end:
                try:
                    if http.get(f"https://{HOST}:{self.stage.ports[name]}/healthz").status_code == 200:
                        return
                except httpx2.HTTPError:
                    time.sleep(0.05)
        raise AssertionError(f"{name} did not start: {process.errors()}")

    def stop(self) -> None:
        """Both end as they should."""
        for process in self.processes.values():
            process.stop()
        self.processes.clear()

    def kill_one(self) -> str:
        """Something happens, and a random moment later one node is killed, and started again."""
        name = self.draw.choice(NAMES)
        acts = [self.draw.choice(sorted(ACTS)) for _ in range(self.draw.randint(1, 3))]
        done = [act for act in acts if self.act(act)]
        seconds = self.draw.uniform(0.0, 1.5)
        time.sleep(seconds)
        killed = self.processes[name]
        assert killed.kill(), f"{name} had ended by itself: {killed.errors()}"
        assert "Traceback" not in killed.errors(), killed.errors()
        self.told.kills[name] += 1
        self.start(name)
        # Every third time the next things happen while it is still starting.
        if self.draw.random() < 0.67:
            self.ready(name)
        return f"{name} killed {seconds:.2f} s after {', '.join(done) or 'nothing'}"

    # What happens

    def act(self, what: str) -> bool:
        """One act of one side's; False if there was nothing to do it to."""
        name = self.draw.choice(NAMES)
        if what == "bundle":
            return self.carry(name)
        with self.node(name) as node:
            try:
                done = ACTS[what](self, node)
            except PrasanError:
                done = False
        if done:
            self.told.acts[what] = self.told.acts.get(what, 0) + 1
        return done

    def make(self, node: Node) -> bool:
        """Some new objects."""
        with node.store.write() as tx:
            for _ in range(AT_ONCE):
                self.made += 1
                made = incident(node, f"k{self.made}", "boarded")
                keep_made(node, tx, made)
                self.said.append((node.settings.name, made.id))
        return True

    def revise(self, node: Node) -> bool:
        """A later version of one."""
        key = self.draw.choice([f"k{number}" for number in range(1, self.made + 1)] or [""])
        made = incident(node, key, self.draw.choice(["attempted", "hijacked", "boarded"]))
        if node.store.object(made.id) is None:
            return False
        with node.store.write() as tx:
            return keep_made(node, tx, made)

    def recall(self, node: Node) -> bool:
        """Something is taken back."""
        own = self.some(node, OWN)
        return bool(own and recall(node, own, "all", "killed while recalled"))

    def opinion(self, node: Node) -> bool:
        """Something is said of what the other sent."""
        theirs = self.some(node, partner_id(node))
        if theirs:
            self.said.append((node.settings.name, say(node, "agree", theirs).id))
        return bool(theirs)

    def consent(self, node: Node) -> bool:
        """A consent is given if one was asked for, else asked for."""
        asked = [row.id for row in node.store.consents("theirs") if row.state == "asked"]
        if asked:
            return bool(answer(node, asked[0], Answer("given")))
        theirs = self.some(node, partner_id(node))
        return bool(theirs and ask(node, Ask(theirs, THIRD, purpose="maritime_security")))

    def some(self, node: Node, origin: str) -> str:
        """A current incident of an origin, "" if there is none."""
        rows = [row for row in node.store.each_object() if row.origin == origin and row.type == "incident"]
        names = sorted(row.id for row in rows if row.status == "current")
        return self.draw.choice(names) if names else ""

    def carry(self, name: str) -> bool:
        """A bundle of what the other may read, taken in by a process that may be killed too."""
        other = next(one for one in NAMES if one != name)
        path = self.stage.root / f"{name}.bundle"
        with self.node(name) as node:
            work_due(node)
            path.write_bytes(next(iter(export(node, other))).raw)
        process = self.stage.start("bundle", "import", str(path), "--home", str(self.stage.home(other)))
        if self.draw.random() < 0.5:
            time.sleep(self.draw.uniform(0.3, 1.5))
            self.told.imports += process.kill()
        else:
            process.wait()  # the line may have been quicker, or behind: what it says is its own affair
        self.told.acts["bundle"] = self.told.acts.get("bundle", 0) + 1
        return True

    # What must hold

    def settle(self) -> list[str]:
        """Wait until both have everything, stop both, and name what does not hold."""
        for name in NAMES:
            self.ready(name)
        end = time.monotonic() + SETTLE_S
        while (waiting := self.waiting()) and time.monotonic() < end:
            time.sleep(0.3)
        self.stop()
        return [*waiting, *self.problems()]

    def waiting(self) -> list[str]:
        """What is still on its way."""
        found = []
        with self.node(SENDER) as a, self.node(READER) as b:
            for node, other in ((a, b), (b, a)):
                to, by = partner_id(node), partner_id(other)
                name = node.settings.name
                found += [f"{name}: decisions are due"] * bool(node.store.due(node.clock.now_us()))
                found += [f"{name}: something waits to be posted"] * bool(node.store.outgoing(to))
                for lane in LANES:
                    current = node.store.parcel_rows(to, lane, other.store.cursor(by, lane).seq, 1, node.clock.now_us())
                    found += [f"{name}: rows of {lane} were not read"] * bool(current)
        return found

    def problems(self) -> list[str]:
        """Everything that does not hold between the two, either way."""
        with self.node(SENDER) as a, self.node(READER) as b:
            found = [*one_way(a, b), *one_way(b, a), *self.acknowledged(a, b), *consents(a, b), *consents(b, a)]
            for node in (a, b):
                wrong = [one.log for one in verify(node) if not one.report.ok]
                found += [f"{node.settings.name}: log {one} does not verify" for one in wrong]
        return found

    def acknowledged(self, a: Node, b: Node) -> Iterator[str]:
        """Each object that was made is at both nodes, but for one recalled before it was read."""
        by = {a.settings.name: (a, b), b.settings.name: (b, a)}
        for name, made in self.said:
            maker, _ = by[name]
            recalled = {one.object_id for one in maker.store.recalls_out(partner_id(maker))}
            for node in by[name]:
                if node.store.object(made) is None and (node is maker or made not in recalled):
                    yield f"{made}, made by {name}, is not at {node.settings.name}"


def consents(asker: Node, asked: Node) -> Iterator[str]:
    """Both sides hold the same state of every consent, unless what it is about was recalled before it was asked."""
    theirs = {row.id: row.state for row in asked.store.consents("theirs")}
    apart = {one.object_id for one in asked.store.quarantined(partner_id(asked))}
    for row in asker.store.consents("ours"):
        if row.id not in apart and theirs.get(row.id) != row.state:
            yield f"consent {row.id} is {row.state} at {asker.settings.name}, {theirs.get(row.id)} at the other"


def incident(node: Node, key: str, attack: str) -> Made:
    """A report of an attack, under a number."""
    report = Incident(key, 1_700_000_000, "minute", 3.25, 100.75, attack, "anchored", "tanker", "IDN", "imb")

    def build(stamp: Stamp) -> bytes:
        return incident_object(report, stamp, GREEN)

    return Made(object_id("incident", node.id, key), build, GREEN)


ACTS: dict[str, Callable[[Alive, Node], bool]] = {
    "make": Alive.make,
    "revise": Alive.revise,
    "recall": Alive.recall,
    "opinion": Alive.opinion,
    "consent": Alive.consent,
    "bundle": lambda _alive, _node: True,
}
