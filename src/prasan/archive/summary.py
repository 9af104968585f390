"""What the archive holds, in short: last fixes, sources, sizes, damage."""

from collections import Counter
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from prasan.archive import disk
from prasan.archive.manifest import Manifest
from prasan.archive.partition import Part, last_fixes, sort_key
from prasan.archive.reading import Wanted, choose, is_hot, log_of, scan
from prasan.archive.values import LATEST, Damage, SourceSummary, Stats, StoredFinding
from prasan.picture.finding import Finding
from prasan.picture.position import POSITIONS


def read_latest(manifest: Manifest, root: Path, sources: tuple[str, ...] | None) -> pa.Table:
    """The last fix of each MMSI by each of the sources (None: all), in the schema LATEST, sorted by source and MMSI.

    What was drained or came in files is kept in a table; what is in the hot logs is looked at now. IntegrityError if a
    log has gone meanwhile.
    """
    where = "1" if sources is None else f"source IN ({','.join('?' * len(sources))})"
    hot = choose(manifest, "positions", Wanted(sources, None, None, None, LATEST.names, False), hot=True)
    rows = manifest.all(f"SELECT {','.join(LATEST.names)} FROM latest WHERE {where} ORDER BY 1, 2", sources or ())  # noqa: S608
    columns = list(zip(*rows, strict=True)) or [()] * len(LATEST)
    kept = pa.table([pa.array(c, f.type) for c, f in zip(columns, LATEST, strict=True)], schema=LATEST)
    if not hot:
        return kept
    found = scan(root, hot, POSITIONS, Wanted(sources, None, None, None, LATEST.names, False))
    return _newest(pa.concat_tables([kept, found.select(LATEST.names)]).unify_dictionaries().combine_chunks())


def _newest(table: pa.Table) -> pa.Table:
    order = np.argsort(sort_key(table["mmsi"].to_numpy(), table["t"].to_numpy()), kind="stable")
    newest = last_fixes(Part("positions", 0, None, table.take(order).combine_chunks()))
    names = newest["source"].cast(pa.string())
    return newest.take(pc.sort_indices(pa.table({"source": names, "mmsi": newest["mmsi"]}), _BY_SOURCE))


_FINDING: Final = msgspec.json.Decoder(Finding)
_BY_SOURCE: Any = [("source", "ascending"), ("mmsi", "ascending")]


def read_sources(manifest: Manifest, latest: pa.Table) -> dict[str, SourceSummary]:
    """What each source has in date partitions and logs, by name."""
    rows = manifest.all(
        """SELECT s.source, sum(s.rows), min(s.t_min), max(s.t_max) FROM file_sources s JOIN files f ON f.path = s.path
           WHERE f.kind = 'positions' AND f.quarantine = 0 AND f.state = 'live' GROUP BY s.source"""
    )
    vessels = Counter(latest["source"].to_pylist())
    return {source: SourceSummary(count, low, high, vessels[source]) for source, count, low, high in rows}


def read_findings(manifest: Manifest, after: int, limit: int) -> list[StoredFinding]:
    """Up to `limit` findings stored after number `after`, oldest first."""
    rows = manifest.all("SELECT seq, batch, json FROM findings WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit))
    return [StoredFinding(seq, batch, _FINDING.decode(json)) for seq, batch, json in rows]


def read_stats(manifest: Manifest, root: Path) -> Stats:
    """Rows, files and bytes."""
    totals: dict[tuple[str, int], tuple[int, int, int]] = {
        (kind, quarantine): (files, rows, size)
        for kind, quarantine, files, rows, size in manifest.all(
            "SELECT kind, quarantine, count(*), sum(rows), sum(bytes) FROM files WHERE state = 'live' GROUP BY 1, 2"
        )
    }
    none = (0, 0, 0)
    _, positions, size = totals.get(("positions", 0), none)
    (batches,) = manifest.one("SELECT count(*) FROM batches") or (0,)
    (findings,) = manifest.one("SELECT count(*) FROM findings") or (0,)
    (hot,) = manifest.one("SELECT ifnull(sum(rows), 0) FROM files WHERE state = 'live' AND path GLOB 'hot/*'") or (0,)
    (let_go,) = manifest.one("SELECT value FROM settings WHERE name = 'let_go'") or (0,)
    return Stats(
        positions=positions,
        statics=totals.get(("statics", 0), none)[1],
        quarantined=sum(rows for (_, quarantine), (_, rows, _) in totals.items() if quarantine),
        batches=batches,
        findings=findings,
        files=sum(files for files, _, _ in totals.values()),
        bytes=sum(size for _, _, size in totals.values()),
        bytes_per_position=size / positions if positions else 0.0,
        lost_files=disk.count_lost(root),
        hot=hot,
        bins=totals.get(("bins", 0), none)[1],
        let_go=let_go,
    )


def find_damage(manifest: Manifest, root: Path) -> list[Damage]:
    """Every file and stream of the manifest that is missing or whose bytes have changed, by path."""
    found = list[Damage]()
    rows = manifest.all("SELECT path, bytes, sha256 FROM files WHERE state = 'live' ORDER BY path")
    for path, size, expected in rows:
        name, start = log_of(path) if is_hot(path) else (path, 0)
        actual = disk.file_hash(root / name, start, size if is_hot(path) else None)
        if actual != expected:
            found.append(Damage(path, "missing" if actual is None else "changed"))
    return found
