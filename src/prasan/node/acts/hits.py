"""Vessels of lists, ours and partners', in what was heard: each day on which one was heard is a `sighting`.

One sighting is of one source and under its marking, so that whoever may not know a source learns nothing of it, and it
changes once an hour at most. It is an object like any other: by policy it goes to the partner whose list it was. Beside
it our own watch gets an alert of the kind `watchlist_hit`, which goes to nobody else.
"""

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from prasan.formats.stix_build import Stamp, event_id, event_object
from prasan.formats.stix_feedback import Sighted, place_id, place_object, sighting_id, sighting_object
from prasan.formats.stix_interest import Entry
from prasan.node.acts.feedback import marking_about
from prasan.node.acts.interests import Watched, watched
from prasan.node.node import Node
from prasan.node.objects import Made, keep_made
from prasan.node.record import NODE_LOG, note
from prasan.picture.event import Event
from prasan.picture.finding import Finding, Fix, Rule
from prasan.picture.marking import Marking
from prasan.picture.position import degrees
from prasan.picture.source import Source

DAY_S: Final = 86_400
HOUR_S: Final = 3600
IMO: Final = range(1_000_000, 10_000_000)
"""Seven digits: a partner may write any number."""
LOOK_BACK_DAYS: Final = 30
"""When lists change, so many days before the newest row are looked at as well."""

Wanted = Mapping[str, Watched]


class Reached(msgspec.Struct, frozen=True):
    """How far a clock was looked at for the vessels of lists: the newest batch, which vessels, when (seconds UTC)."""

    batch: int = 0
    lists: str = ""
    at: int = 0


_REACHED: Final = msgspec.json.Decoder(Reached)


def look_for(node: Node, clock: str, sources: Sequence[Source], rest_s: int = 0) -> int:
    """Look for the vessels of lists in what these sources of one clock brought since the last time; how many sightings
    are new or changed. Nothing is done within `rest_s` seconds of the last time."""
    key, now = f"interest/{clock}", node.clock.now()
    before = _REACHED.decode(node.store.meta(key) or "{}")
    if not sources or 0 <= now - before.at < rest_s:
        return 0
    wanted = watched(node.store)
    if not wanted:
        return 0
    lists = _digest(wanted)
    names = [source.name for source in sources]
    news = node.archive.news(before.batch if before.lists == lists else 0, names)
    changed = 0
    if news.t_min is not None:
        since = _since(node, names, news.t_min, anew=before.lists != lists)
        changed = sum(_look(node, source, wanted, since) for source in sources)
    with node.store.write() as tx:
        tx.set_meta(key, msgspec.json.encode(Reached(max(news.batch, before.batch), lists, now)).decode())
    return changed


def _digest(wanted: Wanted) -> str:
    """Which vessels, by what: another one is looked for in what came before, too."""
    told = sorted((name, entry.key, entry.mmsi or 0) for name, entry in _entries(wanted))
    return sha256(repr(told).encode()).hexdigest()


def _since(node: Node, names: Collection[str], t_min: int, *, anew: bool) -> int:
    """The beginning of the day from which to look: that of the first new row, or a month ago if lists changed."""
    newest = max(one.t_max for name, one in node.archive.sources().items() if name in names)
    first = max(t_min, newest - LOOK_BACK_DAYS * DAY_S) if anew else t_min
    return first - first % DAY_S


def _look(node: Node, source: Source, wanted: Wanted, since: int) -> int:
    """Real vessels are looked for in real data and those of exercises in exercise data."""
    ours = {name: one for name, one in wanted.items() if one.vessel.marking.exercise == source.exercise}
    numbers = _numbers(node, source, ours, since)
    every = sorted(set().union(*numbers.values())) if numbers else []
    if not every:
        return 0
    rows = node.archive.read([source.name], every, since, columns=["mmsi", "t", "lat", "lon"])
    changed = 0
    for name, found in numbers.items():
        among = pc.is_in(rows["mmsi"], value_set=pa.array(sorted(found), pa.uint32()))
        changed += _keep_days(node, source, ours[name], rows.filter(among))
    return changed


def _entries(wanted: Wanted) -> list[tuple[str, Entry]]:
    return [(name, one.entry) for name, one in wanted.items()]


def _numbers(node: Node, source: Source, wanted: Wanted, since: int) -> dict[str, set[int]]:
    """Each vessel with the MMSIs that it may be heard under: its own, and those that gave its IMO number or name."""
    numbers = {name: {entry.mmsi} if entry.mmsi else set[int]() for name, entry in _entries(wanted)}
    by_imo = {entry.imo: name for name, entry in _entries(wanted) if entry.imo in IMO}
    by_name = {entry.name.upper(): name for name, entry in _entries(wanted) if not entry.imo and not entry.mmsi}
    if by_imo or by_name:
        told = node.archive.read_statics([source.name], None, since, columns=["mmsi", "imo", "name"], ordered=False)
        for column, known in (("imo", by_imo), ("name", by_name)):
            for number, value in _pairs(told, column, known):
                numbers[known[value]].add(number)
    return {name: found for name, found in numbers.items() if found}


