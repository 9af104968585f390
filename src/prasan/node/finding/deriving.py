"""Events found again for recipients that may not know every source, from the rows of those that they may know.

What such a recipient is told of an event is made of rows that it may know, and of nothing else but that this node once
held such an event to be so: the other rows change no byte of it (docs/wire.md, section 4).
"""

import time
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from prasan.detect.life import promoted
from prasan.detect.run import detect
from prasan.formats.stix_build import event_id, vessel_id
from prasan.formats.stix_ids import EVENT
from prasan.node.finding.clocks import fit
from prasan.node.finding.events import Rows, events_of, keep, revisions
from prasan.node.finding.provenance import audiences, derived, looked, remember_derived, remember_look
from prasan.node.finding.reception import Listening
from prasan.node.finding.register import Theirs
from prasan.node.node import Node
from prasan.node.rules import rules_in_force
from prasan.picture.event import Event
from prasan.picture.finding import Finding
from prasan.picture.source import Source
from prasan.stores.sqlite import Tx
from prasan.tracks.settle import FOREVER

WARM_S: Final = 86_400
"""What began in so many seconds after the first row may lack what came before it, and is left as it was."""
LIVE_S: Final = 3 * 86_400
"""How many seconds of rows are looked at again for others while rows come in."""
REST: Final = 20.0
"""Live, rest so many times as long as it took to find events again, and at least `LEAST_S`."""
LEAST_S: Final = 60.0


class Deriving:
    """Finds the events of one live clock again for others, now and then: what it costs is little of what ours does."""

    def __init__(self, node: Node, clock: str) -> None:
        self._node, self._clock = node, clock
        self._next = 0.0

    def step(self, sources: Sequence[Source], upto: int) -> bool:
        """Look at the last days before `upto` (seconds UTC), if it is time and anybody is told variants."""
        began = time.monotonic()
        if began < self._next or not audiences(self._node, self._clock, sources):
            return False
        archive, names = self._node.archive, [source.name for source in sources]
        rows = Rows(
            archive.read(names, None, upto - LIVE_S, upto), archive.read_statics(names, None, upto - LIVE_S, upto)
        )
        derive(self._node, self._clock, sources, rows, upto - LIVE_S + WARM_S)
        self._next = time.monotonic() + max(LEAST_S, REST * (time.monotonic() - began))
        return True


def derive(  # noqa: PLR0913
    node: Node, clock: str, sources: Sequence[Source], rows: Rows, since: int, *, other_rules: bool = False
) -> None:
    """Find the events of a clock again for those who may not know all of its sources, from what is left of the rows.

    `rows` are all that was looked at; `since`: events that begin before it are left as they are. Nobody is told of an
    event that this node never held to be one, or revoked: fewer receivers hear less, and silence there says nothing.
    """
    revoked, rules = node.store.revoked(EVENT), rules_in_force(node.store)
    held = _Held(one for one in events_of(node, clock).values() if event_id(node.id, one.id) not in revoked)
    for audience in audiences(node, clock, sources):
        own = [source for source in sources if source.name in audience.names]
        some = rows.of(audience.names)
        some = Rows(fit(some.positions), some.statics)
        found = detect(some.positions, some.statics, rules, node.world).findings
        judged = Listening(node, audience.names).judged(one for one in found if one.start >= since)
        again = _Again(own, some, judged, since, other_rules)
        for recipient in audience.recipients:
            _tell(node, clock, Theirs(node, recipient), again, held)


class _Again(msgspec.Struct, frozen=True):
    """What was found in the rows of some sources, of what begins at `since` or later."""

    sources: Sequence[Source]
    rows: Rows
    findings: Sequence[Finding]
    since: int
    other_rules: bool


def _tell(node: Node, clock: str, theirs: Theirs, again: _Again, held: "_Held") -> None:
    """Bring one recipient's register up to date."""
    names = frozenset(source.name for source in again.sources)
    told = events_of(node, clock, theirs)
    known = {key: event for key, event in told.items() if names.issuperset(event.finding.sources)}

    def promotes(finding: Finding) -> bool:
        return promoted(finding) and (finding.key in known or held.has(finding))

    before = {key: event for key, event in known.items() if event.finding.start >= again.since}
    changed = revisions(node, again.sources, before, again.findings, promotes, other_rules=again.other_rules)
    keep(node, clock, [one for one in changed if not theirs.revoked(one)], again.sources, again.rows, theirs)
    with node.store.write() as tx:
        for key in told.keys() - known.keys():
            theirs.drop(tx, told[key])
        remember_derived(tx, theirs.recipient, clock, names)


class _Held:
    """The events of a clock that this node held to be so at some time, by kind and vessel."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._spans: dict[tuple[str, int], list[tuple[int, int]]] = {}
        for event in events:
            one = event.finding
            for mmsi in one.mmsi:
                self._spans.setdefault((one.kind, mmsi), []).append((one.start, _end(one)))

    def has(self, finding: Finding) -> bool:
        """True if one of them is of the same kind, of one of its vessels, and at a time that meets its own."""
        spans = (span for mmsi in finding.mmsi for span in self._spans.get((finding.kind, mmsi), ()))
        return any(start <= _end(finding) and finding.start <= end for start, end in spans)


def _end(finding: Finding) -> int:
    return FOREVER if finding.end is None else finding.end


def begin(node: Node, clock: str, sources: Sequence[Source]) -> None:
    """Before a look: recipients that may not know all of these sources from now on keep what they were told so far.

    Their variants begin as the objects that they read now, so that a source they may not know changes nothing for them.
    """
    names = frozenset(source.name for source in sources)
    to = [(one, audience.names) for audience in audiences(node, clock, sources) for one in audience.recipients]
    new = [(one, allowed) for one, allowed in to if clock not in derived(node.store).get(one, {})]
    if not new and looked(node.store).get(clock) == names:
        return
    events = list(events_of(node, clock).values()) if new else []
    with node.store.write() as tx:
        remember_look(tx, clock, names)
        for recipient, allowed in new:
            theirs = Theirs(node, recipient)
            for event in events:
                if allowed.issuperset(event.finding.sources):
                    _begin_with(node, tx, theirs, event)


def _begin_with(node: Node, tx: Tx, theirs: Theirs, event: Event) -> None:
    body = msgspec.json.encode(event)
    own = {vessel_id(node.id, mmsi): b"" for mmsi in event.finding.mmsi} | {event_id(node.id, event.id): body}
    for object_id, event_body in own.items():
        row = tx.object(object_id)
        if row is None or tx.view(theirs.recipient, object_id) is None or theirs.object(tx, object_id) is not None:
            continue
        theirs.put(tx, row, event_body)
