"""A line between two real nodes that carries little, takes long and breaks often; and what came over it, counted.

The proxy works below TLS: it sees the bytes of the TCP streams, handshakes and everything.
"""

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from pair_kit import READER, SENDER, Process, Stage, partner_id, problems

from loopback import HOST, free_ports
from prasan.cli.demo.cast import TH, US
from prasan.cli.demo.stage import set_up
from prasan.exchange.packing import ZSTD, pack
from prasan.formats.stix_build import event_id, event_object, incident_object
from prasan.formats.stix_ids import object_id
from prasan.node.node import Node
from prasan.node.objects import Made, keep_made
from prasan.node.partners.partnering import adopt_policy
from prasan.node.releasing.publish import work_due
from prasan.node.settings import FILE, Listen, dump, load
from prasan.picture.event import Event
from prasan.picture.finding import Finding, Fix, Rule
from prasan.picture.incident import Incident
from prasan.picture.marking import Marking, Tlp

PIECE = 240
"""Bytes that the line takes at once."""
POLICY = b"""prasan_policy = 1
name = "th-mc"
[[rule]]
id = "all"
to = ["us-mo", "class:staff"]
then = "release"
"""
AMBER = Marking(tlp=Tlp.AMBER, exercise=True)


class Counted(msgspec.Struct):
    """What the line did. `up` is from the reader to the sender."""

    up: int = 0
    down: int = 0
    connections: int = 0
    cuts: int = 0


