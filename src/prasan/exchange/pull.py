"""One pull from a partner, without a socket: it yields what is to be asked and done, and is sent what came of it.

    alerts → control → what waits for the partner's inbox → objects → acknowledgements

One request a parcel: the partner's node answers with the next rows of the first lane that has any, so that an alert
never waits for more than the parcel under way. Whatever the partner sends, it ends in a `Summary`: what cannot be read
is counted and asked again from the same place.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from prasan.errors import IntegrityError
from prasan.exchange import asks
from prasan.exchange.acks import check_checkpoint, write_ack
from prasan.exchange.asks import Ask, PageCut, Stop
from prasan.exchange.assembly import Assembly
from prasan.exchange.http import Response
from prasan.exchange.intake import Accepted, Turned, judge
from prasan.exchange.lanes import LANES, Lane, collection_id
from prasan.exchange.parcels import Parcel
from prasan.exchange.steps import (
    Acked,
    Apply,
    Cursor,
    Cut,
    Pending,
    Posted,
    Reply,
    Step,
    Steps,
    Summary,
    T,
    Task,
    Unreached,
    Waiting,
)

TRIES: Final = 8
"""How often in a row a line may break without a byte more having come, before the pull gives up until the next one."""
POST_AT_ONCE: Final = 100
POST_FIRST: Final = 4000
"""Bytes posted at once before anything is known of the line: a post that breaks off is lost whole."""
ACK_US: Final = 60 * 1_000_000
"""How long in a long pull nobody is told how far it came."""
UNKNOWN: Final = (404, 405, 501)
"""How a node answers at an address that it does not have."""
MAX_PARCELS: Final = 20_000
"""Parcels in one pull: ten million objects. A node that never ends does not hold us for ever."""


def pull(task: Task) -> Steps[Summary]:
    """The whole pull. To each `Ask` send a Response, Cut or Unreached; to `Pending` what waits; else None."""
    reader = _Reader(task)
    try:
        yield from reader.run()
    except Stop as stop:
        reader.summary.failure, reader.summary.message = stop.code, str(stop)
    return reader.summary


def drive(steps: Steps[Summary], fetch: Callable[[Ask], Reply], act: Callable[[Step], Reply]) -> Summary:
    """Run a pull: `fetch` sends requests, `act` does everything else."""
    reply: Reply = None
    while True:
        try:
            step = steps.send(reply)
        except StopIteration as end:
            summary: Summary = end.value
            return summary
        reply = fetch(step) if isinstance(step, Ask) else act(step)


def judged(parcel: Parcel, task: Task) -> tuple[list[Accepted], list[Turned], int]:
    """What of a parcel is taken, what is turned away and why, and how much is ignored."""
    stated = {(one.view, one.version): (one, raw) for one, raw in parcel.stated}
    accepted, turned = list[Accepted](), list[Turned]()
    for raw in parcel.objects:
        verdict = judge(raw, parcel.lane, stated, task.peer, task.known)
        if isinstance(verdict, Accepted):
            accepted.append(verdict)
        elif verdict is not None:
            turned.append(verdict)
    return accepted, turned, len(parcel.objects) - len(accepted) - len(turned)


class _Lane:
    """How far a lane was applied here, and in which of the partner's epochs."""

    def __init__(self, name: Lane, cursor: Cursor) -> None:
        self.name, self.collection, self.seq, self.acked = name, cursor.collection, cursor.seq, cursor.acked

    def settle(self, collection: str) -> bool:
        """True if the partner's lane is another than the one we know: it is then read from the start."""
        before, self.collection = self.collection, collection
        if before in ("", collection):
            return False
        anew, self.seq, self.acked = self.seq > 0, 0, 0
        return anew


