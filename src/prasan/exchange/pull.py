"""One pull from a partner, without a socket: it yields what is to be asked and done, and is sent what came of it.

    alerts → control → what waits for the partner's inbox → objects → acknowledgements

Whatever the partner sends, it ends in a `Summary`: what cannot be read is counted and asked again from the same place.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from prasan.errors import IntegrityError
from prasan.exchange import asks
from prasan.exchange.acks import check_checkpoint, write_ack
from prasan.exchange.asks import Ask, PageCut, Stop
from prasan.exchange.http import Response
from prasan.exchange.intake import Accepted, Key, Turned, judge, key_of
from prasan.exchange.lanes import INBOX, LANES, Lane
from prasan.exchange.statements import Seal, Statement, open_page
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
)
from prasan.formats.stix_ids import is_id

TRIES: Final = 3
"""How often a page that was cut is asked for before the pull gives up until the next one."""
POST_AT_ONCE: Final = 100
MAX_PAGES: Final = 20_000
"""Pages in one pull: ten million objects. A node that never ends its pages does not hold us for ever."""
MAX_ID: Final = 300
"""Characters of an id that is asked for once more; nobody's type has so long a name."""
MAX_AHEAD: Final = 100_000
"""Statements fetched ahead of their objects."""


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


class _Lane:
    """A lane while it is read: the cursor, and the statements that were fetched ahead of their objects."""

    def __init__(self, name: Lane, collection: str, cursor: Cursor) -> None:
        same = cursor.collection == collection
        self.name, self.collection = name, collection
        self.added_after, self.seq = (cursor.added_after, cursor.seq) if same else ("", 0)
        self.acked = cursor.acked if same else 0
        self.stated: dict[Key, tuple[Statement, bytes]] = {}
        self.stated_to = self.seq

    def moved(self, last: str, keys: Sequence[Key]) -> None:
        """A page was judged: go on behind it."""
        self.added_after = last
        self.seq = max([self.seq, *(self.stated[key][0].seq for key in keys if key in self.stated)])
        self.stated = {key: found for key, found in self.stated.items() if found[0].seq > self.seq}