class Line:
    """One line for all connections, so many bits a second each way, so many seconds long; a connection breaks (RST)
    after a random number of bytes in both directions together, exponential, `mean` on average. 0: it never breaks."""

    def __init__(self, port: int, to: int, *, bits: float, delay_s: float, mean: float, seed: int) -> None:
        self.port, self._to, self._rate, self._delay_s, self._mean = port, to, bits / 8, delay_s, mean
        self._draw, self._free = random.Random(seed), {"up": 0.0, "down": 0.0}
        self.counted = Counted()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> "Line":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    async def _run(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._carry, HOST, self.port)
        self._ready.set()
        await self._over.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: its own handshake takes the way there and back, then both directions until it breaks."""
        self.counted.connections += 1
        left = [self._draw.expovariate(1 / self._mean) if self._mean else float("inf")]
        await asyncio.sleep(2 * self._delay_s)
        try:
            far_reader, far = await asyncio.open_connection(HOST, self._to)
        except OSError:
            writer.transport.abort()
            return
        ways = [self._way("up", reader, far, left), self._way("down", far_reader, writer, left)]
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for end in (writer, far):
                end.transport.abort()

    async def _way(self, way: str, source: asyncio.StreamReader, sink: asyncio.StreamWriter, left: list[float]) -> None:
        """Bytes go on the line one after the other and come out at its other end later."""
        out: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivering = asyncio.create_task(_deliver(out, sink))
        try:
            while data := await source.read(PIECE):
                begun = max(time.monotonic(), self._free[way])
                self._free[way] = begun + len(data) / self._rate
                await asyncio.sleep(self._free[way] - time.monotonic())
                setattr(self.counted, way, getattr(self.counted, way) + len(data))
                left[0] -= len(data)
                if left[0] < 0:
                    self.counted.cuts += 1
                    return
                out.put_nowait((time.monotonic() + self._delay_s, data))
            await asyncio.sleep(self._delay_s)
        except ConnectionError:
            return
        finally:
            delivering.cancel()


async def _deliver(out: "asyncio.Queue[tuple[float, bytes]]", sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            at, data = await out.get()
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            sink.write(data)


class Figures(msgspec.Struct, frozen=True):
    """What came of a run. `raw`: bytes of the objects and statements; `packed`: the same as one zstd stream; `up`,
    `down`: all bytes of the TCP streams at the proxy, handshakes, requests and repeats included."""

    objects: int
    raw: int
    packed: int
    up: int
    down: int
    connections: int
    cuts: int
    seconds: float
    alert_s: float

    def lines(self) -> Iterator[str]:
        """For people."""
        total = self.up + self.down
        yield f"{self.objects} rows: {self.raw} bytes of objects and statements, {self.packed} packed as one"
        yield f"on the line: {self.down} down, {self.up} up, {self.connections} connections, {self.cuts} broke"
        yield f"all bytes / raw payload {total / self.raw:.2f}, / packed payload {total / self.packed:.2f}"
        yield f"{self.seconds:.0f} s in all; the alert made in the middle of the bulk came after {self.alert_s:.1f} s"


class Run:
    """Two homes, the sender filled, both served, the line between them."""

    def __init__(self, root: Path, *, alerts: int, objects: int, seed: int = 1) -> None:
        self.root, self.seed, self.want = root, seed, alerts + objects
        free = free_ports(5)
        self.real, self.proxy = free[1], free[4]
        # The sender's card names the line's end; it listens behind it.
        pairs = [(TH, Listen(HOST, free[0], self.proxy)), (US, Listen(HOST, free[2], free[3]))]
        set_up(root, [(msgspec.structs.replace(office, feeds=()), listen) for office, listen in pairs])
        self.stage = Stage(root, {office.name: listen.port for office, listen in pairs})
        self._every(SENDER, 0)
        self._every(READER, 1)
        self._fill(alerts, objects)

    def _every(self, name: str, seconds: int) -> None:
        """How often it pulls; 0: never."""
        home = self.stage.home(name)
        (home / FILE).write_text(dump(msgspec.structs.replace(load(home), sync_every_s=seconds)))

    def _fill(self, alerts: int, objects: int) -> None:
        node = Node(self.stage.home(SENDER))
        adopt_policy(node, POLICY, "test")
        with node.store.write() as tx:
            for made in (*(alert(node, n) for n in range(alerts)), *(incident(node, n) for n in range(objects))):
                keep_made(node, tx, made)
        work_due(node)
        node.close()

    def go(self, *, bits: float = 9600, delay_s: float = 0.6, mean: float = 10_000, most_s: float = 3600) -> Figures:
        """Serve both, make an alert in the middle, wait until everything is here, and check both sides."""
        line = Line(self.proxy, self.real, bits=bits, delay_s=delay_s, mean=mean, seed=self.seed)
        sender, reader = Node(self.stage.home(SENDER)), Node(self.stage.home(READER))
        by = partner_id(reader)
        with line, contextlib.ExitStack() as stack:
            begun = time.monotonic()
            for name, port in ((SENDER, self.real), (READER, 0)):
                serving = self._serve(name, port)
                stack.callback(serving.stop)
            until(lambda: reader.store.received_count(by) >= self.want // 3, most_s)
            made = alert(sender, 10_000)
            with sender.store.write() as tx:
                keep_made(sender, tx, made)
            told = time.monotonic()
            until(lambda: reader.store.object(made.id) is not None, most_s)
            alert_s = time.monotonic() - told
            until(lambda: reader.store.received_count(by) > self.want, most_s)
            until(lambda: self._acked(sender), most_s)
            seconds = time.monotonic() - begun
        figures = self._figures(sender, line.counted, seconds, alert_s)
        sender.close()
        reader.close()
        found = problems(self.stage)
        assert found == [], found
        return figures

    def _acked(self, sender: Node) -> bool:
        """The sender knows that everything was read."""
        to = partner_id(sender)
        return all(sender.store.acked(to, lane) == sender.store.last_seq(to, lane) for lane in ("alerts", "objects"))

    def _serve(self, name: str, peer_port: int) -> Process:
        more = ["--peer-port", str(peer_port)] if peer_port else []
        return self.stage.start("serve", "--home", str(self.stage.home(name)), *more)

    def _figures(self, sender: Node, counted: Counted, seconds: float, alert_s: float) -> Figures:
        to = partner_id(sender)
        sql = (
            "SELECT seq, statement FROM views WHERE r = (SELECT r FROM recipients WHERE id = ?)"
            " AND status = 'current' ORDER BY seq"
        )
        rows = [(sender.store.view_bytes(to, seq) or b"") + stated for seq, stated in sender.store._all(sql, (to,))]
        whole = b"".join(rows)
        return Figures(
            objects=len(rows), raw=len(whole), packed=len(pack(whole, ZSTD)), up=counted.up, down=counted.down,
            connections=counted.connections, cuts=counted.cuts, seconds=seconds, alert_s=alert_s,
        )  # fmt: skip


def until(holds: Callable[[], bool], most_s: float) -> None:
    end = time.monotonic() + most_s
    while not holds():
        assert time.monotonic() < end, f"it did not happen in {most_s:.0f} s"
        time.sleep(0.1)


def alert(node: Node, number: int) -> Made:
    """A gap of a made-up vessel, with evidence as detections write it."""
    draw = random.Random(number)
    start, lat, lon = 1_790_000_000 + 977 * number, round(draw.uniform(5, 12), 4), round(draw.uniform(97, 103), 4)
    mmsi = 567_000_000 + draw.randrange(900_000)
    evidence: dict[str, Any] = {
        "silent_h": round(draw.uniform(6, 30), 1), "usual_s": draw.randrange(20, 900), "heard": draw.randrange(3, 40),
        "expected": draw.randrange(40, 60), "distance_km": round(draw.uniform(1, 300), 1), "how": "sudden",
    }  # fmt: skip
    finding = Finding(
        "gap", f"weak-{number}", (mmsi,), start, start + 50_000, lat, lon, "medium", "longer_than_usual",
        Rule("gap", 1, "prasan", {"min_h": 6.0}), ("coast-th",),
        (Fix(start, mmsi, lat, lon, 7.5, 181.0), Fix(start + 50_000, mmsi, lat + 0.3, lon + 0.2, 6.5, 90.0)), evidence,
    )  # fmt: skip
    event = Event(finding.key, finding, "closed", 0, start + 60_000, AMBER)
    return Made(event_id(node.id, finding.key), lambda stamp: event_object(event, [], stamp), AMBER)


def incident(node: Node, number: int) -> Made:
    """A report of an attack, made up."""
    draw = random.Random(number)
    report = Incident(
        f"weak-{number}", 1_700_000_000 + 7_919 * number, "minute", round(draw.uniform(-5, 12), 4),
        round(draw.uniform(95, 110), 4), draw.choice(("boarded", "hijacked", "attempted")),
        draw.choice(("anchored", "berthed", "steaming")), draw.choice(("tanker", "bulk carrier", "tug")), "IDN", "imb",
    )  # fmt: skip
    return Made(object_id("incident", node.id, report.key), lambda stamp: incident_object(report, stamp, AMBER), AMBER)
