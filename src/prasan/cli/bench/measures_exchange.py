"""The exchange: objects added, decided, read and polled on a served node, and a policy adopted over all it holds.

The node is a child process with TLS and fsync on; this process is its client. `--rows` divided by `SHARE` objects, so
that a plain `bench` takes minutes; `--rows 10000000` measures at the 200,000 that the bars are meant for.
"""

import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from prasan.cli.bench import measures_exchange_peer as peer
from prasan.cli.bench import measures_exchange_stage as stage
from prasan.cli.bench.objects import stix_objects
from prasan.cli.bench.pairing import Bar, Line, line, paired
from prasan.cli.collector import calm_collector
from prasan.formats.stix import peek
from prasan.formats.stix_ids import EVENT, VESSEL
from prasan.node.node import Node
from prasan.node.partners.partnering import adopt_policy
from prasan.node.releasing.outlooks import origin_names, prepared
from prasan.node.releasing.publish import work_due
from prasan.picture.marking import Tlp
from prasan.release.facts import Profile
from prasan.release.outlook import Columns, judge_all

SHARE: Final = 50
FULL: Final = 200_000
POST: Final = 500
SPEC: Final = b'"spec_version"'
"""Once in each object."""
PARTS: Final = 5
"""What is added is measured in so many parts: the last must not cost more than the first."""
PAGE: Final = 1000
ASKED: Final = 40
PARTNERS: Final = 10
WAIT_MS: Final = 100
ADOPT_S: Final = 60
DECISIONS: Final = 1_000_000

LAST: Final = "2099-01-01T00:00:00Z"

WRITES_WHY: Final = "every object is three random index entries or more, written twice (log and file) and synced"
READS_WHY: Final = "each row is looked up in two tables, put on a page and sent through TLS by one thread of Python"
ADOPT_WHY: Final = "what fares differently is decided, rendered and put on record object by object"
ASK_WHY: Final = "the way through TLS, the server and the thread that answers costs more than the query"