class _Reader:
    def __init__(self, task: Task) -> None:
        self.task, self.summary, self.posted = task, Summary(), False
        self.lanes = {name: _Lane(name, task.cursors[name]) for name in LANES}
        self.assembly = Assembly(task.line, task.theirs, task.ours, task.peer.now_us)
        self.wait_s, self.last, self.acked_us = task.wait_s, task.last, task.peer.now_us()

    def run(self) -> Steps[None]:
        if self.wait_s:
            yield from self.post()
        while self.summary.pages < MAX_PARCELS:
            parcel = yield from self.again(self.next)
            if parcel is None or parcel.lane == "objects":
                yield from self.post()
            if parcel is None:
                break
            yield from self.apply(parcel)
            self.posted &= parcel.lane != "control"
            if self.task.peer.now_us() - self.acked_us >= ACK_US:
                yield from self.acknowledge()
        yield from self.acknowledge()

    def ask(self, ask: Ask) -> Steps[Response]:
        """The answer, if it is a good one."""
        reply = yield ask
        if isinstance(reply, Unreached):
            raise Stop("unreachable", reply.reason)
        if isinstance(reply, Cut) and reply.came is not None:
            self.assembly.broke(reply.came)
        if not isinstance(reply, Response):
            raise PageCut(reply.reason if isinstance(reply, Cut) else "no answer")
        if reply.status in (401, 403):
            raise Stop("refused", f"The partner's node refused the request: {_title(reply)}")
        if reply.status in UNKNOWN and ask.target.startswith(asks.NEXT):
            raise Stop("no_parcels", f"The partner's node has no {asks.NEXT}: it must be brought up to date.")
        if not 200 <= reply.status < 300:
            raise PageCut(f"the partner's node answered {reply.status}: {_title(reply)}")
        return reply

    def again(self, steps: Callable[[], Steps[T]]) -> Steps[T]:
        """One exchange; if the line breaks it is made again, and more patiently the more it brought."""
        left = TRIES
        while True:
            held = self.task.line.held
            try:
                return (yield from steps())
            except PageCut as cut:
                self.summary.page_cut += 1
                left = TRIES if self.task.line.held > held else left - 1
                if not left:
                    raise Stop("page_cut", f"The exchange broke off: {cut}.") from None

    def next(self) -> Steps[Parcel | None]:
        """The next parcel, whole, or None if there is nothing more."""
        while True:
            after = {lane.name: lane.seq for lane in self.lanes.values()}
            ask = self.assembly.asking(after, self.task.limit, self.wait_s)
            response = yield from self.asking(ask)
            parcel = self.assembly.take(response)
            epoch = asks.epoch_of(response) if response.status == asks.NOTHING else parcel.epoch if parcel else ""
            if epoch and self.anew(epoch):
                continue
            if response.status == asks.NOTHING:
                return None
            if parcel is not None:
                if parcel.after != after[parcel.lane]:
                    raise PageCut("the parcel does not follow on what was asked")
                self.wait_s = 0
                return parcel

    def asking(self, ask: Ask) -> Steps[Response]:
        """The answer. Where waiting for it was broken off, it is not waited again: something may be to be posted."""
        try:
            return (yield from self.ask(ask))
        except PageCut:
            if self.wait_s:
                self.wait_s, self.posted = 0, False
            raise

    def anew(self, epoch: str) -> bool:
        """True if the partner's lanes are others than we know, so that it is to be asked again from the start."""
        found = [lane.settle(collection_id(epoch, self.task.ours.id, lane.name)) for lane in self.lanes.values()]
        self.summary.epochs += any(found)
        if self.summary.epochs > 1:
            raise Stop("page_cut", "The partner's node changes its epoch within one pull.")
        return any(found)

    def apply(self, parcel: Parcel) -> Steps[None]:
        """Judge a parcel and have it applied."""
        lane = self.lanes[parcel.lane]
        accepted, turned, ignored = judged(parcel, self.task)
        lane.seq = parcel.last
        yield Apply(lane.name, lane.collection, tuple(accepted), tuple(turned), parcel.last_added, lane.seq)
        summary = self.summary
        summary.pages += 1
        summary.ignored += ignored
        summary.same += sum(one.same for one in accepted)
        summary.accepted += sum(not one.same for one in accepted)
        summary.quarantined = dict(Counter(summary.quarantined) + Counter(one.reason for one in turned))

    def post(self) -> Steps[None]:
        """Bring what waits to the partner's inbox; what it does not take waits for the next pull."""
        if self.posted:
            return
        self.posted = True
        waiting = yield Pending()
        items = [item for item in waiting if not isinstance(item, str)] if isinstance(waiting, Sequence) else []
        for some in _portions(items, self.task.line.room or POST_FIRST):
            ask = asks.post([item.raw for item in some])
            response = yield from self.again(lambda ask=ask: self.ask(ask))  # type: ignore[misc]
            taken = asks.read_status(response) & {item.id for item in some}
            if taken:
                yield Posted(tuple(sorted(taken)))
                self.summary.posted += len(taken)

    def acknowledge(self) -> Steps[None]:
        """Say how far every lane was read, on the partner's own checkpoint, signed by both."""
        lanes = [lane for lane in self.lanes.values() if lane.seq > lane.acked]
        if not lanes:
            return
        since = self.last.size if self.last else 0
        response = yield from self.again(lambda: self.ask(asks.checkpoint(since)))
        try:
            self.last, note = check_checkpoint(response.body, self.task.theirs, self.task.ours, self.last)
        except IntegrityError as error:
            raise Stop("ledger", str(error)) from None
        self.acked_us = self.task.peer.now_us()
        for lane in lanes:
            body = write_ack(lane.name, lane.seq, note, self.task.ours)
            yield from self.again(lambda body=body: self.ask(asks.ack(body)))  # type: ignore[misc]
            yield Acked(lane.name, lane.seq, note)
            lane.acked = lane.seq
            self.summary.acked += 1


def _portions(items: Sequence[Waiting], room: int) -> Iterator[list[Waiting]]:
    """What is posted at once: no more than the line carries soon, but one in any case."""
    some, size = list[Waiting](), 0
    for item in items:
        if some and (size + len(item.raw) > room or len(some) == POST_AT_ONCE):
            yield some
            some, size = [], 0
        some.append(item)
        size += len(item.raw)
    if some:
        yield some


def _title(response: Response) -> str:
    """What an error message says of itself; a short text in any case."""
    try:
        said = msgspec.json.decode(response.body, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return f"status {response.status}"
    return " ".join(str(said[name]) for name in ("title", "description") if name in said)[:300]
