"""What the archive does by itself, a little at a time: drain, expire, merge, close days, delete what was replaced."""

import time
from collections.abc import Collection, Iterator, Mapping
from typing import Final

import msgspec

from prasan.archive import disk
from prasan.archive.compact import Group, group_of, merge_group, small_folders
from prasan.archive.expire import expire
from prasan.archive.ground import DiskLow, Ground
from prasan.archive.hot import drain, due_logs
from prasan.archive.partition import DAY_S
from prasan.archive.reading import FOLDER
from prasan.archive.recovery import Busy, drop_replaced, tending
from prasan.archive.values import Tended
from prasan.errors import IntegrityError


def tend(ground: Ground, now: float, store_days: Mapping[str, int], seconds: float) -> Tended:
    """All that is due at `now`; no new merge is begun after `seconds`. See `Archive.tend`."""
    ground = msgspec.structs.replace(ground, now=lambda: now)
    tuning, end = ground.tuning, time.monotonic() + seconds
    try:
        with tending(ground):
            disk.clean_work(ground.root)  # a merge that failed for want of room may have left its half
            drained = sum(drain(ground, s) for s in due_logs(ground.manifest, tuning.drain_rows, now - tuning.drain_s))
            expired, low = _expire(ground, now, store_days)
            merged = Tended(low=True) if low else _merge(ground, now, end)
            closed = _close(ground, now)
            removed = drop_replaced(ground) + disk.drop_lost(ground.root, now - tuning.lost_days * DAY_S)
    except Busy:
        return Tended(busy=True)
    return msgspec.structs.replace(merged, drained=drained, expired=expired, closed=closed, removed=removed)


def _expire(ground: Ground, now: float, store_days: Mapping[str, int]) -> tuple[dict[str, int], bool]:
    """Rows deleted by source, and whether the disk had no room for what stays of their files."""
    try:
        return expire(ground, now, store_days), False
    except DiskLow:
        return {}, True


def _merge(ground: Ground, now: float, end: float) -> Tended:
    """Merge what is due until the time is up or the disk has no room; a folder with a damaged file is left as it is."""
    merged = made = 0
    damaged = set[str]()
    for group in _groups(ground, now, damaged):
        if time.monotonic() > end:
            return Tended(merged=merged, made=made, damaged=tuple(sorted(damaged)), more=True)
        try:
            count = merge_group(ground, group)
        except DiskLow:
            return Tended(merged=merged, made=made, damaged=tuple(sorted(damaged)), low=True, more=True)
        except IntegrityError:
            damaged.add(group.folder)
            continue
        merged, made = merged + count, made + bool(count)
    return Tended(merged=merged, made=made, damaged=tuple(sorted(damaged)))


def _groups(ground: Ground, now: float, damaged: Collection[str]) -> Iterator[Group]:
    """Small files of one folder, then what keeps a past day from being closed, until nothing is due."""
    tuning = ground.tuning
    for folder in small_folders(ground, tuning.compact_files, now - tuning.compact_s):
        yield group_of(ground, folder, tuning.small_rows)
    while folders := [folder for folder in _unclosed(ground, now) if folder not in damaged]:
        for folder in folders:
            yield group_of(ground, folder)


_FOLDERS: Final = f"""SELECT {FOLDER} AS folder, t_min / {DAY_S} AS day, max(added) AS newest, count(*) > 1
        OR kind = 'positions' AND min(binned) = 0 AS undone
    FROM files WHERE state = 'live' AND quarantine = 0 AND kind != 'bins' AND path NOT GLOB 'hot/*' AND t_min < ?
    GROUP BY folder"""  # noqa: S608


def _unclosed(ground: Ground, now: float) -> list[str]:
    """Folders of past days that are not one file with its bins, and that no row came for lately."""
    sql = f"SELECT folder FROM ({_FOLDERS}) WHERE undone AND newest <= ? ORDER BY folder"  # noqa: S608
    return [folder for (folder,) in ground.manifest.all(sql, _limits(ground, now))]


def _close(ground: Ground, now: float) -> tuple[int, ...]:
    """Close the past days whose folders are all done and quiet; rows that come for them later are backfill."""
    sql = f"""SELECT day FROM ({_FOLDERS}) WHERE day NOT IN (SELECT day FROM closed)
              GROUP BY day HAVING max(undone) = 0 AND max(newest) <= ? ORDER BY day"""  # noqa: S608
    with ground.manifest.write() as connection:
        days = [day for (day,) in connection.execute(sql, _limits(ground, now))]
        connection.executemany("INSERT INTO closed VALUES (?,?)", [(day, int(now)) for day in days])
    return tuple(days)


def _limits(ground: Ground, now: float) -> tuple[int, float]:
    first_open = (int(now) // DAY_S - ground.tuning.close_days + 1) * DAY_S
    return first_open, now - ground.tuning.quiet_s
