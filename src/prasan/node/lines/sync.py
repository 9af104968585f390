"""Pulling from a partner: what a pull yields is done here, a page a transaction with its cursor and its leaf."""

import logging
from collections.abc import Callable
from hashlib import sha256
from typing import Final

import msgspec

from prasan.errors import IntegrityError, PrasanError, UsageError
from prasan.exchange.acks import Theirs
from prasan.exchange.asks import Ask
from prasan.exchange.client import Client
from prasan.exchange.intake import Accepted, Known, Peer, Turned
from prasan.exchange.lanes import LANES
from prasan.exchange.line import Line
from prasan.exchange.pull import drive, pull
from prasan.exchange.steps import Acked, Apply, Pending, Posted, Reply, Step, Summary, Task
from prasan.formats.stix import free_text
from prasan.formats.stix_ids import CONTROL, RECEPTION
from prasan.ledger.checkpoint import Checkpoint, parse_checkpoint
from prasan.node import clock_guard
from prasan.node.acts.control import PULLED, delivered, take_pulled
from prasan.node.finding.reception import arrives
from prasan.node.node import Node
from prasan.node.objects import Kept, object_row, put
from prasan.node.partners.card_news import refresh
from prasan.node.partners.histories import look, require_one_history
from prasan.node.partners.partner_keys import card_of
from prasan.node.partners.rotation import signer
from prasan.node.recipients import accords_with
from prasan.node.record import NODE_LOG, note, seal_all
from prasan.node.releasing.publish import work_due
from prasan.release.accord import Onward, combine, holding
from prasan.release.facts import content_of
from prasan.stores.rows import OWN, CheckpointRow, PartnerRow
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.store import Reads
from prasan.stores.traffic import Conflict, Cursor, Quarantined, ReceivedRow

LOG: Final = logging.getLogger("prasan.sync")


def theirs_log(partner: str) -> str:
    """Under which name we keep the checkpoints of a partner's log about us."""
    return f"theirs/{partner}"


def sync(node: Node, names: list[str]) -> dict[str, Summary]:
    """Pull from these partners, or from all; a summary a partner. UsageError for a name that is none."""
    partners = node.store.partners()
    unknown = sorted(set(names) - {one.name for one in partners})
    if unknown:
        known = ", ".join(one.name for one in partners) or "none yet"
        raise UsageError(f"there is no partner '{unknown[0]}' (registered: {known})", "Name one of them.")
    chosen = [one for one in partners if not names or one.name in names]
    return {one.name: pull_safely(node, one) for one in chosen}


def pull_safely(node: Node, partner: PartnerRow, stopped: Callable[[], bool] = lambda: False) -> Summary:
    """A pull whose failure stays its own: the partners after this one are pulled all the same."""
    try:
        return pull_from(node, partner, stopped)
    except PrasanError as error:
        return told(node, partner, failed(partner, error))
    except Exception as error:
        LOG.exception("the pull from %s failed", partner.name)
        return told(node, partner, failed(partner, error))


def failed(partner: PartnerRow, error: Exception) -> Summary:
    """What a pull came to that was ended by an error."""
    if isinstance(error, PrasanError):
        code = "ledger" if isinstance(error, IntegrityError) else "refused"
        return Summary(failure=code, message=f"{error} {error.remedy}".strip())
    return Summary(failure="defect", message=f"The pull from {partner.name} failed: {type(error).__name__}.")


class Went(msgspec.Struct, frozen=True, array_like=True):
    """How the last pull from a partner went: when, what was wrong, and since when every pull failed (seconds UTC)."""

    at: int
    message: str = ""
    failure: str = ""
    failing_since: int | None = None


_WENT: Final = msgspec.json.Decoder(Went)


def told(node: Node, partner: PartnerRow, summary: Summary) -> Summary:
    """The summary, remembered for the partner's page."""
    now, before = node.clock.now(), how_it_went(node, partner)
    since = before.failing_since if before and before.failing_since is not None else now
    went = Went(now, summary.message, summary.failure, since if summary.failure else None)
    with node.store.write() as tx:
        tx.set_meta(f"sync/{partner.id}", msgspec.json.encode(went).decode())
    return summary


