"""The history of a request for information at this node: read, taken in from a partner, changed and sent.

Whatever comes, the partner is sent what it does not have, so that in the end both sides hold the same changes.
"""

from typing import Any, Final

import msgspec

from prasan.errors import FormatError, UsageError
from prasan.exchange.inquiry import OPEN, TYP, Act, History, Side, may
from prasan.exchange.inquiry import Link as Taken
from prasan.exchange.intake import Accepted
from prasan.exchange.jws import payload_of, sign
from prasan.formats.stix import format_time, parse_time, peek
from prasan.formats.stix_build import Stamp
from prasan.formats.stix_request import (
    MAX_CHANGES,
    MAX_HISTORY,
    Carrier,
    Change,
    Question,
    State,
    carrier_id,
    read_change,
    read_request,
    read_rest,
    request_id,
    request_object,
    write_change,
    write_rest,
)
from prasan.ledger.entry import Detail
from prasan.node.node import Node
from prasan.node.objects import STEP_S
from prasan.node.partners.partner_keys import known_keys
from prasan.node.recipients import accords_with
from prasan.node.record import DROPPED, note
from prasan.picture.marking import Marking, Tlp
from prasan.picture.posted import Item
from prasan.release.accord import combine
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.store import Reads
from prasan.stores.traffic import ChangeRow, Outgoing, Quarantined, RequestRow

MARKING: Final = Marking(tlp=Tlp.AMBER_STRICT)
"""What two nodes ask each other is for these two alone."""


def history_of(store: Reads, partner: str, request: str) -> History:
    """The changes of a request as they were checked when they came."""
    rows = store.request_changes(partner, request)
    return History(_link(row) for row in rows)


def _link(row: ChangeRow) -> Taken:
    if row.dropped:
        return Taken(row.sha256, "", _side(row.by), read_rest(row.text.encode()))
    return Taken(row.sha256, row.text, _side(row.by), read_change(payload_of(row.text)))


def _side(by: str) -> Side:
    return "asker" if by == "asker" else "asked"


def side_of(row: RequestRow) -> Side:
    """Which side of it we are."""
    return "asker" if row.side == "ours" else "asked"


def begin(node: Node, tx: Tx, question: Question, said: dict[str, Any]) -> RequestRow:
    """The first change of a request of ours. UsageError if the same is asked and open: a form may be sent twice."""
    now_us = node.clock.now_us()
    ours = (row for row in tx.requests() if (row.partner, row.side) == (question.asked, "ours"))
    if any(_asks(tx, row, question, said) for row in ours):
        raise UsageError("the same was asked before and is open", "See 'prasan request list'.", code="request_asked")
    row = RequestRow(question.asked, request_id(question), "ours", now_us, now_us)
    change = Change(request=row.id, n=0, prev="", state="sent", at=format_time(now_us / 1e6), question=question, **said)
    tx.put_request(row)
    _add(node, tx, row, History(), change)
    return row


def _asks(tx: Tx, row: RequestRow, question: Question, said: dict[str, Any]) -> bool:
    """Whether a request that is open asks just this."""
    history = history_of(tx, row.partner, row.id)
    same = msgspec.structs.replace(history.question, nonce=question.nonce) == question
    return same and history.state in OPEN and _says(history.in_order()[0].change, said)


def _says(change: Change, said: dict[str, Any]) -> bool:
    return (change.text, change.refs) == (said.get("text", ""), said.get("refs", ()))


def advance(node: Node, tx: Tx, row: RequestRow, act: Act, said: dict[str, Any]) -> None:
    """Our next change. UsageError if it is not ours to make now."""
    history = history_of(tx, row.partner, row.id)
    state, side = history.state, side_of(row)
    if len(history.tips) > 1:
        raise UsageError(
            "the two sides tell different histories",
            "Settle that first: 'prasan request settle'.",
            code="request_conflict",
        )
    after = may(state, side).get(act)
    if after is None:
        can = ", ".join(may(state, side)) or "nothing, the partner is next"
        raise UsageError(
            f"this request is {state}, so we cannot {act} it",
            f"What we can do now: {can}.",
            code="request_moved",
            state=f"request.{state}",
        )
    last = history.tips[0]
    if (last.side, last.change.state) == (side, after) and _says(last.change, said):
        raise UsageError("the same was said just before", "See 'prasan request show'.", code="request_said")
    _follow(node, tx, row, history, last, after, said)


