"""A whole partner node in memory for the tests: its own keys, card, accords, store, ledger, port and pull.

It speaks the wire through the same sans-I/O functions as the product, and knows nothing of `prasan.node`: what it does
with a page is the least that docs/wire.md asks for.
"""

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from accord_text import accord_text
from prasan.errors import Refused
from prasan.exchange import door, taxii
from prasan.exchange.accords import countersign, propose, read_signed
from prasan.exchange.acks import Ours, Theirs
from prasan.exchange.asks import Ask
from prasan.exchange.cards import Card, check_new_card, issue_card, node_key, read_card
from prasan.exchange.certs import Certificate, self_signed
from prasan.exchange.client import Client
from prasan.exchange.http import Problem, Request, Response, time_text
from prasan.exchange.intake import Peer
from prasan.exchange.jws import thumbprint
from prasan.exchange.lanes import LANES, Caller, Lane
from prasan.exchange.line import Line
from prasan.exchange.peer import Claims, Doorkeeper, authorization, body_hash
from prasan.exchange.pull import drive, pull
from prasan.exchange.statements import Handling, statement
from prasan.exchange.steps import Acked, Apply, Pending, Posted, Reply, Step, Summary, Task
from prasan.formats.stix_ids import EXTENSIONS, RECALL, TLP2
from prasan.ledger.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from prasan.ledger.entry import Entry
from prasan.ledger.tree import Proof
from prasan.picture.marking import Marking, Tlp
from prasan.release.accord import Accord, parse_accord
from prasan.stores.rows import AccordRow, CheckpointRow, NewView, ObjectRow, PartnerRow, Place, Sent, Vouched
from prasan.stores.sqlite import Store, StoreShelf
from prasan.stores.traffic import Cursor, Outgoing, Quarantined, ReceivedRow

START_US = 1_780_000_000_000_000
CREATED = "2026-01-01T00:00:00.000Z"
AMBER = Marking(tlp=Tlp.AMBER)

Fetch = Callable[[Ask], Reply]


def uid(number: int, kind: str = "incident") -> str:
    return f"{kind}--{UUID(int=number, version=4)}"


def incident(number: int, version: str = CREATED, **more: Any) -> bytes:
    head = {"type": "incident", "spec_version": "2.1", "id": uid(number), "created": CREATED, "modified": version}
    return json.dumps(head | {"name": f"n {number}", "object_marking_refs": [TLP2[Tlp.AMBER]]} | more).encode()


