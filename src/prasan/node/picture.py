"""From rows in the archive to events in the register and objects in the store.

Each data set has its own clock: rows of sources with the same clock label are looked at together, never with others.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from prasan.detect.heard import explained, may_be_explained
from prasan.detect.life import compare
from prasan.detect.rules import PRASAN, preset
from prasan.detect.run import detect
from prasan.formats.stix_build import Stamp, Vessel, event_id, event_object, vessel_id, vessel_object
from prasan.node.node import Node
from prasan.node.objects import KEPT, keep_own
from prasan.node.record import NODE_LOG, note
from prasan.picture.event import Event
from prasan.picture.finding import Finding, Fix
from prasan.picture.marking import Marking, join_all
from prasan.picture.position import degrees
from prasan.picture.source import Source, Terms
from prasan.stores.rows import EventRow
from prasan.stores.sqlite import Tx

CHUNK = 500
"""Objects kept in one transaction."""

WARM_S = 86_400
"""What began in so many seconds after the first row may lack what came before it, and is left as it was."""

_EVENT = msgspec.json.Decoder(Event)


class Looked(msgspec.Struct, frozen=True):
    """What one look at a clock's rows changed."""

    clock: str
    counts: Mapping[str, object]
    changed: int
    objects: int


def look(node: Node, clock: str) -> Looked:
    """Detect over all rows of one clock, bring the register of events up to date, and make objects of what changed.

    Where rows were deleted because their days were over, older events are left as they are.
    """
    sources = sources_of(node, clock)
    names = [source.name for source in sources]
    positions, statics = node.archive.read(names), node.archive.read_statics(names)
    outcome = detect(positions, statics, preset(PRASAN), node.world)
    since = kept + WARM_S if (kept := node.archive.kept_since(names)) else 0
    before = {key: event for key, event in events_of(node, clock).items() if event.finding.start >= since}
    changed = revisions(node, sources, before, [one for one in outcome.findings if one.start >= since])
    objects = keep(node, clock, changed, sources, positions, statics)
    return Looked(clock, outcome.counts, len(changed), objects)


def sources_of(node: Node, clock: str) -> list[Source]:
    """The sources in the archive that go by this clock."""
    found = (node.settings.source_for(name) for name in node.archive.sources())
    return [source for source in found if source.clock == clock]


def events_of(node: Node, clock: str) -> dict[str, Event]:
    """The latest revision of every event of a clock, by the finding's key."""
    rows = (_EVENT.decode(row.body) for row in node.store.events())
    return {event.finding.key: event for event in rows if clock_of(node, event) == clock}


def clock_of(node: Node, event: Event) -> str:
    """The clock an event's sources go by."""
    return node.settings.source_for(event.finding.sources[0]).clock if event.finding.sources else ""


def events_by_object(node: Node) -> dict[str, str]:
    """Object id -> id of the event it is made of."""
    return {event_id(node.id, row.id): row.id for row in node.store.events()}


def terms_of(sources: Iterable[Source]) -> Terms:
    """What all of these sources together allow."""
    every = list(sources)
    days = [source.terms.store_days for source in every if source.terms.store_days is not None]
    return Terms(
        store_days=min(days, default=None),
        onward=all(source.terms.onward for source in every),
        derived=all(source.terms.derived for source in every),
    )


def revisions(
    node: Node, sources: Iterable[Source], previous: Mapping[str, Event], findings: Iterable[Finding]
) -> list[Event]:
    """What findings change about these published events (by finding key); those not found any more are withdrawn.

    A gap that is withdrawn because its vessel was heard meanwhile says by whom, and carries their marking too.
    """
    markings = {source.name: source.marking for source in sources}

    def marking_of(names: tuple[str, ...]) -> Marking:
        return join_all([markings[name] for name in names])

    def with_cause(event: Event) -> Event:
        if not may_be_explained(event):
            return event
        told = explained(event, _during(node, markings, event.finding))
        return msgspec.structs.replace(told, marking=event.marking.join(marking_of(told.finding.sources)))

    return [with_cause(event) for event in compare(previous, findings, marking_of, node.clock.now())]


def _during(node: Node, names: Iterable[str], finding: Finding) -> pa.Table:
    """The rows of a finding's vessels while it lasted."""
    end = None if finding.end is None else finding.end + 1
    return node.archive.read(list(names), finding.mmsi, finding.start, end)


