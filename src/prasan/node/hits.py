"""Vessels of lists, ours and partners', in what was heard: each day on which one was heard is a `sighting`.

One sighting is of one source and under its marking, so that whoever may not know a source learns nothing of it, and it
changes once an hour at most. It is an object like any other: by policy it goes to the partner whose list it was.
"""

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from prasan.formats.stix_build import Stamp
from prasan.formats.stix_feedback import Sighted, sighting_id, sighting_object
from prasan.formats.stix_interest import Entry
from prasan.node.feedback import marking_about
from prasan.node.interests import watched
from prasan.node.node import Node
from prasan.node.objects import Made, keep_made
from prasan.node.record import NODE_LOG, note
from prasan.picture.source import Source
from prasan.stores.rows import OWN, ObjectRow

DAY_S: Final = 86_400
HOUR_S: Final = 3600
IMO: Final = range(1_000_000, 10_000_000)
"""Seven digits: a partner may write any number."""
LOOK_BACK_DAYS: Final = 30
"""When lists change, so many days before the newest row are looked at as well."""

Watched = Mapping[str, tuple[ObjectRow, Entry]]


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


def _digest(wanted: Watched) -> str:
    """Which vessels, by what: another one is looked for in what came before, too."""
    told = sorted((name, entry.key, entry.mmsi or 0) for name, (_, entry) in wanted.items())
    return sha256(repr(told).encode()).hexdigest()


def _since(node: Node, names: Collection[str], t_min: int, *, anew: bool) -> int:
    """The beginning of the day from which to look: that of the first new row, or a month ago if lists changed."""
    newest = max(one.t_max for name, one in node.archive.sources().items() if name in names)
    first = max(t_min, newest - LOOK_BACK_DAYS * DAY_S) if anew else t_min
    return first - first % DAY_S


def _look(node: Node, source: Source, wanted: Watched, since: int) -> int:
    """Real vessels are looked for in real data and those of exercises in exercise data."""
    ours = {name: one for name, one in wanted.items() if one[0].marking.exercise == source.exercise}
    numbers = _numbers(node, source, ours, since)
    every = sorted(set().union(*numbers.values())) if numbers else []
    if not every:
        return 0
    rows = node.archive.read([source.name], every, since, columns=["mmsi", "t"])
    mmsi, t = rows["mmsi"].to_numpy(), rows["t"].to_numpy()
    return sum(
        _keep_days(node, source, ours[name][0], t[np.isin(mmsi, sorted(found))]) for name, found in numbers.items()
    )


def _numbers(node: Node, source: Source, wanted: Watched, since: int) -> dict[str, set[int]]:
    """Each vessel with the MMSIs that it may be heard under: its own, and those that gave its IMO number or name."""
    numbers = {name: {entry.mmsi} if entry.mmsi else set[int]() for name, (_, entry) in wanted.items()}
    by_imo = {entry.imo: name for name, (_, entry) in wanted.items() if entry.imo in IMO}
    by_name = {entry.name.upper(): name for name, (_, entry) in wanted.items() if not entry.imo and not entry.mmsi}
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


def _keep_days(node: Node, source: Source, vessel: ObjectRow, t: NDArray[np.int64]) -> int:
    """A sighting for each day; how many are new or changed."""
    changed = 0
    for day in np.unique(t // DAY_S).tolist():
        changed += _keep(node, source, vessel, np.sort(t[t // DAY_S == day]))
    return changed


def _keep(node: Node, source: Source, vessel: ObjectRow, t: NDArray[np.int64]) -> bool:
    """Counted by hours: the last time is that of the first report in the last hour."""
    hours, firsts = np.unique(t // HOUR_S, return_index=True)
    seen = Sighted(vessel.id, int(t[0]), int(t[firsts[-1]]), len(hours))
    name = sighting_id(node.id, vessel.id, f"{source.name}/{int(t[0]) // DAY_S}")
    marking = marking_about(vessel).join(source.marking)

    def build(stamp: Stamp) -> bytes:
        return sighting_object(name, seen, stamp, marking)

    made = Made(name, build, marking, source.terms, clock=source.clock, sources=frozenset({source.name}))
    with node.store.write() as tx:
        is_new = tx.object(name) is None
        changed = keep_made(node, tx, made)
        if changed and is_new:
            whose = "" if vessel.origin == OWN else vessel.origin
            note(node, tx, NODE_LOG, "interest_hit", vessel.id, {"source": source.name, "list_of": whose})
    return changed