def settle(node: Node, tx: Tx, row: RequestRow, name: str, text: str) -> None:
    """Keep the history that ends with one change (`name`: the beginning of its hash) and set the others aside."""
    history = history_of(tx, row.partner, row.id)
    tips = [one for one in history.tips if name and one.sha256.startswith(name.lower())]
    if len(history.tips) < 2 or len(tips) != 1:
        ends = ", ".join(one.sha256[:12] for one in history.tips)
        raise UsageError(
            "there is nothing of that name to settle", f"The histories end with: {ends}.", code="settle_unknown"
        )
    aside = tuple(one.sha256 for one in history.tips if one.sha256 != tips[0].sha256)
    _follow(node, tx, row, history, tips[0], tips[0].change.state, {"settles": aside, "text": text})


def _follow(  # noqa: PLR0913, PLR0917 - a change and where it comes
    node: Node, tx: Tx, row: RequestRow, history: History, last: Taken, state: State, said: dict[str, Any]
) -> None:
    at = format_time(node.clock.now_us() / 1e6)
    before = last.change
    change = Change(request=row.id, n=before.n + 1, prev=last.sha256, state=state, at=at, **said)
    _add(node, tx, row, history, change)


def _add(node: Node, tx: Tx, row: RequestRow, history: History, change: Change) -> None:
    text = sign(write_change(change), TYP, node.key)
    if len(history.links) >= MAX_CHANGES or sum(map(len, history.texts)) + len(text) > MAX_HISTORY:
        raise UsageError("this request has become too long", "Close it and send another.", code="request_long")
    taken = history.take(text, known_keys(node), frozenset({node.id, row.partner}))
    if not isinstance(taken, Taken):
        raise UsageError(f"this change cannot follow ({taken})", "See 'prasan request show'.", code="request_follow")
    _keep(node, tx, row, taken)
    _send(node, tx, row, history)


def _keep(node: Node, tx: Tx, row: RequestRow, taken: Taken) -> None:
    now_us = node.clock.now_us()
    tx.put_change(row.partner, row.id, ChangeRow(taken.sha256, taken.side, taken.text, now_us))
    tx.put_request(msgspec.structs.replace(row, changed_us=now_us))
    kind = "request_settled" if taken.change.settles else f"request_{taken.change.state}"
    detail: Detail = {"n": taken.change.n, "by": taken.side, "change": taken.sha256}
    note(node, tx, row.partner, kind, row.id, detail)


def _send(node: Node, tx: Tx, row: RequestRow, history: History) -> None:
    """All we hold of it, to the partner's inbox, in place of what waits there."""
    now_us, name = node.clock.now_us(), carrier_id(node.id, row.id)
    before = tx.queued(row.partner, name)
    created = modified = now_us / 1e6
    if before is not None:
        header = peek(before.raw)
        created, modified = parse_time(header.created), max(modified, parse_time(header.modified) + STEP_S)
        waits = any(one.id == name for one in tx.outgoing(row.partner))
        if waits and read_request(before.raw).changes == history.texts:
            return
    raw = request_object(row.id, history.texts, Stamp(node.id, created, modified), MARKING, history.dropped)
    tx.queue_outgoing(Outgoing(name, row.partner, raw, now_us))


def drop_changes(node: Node, tx: Tx, partner: str, taken_us: int) -> int:
    """Drop what a partner said in requests before a time; how many changes.

    Their hashes stay, and where each stands in its history; the pair log holds the same hashes, so whoever kept a text
    can still show that it is the one.
    """
    due = tx.overdue_changes(partner, taken_us)
    for request, row in due:
        change = _link(row).change
        tx.drop_change(partner, request, row.sha256, write_rest(change).decode())
        note(node, tx, partner, DROPPED, request, {"n": change.n, "change": row.sha256, "why": "store_days"})
    for request in {request for request, _ in due}:
        tx.blank_inbox(partner, carrier_id(partner, request))
        tx.blank_quarantined(partner, carrier_id(partner, request))
        _send_less(node, tx, partner, request)
    return len(due)


