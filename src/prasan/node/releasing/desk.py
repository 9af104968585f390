"""The releasing desk of one transaction: who the recipients are, what they know, and how a row gets its place."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property

import msgspec

from prasan.exchange.statements import Handling, statement
from prasan.formats.stix_ids import EVENT, type_of
from prasan.ledger.entry import Detail
from prasan.node.finding.provenance import DERIVED_TYPES as DERIVED
from prasan.node.finding.provenance import hidden_clocks
from prasan.node.node import Node
from prasan.node.record import note
from prasan.node.releasing.consented import consents_on
from prasan.node.releasing.decisions import Subject
from prasan.node.releasing.outlooks import origin_names, outlooks_for, prepared
from prasan.picture.finding import ALERTING
from prasan.picture.marking import Marking
from prasan.release.accord import Accord, holding
from prasan.release.decide import Case
from prasan.release.facts import Consent, Facts, Profile, Recipient
from prasan.release.outlook import Outlook
from prasan.stores.rows import OWN, Lane, NewView, ObjectRow, Place, Standing
from prasan.stores.sqlite import Tx


class Desk:
    """Cases are made ready once; objects then pass one by one. `only`: this recipient alone is decided for."""

    def __init__(self, node: Node, tx: Tx, only: str | None = None) -> None:
        self.node, self.tx, self.only = node, tx, only
        self.now_us = node.clock.now_us()
        bases = {key: case for key, case in prepared(tx, self.now_us / 1e6).items() if only in (None, key)}
        # When an accord begins or ends, `outlooks` has what changes decided anew: no object waits for it by itself.
        self.until = {key: case.changes_at for key, case in bases.items()}
        self.cases = {key: msgspec.structs.replace(case, changes_at=None) for key, case in bases.items()}
        self.hidden = hidden_clocks(node, tx, self.cases)
        self._outlooks = outlooks_for(node.id, self.cases, origin_names(tx))
        self._used: set[bytes] = set()
        self._rows: dict[str, ObjectRow] = {}
        self._subjects: dict[str, Subject | None] = {}
        self._standings = tx.standings(())
        self._unreferred: set[str] = set()
        self._unconsented: set[str] = set()
        self._queued: set[tuple[str, str]] = set()
        self._known: dict[str, dict[str, str]] = {}
        self._accords: dict[str, list[str]] = {}

    def lay_out(self, object_ids: Collection[str]) -> None:
        """Have these objects at hand, and how they stand with everybody."""
        names = list(dict.fromkeys(object_ids))
        self._subjects, self._known = {}, {}
        self.tx.look_up_names(names)
        self._rows, self._standings = self.tx.latest_objects(names), self.tx.standings(names)
        self._unreferred = {*names} - self.tx.referred_to(names)
        self._unconsented = {*names} - self.tx.consented(names, "ours")
        for profile in {row.profile for row in self._rows.values()}:
            self.tx.profile_number(profile)  # now, so that rows can be written together later
        self._queued = self.tx.on_queue(names)

    def take_off(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Of these pairs of recipient and object, take those off the queue that were on it when they were laid out."""
        queued = [pair for pair in pairs if pair in self._queued]
        if queued:
            self.tx.not_due(queued)

    def origin(self, object_id: str) -> str:
        """Where an object comes from; "" for one that is not here."""
        subject = self.main(object_id)
        return subject.row.origin if subject else ""

    def standing(self, recipient: str, object_id: str) -> Standing:
        """How an object that was laid out stood with a recipient then."""
        return self._standings.of(recipient, object_id)

    def outlook(self, recipient: str, profile: bytes) -> Outlook:
        """What a recipient gets of a profile."""
        self._used.add(profile)
        return self._outlooks.of(recipient, profile)

    def concerned(self, object_id: str) -> Iterable[str]:
        """The recipients for whom a new version of an object may change anything. (Nothing was ever sent of most, and
        by their profile most go to few.)"""
        main = self.main(object_id)
        if main is None:
            return self.cases if self._standings.has(object_id) else ()
        alike = main.row.status == "current" and not main.consents and not any(self.hidden.values())
        if not alike or self._standings.has(object_id):
            return self.cases
        self._used.add(main.profile)
        return self._outlooks.open_to(main.profile)

    def profile(self, body: bytes) -> Profile:
        """A profile as the store has it."""
        return self._outlooks.profile(body)

    def facts(self, body: bytes) -> Facts:
        """The facts that all objects of a profile share."""
        return self._outlooks.facts(body)

    @cached_property
    def profiles(self) -> dict[int, bytes]:
        """Every profile by its number."""
        return self.tx.profiles()

    def note_outlooks(self) -> None:
        """Keep by which outlooks objects were decided here: a change is told by them."""
        numbers = {self.tx.profile_number(body): body for body in self._used}
        missing = self.tx.unnoted(sorted(numbers), [*self.cases])
        self.tx.note_outlooks([(to, number, self._outlooks.of(to, numbers[number]).key) for to, number in missing])

    def subject(self, object_id: str, recipient: str) -> Subject | None:
        """An object's latest version, as far as a recipient may be told of what it is made of."""
        main, clocks = self.main(object_id), self.hidden.get(recipient)
        if not clocks or type_of(object_id) not in DERIVED:
            return main
        if main is not None and (main.row.origin != OWN or main.kept.clock not in clocks):
            return main
        variant = self.tx.variant(recipient, object_id)
        if variant is not None:
            return Subject(variant, self.node.id, "variant")
        return Subject(main.row, self.node.id, "untold") if main is not None else None

    def main(self, object_id: str) -> Subject | None:
        """The object itself, made ready once: it is decided for one recipient after the other."""
        if object_id not in self._subjects:
            row = self._rows.get(object_id) or self.tx.object(object_id)
            self._subjects[object_id] = self._ready(row) if row else None
        return self._subjects[object_id]

    def _ready(self, row: ObjectRow) -> Subject:
        sender = self.cases.get(row.origin)
        consents = self._consents_on(row, sender.recipient.accords if sender else ())
        subject = Subject(row, self.node.id, consents=consents, sender=sender)
        if not row.profile:
            self.tx.set_object_profile(row.id, row.version, subject.profile)
        return subject

    def _consents_on(self, row: ObjectRow, accords: tuple[Accord, ...]) -> tuple[Consent, ...]:
        if row.origin == OWN or row.id in self._unconsented:
            return ()
        return consents_on(self.tx, row, accords, self.now_us / 1e6)

    def known(self, recipient: str, object_ids: Collection[str]) -> dict[str, str]:
        """Of these objects, those that the recipient can read now or sent itself, each with the id it has there."""
        if any(name not in self._known for name in object_ids):
            unasked = list({*object_ids, *self._mentioned()} - {*self._known})
            found = self.tx.visible(unasked)
            self._known.update({name: found.get(name, {}) for name in unasked})
        return {name: self._known[name][recipient] for name in object_ids if recipient in self._known[name]}

    def _mentioned(self) -> Iterator[str]:
        """What the objects of ours that were laid out refer to: it is asked for at once."""
        for name, row in self._rows.items():
            main = self.main(name) if row.origin == OWN else None
            yield from main.refs if main else ()

    def forget(self, object_id: str) -> None:
        """By which ids this object is known is no longer what it was."""
        self._known.pop(object_id, None)

    def shown(self, recipient: str, object_id: str, view_id: str | None) -> None:
        """A recipient knows an object by this id now, or (None) not at all; what refers to it is decided again."""
        if object_id in self._known:
            others = {one: known for one, known in self._known[object_id].items() if one != recipient}
            self._known[object_id] = others | ({recipient: view_id} if view_id else {})
        if object_id not in self._unreferred:
            self.tx.bring_referrers([(recipient, object_id)], self.now_us)

    def put_view(self, case: Case, new: NewView, marking: Marking, origin: str | None, *, first: bool = False) -> Place:
        """One row at the end of a recipient's order; for a partner with the statement and the leaf of the pair log.

        `origin` is the hash of the originator's bytes for a verbatim copy; `first`: it was sent no row before.
        """
        tx, recipient = self.tx, case.recipient
        if recipient.kind != "partner":
            return tx.put_view(recipient.id, new, self.now_us, lambda _: b"", first=first)
        accords = self.accords_with(recipient)
        handling = Handling.of(marking, recipient.id, self.node.id)

        def stated(place: Place) -> bytes:
            return statement(new, place, recipient.id, handling, accords, origin)

        place = tx.put_view(recipient.id, new, self.now_us, stated, first=first)
        detail: Detail = {"seq": place.seq, "version": new.version, "sha256": new.sha256}
        note(self.node, tx, recipient.id, "view", new.view_id, detail)
        return place

    def accords_with(self, recipient: Recipient) -> Sequence[str]:
        """The hashes of the accords with a partner that are in force now."""
        found = self._accords.get(recipient.id)
        if found is None:
            found = sorted(accord.hash for accord in holding(recipient.accords, self.now_us / 1e6))
            self._accords[recipient.id] = found
        return found


def lane_of(row: ObjectRow) -> Lane:
    """Events of alerting kinds travel in `alerts`, so that bulk never delays them."""
    return "alerts" if row.type == EVENT and row.kind in ALERTING else "objects"
