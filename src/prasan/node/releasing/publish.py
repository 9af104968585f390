"""Decisions that are due become view rows: the one place where anything becomes visible to a recipient.

Three things make decisions due: the due-queue holds objects, for one recipient or for everybody; `pending` holds pairs
of recipient and profile whose outlook changed (see `outlooks`); and the clock may pass the moment until which a
recipient's decisions stood. Working them off decides, renders and follows the table of transitions (docs/wire.md,
section 5), a chunk a transaction, so that a crash between two chunks repeats nothing and nobody waits long.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from prasan.formats.stix_ids import CONTROL, type_of
from prasan.node import clock_guard
from prasan.node.node import Node
from prasan.node.objects import STAFF, recipient_ids
from prasan.node.releasing.desk import Desk
from prasan.node.releasing.outlooks import refresh
from prasan.node.releasing.settling import UNREADABLE, WITHDRAWN, Step, untold, withheld
from prasan.stores.rows import EVERYBODY, Settled
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.profiles import Pending

CHUNK: Final = 200
"""Decisions looked up at once."""
TOGETHER: Final = 10
"""Decisions between two looks at the time."""
HOLD_S: Final = 0.06
"""Seconds that a transaction is to take with its commit: whoever else writes waits no longer than about that."""
LEAST_S: Final = 0.005
"""Seconds of work that are worth a transaction on a machine however slow."""
ALIKE: Final = 50
"""Recipients for whom an object is decided one after the other."""
NARROWED: Final = 200
"""Rows taken out of pages at once."""
TURN_S: Final = 0.002
"""Between two transactions other processes get their turn; other threads get theirs anyway."""
FOLD: Final = 8
"""Transactions after which the log is folded back into the store, while nobody waits for it."""

LOG: Final = logging.getLogger("prasan.publish")

Pair = tuple[str, str]
"""A recipient and an object."""
Settle = Callable[[Desk, str, str], Settled]
"""How a pair is settled: as it comes, or so that one that cannot be settled holds up no other."""


def work_due(node: Node) -> int:
    """Decide everything that is due by now; how many decisions that were, of one object for one recipient.

    While the clock stops release, only our own staff's: they go on working, and nothing of it leaves the house.
    """
    done, pace = 0, HOLD_S / 2
    while True:
        only = STAFF if clock_guard.check(node) else None
        try:
            some, held = _work_some(node, settle, only, pace)
        except Exception:
            # Undone as a whole: a part that can be undone alone costs twice the time. Now each by itself.
            some, held = _work_some(node, settle_safely, only, pace)
        if not some:
            break
        done, pace = done + some, min(HOLD_S, max(LEAST_S, pace + (HOLD_S - held) / 2))
        node.store.fold_back(FOLD)
        time.sleep(TURN_S)
    return done


def _work_some(node: Node, how: Settle, only: str | None, pace: float) -> tuple[int, float]:
    """One transaction of it, which takes in no more after `pace` seconds; how many decisions, and how long it took."""
    with node.store.write() as tx:
        begin = time.monotonic()
        if only is None:
            refresh_late(node, tx)
        desk = Desk(node, tx, only)
        end = begin + pace
        done = _work_queue(desk, how, end) or _work_pending(desk, how, end)
        desk.note_outlooks()
    return done, time.monotonic() - begin


def refresh_late(node: Node, tx: Tx) -> None:
    """Have anew what hangs on an accord that began or ended, and what was never worked out by profile."""
    bases, now_us = tx.bases(), node.clock.now_us()
    late = [one for one in recipient_ids(tx) if one not in bases or _is_late(bases[one].until_us, now_us)]
    if late:
        refresh(node, tx, recipient_ids(tx))


def _is_late(until_us: int | None, now_us: int) -> bool:
    return until_us is not None and until_us <= now_us


def _work_queue(desk: Desk, how: Settle, end: float) -> int:
    """What can be done of the queue until a time (of the monotonic clock)."""
    done = 0
    while True:
        dues = desk.tx.due(desk.now_us, CHUNK, desk.only)
        taken, settled = settle_all(desk, [(one.recipient, one.object_id) for one in dues], how, end)
        put_settled(desk, settled)
        done += max(taken, len(settled))
        if taken < CHUNK or time.monotonic() > end:
            return done


def _work_pending(desk: Desk, how: Settle, end: float) -> int:
    """What can be done until then of what is to be decided anew by profile; what narrows comes first."""
    done = 0
    while waiting := [one for one in desk.tx.pending() if desk.only in (None, one.recipient)]:
        narrowing = [one for one in waiting if _withholds(desk, one)]
        done += _narrow(desk, _alike(narrowing)) if narrowing else _walk(desk, _alike(waiting), how, end)
        if time.monotonic() > end:
            break
    return done


def _withholds(desk: Desk, one: Pending) -> bool:
    return desk.outlook(one.recipient, desk.profiles[one.profile]).withholds


def _alike(waiting: Sequence[Pending]) -> list[Pending]:
    """The first, and those of other recipients that wait for the same objects: each is looked up once.

    Only what is a recipient's own first: the order of its rows hangs on nothing that is decided for others.
    """
    firsts = {one.recipient: one for one in reversed(waiting)}
    alike = [one for one in firsts.values() if (one.profile, one.after) == (waiting[0].profile, waiting[0].after)]
    return alike[:ALIKE]


def _narrow(desk: Desk, alike: Sequence[Pending]) -> int:
    """Nothing of the profile goes out any more: its rows leave the pages together."""
    pairs = desk.tx.narrow_profile(alike, NARROWED)
    names = {name for _, name in pairs}
    for name in names:
        desk.forget(name)
    referred = desk.tx.referred_to([*names])
    desk.tx.bring_referrers([pair for pair in pairs if pair[1] in referred], desk.now_us)
    return max(1, len(pairs))


def _walk(desk: Desk, alike: Sequence[Pending], how: Settle, end: float) -> int:
    """Decide the objects of a profile one by one for these recipients, in order of arrival."""
    limit = -(-CHUNK // len(alike))
    found = desk.tx.of_profile(alike[0].profile, alike[0].after, limit)
    pairs = [(one.recipient, name) for _, name in found for one in alike]
    whole = len(alike) * -(-TOGETHER // len(alike))  # they stay at one place: each object is done for all of them
    taken, settled = settle_all(desk, pairs, how, end, whole)
    reached = None if taken == len(pairs) and len(found) < limit else found[taken // len(alike) - 1][0]
    for one in alike:
        desk.tx.move_pending(one, reached)
    put_settled(desk, settled)
    return max(1, len(settled))


def put_settled(desk: Desk, settled: Sequence[Settled]) -> None:
    """Record what came of decisions."""
    changed = [one for one in settled if one.turned or desk.standing(one.recipient, one.object_id).turned]
    desk.tx.set_turned(
        [(one.object_id, one.recipient, msgspec.json.encode(one.turned) if one.turned else None) for one in changed]
    )
    desk.tx.put_settled(settled)


def settle_all(
    desk: Desk, tried: Sequence[Pair], how: Settle, end: float, together: int = TOGETHER
) -> tuple[int, list[Settled]]:
    """Settle pairs until a time, so many between two looks at it; how many were taken, and what came of them."""
    desk.lay_out([name for _, name in tried])
    settled: dict[Pair, Settled] = {}
    taken = 0
    while taken < len(tried) and (not taken or time.monotonic() <= end):
        some = tried[taken : taken + together]
        # Off the queue first: what is settled may put what refers to it back on.
        desk.take_off(some)
        for pair in some:
            settled |= {one: how(desk, *one) for one in _each(desk, pair) if one not in settled}
        taken += len(some)
    return taken, [*settled.values()]


def _each(desk: Desk, pair: Pair) -> Iterable[Pair]:
    """A pair, or a pair for everybody but the one that the object came from."""
    recipient, name = pair
    if recipient != EVERYBODY:
        return (pair,)
    origin = desk.origin(name)
    if desk.only is not None:
        desk.tx.bring_due([one for one in recipient_ids(desk.tx) if one not in (origin, desk.only)], name, desk.now_us)
    return [(one, name) for one in desk.concerned(name) if one != origin]


def settle_safely(desk: Desk, recipient: str, object_id: str) -> Settled:
    """Settle one pair; one that cannot be settled is withheld and named."""
    try:
        with desk.tx.part():
            return settle(desk, recipient, object_id)
    except Exception:
        LOG.exception("%s cannot be decided for %s", object_id, recipient)
        desk.forget(object_id)
        return withheld(desk, recipient, object_id, UNREADABLE)


def settle(desk: Desk, recipient: str, object_id: str) -> Settled:
    """Decide one object for one recipient, do what the change asks for, and say what remains to be done."""
    case, subject = desk.cases.get(recipient), desk.subject(object_id, recipient)
    if case is None or type_of(object_id) in CONTROL:
        return Settled(recipient, object_id)
    if subject is None:  # it was made for this recipient from sources that it may know no more
        return withheld(desk, recipient, object_id)
    if subject.row.status == "withdrawn":
        return withheld(desk, recipient, object_id, WITHDRAWN)
    if subject.form == "untold":
        return untold(desk, case, subject)
    return Step(desk, case, subject, desk.standing(recipient, object_id)).take()