def _pairs(told: pa.Table, column: str, known: Mapping[Any, str]) -> set[tuple[int, Any]]:
    """MMSI and value of the reports that give one of these values; names are compared in capitals."""
    if not known:
        return set()
    values = told[column] if column == "imo" else pc.utf8_upper(pc.utf8_trim_whitespace(told[column]))
    among = pa.array([*known], values.type)
    kept = pa.table({"mmsi": told["mmsi"], "value": values}).filter(pc.is_in(values, value_set=among))
    return {(row["mmsi"], row["value"]) for row in kept.group_by(["mmsi", "value"]).aggregate([]).to_pylist()}


def _keep_days(node: Node, source: Source, one: Watched, rows: pa.Table) -> int:
    """A sighting for each day; how many are new or changed."""
    days = rows["t"].to_numpy() // DAY_S
    return sum(_keep(node, source, one, rows.filter(pa.array(days == day))) for day in np.unique(days).tolist())


def _keep(node: Node, source: Source, one: Watched, rows: pa.Table) -> bool:
    """Counted by hours: the last time is that of the first report in the last hour."""
    rows = rows.sort_by("t")
    t = rows["t"].to_numpy()
    hours, firsts = np.unique(t // HOUR_S, return_index=True)
    seen = Sighted(one.vessel.id, int(t[0]), int(t[firsts[-1]]), len(hours))
    key = f"{source.name}/{int(t[0]) // DAY_S}"
    name = sighting_id(node.id, one.vessel.id, key)
    marking, fixes = marking_about(one.vessel).join(source.marking), _fixes(rows, firsts)
    place = _place(node, name, fixes, marking, source)

    def build(stamp: Stamp) -> bytes:
        return sighting_object(name, seen, stamp, marking, place.id if place else "")

    made = Made(name, build, marking, source.terms, clock=source.clock, sources=frozenset({source.name}))
    with node.store.write() as tx:
        is_new = tx.object(name) is None
        if place is not None:
            keep_made(node, tx, place)
        changed = keep_made(node, tx, made)
        event = _event(key, source, one, seen, fixes)
        if changed and event is not None:
            keep_made(node, tx, _told(node, event, one, source))
        if changed and is_new:
            detail = {"source": source.name, "list_of": one.keeper}
            note(node, tx, NODE_LOG, "interest_hit", one.vessel.id, detail)
    return changed


def _fixes(rows: pa.Table, firsts: NDArray[np.int64]) -> tuple[Fix, ...]:
    """The first place of the day and the first of its last hour, of reports that give one."""
    placed = [row for row in rows.take(pa.array(sorted({0, int(firsts[-1])}))).to_pylist() if None not in row.values()]
    return tuple(Fix(row["t"], row["mmsi"], degrees(row["lat"]), degrees(row["lon"])) for row in placed)


def _place(node: Node, sighting: str, fixes: tuple[Fix, ...], marking: Marking, source: Source) -> Made | None:
    """Where it was heard last, as an object of its own, so that a policy can keep it back or make it coarser; none
    where that is unknown, or the source's rows may not be passed on: this is one of them."""
    if not fixes or not source.terms.onward:
        return None
    name, fix = place_id(node.id, sighting), fixes[-1]

    def build(stamp: Stamp) -> bytes:
        return place_object(name, fix.lat, fix.lon, stamp, marking)

    return Made(name, build, marking, source.terms, clock=source.clock, sources=frozenset({source.name}))


def _event(key: str, source: Source, one: Watched, seen: Sighted, fixes: tuple[Fix, ...]) -> Event | None:
    """The alert of a hit for our own watch; None where no place is known."""
    if not fixes:
        return None
    evidence = {"codes": ["on_list"], "list": one.list, "keeper": one.keeper or None, "heard_hours": seen.count}
    finding = Finding(
        kind="watchlist_hit",
        key=key,
        mmsi=(fixes[-1].mmsi,),
        start=int(seen.first),
        end=int(seen.last),
        lat=fixes[-1].lat,
        lon=fixes[-1].lon,
        confidence="high" if one.entry.imo or one.entry.mmsi else "low",
        reason="",
        rule=Rule("watchlist_hit", 1, "prasan", {}),
        sources=(source.name,),
        fixes=fixes,
        evidence=evidence,
    )
    marking = marking_about(one.vessel).join(source.marking)
    return Event(f"{one.vessel.id}/{key}", finding, "closed", seen.count - 1, int(seen.last), marking)


def _told(node: Node, event: Event, one: Watched, source: Source) -> Made:
    """The alert as an object for this node alone: who looks for whom is the list's keeper's business."""
    marking = msgspec.structs.replace(event.marking, rel_to=frozenset({node.id}))
    event = msgspec.structs.replace(event, marking=marking)

    def build(stamp: Stamp) -> bytes:
        return event_object(event, [one.vessel.id], stamp)

    name = event_id(node.id, event.id)
    return Made(name, build, marking, source.terms, clock=source.clock, sources=frozenset({source.name}))
