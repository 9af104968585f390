"""Files into the node: AIS into the archive, incident tables, bundles and MISP events into objects.

Sending the same again changes nothing.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa

from prasan.archive.archive import Archive, batch_id
from prasan.archive.values import Appended, Tended
from prasan.errors import FormatError
from prasan.feeds.documents import read_objects
from prasan.feeds.files import FileBatch, list_files, read_source
from prasan.feeds.tables import is_incident_table, read_table
from prasan.formats import incidents
from prasan.formats.ais_batch import Batch, Counts, add_counts
from prasan.formats.stix_build import Stamp, incident_object
from prasan.formats.stix_ids import INCIDENT, object_id
from prasan.node.finding.clocks import FILES, ClockWatch
from prasan.node.finding.repeats import Repeats
from prasan.node.lines.foreign import take_all
from prasan.node.node import Node
from prasan.node.objects import keep_own
from prasan.node.record import NODE_LOG, note
from prasan.node.seeing.picture import Looked, look
from prasan.picture.incident import Incident
from prasan.picture.position import POSITIONS, STATICS
from prasan.picture.source import Source
from prasan.stores.sqlite import Tx

ROWS: Final = 500_000
"""Rows gathered before they are stored as one batch. The next are read meanwhile: two batches are held at most."""
PIECE: Final = 1 << 21
"""Bytes decoded at once: what is done once a piece then takes little, and a piece stays near the processor."""
TIDY_S: Final = 20.0
"""No new merge is begun after so long: `serve` goes on."""
CHUNK: Final = 500
"""Incident objects kept in one transaction."""


class Taken(msgspec.Struct):
    """What one file gave: lines read and kept, lines dropped by reason, rows and objects that are new, seconds.

    `quarantined` rows have no usable time: they are stored beside the dated rows, and nothing is detected in them. Of
    these `clock_off` are of receivers whose clock was off (`tracks.clocks`).
    `refused` says why a file of a folder was passed over.
    """

    source: str
    clock: str
    lines: int = 0
    kept: int = 0
    dropped: dict[str, int] = {}
    rows: int = 0
    quarantined: int = 0
    clock_off: int = 0
    duplicates: int = 0
    objects: int = 0
    seconds: float = 0.0
    refused: str = ""


Done = Callable[[Taken], None]


def ingest(
    node: Node, sources: Iterable[str], *, name: str | None = None, dialect: str | None = None, done: Done | None = None
) -> tuple[list[Taken], list[Looked]]:
    """Take files, folders or `-` in, then look once at every clock they belong to. `done` hears of each file.

    A file of a folder that cannot be read is passed over, and said. One that was named ends the work: what came before
    it is looked at, then its FormatError is raised, as it is if no file could be read.
    """
    named = frozenset(sources := list(sources))
    taken, refusals, ended, clocks = list[Taken](), list[FormatError](), False, ClockWatch(FILES)
    with ThreadPoolExecutor(1) as pool:
        for path in list_files(sources):
            source = node.settings.source_for(name or Path(path).name)
            try:
                taken.append(_take(node, path, source, dialect, pool, clocks))
            except FormatError as error:
                refusals.append(error)
                if ended := path in named:
                    break
                taken.append(Taken(source.name, source.clock, refused=f"{error} {error.remedy}"))
            if done is not None:
                done(taken[-1])
    looks = _look(node, taken)
    if refusals and (ended or len(refusals) == len(taken)):
        raise refusals[-1]
    return taken, looks


def _look(node: Node, taken: Iterable[Taken]) -> list[Looked]:
    # Rows that were here already count too: whoever stored them may have been stopped before looking at them.
    return [look(node, clock) for clock in sorted({one.clock for one in taken if one.rows or one.duplicates})]


def _take(  # noqa: PLR0913, PLR0917 - a file, how it is read, and what it is compared with
    node: Node, path: str, source: Source, dialect: str | None, pool: Executor, clocks: ClockWatch
) -> Taken:
    started = time.perf_counter()
    taken = Taken(source.name, source.clock)
    if path != "-" and is_incident_table(Path(path)):
        _take_incidents(node, Path(path), source, taken)
    elif path != "-" and (objects := read_objects(Path(path))) is not None:
        _take_objects(node, objects, source, taken)
    else:
        batches = read_source(path, node.clock.now(), dialect, source.name, PIECE)
        sieve = Sieve(source.name, Repeats(node.archive, source.name), clocks)
        _take_ais(batches, lambda group: pool.submit(store, node.archive, source.name, group, sieve), taken)
        taken.duplicates += sieve.repeated
        taken.clock_off = sieve.clock_off
    taken.seconds = round(time.perf_counter() - started, 3)
    with node.store.write() as tx:
        detail = {
            name: getattr(taken, name) for name in ("lines", "kept", "rows", "quarantined", "clock_off", "objects")
        }
        note(node, tx, NODE_LOG, "ingest", source.name, detail)
    return taken


def tidy(node: Node) -> Tended:
    """What a node does with its archive while it serves, at once: past days become one sorted file with its bins."""
    known = (node.settings.source_for(name) for name in node.archive.sources())
    days = {one.name: one.terms.store_days for one in known if one.terms.store_days is not None}
    return node.archive.tend(node.clock.now(), days, TIDY_S, at_rest=True)


def _take_ais(
    batches: Iterator[FileBatch], storing: Callable[[list[Batch]], "Future[Appended | None]"], taken: Taken
) -> None:
    """Read on while the batch before is stored."""
    counts, before = list[Counts](), Future[Appended | None]()
    before.set_result(None)
    for group in _groups(batches, counts):
        _count(taken, before.result())
        before = storing(group)
    _count(taken, before.result())
    total = add_counts(counts)
    taken.lines, taken.kept, taken.dropped = total.lines, total.kept, dict(total.dropped)


def _groups(batches: Iterator[FileBatch], counts: list[Counts]) -> Iterator[list[Batch]]:
    """Batches in groups of at least ROWS positions but for the last; their accounts are added to `counts`."""
    gathered, rows = list[Batch](), 0
    for item in batches:
        gathered.append(item.batch)
        counts.append(item.batch.counts)
        rows += item.batch.positions.num_rows
        if rows >= ROWS:
            yield gathered
            gathered, rows = [], 0
    yield gathered


class Sieve(msgspec.Struct):
    """What is done to rows before they are stored: those that are here already are left out, others flagged."""

    source: str
    repeats: Repeats
    clocks: ClockWatch
    repeated: int = 0
    clock_off: int = 0

    def append(self, archive: Archive, name: str, positions: pa.Table, statics: pa.Table) -> Appended:
        """Append what is left; what is left out of a batch that was stored before counts with that batch."""
        new, off = self.clocks.judge(self.source, self.repeats.new(positions))
        stored = archive.append(name, self.source, new, self.repeats.new(statics))
        if not stored.duplicate:
            self.repeated += positions.num_rows - new.num_rows
            self.clock_off += off
        return stored


def store(archive: Archive, source: str, batches: list[Batch], sieve: Sieve | None = None) -> Appended | None:
    """Append what was gathered as one batch, named by its content: the same rows again are the same batch.

    None if there are no rows in it.
    """
    positions = pa.Table.from_batches([batch.positions for batch in batches], POSITIONS).unify_dictionaries()
    statics = pa.Table.from_batches([batch.statics for batch in batches], STATICS).unify_dictionaries()
    if not positions.num_rows and not statics.num_rows:
        return None
    name = batch_id(source, _digest(positions), _digest(statics))  # by what came, whatever is thought of it
    if sieve is None:
        return archive.append(name, source, positions, statics)
    return sieve.append(archive, name, positions, statics)


def _count(taken: Taken, stored: Appended | None) -> None:
    if stored is None:
        return
    if stored.duplicate:
        taken.duplicates += stored.rows
    else:
        taken.rows += stored.rows
        taken.quarantined += stored.quarantined


def _digest(table: pa.Table) -> bytes:
    """SHA-256 of the rows, however they are cut into chunks: columns as they lie in memory, for there are many rows.

    Which values are missing is part of it where some are; what lies in memory for them is not.
    """
    digest = sha256()
    for name in table.column_names:
        chunks, words = _numbers(table[name])
        holes = sum(chunk.null_count for chunk in chunks)
        digest.update(repr((name, str(table[name].type), len(table), holes, words)).encode())
        for chunk in chunks if holes else ():
            digest.update(chunk.is_valid().to_numpy(zero_copy_only=False).data)
        for chunk in chunks if holes < len(table) else ():
            digest.update((chunk.fill_null(0) if chunk.null_count else chunk).to_numpy().data)
    return digest.digest()


def _numbers(column: Any) -> tuple[list[Any], list[str]]:
    """A column as chunks of numbers, and the words that they stand for: of text, each is there once."""
    if pa.types.is_string(column.type):
        column = column.combine_chunks().dictionary_encode()
        return [column.indices], column.dictionary.to_pylist()
    if pa.types.is_dictionary(column.type):
        chunks = column.unify_dictionaries().chunks
        return [chunk.indices for chunk in chunks], chunks[0].dictionary.to_pylist() if chunks else []
    return column.chunks, []


def _take_incidents(node: Node, path: Path, source: Source, taken: Taken) -> None:
    """Reports become objects; the free text and ships' names in them stay behind until an officer has read them."""
    parsed = incidents.parse(read_table(path))
    for start in range(0, len(parsed.incidents), CHUNK):
        with node.store.write() as tx:
            some = parsed.incidents[start : start + CHUNK]
            taken.objects += sum(_keep_incident(node, tx, incident, source) for incident in some)
    taken.lines = len(parsed.incidents) + len(parsed.bad) + 1
    taken.kept = len(parsed.incidents)
    taken.dropped = {**parsed.reasons(), "header": 1}


def _take_objects(node: Node, objects: list[bytes], source: Source, taken: Taken) -> None:
    """Objects of a bundle or of MISP events, as they came."""
    came = take_all(node, objects, source)
    taken.lines = len(objects)
    taken.kept, taken.objects, taken.dropped = came.new + came.same, came.new, came.turned


def _keep_incident(node: Node, tx: Tx, incident: Incident, source: Source) -> bool:
    credit = (source.attribution, source.url) if source.attribution else None

    def build(stamp: Stamp) -> bytes:
        return incident_object(incident, stamp, source.marking, credit=credit)

    identifier = object_id(INCIDENT, node.id, incident.key)
    return keep_own(node, tx, identifier, build, source.marking, source.terms)