class Partner:
    """One node. `now_us` is its clock and stands still unless a test moves it."""

    def __init__(self, name: str, folder: Path, *, now_us: int = START_US, peer_url: str = "") -> None:
        self.name, self.now_us = name, now_us
        self.id = f"identity--{UUID(bytes=sha256(name.encode()).digest()[:16], version=4)}"
        self.key = Ed25519PrivateKey.generate()
        self.ours = Ours(self.id, self.key)
        self.print = thumbprint(self.key.public_key())
        self.store = Store(folder / f"{name}.db", create=True)
        self.tls: Certificate = self_signed(
            name, ["127.0.0.1"], not_before=now_us // 10**6 - 86_400, not_after=now_us // 10**6 + 86_400 * 30
        )
        self.peer_url = peer_url or f"https://{name}.example:8441"
        self.line = Line()
        self.seen: list[Step] = []
        self.crash: Callable[[str], None] = lambda _: None
        self.log_salt = 0
        self._ids = 0
        with self.store.write() as tx:
            tx.set_epoch(self.uuid())

    def close(self) -> None:
        self.store.close()

    def uuid(self) -> str:
        self._ids += 1
        return str(UUID(bytes=sha256(f"{self.name}/{self._ids}".encode()).digest()[:16], version=4))

    # Who it is and whom it knows

    def card(self, **changed: Any) -> bytes:
        says = {
            "card": 1,
            "id": self.id,
            "name": self.name,
            "country": "TH",
            "node_key": node_key(self.key.public_key()),
            "web_url": f"https://{self.name}.example:8440",
            "peer_url": self.peer_url,
            "peer_certificate": self.tls.certificate.decode(),
            "issued_at": time_text(self.now_us),
        }
        return issue_card(Card(**{**says, **changed}), self.key)

    def meet(self, card: bytes) -> None:
        """Register a partner by its card."""
        found = read_card(card)
        with self.store.write() as tx:
            tx.put_partner(PartnerRow(found.id, found.name, card, self.now_us))

    def agree(self, other: "Partner", **terms: Any) -> Accord:
        """Meet, and put an accord in force on both sides."""
        self.meet(other.card())
        other.meet(self.card())
        text = accord_text(self, other, **terms)
        keys = {self.print: self.key.public_key(), other.print: other.key.public_key()}
        signed = countersign(propose(text, self.key), other.key, keys)
        for node in (self, other):
            node.adopt(signed)
        return read_signed(signed, keys).accord

    def adopt(self, signed: bytes) -> None:
        """Put a signed accord in force here."""
        keys = {self.print: self.key.public_key()} | {
            read_card(row.card).fingerprint: read_card(row.card).key for row in self.store.partners()
        }
        found = read_signed(signed, keys)
        state = "in_force" if found.complete else "proposed"
        with self.store.write() as tx:
            tx.put_accord(AccordRow(found.accord.hash, found.accord.name, found.text, signed, state, self.now_us))  # type: ignore[arg-type]

    def card_of(self, partner: str) -> Card:
        row = self.store.partner(partner)
        assert row is not None
        return read_card(row.card)

    def accords(self, partner: str) -> dict[str, Accord]:
        found = (parse_accord(row.raw) for row in self.store.accords("in_force"))
        return {accord.hash: accord for accord in found if accord.party(partner)}

    # What it sends

    def publish(self, to: "Partner | str", *raws: bytes, lane: Lane = "objects", vouch: bool = True) -> list[str]:
        """Objects for a partner, each with its statement and its leaf; their ids."""
        recipient = to if isinstance(to, str) else to.id
        ids = []
        with self.store.write() as tx:
            for raw in raws:
                head = json.loads(raw.decode(errors="replace"))
                version, digest = head["modified"], sha256(raw).hexdigest()
                tx.put_object(ObjectRow(head["id"], version, head["type"], "", "own", digest, raw, AMBER))
                view = NewView(head["id"], version, head["id"], version, lane, "verbatim", digest)
                accords = sorted(self.accords(recipient))

                def stated(place: Place, view: NewView = view, accords: list[str] = accords) -> bytes:
                    handling = Handling.of(AMBER, recipient, self.id)
                    text = statement(view, place, recipient, handling, accords, view.sha256)
                    return text if vouch else b'{"seq":%d}' % place.seq

                place = tx.put_view(recipient, view, self.now_us, stated)
                self.log_salt += 1
                salt = sha256(f"{self.name}{self.log_salt}".encode()).digest()
                tx.append_log(recipient, Entry("view", self.now_us, head["id"], {"seq": place.seq}), salt)
                ids.append(head["id"])
        return ids

    def recall(self, to: "Partner", target: str, versions: Sequence[str]) -> str:
        """Ask a partner to withdraw something."""
        document = {
            "type": RECALL,
            "spec_version": "2.1",
            "id": f"{RECALL}--{self.uuid()}",
            "created": CREATED,
            "modified": CREATED,
            "target_id": target,
            "target_versions": list(versions),
            "reason": "wrong_place",
            "deadline": "2026-12-01T00:00:00.000Z",
            "object_marking_refs": [TLP2[Tlp.AMBER]],
            "extensions": {EXTENSIONS[RECALL]: {"extension_type": "new-sdo"}},
        }
        with self.store.write() as tx:
            tx.recall_views(to.id, target)
        return self.publish(to, json.dumps(document).encode(), lane="control")[0]

    # Its peer port

    def keeper(self) -> Doorkeeper:
        def first_use(issuer: str, nonce: str, until_us: int, now_us: int) -> bool:
            with self.store.write() as tx:
                return tx.first_use(issuer, nonce, until_us, now_us)

        return Doorkeeper(self.id, self.key_of, first_use)

    def key_of(self, partner: str) -> Any:
        row = self.store.partner(partner)
        return None if row is None else read_card(row.card).key

    def serve(self, request: Request) -> Response:
        """Answer one request of the peer port."""
        try:
            who = self.keeper().admit(request, self.now_us)
        except Refused as error:
            return Problem(401, "Refused", str(error)).response()
        if request.path.startswith("/taxii2/"):
            site = taxii.Site(self.name, self.uuid)
            return taxii.handle(request, Caller(who, who), StoreShelf(self.store), site, self.now_us)
        own = door.Door(lambda: self.ours, self.key_of, self.card)
        return door.handle(request, who, own, Desk(self), self.now_us)

    # Its pull

    def ask(self, ask: Ask, of: str, **changed: Any) -> Request:
        """A signed request to the partner with this id; `changed` falsifies its claims."""
        claims = Claims(
            **{
                "iss": self.id,
                "aud": of,
                "htm": ask.method,
                "htu": ask.target,
                "bh": body_hash(ask.body),
                "iat": self.now_us // 1_000_000,
                "jti": self.uuid(),
                **changed,
            }
        )
        parts = urlsplit(ask.target)
        headers = ask.headers | {"authorization": authorization(claims, self.key)}
        return Request(ask.method, parts.path, parts.query, headers, ask.body)

    def pull(
        self,
        other: "Partner",
        *,
        limit: int = 500,
        spoil: Callable[[Ask, Response], Reply] | None = None,
        line: Line | None = None,
    ) -> Summary:
        """Read all that another node in memory has for us. `spoil` may alter its answers on the way."""

        def fetch(ask: Ask) -> Reply:
            response = other.serve(self.ask(ask, other.id))
            return spoil(ask, response) if spoil else response

        return self.read(other.id, fetch, limit=limit, line=line)

    def pull_over_tls(self, partner: str) -> Summary:
        """The same through real sockets."""
        with Client(self.card_of(partner), self.ours, lambda: self.now_us, self.uuid) as client:
            return self.read(self.card_of(partner).id, client.fetch)

    def read(self, partner: str, fetch: Fetch, *, limit: int = 500, line: Line | None = None) -> Summary:
        """Run a pull with any way of fetching."""
        return drive(pull(self.task(partner, limit, line)), fetch, lambda step: self.act(partner, step))

    def task(self, partner: str, limit: int = 500, line: Line | None = None) -> Task:
        last = self.store.checkpoint(f"theirs/{partner}", partner)
        nodes = frozenset({self.id, *(row.id for row in self.store.partners())})
        return Task(
            peer=Peer(partner, self.id, self.accords(partner), nodes, lambda: self.now_us),
            theirs=Theirs(partner, self.card_of(partner).key),
            ours=self.ours,
            known=self.store,
            cursors={lane: self.store.cursor(partner, lane) for lane in LANES},
            last=None if last is None else checkpoint_of(last.note),
            limit=limit,
            line=line or Line(),
        )

    def act(self, partner: str, step: Step) -> Reply:
        """Do what a pull asks for, each in one transaction."""
        self.seen.append(step)
        if isinstance(step, Apply):
            self.crash("apply")
            self.apply(partner, step)
            self.crash("apply")
        elif isinstance(step, Pending):
            self.crash("receipt")
            return self.store.outgoing(partner)
        elif isinstance(step, Posted):
            with self.store.write() as tx:
                for name in step.ids:
                    tx.posted(name, partner, self.now_us)
        elif isinstance(step, Acked):
            cursor = self.store.cursor(partner, step.lane)
            with self.store.write() as tx:
                tx.set_cursor(Cursor(partner, step.lane, cursor.collection, cursor.added_after, cursor.seq, step.upto))
                size = checkpoint_of(step.note).size
                tx.put_checkpoint(CheckpointRow(f"theirs/{partner}", size, partner, step.note, self.now_us))
        return None

    def apply(self, partner: str, step: Apply) -> None:
        now = self.now_us
        before = self.store.cursor(partner, step.lane)
        acked = before.acked if before.collection == step.collection else 0
        with self.store.write() as tx:
            for one in step.accepted:
                head = one.header
                tx.put_object(
                    ObjectRow(
                        head.id, head.version, head.type, "", partner, one.sha256, one.raw, one.marking, b"{}", now
                    )
                )
                seq = one.statement.seq
                tx.put_received(
                    ReceivedRow(partner, step.lane, seq, head.id, head.version, one.sha256, one.stated, now)
                )
                if head.type == RECALL:
                    self.obey(tx, partner, json.loads(one.raw))
            for bad in step.turned:
                tx.put_quarantined(Quarantined(partner, bad.object_id, bad.version, bad.reason, bad.raw, now))
            tx.set_cursor(Cursor(partner, step.lane, step.collection, step.added_after, step.seq, acked))

    def obey(self, tx: Any, partner: str, recall: dict[str, Any]) -> None:
        """Withdraw what is recalled, and queue the receipt in the same transaction."""
        tx.take_back(partner, recall["target_id"], recall["target_versions"])
        receipt = {
            "type": "prasan-receipt",
            "spec_version": "2.1",
            "id": "prasan-receipt--" + recall["id"].partition("--")[2],
            "created": CREATED,
            "modified": CREATED,
            "recall_id": recall["id"],
            "withdrawn": [recall["target_id"]],
            "not_withdrawn": [],
            "onward_pending": 0,
        }
        tx.queue_outgoing(Outgoing(receipt["id"], partner, json.dumps(receipt).encode(), self.now_us))


