"""The life of an accord between its parties (docs/wire.md, section 3): it travels, is made stricter, is ended.

Either party may at any time make an accord stricter by its own word, signed by it alone: that holds on its side at once
and on the other as soon as it arrives. To make it wider takes a new accord that replaces it, signed by both.
"""

from typing import Final, Literal

import msgspec

from prasan.errors import AccordError, FormatError, PrasanError, UsageError
from prasan.exchange import jws
from prasan.exchange.accords import read_signed
from prasan.formats.stix import peek
from prasan.formats.stix_accord import AccordNews, accord_object, read_accord_news
from prasan.formats.stix_build import Stamp
from prasan.node.node import Node
from prasan.node.objects import recipient_ids
from prasan.node.partners.partner_keys import known_keys
from prasan.node.recipients import signed_accords
from prasan.node.record import note
from prasan.node.releasing.outlooks import refresh
from prasan.picture.marking import Marking, Tlp
from prasan.picture.posted import Item
from prasan.release.accord import Accord, Narrowing
from prasan.stores.rows import AccordRow
from prasan.stores.sqlite import Tx
from prasan.stores.sqlite.store import Reads
from prasan.stores.traffic import AccordChange, Outgoing, Quarantined

CHANGE: Final[jws.Type] = "prasan-accord-change"
BETWEEN: Final = Marking(tlp=Tlp.AMBER)
"""News of an accord are for its two parties."""


class Said(msgspec.Struct, frozen=True):
    """What is signed: to which accord, by whom, when (µs UTC), and the stricter terms."""

    accord: str
    party: str
    at_us: int
    terms: Narrowing


_SAID: Final = msgspec.json.Decoder(Said)
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


def find_accord(store: Reads, name: str) -> AccordRow:
    """An accord by its hash, the beginning of it, or its name. UsageError if it is none or not one alone."""
    found = [row for row in store.accords() if name == row.name or (len(name) >= 8 and row.hash.startswith(name))]
    if len(found) != 1:
        how = "several accords are" if found else "no accord is"
        raise UsageError(f"{how} called '{name[:80]}'", "Copy the hash that 'prasan accord list' shows.")
    return found[0]


def narrow(node: Node, name: str, terms: Narrowing) -> Accord:
    """Make an accord stricter by our word, and let the other party know; the accord as it is from now on.

    UsageError if nothing would be stricter, or the accord is not one that both have signed.
    """
    with node.store.write() as tx:
        row = find_accord(tx, name)
        before = next((one for one in signed_accords(tx) if one.hash == row.hash), None)
        if before is None or before.party(node.id) is None:
            raise UsageError(f"the accord '{row.name}' is not in force between both parties", "Sign it first.")
        after = terms.applied(before)
        if after == before:
            raise UsageError("nothing of it would be stricter", "To make an accord wider, both sign a new one.")
        said = Said(row.hash, node.id, node.clock.now_us(), terms)
        signed = jws.sign(_ENCODE(said), CHANGE, node.key)
        _keep(node, tx, said, signed, after)
        send(node, tx, after, AccordNews(row.hash, change=signed), f"change/{said.at_us}")
    return after


def end(node: Node, name: str) -> Accord:
    """End an accord now. What was sent stays with the other party until it is recalled or its time is over."""
    return narrow(node, name, Narrowing(valid_until=node.clock.now_us() / 1e6))


def _keep(node: Node, tx: Tx, said: Said, signed: str, after: Accord) -> None:
    tx.put_accord_change(AccordChange(said.accord, said.party, said.at_us, _ENCODE(said.terms), signed))
    other = after.other(node.id).id
    ended = after.valid_until <= node.clock.now_us() / 1e6
    note(node, tx, other, "accord", said.accord, {"state": "ended" if ended else "narrowed", "by": said.party})
    refresh(node, tx, recipient_ids(tx))  # what came from it may go on to others by other terms


def send(node: Node, tx: Tx, accord: Accord, news: AccordNews, key: str) -> None:
    """Put news of an accord into the outbox to its other party, if that is a partner here."""
    other, now = tx.partner(accord.other(node.id).id), node.clock.now_us() / 1e6
    if other is not None:
        raw = accord_object(news, Stamp(node.id, now, now), BETWEEN, key)
        tx.queue_outgoing(Outgoing(peek(raw).id, other.id, raw, node.clock.now_us()))


def accord_posted(node: Node, tx: Tx, partner: str, item: Item) -> None:
    """A partner says something of an accord with us. FormatError if it is none; what does not hold is set apart."""
    news = read_accord_news(item.raw)
    try:
        if news.change:
            _take_change(node, tx, partner, news)
        else:
            _take_signed(node, tx, partner, news)
    except PrasanError:
        row = Quarantined(partner, item.id, item.version, "accord_refused", item.raw, node.clock.now_us())
        tx.put_quarantined(row)


def _take_signed(node: Node, tx: Tx, partner: str, news: AccordNews) -> None:
    """A proposal to be signed by an officer, or our own with the other signature on it."""
    owners = known_keys(node)
    found = read_signed(news.signed.encode(), {name: key for name, (_, key) in owners.items()})
    signers = {owners[one][0] for one in found.signed_by}
    parties = {party.id for party in found.accord.parties}
    if parties != {node.id, partner} or partner not in signers or found.accord.hash != news.accord:
        raise AccordError("the accord is not one between the two, signed by the one who sent it", "Ask for it again.")
    known, now_us = tx.accord(found.accord.hash), node.clock.now_us()
    if known is not None and (known.state != "proposed" or not found.complete):
        return
    complete = found.complete and signers == parties
    state: Literal["in_force", "proposed"] = "in_force" if complete else "proposed"
    tx.put_accord(AccordRow(news.accord, found.accord.name, found.text, news.signed.encode(), state, now_us))
    note(node, tx, partner, "accord", news.accord, {"state": state})
    if complete:
        refresh(node, tx, recipient_ids(tx))


def _take_change(node: Node, tx: Tx, partner: str, news: AccordNews) -> None:
    """The partner made an accord with us stricter."""
    kid = jws.header_of(news.change).kid
    owner, key = known_keys(node).get(kid, ("", None))
    if key is None or owner != partner:
        raise AccordError("the change is signed by another", "Ask the partner to send it again.")
    try:
        said = _SAID.decode(jws.verify(news.change, CHANGE, key))
    except msgspec.MsgspecError as error:
        raise FormatError(f"the change cannot be read: {error}", "Ask the partner to send it again.") from None
    before = next((one for one in signed_accords(tx) if one.hash == said.accord), None)
    if before is None or (said.accord, said.party) != (news.accord, partner) or before.party(partner) is None:
        raise AccordError("the change is to no accord between the two", "Ask the partner which accord it means.")
    row = AccordChange(said.accord, said.party, said.at_us, _ENCODE(said.terms), news.change)
    if tx.accord_changes(said.accord).count(row) == 0:
        _keep(node, tx, said, news.change, said.terms.applied(before))