def how_it_went(node: Node, partner: PartnerRow) -> Went | None:
    """The last pull from a partner; None before the first."""
    text = node.store.meta(f"sync/{partner.id}")
    return _WENT.decode(text.encode()) if text else None


def pull_from(node: Node, partner: PartnerRow, stopped: Callable[[], bool] = lambda: False) -> Summary:
    """One pull from one partner: everything it has for us, our receipts to it, and the acknowledgements."""
    work_due(node)
    now_us, nonce = node.clock.now_us, lambda: node.clock.uuid("nonce")
    with Client(card_of(partner), signer(node), now_us, nonce, stopped) as client:
        newer = refresh(node, partner, client.fetch)
        if newer.card != partner.card:
            return pull_from(node, newer, stopped)
        summary = pull_by(node, partner, client.fetch)
    told(node, partner, summary)
    work_due(node)
    seal_all(node)
    return summary


def pull_by(  # noqa: PLR0913 - how it is asked, and what is known by now
    node: Node,
    partner: PartnerRow,
    fetch: Callable[[Ask], Reply],
    *,
    wait_s: int = 0,
    line: Line | None = None,
    quiet: bool = False,
) -> Summary:
    """The pull itself, by any way of asking; it may wait for news. `line` is what is known of the line by now.

    `quiet`: nothing came since the partner's logs were looked at a while ago, so a thin line is not burdened with it.
    """
    clock_guard.require(node)
    require_one_history(node, partner)
    if not quiet:
        look(node, partner, fetch)
    task = task_of(node, partner)
    task = msgspec.structs.replace(task, wait_s=wait_s, line=line or task.line)
    return drive(pull(task), fetch, Hands(node, partner).act)


def task_of(node: Node, partner: PartnerRow) -> Task:
    """What reading a partner's rows needs to know, as it is now."""
    return Task(
        peer=_peer(node, partner),
        theirs=Theirs(partner.id, card_of(partner).key),
        ours=signer(node),
        known=_Here(node),
        cursors={lane: node.store.cursor(partner.id, lane) for lane in LANES},
        last=_last_seen(node, partner.id),
    )


def _peer(node: Node, partner: PartnerRow) -> Peer:
    nodes = frozenset({node.id, *(one.id for one in node.store.partners())})
    accords = {accord.hash: accord for accord in accords_with(node, partner.id)}
    return Peer(partner.id, node.id, accords, nodes, node.clock.now_us)


def _last_seen(node: Node, partner: str) -> Checkpoint | None:
    row = node.store.last_seen(theirs_log(partner), partner)
    return parse_checkpoint(row.note.partition("\n\n")[0] + "\n") if row else None


def speaker_of(store: Reads, object_id: str) -> str | None:
    """Who speaks for an id: for one that we gave anybody for a built view, we do, whoever sends it back."""
    return OWN if store.given_views([object_id]) else store.speaker(object_id)


class _Here(Known):
    """What is here already, as the judge of a page asks it."""

    def __init__(self, node: Node) -> None:
        self._store = node.store

    def speaker(self, object_id: str) -> str | None:
        return speaker_of(self._store, object_id)

    def object_hash(self, object_id: str, version: str) -> str | None:
        row = self._store.object(object_id, version)
        return row.sha256 if row else None