class Desk:
    """What a partner asks of this node beside TAXII."""

    def __init__(self, node: Partner) -> None:
        self.node, self.store = node, node.store

    def statements(self, recipient: str, lane: str, after: int, limit: int, now_us: int) -> Sequence[Sent]:
        return self.store.statements(recipient, lane, after, limit, now_us)

    def epoch(self) -> str:
        return self.store.epoch()

    def parcel_rows(self, recipient: str, lane: str, after: int, limit: int, now_us: int) -> Sequence[Vouched]:
        return self.store.parcel_rows(recipient, lane, after, limit, now_us)

    def last_seq(self, recipient: str, lane: str) -> int:
        return self.store.last_seq(recipient, lane)

    def checkpoint(self, recipient: str) -> str:
        frontier = self.store.frontier(recipient)
        origin = f"prasan/{self.node.id}/{self.store.epoch()}/{recipient}"
        return sign_checkpoint(Checkpoint(origin, frontier.size, frontier.root()), self.node.key)

    def consistency(self, recipient: str, old: int, new: int) -> Proof:
        return self.store.log_consistency(recipient, old, new)

    def acknowledge(self, recipient: str, lane: Lane, upto: int, note: str, now_us: int) -> None:
        with self.store.write() as tx:
            tx.put_ack(recipient, lane, upto, now_us)
            tx.put_checkpoint(CheckpointRow(recipient, checkpoint_of(note).size, recipient, note, now_us))

    def hours(self, old: int) -> None:
        return None

    def epochs(self, log: str, size: int) -> tuple[()]:
        return ()

    def take_checkpoint(self, recipient: str, raw: bytes) -> None:
        return None

    def card_held(self, recipient: str, issued_at: str) -> None:
        with self.store.write() as tx:
            tx.set_meta(f"card_held/{recipient}", issued_at)

    def take_card(self, recipient: str, raw: bytes) -> None:
        """Take a partner's newer card, if it is one."""
        check_new_card(read_card(raw), self.node.id, self.node.card_of(recipient))
        self.node.meet(raw)


def checkpoint_of(note: str) -> Checkpoint:
    return parse_checkpoint(note.rpartition("\n\n")[0] + "\n")