def _send_less(node: Node, tx: Tx, partner: str, request: str) -> None:
    """What waits for the partner's inbox, or was posted there, holds nothing of what was dropped."""
    row, before = tx.request(partner, request), tx.queued(partner, carrier_id(node.id, request))
    if row is None or before is None:
        return
    history = history_of(tx, partner, request)
    if any(one.id == before.id for one in tx.outgoing(partner)):
        _send(node, tx, row, history)
        return
    header = peek(before.raw)
    stamp = Stamp(node.id, parse_time(header.created), parse_time(header.modified))
    raw = request_object(request, history.texts, stamp, MARKING, history.dropped)
    tx.requote_outgoing(msgspec.structs.replace(before, raw=raw))


def request_posted(node: Node, tx: Tx, partner: str, item: Item) -> None:
    """A partner's word of a request, in its inbox. FormatError if it cannot be read."""
    _take(node, tx, partner, (item.id, item.version, item.raw))


def request_pulled(node: Node, tx: Tx, partner: str, one: Accepted) -> None:
    """The same from its control lane. FormatError if it cannot be read."""
    _take(node, tx, partner, (one.header.id, one.header.version, one.raw))


def _take(node: Node, tx: Tx, partner: str, came: tuple[str, str, bytes]) -> None:
    name, version, raw = came
    told = read_request(raw)
    request = told.request
    if name != carrier_id(partner, request):
        raise FormatError("the request is not under its sender's id", "Ask the partner to send it again.")
    row = tx.request(partner, request)
    history = history_of(tx, partner, request) if row else History()
    keys, pair = known_keys(node), frozenset({node.id, partner})
    held, refused = set(history.links), set[str]()
    for text in told.changes:
        taken = history.take(text, keys, pair)
        if isinstance(taken, str):
            refused.add(taken)
    news = [link for link in history.in_order() if link.sha256 not in held]
    if row is None and news:
        row = _opened(node, partner, request, history)
        refused |= set() if row else {"other_terms"}
    if history.dropped:
        tx.blank_inbox(partner, name)  # what was dropped and is sent again stays dropped
    for reason in sorted(refused):
        tx.put_quarantined(Quarantined(partner, name, version, reason, raw, node.clock.now_us()))
    if row is not None:
        _taken(node, tx, row, history, news, told)


def _opened(node: Node, partner: str, request: str, history: History) -> RequestRow | None:
    """A request that is new here; None unless an accord in force is for its purpose, or it is our own come back."""
    question, now_us = history.question, node.clock.now_us()
    if any(link.change.request != request for link in history.links.values()):
        return None
    if question.asker == node.id:
        return RequestRow(partner, request, "ours", now_us, now_us)
    terms = combine(tuple(one for one in accords_with(node, partner) if one.in_force(now_us / 1e6)))
    if terms is None or question.purpose not in terms.purposes:
        return None
    return RequestRow(partner, request, "theirs", now_us, now_us)


def _taken(  # noqa: PLR0913, PLR0917 - what came, and what is here
    node: Node, tx: Tx, row: RequestRow, history: History, news: list[Taken], told: Carrier
) -> None:
    tx.put_request(row)
    for link in news:
        _keep(node, tx, row, link)
    if news and len(history.tips) > 1:
        note(node, tx, row.partner, "request_conflict", row.id, {"ends": len(history.tips)})
    if row.side == "theirs" and history.state == "sent":
        _follow(node, tx, row, history, history.tips[0], "received", {})
    elif _lacking(history, told):
        _send(node, tx, row, history)


def _lacking(history: History, told: Carrier) -> bool:
    """Whether the other side neither has nor had one of the changes whose texts are here."""
    whole = {name: link.text for name, link in history.links.items() if link.text}
    return any(name not in told.dropped and text not in told.changes for name, text in whole.items())
