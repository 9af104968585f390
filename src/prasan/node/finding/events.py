"""Findings into revisions of events, and revisions into objects, in a register: ours or a recipient's own."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from prasan.detect.diff import unmoved
from prasan.detect.heard import HEARD, explained, may_be_explained
from prasan.detect.life import compare, promoted
from prasan.formats.stix_build import Stamp, Vessel, event_id, event_object, vessel_id, vessel_object
from prasan.node.finding.provenance import PARTNER
from prasan.node.finding.register import Ours, Register
from prasan.node.node import Node
from prasan.node.objects import KEPT, Made
from prasan.node.rules import RULE_CHANGED
from prasan.picture.event import Event
from prasan.picture.finding import Finding, Fix
from prasan.picture.marking import Marking, join_all
from prasan.picture.position import degrees
from prasan.picture.source import Source, Terms
from prasan.stores.sqlite import Tx

CHUNK = 500
"""Objects kept in one transaction."""


class Rows(msgspec.Struct, frozen=True):
    """Positions and static reports that are looked at together."""

    positions: pa.Table
    statics: pa.Table

    def of(self, names: Iterable[str]) -> "Rows":
        """Those of these sources."""
        wanted = pa.array(sorted(names), pa.string())
        return Rows(
            *(one.filter(pc.is_in(one["source"].cast(pa.string()), wanted)) for one in (self.positions, self.statics))
        )


def events_of(node: Node, clock: str, register: Register | None = None) -> dict[str, Event]:
    """The latest revision of every event of a clock in a register (ours, if none is named), by the finding's key."""
    events = (register or Ours(node)).events()
    return {event.finding.key: event for event in events if clock_of(node, event) == clock}


def clock_of(node: Node, event: Event) -> str:
    """The clock an event's sources go by."""
    own = [name for name in event.finding.sources if not name.startswith(PARTNER)]
    return node.settings.source_for(own[0]).clock if own else ""


def terms_of(sources: Iterable[Source]) -> Terms:
    """What all of these sources together allow."""
    every = list(sources)
    days = [source.terms.store_days for source in every if source.terms.store_days is not None]
    return Terms(
        store_days=min(days, default=None),
        onward=all(source.terms.onward for source in every),
        derived=all(source.terms.derived for source in every),
    )


def revisions(  # noqa: PLR0913 - what is known, what is found, and on what terms
    node: Node, sources: Iterable[Source], previous: Mapping[str, Event], findings: Iterable[Finding],
    promotes: Callable[[Finding], bool] = promoted, *, other_rules: bool = False,
) -> list[Event]:  # fmt: skip
    """What findings change about these published events (by finding key); those not found any more are withdrawn.

    A gap that is withdrawn because its vessel was heard meanwhile says by whom, and carries their marking too.
    `other_rules`: the look before went by others, so what is not explained otherwise is withdrawn because of that.
    """
    markings = {source.name: source.marking for source in sources}

    def marking_of(names: tuple[str, ...]) -> Marking:
        return join_all([markings[name] for name in names])

    def with_cause(event: Event) -> Event:
        if may_be_explained(event):
            told = explained(event, _during(node, markings, event.finding))
            event = msgspec.structs.replace(told, marking=event.marking.join(marking_of(told.finding.sources)))
        if other_rules and event.state == "withdrawn" and event.reason != HEARD:
            return msgspec.structs.replace(event, reason=RULE_CHANGED)
        return event

    found = unmoved(previous, findings)
    return [with_cause(event) for event in compare(previous, found, marking_of, node.clock.now(), promotes)]


def _during(node: Node, names: Iterable[str], finding: Finding) -> pa.Table:
    """The rows of a finding's vessels while it lasted."""
    end = None if finding.end is None else finding.end + 1
    return node.archive.read(list(names), finding.mmsi, finding.start, end)


def keep(  # noqa: PLR0913, PLR0917 - events, and what their objects are made of
    node: Node, clock: str, events: list[Event], sources: Iterable[Source], rows: Rows, register: Register
) -> int:
    """Revisions into a register and, in the same transaction, their objects: a crash can leave neither alone.

    How many objects are new or changed. The rows must hold those of the vessels in the events.
    """
    kept, by_name = 0, {source.name: source for source in sources}
    vessels = vessels_in(node, events, rows.positions, rows.statics)
    for start in range(0, len(events), CHUNK):
        some = events[start : start + CHUNK]
        with node.store.write() as tx:
            for event in some:
                used = [by_name[name] for name in event.finding.sources if name in by_name]
                kept += _keep_event(node, tx, register, event, Under(clock, terms_of(used)), vessels)
            register.note(tx, clock, some)
    return kept


class Under(msgspec.Struct, frozen=True):
    """The clock of the rows that an object is made of, and what their sources allow."""

    clock: str
    terms: Terms


def _keep_event(  # noqa: PLR0913, PLR0917 - an event and what it is made of
    node: Node, tx: Tx, register: Register, event: Event, under: Under, vessels: Mapping[int, Vessel]
) -> int:
    known = [vessels[mmsi] for mmsi in event.finding.mmsi if mmsi in vessels]
    kept = sum(_keep_vessel(node, tx, register, vessel, event, under) for vessel in known)
    refs = [vessel_id(node.id, vessel.mmsi) for vessel in known]

    def build(stamp: Stamp) -> bytes:
        return event_object(event, refs, stamp, fixes=under.terms.onward)

    made = Made(
        event_id(node.id, event.id), build, event.marking, under.terms, clock=under.clock,
        sources=frozenset(event.finding.sources),
    )  # fmt: skip
    return kept + register.keep_event(tx, event, made)


def _keep_vessel(  # noqa: PLR0913, PLR0917 - a vessel and what it is made of
    node: Node, tx: Tx, register: Register, vessel: Vessel, event: Event, under: Under
) -> bool:
    """A vessel's object carries the join of what it was ever made from, and as tags the kinds of its events.

    The tags stay here: with them a policy can keep back a vessel whose event goes out without its name.
    """
    before = register.object(tx, vessel_id(node.id, vessel.mmsi))
    joined = join_all([event.marking, before.marking]) if before else event.marking
    kept = KEPT(before.facts) if before else None
    tags = frozenset({event.finding.kind}) | (kept.tags if kept else frozenset())
    sources = frozenset(event.finding.sources) | (kept.sources if kept else frozenset())

    def build(stamp: Stamp) -> bytes:
        return vessel_object(vessel, stamp, joined)

    made = Made(vessel_id(node.id, vessel.mmsi), build, joined, under.terms, tags, under.clock, sources)
    return register.keep(tx, made)


def vessels_in(node: Node, events: list[Event], positions: pa.Table, statics: pa.Table) -> dict[int, Vessel]:
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