class Hands:
    """Does what a pull asks to be done, one transaction a step."""

    def __init__(self, node: Node, partner: PartnerRow) -> None:
        self.node, self.partner = node, partner
        terms = combine(holding(accords_with(node, partner.id), node.clock.now()))
        self.onward: Onward = terms.onward if terms else "never"
        self.waiting: dict[str, bytes] = {}
        """What is being posted: a later answer may take its place while it is on its way."""

    def act(self, step: Step) -> Reply:
        """One step that is no request."""
        if isinstance(step, Pending):
            self.node.at("receipt")
            waiting = self.node.store.outgoing(self.partner.id)
            self.waiting = {item.id: item.raw for item in waiting}
            return waiting
        with self.node.store.write() as tx:
            if isinstance(step, Apply):
                self.apply(tx, step)
                self.node.at("apply")
            elif isinstance(step, Posted):
                self.posted(tx, step)
            elif isinstance(step, Acked):
                self.acked(tx, step)
        if isinstance(step, Apply):
            self.node.at("applied")
        return None

    def apply(self, tx: Tx, step: Apply) -> None:
        """A parcel: objects, what was turned away, the leaf and the cursor, together."""
        now_us, partner = self.node.clock.now_us(), self.partner.id
        outrun = [late for one in step.accepted if (late := self.take(tx, one, now_us))]
        for turned in (*step.turned, *outrun):
            row = Quarantined(partner, turned.object_id, turned.version, turned.reason, turned.raw, now_us)
            tx.put_quarantined(row)
            if turned.reason == "conflict":
                _conflict(tx, row)
        before = tx.cursor(partner, step.lane)
        if before.collection == step.collection and before.seq >= step.seq:
            # Another pull, or a bundle, was quicker: nothing of this was new, and a cursor never goes back.
            return
        # What we turned away may tell whose an id is, so the log that the partner sees does not say it.
        note(self.node, tx, partner, "applied", step.collection, {"lane": step.lane, "upto": step.seq})
        taken, away = len(step.accepted) - len(outrun), len(step.turned) + len(outrun)
        counts = {"lane": step.lane, "upto": step.seq, "taken": taken, "turned": away}
        note(self.node, tx, NODE_LOG, "applied", partner, counts)
        acked = before.acked if before.collection == step.collection else 0
        tx.set_cursor(Cursor(partner, step.lane, step.collection, step.added_after, step.seq, acked))

    def take(self, tx: Tx, one: Accepted, now_us: int) -> Turned | None:
        """One object with the statement it came under; control is acted on. What another pull outran is turned away."""
        partner, header, stated = self.partner.id, one.header, one.statement
        if header.id != partner and speaker_of(tx, header.id) not in (None, partner):
            return Turned(header.id, header.version, "may_not_speak", one.raw)
        if header.type in CONTROL and header.type not in PULLED:
            # What is posted to an inbox has nothing to say here, and is no object to show anybody.
            return Turned(header.id, header.version, "bad_object", one.raw)
        if not one.same and header.type not in PULLED and not self.keep(tx, one, now_us):
            return Turned(header.id, header.version, "conflict", one.raw)
        tx.put_received(
            ReceivedRow(
                partner, stated.lane, stated.seq, header.id, header.version, one.sha256, one.stated, now_us
            )
        )  # fmt: skip
        if header.type in PULLED and not one.same:
            tx.set_speaker(header.id, partner, now_us)
            take_pulled(self.node, tx, partner, one)
        return None

    def keep(self, tx: Tx, one: Accepted, now_us: int) -> bool:
        """Keep an object and have it decided; False if another one of its version is here."""
        partner, header = self.partner.id, one.header
        unread = bool(free_text(one.raw))
        kept = Kept(content_of(one.raw, header), now_us / 1e6, unread_text=unread, onward=self.onward)
        row = object_row(one.raw, header, partner, one.marking, kept, now_us)
        how = put(self.node, tx, row)
        if how == "new" and header.type == RECEPTION:
            arrives(tx, one.raw)
        return how != "conflict"

    def posted(self, tx: Tx, step: Posted) -> None:
        """The partner holds these."""
        now_us, partner = self.node.clock.now_us(), self.partner.id
        for item in tx.outgoing(partner):
            if item.id in step.ids and tx.posted(item.id, partner, now_us, self.waiting.get(item.id)):
                delivered(self.node, tx, partner, item)

    def acked(self, tx: Tx, step: Acked) -> None:
        """The partner has our acknowledgement; its checkpoint is what the next one must continue."""
        partner = self.partner.id
        cursor = tx.cursor(partner, step.lane)
        tx.set_cursor(msgspec.structs.replace(cursor, acked=step.upto))
        size = parse_checkpoint(step.note.partition("\n\n")[0] + "\n").size
        tx.put_checkpoint(CheckpointRow(theirs_log(partner), size, partner, step.note, self.node.clock.now_us()))


def _conflict(tx: Tx, row: Quarantined) -> None:
    """The same version with other bytes: recorded beside what was kept."""
    kept = tx.object(row.object_id, row.version)
    if kept is not None:
        other = sha256(row.raw).hexdigest()
        tx.put_conflict(Conflict(row.partner, row.object_id, row.version, kept.sha256, other, row.raw, row.at_us))
