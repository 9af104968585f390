"""From rows in the archive to events in the register and objects in the store.

Each data set has its own clock: rows of sources with the same clock label are looked at together, never with others.
"""

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from prasan.detect.run import detect
from prasan.formats.stix_build import event_id
from prasan.node.acts.hits import look_for
from prasan.node.finding.clocks import fit, known_off
from prasan.node.finding.deriving import WARM_S, begin, derive
from prasan.node.finding.events import Rows, events_of, keep, revisions
from prasan.node.finding.provenance import arrived, remember_arrived, stale, with_partners
from prasan.node.finding.reception import Listening, note_partners, publish_reception
from prasan.node.finding.register import Ours
from prasan.node.node import Node
from prasan.node.rules import changed_since, remember_rules, rules_in_force
from prasan.picture.source import Source


class Looked(msgspec.Struct, frozen=True):
    """What one look at a clock's rows changed; `taken_back`: rows had come late for the look before."""

    clock: str
    counts: Mapping[str, object]
    changed: int
    objects: int
    taken_back: bool = False


def look(node: Node, clock: str, upto: int | None = None) -> Looked:
    """Detect over all rows of one clock, bring the register of events up to date, and make objects of what changed.

    Then the same for recipients that may not know all of its sources. Where rows were deleted because their days were
    over, older events are left as they are. `upto` (seconds UTC): only the rows before it are looked at.
    """
    note_partners(node)
    own = sources_of(node, clock)
    names, sources = [source.name for source in own], with_partners(node, own)
    begin(node, clock, sources)
    rows = Rows(node.archive.read(names, t_to=upto), node.archive.read_statics(names, t_to=upto))
    ours = Rows(fit(rows.positions, known_off(node, names)), rows.statics)
    outcome = detect(ours.positions, ours.statics, rules_in_force(node.store), node.world)
    since = kept + WARM_S if (kept := node.archive.kept_since(names)) else 0
    before = {key: event for key, event in events_of(node, clock).items() if event.finding.start >= since}
    other = changed_since(node.store, clock)
    found = Listening(node, [source.name for source in sources]).judged(
        one for one in outcome.findings if one.start >= since
    )
    changed = revisions(node, sources, before, found, other_rules=other)
    objects = keep(node, clock, changed, sources, ours, Ours(node))
    derive(node, clock, sources, rows, since, other_rules=other)
    with node.store.write() as tx:
        remember_rules(tx, clock)
    publish_reception(node, own)
    look_for(node, clock, own)
    return Looked(clock, outcome.counts, len(changed), objects)


def stale_looks(node: Node, look_at: Callable[[str], Looked] | None = None) -> list[Looked]:
    """Look anew at clocks of which somebody may now know other sources than before (accord, policy or settings), and
    at those of whose time a partner told what it heard. `look_at` looks at one; a node with live feeds has its own."""
    again, came = set(stale(node)), arrived(node.store)
    if came is not None:
        spans = {name: (one.t_min, one.t_max) for name, one in node.archive.sources().items()}
        again |= {
            node.settings.source_for(name).clock
            for name, (first, last) in spans.items()
            if first < came[1] and last >= came[0]
        }
    looks = [(look_at or partial(look, node))(clock) for clock in sorted(again)]
    with node.store.write() as tx:
        if came is not None and arrived(tx) == came:
            remember_arrived(tx, None)
    return looks


def clocks(node: Node) -> list[str]:
    """The clocks of the sources in the archive."""
    return sorted({node.settings.source_for(name).clock for name in node.archive.sources()})


def sources_of(node: Node, clock: str) -> list[Source]:
    """The sources in the archive that go by this clock."""
    found = (node.settings.source_for(name) for name in node.archive.sources())
    return [source for source in found if source.clock == clock]


def events_by_object(node: Node) -> dict[str, str]:
    """Object id -> id of the event it is made of."""
    return {event_id(node.id, row.id): row.id for row in node.store.events()}
