"""What the demo found, as one value: counted from the homes' own stores."""

from collections import Counter
from typing import Any, Final

import msgspec
import orjson

from prasan.archive.archive import Archive
from prasan.cli.demo import canary
from prasan.cli.demo.third import PassedOn
from prasan.node.node import Node
from prasan.node.record import verify
from prasan.node.releasing.counting import counts
from prasan.node.releasing.explaining import preview
from prasan.picture.event import Event
from prasan.stores.rows import OWN

_EVENT: Final = msgspec.json.Decoder(Event)


EXACT: Final = 5
"""Decimals of a degree from which on a place is exact (about a metre)."""


class Told(msgspec.Struct):
    """The summary that `--once` prints, in its order."""

    rows: int = 0
    dropped: dict[str, int] = {}
    vessels: int = 0
    events: dict[str, dict[str, int]] = {}
    objects: int = 0
    released: dict[str, int] = {}
    sanitised: dict[str, int] = {}
    withheld: dict[str, dict[str, int]] = {}
    received: dict[str, int] = {}
    recalled: int = 0
    acknowledged: int = 0
    consent: PassedOn = msgspec.field(default_factory=PassedOn)
    leaks: int = 0
    ledger: str = ""
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """True if nothing leaked, the records verify, every recall was answered, and nothing went on unasked."""
        answered = 0 < self.recalled == self.acknowledged
        return self.leaks == 0 and self.ledger == "ok" and answered and self.consent.good


def tell(nodes: list[Node], ingested: dict[str, dict[str, Any]]) -> Told:
    """Count what the nodes hold."""
    told = Told()
    dropped = Counter[str]()
    for taken in ingested.values():
        told.rows += taken["rows"]
        dropped.update(taken["dropped"])
    told.dropped = dict(dropped)
    told.vessels = sum(source.vessels for node in nodes for source in _archive(node).sources().values())
    told.events = _events(nodes)
    for node in nodes:
        _count(node, told)
    told.ledger = "ok" if all(one.report.ok for node in nodes for one in verify(node)) else "broken"
    return told


def _archive(node: Node) -> Archive:
    return node.archive


def _events(nodes: list[Node]) -> dict[str, dict[str, int]]:
    counts = {"real": Counter[str](), "exercise": Counter[str]()}
    for node in nodes:
        for row in node.store.events():
            event = _EVENT.decode(row.body)
            counts["exercise" if event.marking.exercise else "real"][event.finding.kind] += 1
    return {mode: dict(sorted(kinds.items())) for mode, kinds in counts.items()}


def _count(node: Node, told: Told) -> None:
    store = node.store
    told.objects += store.object_count(OWN)
    recalls = store.recalls_out()
    told.recalled += len(recalls)
    told.acknowledged += sum(one.answered_us is not None for one in recalls)
    told.received[node.settings.name] = sum(store.received_count(one.id) for one in store.partners())
    recipients = {"public": "public"} | {one.id: one.name for one in store.partners()}
    for key, name in recipients.items():
        counted = counts(node, key)
        for count, sums in ((counted.released, told.released), (counted.sanitised, told.sanitised)):
            if count:
                sums[name] = sums.get(name, 0) + count
        told.withheld[name] = dict(Counter(told.withheld.get(name, {})) + Counter(counted.withheld))


def canaries(nodes: list[Node], node: Node, other: Node) -> list[str]:
    """Words of a node's that another must never see: what stands in objects withheld from it, or lost on the way.

    Names, call signs, MMSIs and exact places of own objects that are neither in anything the other can read, here or at
    whoever passes it on, nor in what it found out by itself: two nodes may well hear the same ship. Where the two are
    no partners, that is every object: what goes on by consent is too coarse to hold such a word.
    """
    theirs = [row.raw for row in other.store.each_object() if row.origin == OWN]
    sent = [raw for one in nodes if one.store.partner(other.id) for raw in preview(one, other.id)]
    secret = set[str]()
    for row in node.store.each_object():
        whole = any(one.recipient == other.id and one.form == "verbatim" for one in node.store.views_of(row.id))
        if row.origin == OWN and not whole:
            secret |= _words(orjson.loads(row.raw))
    words = sorted(word for word in secret if len(word) >= canary.WINDOW)
    known = canary.hits(b"\n".join([*sent, *theirs]), *canary.index(words))
    return [word for word in words if word not in known]


def _words(document: dict[str, Any]) -> set[str]:
    found = {str(document[name]) for name in ("name", "call_sign", "mmsi") if name in document}
    fixes = document.get("evidence", {}).get("fixes", [])
    # An id is as secret as what it names; the type before it is not.
    found.add(document["id"].partition("--")[2])
    places = [
        document.get("latitude"),
        document.get("longitude"),
        *(fix[name] for fix in fixes for name in ("lat", "lon")),
    ]
    # A rounded coordinate stands in many a file by chance; one with all its digits does not.
    found |= {text for text in map(str, places) if len(text.partition(".")[2]) >= EXACT}
    return found | {str(fix["mmsi"]) for fix in fixes}