def _count(rows: int) -> int:
    return min(FULL, max(1000, rows // SHARE))


def add(rows: int) -> Line:
    """Posts of a partner, each object checked, kept, decided for everybody and put on record."""
    count_ = _count(rows)
    bodies = [b'{"objects":[' + b",".join(raws) + b"]}" for raws in stage.batches(stix_objects(count_), POST)]
    with TemporaryDirectory() as folder, stage.serving(stage.build(Path(folder))) as served, served.client() as client:
        begin = time.perf_counter()
        parts = [_posted(served, client, some) for some in stage.batches(bodies, -(-len(bodies) // PARTS))]
        whole = time.perf_counter() - begin
    taken, spent = (sum(one[at] for one in parts) for at in (0, 1))
    first, last = (parts[at][2] / parts[at][1] for at in (0, -1))
    note = (
        f"{count_:,} generated objects in posts of {POST}; {count_ / taken:,.0f}/s taken and {count_ / whole:,.0f}/s "
        "decided (looked for twice a second, waited for after each part) by the wall clock; of "
        f"{len(parts)} parts the first {first:,.0f} and the last {last:,.0f} a CPU-second; {stage.SAID_ADDED}; "
        f"{peer.SAID}"
    )
    rates = (count_ / spent, peer.rate(peer.ADDED))
    return line("taxii-add", "TAXII objects added", "objects/CPU-s", rates, peer=peer.NAME, note=note,
                bar=Bar(5000, WRITES_WHY))  # fmt: skip


def _posted(served: stage.Served, client: stage.Client, bodies: list[bytes]) -> tuple[float, float, int]:
    """Seconds until the node has taken these posts, its processor seconds until it has decided all in them, and how
    many objects that were."""
    begin, spent = time.perf_counter(), served.cpu_s()
    for body in bodies:
        client.post(body)
    taken = time.perf_counter() - begin
    served.settle()
    return taken, served.cpu_s() - spent, sum(body.count(SPEC) for body in bodies)


def first_page(rows: int) -> Line:
    """The first page of a hundred, with a token and with a password; the slower of both."""
    served = stage.kept(_count(rows))
    with served.client() as bearer, served.client(basic=True) as basic:
        seconds = [_median(partial(one.page, "limit=100")) for one in (bearer, basic)]
        capped = _median(lambda: bearer.page(""))
    theirs = peer.rate(peer.FIRST_PAGE)
    note = (
        f"of {_count(rows):,} generated objects: {seconds[0] * 1e3:.1f} ms with a token, {seconds[1] * 1e3:.1f} with a "
        f"password, a page without limit {capped * 1e3:.0f} ms; wall clock, median of {ASKED}; {peer.SAID}"
    )
    return line("taxii-first-page", "first page of 100", "pages/s", (1 / max(seconds), theirs), peer=peer.NAME,
                note=note, bar=Bar(100, ASK_WHY))  # fmt: skip


def poll(rows: int) -> Line:
    """A poll that brings nothing new."""
    served = stage.kept(_count(rows))
    with served.client() as client:
        seconds = _median(lambda: client.page(f"added_after={LAST}"))
    note = f"of {_count(rows):,} generated objects: {seconds * 1e3:.1f} ms, wall clock, median of {ASKED}; {peer.SAID}"
    rates = (1 / seconds, peer.rate(peer.POLL))
    return line("taxii-poll", "poll with nothing new", "polls/s", rates, peer=peer.NAME, note=note,
                bar=Bar(1000 / 3, ASK_WHY))  # fmt: skip


def read_verbatim(rows: int) -> Line:
    """All that a partner gets whole."""
    return _read("taxii-verbatim", "objects read, whole", rows, ("indicator", "course-of-action", "tool"), 30_000)


def read_sanitised(rows: int) -> Line:
    """All that it gets sanitised."""
    return _read("taxii-sanitised", "objects read, sanitised", rows, (VESSEL,), 15_000)


def _read(name: str, what: str, rows: int, types: tuple[str, ...], least: float) -> Line:
    served, asked = stage.kept(_count(rows)), ",".join(types)
    with served.client() as client:
        begin, spent, own = time.perf_counter(), served.cpu_s(), time.process_time()
        read = sum(page.count(SPEC) for page in client.pages(f"limit={PAGE}&match[type]={asked}"))
        wall, spent, own = time.perf_counter() - begin, served.cpu_s() - spent, time.process_time() - own
    note = (
        f"{read:,} of {_count(rows):,} generated objects, one page after the other: {read / wall:,.0f}/s by the wall "
        f"clock, of whose {wall:.2f} s the node and this client, who take turns, had a processor for {spent + own:.2f}"
    )
    return line(name, what, "objects/CPU-s", (read / max(spent, 0.01), None), peer="", note=note,
                bar=Bar(least, READS_WHY))  # fmt: skip


def adopt(rows: int) -> Line:
    """A policy by which every partner gets other things than before, and how long another writer waits meanwhile."""
    count_ = _count(rows)
    with TemporaryDirectory() as folder:
        home = stage.build(Path(folder), PARTNERS).home
        node = Node(home)
        stage.keep(node, stix_objects(count_))
        work_due(node)
        policy = stage.POLICY.format(coarse=EVENT).encode()
        calm_collector()  # as the command does
        begin = time.perf_counter()
        with _Writer(node) as writer:
            adopt_policy(node, policy, "bench")
            narrowed = time.perf_counter() - begin
            work_due(node)
        wall = time.perf_counter() - begin
        node.close()
    pairs = count_ * PARTNERS
    note = (
        f"{count_:,} generated objects, {PARTNERS} partners: what narrows is read no more after {narrowed:.2f} s, "
        f"all done after {wall:.1f} s by the wall clock; another writer waits {writer.longest_s * 1e3:.0f} ms at most, "
        "its own commit included"
    )
    return line("adopt", "a policy adopted", "pairs/s", (pairs / wall, None), peer="", note=note,
                bar=Bar(FULL * PARTNERS / ADOPT_S, ADOPT_WHY))  # fmt: skip


class _Writer:
    """Somebody else who writes all the time."""

    def __init__(self, node: Node) -> None:
        self._node, self._over = node, threading.Event()
        self._thread = threading.Thread(target=self._write)
        self.longest_s = 0.0

    def __enter__(self) -> "_Writer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _write(self) -> None:
        for number in count():
            if self._over.wait(0.02):
                return
            begin = time.perf_counter()
            with self._node.store.write() as tx:
                tx.set_meta("bench", str(number))
            self.longest_s = max(self.longest_s, time.perf_counter() - begin)


def decide(_rows: int) -> Line:
    """Decisions in columns: by profile, and by the place and the age where rules look at them."""
    with TemporaryDirectory() as folder:
        node = Node(stage.build(Path(folder)).home)
        case = prepared(node.store, node.clock.now())[node.store.partners()[0].id]
        names, own = origin_names(node.store), node.id
        node.close()
    headers = [peek(raw) for raw in stix_objects(2000)]
    profiles = list(dict.fromkeys(Profile(one.type, one.type, one.marking(Tlp.GREEN)) for one in headers))
    facts = [one.facts(own, names.get(one.origin, one.origin)) for one in profiles]
    chance = np.random.default_rng(1)
    columns = Columns(
        profile=chance.integers(0, len(facts), DECISIONS),
        known_at=np.full(DECISIONS, case.now - 1),
        expires=np.full(DECISIONS, np.inf),
        offsets=np.arange(DECISIONS + 1),
        lats=chance.uniform(-10, 20, DECISIONS),
        lons=chance.uniform(90, 125, DECISIONS),
    )

    def ours() -> int:
        return len(judge_all(facts, columns, case).which)

    note = f"{DECISIONS:,} generated rows of {len(facts)} profiles in columns (`judge_all`), one recipient, on one core"
    rates = paired(ours, None)
    why = "sorting the rows by profile takes most of it"
    return line("decide", "decisions", "decisions/CPU-s", rates, peer="", note=note, bar=Bar(1e6, why))


def _median(ask: Callable[[], object]) -> float:
    """Seconds of one, the median of some, after some that are not counted."""
    seconds = []
    for turn in range(ASKED + 5):
        begin = time.perf_counter()
        ask()
        if turn >= 5:
            seconds.append(time.perf_counter() - begin)
    return median(seconds)