class _Reader:
    def __init__(self, task: Task) -> None:
        self.task, self.summary = task, Summary()
        self.lanes: list[_Lane] = []

    def run(self) -> Steps[None]:
        found = yield from self.again(self.listing())
        for name in LANES:
            self.lanes.append(_Lane(name, found[name], self.task.cursors[name]))
            yield from self.lane(self.lanes[-1])
            if name == "control":
                yield from self.again(self.post(found[INBOX]))
        yield from self.acknowledge()

    def ask(self, ask: Ask) -> Steps[Response]:
        """The answer, if it is a good one."""
        reply = yield ask
        if isinstance(reply, Unreached):
            raise Stop("unreachable", reply.reason)
        if not isinstance(reply, Response):
            raise PageCut(reply.reason if isinstance(reply, Cut) else "no answer")
        if reply.status in (401, 403):
            raise Stop("refused", f"The partner's node refused the request: {_title(reply)}")
        if not 200 <= reply.status < 300:
            raise PageCut(f"the partner's node answered {reply.status}: {_title(reply)}")
        return reply

    def again(self, steps: Steps[T]) -> Steps[T]:
        """The value of one exchange; one that was cut is made anew by its own caller, this one gives up at once."""
        try:
            return (yield from steps)
        except PageCut as cut:
            self.summary.page_cut += 1
            raise Stop("page_cut", f"The exchange broke off: {cut}.") from None

    def listing(self) -> Steps[dict[str, str]]:
        response = yield from self.ask(asks.COLLECTIONS)
        found = asks.read_collections(response)
        if not {*LANES, INBOX} <= found.keys():
            raise PageCut("the partner's node does not list its lanes and inbox for us")
        return found

    def lane(self, lane: _Lane) -> Steps[None]:
        """Page after page; one that was cut is asked again from the same place."""
        tries, more = TRIES, True
        while more:
            try:
                more = (yield from self.page(lane)) and self.summary.pages < MAX_PAGES
                tries = TRIES
            except PageCut as cut:
                self.summary.page_cut += 1
                tries -= 1
                if not tries:
                    raise Stop("page_cut", f"The lane '{lane.name}' broke off: {cut}.") from None

    def page(self, lane: _Lane) -> Steps[bool]:
        """Read and judge one page, and have it applied; whether more follow."""
        response = yield from self.ask(asks.objects(lane.collection, lane.added_after, self.task.limit))
        page = asks.read_objects(response, lane.added_after)
        if not page.objects:
            return False
        keys = [key_of(raw) for raw in page.objects]
        gone = yield from self.vouched(lane, keys)
        accepted, turned = list[Accepted](), list[Turned]()
        for raw, key in zip(page.objects, keys, strict=True):
            if key in gone:
                self.summary.dropped += 1
                continue
            verdict = judge(raw, lane.name, lane.stated, self.task.peer, self.task.known)
            if isinstance(verdict, Accepted):
                accepted.append(verdict)
            elif verdict is not None:
                turned.append(verdict)
            else:
                self.summary.ignored += 1
        lane.moved(page.last, keys)
        yield Apply(lane.name, lane.collection, tuple(accepted), tuple(turned), lane.added_after, lane.seq)
        self.count(accepted, turned)
        # What replaced a view while we read stands behind this page.
        return page.more or bool(gone)

    def vouched(self, lane: _Lane, keys: Sequence[Key]) -> Steps[set[Key]]:
        """Fetch the statements of a page. An object without one is asked for once more: those that are gone."""
        yield from self.statements(lane, keys)
        missing = [key for key in keys if is_id(key[0]) and len(key[0]) <= MAX_ID and key not in lane.stated]
        if not missing:
            return set()
        still = set[Key]()
        for start in range(0, len(missing), asks.IDS_AT_ONCE):
            ids = sorted({key[0] for key in missing[start : start + asks.IDS_AT_ONCE]})
            response = yield from self.ask(asks.objects_by_id(lane.collection, ids))
            still |= {key_of(raw) for raw in asks.read_some(response)}
        yield from self.statements(lane, missing)
        return {key for key in missing if key not in still}

    def statements(self, lane: _Lane, keys: Sequence[Key]) -> Steps[None]:
        """Fetch statements until all of these have one or there are no more."""
        wanted, more = [key for key in keys if key[0]], True
        while more and not all(key in lane.stated for key in wanted):
            response = yield from self.ask(asks.statements(lane.name, lane.stated_to))
            try:
                found, more = open_page(response.body, self.task.theirs.key, self.expected(lane))
            except IntegrityError as error:
                raise PageCut(str(error)) from None
            lane.stated |= {(one.view, one.version): (one, raw) for one, raw in found}
            lane.stated_to = found[-1][0].seq if found else lane.stated_to
            more = more and bool(found) and len(lane.stated) < MAX_AHEAD

    def expected(self, lane: _Lane) -> Seal:
        """What the signature of the next page of statements must say."""
        now = self.task.peer.now_us() // 1_000_000
        return Seal(self.task.theirs.id, self.task.ours.id, lane.name, lane.stated_to, 0, False, 0, "", now)

    def post(self, inbox: str) -> Steps[None]:
        """Bring what waits to the partner's inbox; what it does not take waits for the next pull."""
        waiting = yield Pending()
        items = [item for item in waiting if not isinstance(item, str)] if isinstance(waiting, Sequence) else []
        for start in range(0, len(items), POST_AT_ONCE):
            some = items[start : start + POST_AT_ONCE]
            response = yield from self.ask(asks.post(inbox, [item.raw for item in some]))
            taken = asks.read_status(response) & {item.id for item in some}
            if taken:
                yield Posted(tuple(sorted(taken)))
                self.summary.posted += len(taken)

    def acknowledge(self) -> Steps[None]:
        """Say how far every lane was read, on the partner's own checkpoint, signed by both."""
        lanes = [lane for lane in self.lanes if lane.seq > lane.acked]
        if not lanes:
            return
        since = self.task.last.size if self.task.last else 0
        response = yield from self.again(self.ask(asks.checkpoint(since)))
        try:
            _, note = check_checkpoint(response.body, self.task.theirs, self.task.ours, self.task.last)
        except IntegrityError as error:
            raise Stop("ledger", str(error)) from None
        for lane in lanes:
            body = write_ack(lane.name, lane.seq, note, self.task.ours)
            yield from self.again(self.ask(asks.ack(body)))
            yield Acked(lane.name, lane.seq, note)
            self.summary.acked += 1

    def count(self, accepted: Sequence[Accepted], turned: Sequence[Turned]) -> None:
        summary = self.summary
        summary.pages += 1
        summary.same += sum(one.same for one in accepted)
        summary.accepted += sum(not one.same for one in accepted)
        summary.quarantined = dict(Counter(summary.quarantined) + Counter(one.reason for one in turned))


def _title(response: Response) -> str:
    """What an error message says of itself; a short text in any case."""
    try:
        said = msgspec.json.decode(response.body, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return f"status {response.status}"
    return " ".join(str(said[name]) for name in ("title", "description") if name in said)[:300]