def keep(  # noqa: PLR0913, PLR0917 - events, and what their objects are made of
    node: Node, clock: str, events: list[Event], sources: Iterable[Source], positions: pa.Table, statics: pa.Table
) -> int:
    """Revisions into the register and, in the same transaction, their objects: a crash can leave neither alone.

    How many objects are new or changed. The rows must hold those of the vessels in the events.
    """
    kept, by_name = 0, {source.name: source for source in sources}
    vessels = _vessels(node, events, positions, statics)
    for start in range(0, len(events), CHUNK):
        some = events[start : start + CHUNK]
        with node.store.write() as tx:
            for event in some:
                body = msgspec.json.encode(event)
                tx.put_event(EventRow(event.id, event.revision, event.finding.kind, event.state, body))
                kept += _keep_event(node, tx, event, by_name, vessels)
                if event.state == "withdrawn":
                    note(node, tx, NODE_LOG, "withdrawn", event.id, {"revision": event.revision, "why": event.reason})
            note(node, tx, NODE_LOG, "events", clock, {"changed": len(some)})
    return kept


def _keep_event(node: Node, tx: Tx, event: Event, sources: Mapping[str, Source], vessels: Mapping[int, Vessel]) -> int:
    used = [sources[name] for name in event.finding.sources if name in sources]
    terms = terms_of(used)
    kept = 0
    for mmsi in event.finding.mmsi:
        if mmsi in vessels:
            kept += _keep_vessel(node, tx, vessels[mmsi], event, terms)
    refs = [vessel_id(node.id, mmsi) for mmsi in event.finding.mmsi if mmsi in vessels]

    def build(stamp: Stamp) -> bytes:
        return event_object(event, refs, stamp, fixes=terms.onward)

    return kept + keep_own(node, tx, event_id(node.id, event.id), build, event.marking, terms)


def _keep_vessel(node: Node, tx: Tx, vessel: Vessel, event: Event, terms: Terms) -> bool:
    """A vessel's object carries the join of what it was ever made from, and as tags the kinds of its events.

    The tags stay here: with them a policy can keep back a vessel whose event goes out without its name.
    """
    before = tx.object(vessel_id(node.id, vessel.mmsi))
    joined = join_all([event.marking, before.marking]) if before else event.marking
    tags = frozenset({event.finding.kind}) | (KEPT(before.facts).tags if before else frozenset())

    def build(stamp: Stamp) -> bytes:
        return vessel_object(vessel, stamp, joined)

    return keep_own(node, tx, vessel_id(node.id, vessel.mmsi), build, joined, terms, tags)


def _vessels(node: Node, events: list[Event], positions: pa.Table, statics: pa.Table) -> dict[int, Vessel]:
    """What is known of the vessels in these events: the last of each static value and the last fix."""
    wanted = sorted({mmsi for event in events for mmsi in event.finding.mmsi})
    fixes = _last(positions, wanted, ["lat", "lon"])
    known = {name: _last(statics, wanted, [name]) for name in ("imo", "name", "callsign", "ship_type")}

    def value(name: str, mmsi: int) -> Any:
        row = known[name].get(mmsi)
        return row[name] if row else None

    made = {}
    for mmsi in wanted:
        last = fixes.get(mmsi)
        made[mmsi] = msgspec.convert(
            {
                "mmsi": mmsi,
                "imo": value("imo", mmsi),
                "name": value("name", mmsi),
                "call_sign": value("callsign", mmsi),
                "flag": node.world.flag(mmsi),
                "ship_type": value("ship_type", mmsi),
                "last": Fix(last["t"], mmsi, degrees(last["lat"]), degrees(last["lon"])) if last else None,
            },
            Vessel,
        )
    return made


def _last(table: pa.Table, mmsis: list[int], columns: list[str]) -> dict[int, dict[str, Any]]:
    """The last row of each MMSI in which all of these columns have a value."""
    rows = table.select(["mmsi", "t", *columns]).drop_null()
    rows = rows.filter(pc.is_in(rows["mmsi"], pa.array(mmsis, pa.uint32()))).sort_by("t")
    return {row["mmsi"]: row for row in rows.to_pylist()}
