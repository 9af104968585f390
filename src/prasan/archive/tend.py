"""What the archive does by itself, a little at a time: drain, expire, merge, close days, delete what was replaced."""

import time
from collections.abc import Iterator, Mapping
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


def tend(ground: Ground, now: float, store_days: Mapping[str, int], seconds: float) -> Tended:
    """All that is due at `now`; no new merge is begun after `seconds`. See `Archive.tend`."""
    ground = msgspec.structs.replace(ground, now=lambda: now)
    tuning, end = ground.tuning, time.monotonic() + seconds
    try:
        with tending(ground):
            drained = sum(drain(ground, s) for s in due_logs(ground.manifest, tuning.drain_rows, now - tuning.drain_s))
            expired, low = _expire(ground, now, store_days)
            merged, made, low, more = _merge(ground, now, end) if not low else (0, 0, True, False)
            closed = _close(ground, now)
            removed = drop_replaced(ground) + disk.drop_lost(ground.root, now - tuning.lost_days * DAY_S)
    except Busy:
        return Tended(busy=True)
    return Tended(drained, merged, made, closed, expired, removed, low, False, more)


def _expire(ground: Ground, now: float, store_days: Mapping[str, int]) -> tuple[dict[str, int], bool]:
    """Rows deleted by source, and whether the disk had no room for what stays of their files."""
    try:
        return expire(ground, now, store_days), False
    except DiskLow:
        return {}, True


def _merge(ground: Ground, now: float, end: float) -> tuple[int, int, bool, bool]:
    """Files merged, files made, disk low, more to do."""
    merged = made = 0
    for group in _groups(ground, now):
        if time.monotonic() > end:
            return merged, made, False, True
        try:
            count = merge_group(ground, group)
        except DiskLow:
            return merged, made, True, True
        merged, made = merged + count, made + bool(count)
    return merged, made, False, False


def _groups(ground: Ground, now: float) -> Iterator[Group]:
    """Small files of one folder, then what keeps a past day from being closed, until nothing is due."""
    tuning = ground.tuning
    for folder in small_folders(ground, tuning.compact_files, now - tuning.compact_s):
        yield group_of(ground, folder, tuning.small_rows)
    while folders := _unclosed(ground, now):
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
