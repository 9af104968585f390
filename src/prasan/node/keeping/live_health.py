"""How a running node is: its feeds, its archive, how far each stage is behind, and what is wrong, with what to do.

What is wrong is an `Ill`: a code, for which `words` has a sentence (`ill.CODE`) and what to do next
(`ill.CODE.remedy`). Nothing here names a partner; how the exchange with each stands is on pages for officers only.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Final

import msgspec

from prasan.archive.archive import MANIFEST
from prasan.feeds.live import Health, HealthFinding
from prasan.node.clock_guard import stopped
from prasan.node.keeping.tending import Tender
from prasan.node.lines.collecting import Collector
from prasan.node.lines.sync import how_it_went
from prasan.node.node import Node
from prasan.node.seeing.live import Live
from prasan.node.seeing.live_pace import Lag, Pace
from prasan.tracks.clocks import HOUR_S, Judged

DISK_LOW_B: Final = 1 << 30
"""From so many bytes on that may still be stored it is said that the disk fills up."""
LATE_S: Final = 60.0
"""A stage whose oldest waits longer than this is behind. A look may take a while, so it has as long again."""
UNREACHED_S: Final = 600
"""A partner from which nothing can be read for so long is worth a call; lines break off for less."""
CODES: Final = (
    "clock_behind", "clock_jumped",
    "disk_full", "not_stored", "cannot_open", "lost", "not_ais", "feed_silent", "feed_clock_off",
    "collection_unread",
    "clock_off", "clock_disputed",
    "two_histories", "own_history",
    "feed_loss", "disk_low", "archive_damaged", "look_failed", "behind", "partners_unreached",
    "recalls_overdue",
)  # fmt: skip
"""All that can be wrong, the most pressing first."""


class Ill(msgspec.Struct, frozen=True):
    """Something wrong: its code, the values of its sentence, and since when (seconds UTC) where that is known."""

    code: str
    values: Mapping[str, Any] = {}
    since: int | None = None


class Archive(msgspec.Struct, frozen=True):
    """The archive: rows and bytes, rows still in logs, days open and closed, bytes that may still be stored.

    `let_go`: last fixes that are not kept, as there were too many numbers.
    """

    positions: int
    bytes: int
    hot: int
    days_open: int
    days_closed: int
    room: int
    let_go: int = 0


class Standing(msgspec.Struct, frozen=True):
    """A node at a moment (seconds UTC). `feeds` in the order of the settings, with what is wrong with each."""

    at: int
    feeds: tuple[tuple[Health, tuple[str, ...]], ...]
    archive: Archive
    lags: tuple[Lag, ...]
    ills: tuple[Ill, ...]


class Ward:
    """Asks the parts of a serving node how they are. Without `live` and `tender` it knows only what is stored."""

    def __init__(
        self,
        node: Node,
        live: Live | None = None,
        tender: Tender | None = None,
        collector: Collector | None = None,
    ) -> None:
        self._node, self._live, self._tender, self._collector = node, live, tender, collector
        self._pace = live.pace if live else Pace()

    def standing(self) -> Standing:
        """All of it."""
        found = self._live.ills() if self._live else []
        health = self._live.health() if self._live else []
        feeds = tuple((one, tuple(ill.kind for ill in found if ill.feed == one.feed)) for one in health)
        return Standing(self._node.clock.now(), feeds, self._archive(), self.lags(), self.ills())

    def lags(self) -> tuple[Lag, ...]:
        """How far each stage is behind."""
        return self._pace.lags(self._node.clock.now_us() / 1e6)

    def ills(self) -> tuple[Ill, ...]:
        """What is wrong now, the most pressing first; cheap to ask."""
        ills = [*self._of_trust(), *self._of_feeds(), *self._of_archive(), *self._of_stages(), *self._of_partners()]
        return tuple(sorted(ills, key=lambda one: CODES.index(one.code)))

    def _of_feeds(self) -> list[Ill]:
        unread = self._collector.failures() if self._collector else {}
        ills = [Ill("collection_unread", {"source": name, "detail": why}) for name, why in sorted(unread.items())]
        if self._live is None:
            return ills
        return [*ills, *map(_ill_of, self._live.ills()), *map(_clock_ill, self._live.clocks.wrong())]

    def _of_archive(self) -> list[Ill]:
        ills, room = [], self._node.archive.room()
        if room < DISK_LOW_B:
            ills.append(Ill("disk_full" if room <= 0 else "disk_low", {"mib": max(room, 0) >> 20}))
        damaged = self._tender.tended.damaged if self._tender else ()
        if damaged:
            ills.append(Ill("archive_damaged", {"folders": ", ".join(damaged)}))
        return ills

    def _of_stages(self) -> list[Ill]:
        failed = self._live.failures() if self._live else {}
        ills = [Ill("look_failed", {"clock": clock, "detail": why}) for clock, why in sorted(failed.items())]
        limit = max(LATE_S, 2 * self._node.settings.look_every_s)
        late = [lag for lag in self.lags() if lag.waiting_s > limit]
        ills += [Ill("behind", {"stage": lag.stage, "minutes": round(lag.waiting_s / 60)}) for lag in late]
        now_us, store = self._node.clock.now_us(), self._node.store
        overdue = len(store.overdue(now_us)) + len(store.overdue_in(now_us))
        return ills + ([Ill("recalls_overdue", {"number": overdue})] if overdue else [])

    def _of_partners(self) -> list[Ill]:
        """How many partners nothing could be read from for a while, and since when that is so of the first."""
        went = [how_it_went(self._node, one) for one in self._node.store.partners()]
        since = [one.failing_since for one in went if one is not None and one.failing_since is not None]
        late = [at for at in since if at + UNREACHED_S <= self._node.clock.now()]
        return [Ill("partners_unreached", {"number": len(late)}, min(late))] if late else []

    def _of_trust(self) -> list[Ill]:
        """The clock, if it stops release; partners whose logs do not go on; ours, if a partner holds another."""
        found = stopped(self._node.store)
        clock = [Ill(found.why, {"seconds": abs(found.seconds)}, found.at_us // 1_000_000)] if found else []
        held = [one.partner for one in self._node.store.evidence(open_only=True)]
        others = len({one for one in held if one != self._node.id})
        ills = [Ill("own_history")] if self._node.id in held else []
        return [*clock, *ills, *([Ill("two_histories", {"number": others})] if others else [])]

    def _archive(self) -> Archive:
        stats = self._node.archive.stats()
        opened, closed = _days(self._node)
        room = self._node.archive.room()
        return Archive(stats.positions, stats.bytes, stats.hot, opened, closed, room, stats.let_go)


def _ill_of(one: HealthFinding) -> Ill:
    minutes = {
        name.removesuffix("_s") + "_min": round(value / 60)
        for name, value in one.evidence.items()
        if name.endswith("_s")
    }
    return Ill(one.kind, {"feed": one.feed, "detail": one.detail, **one.evidence, **minutes}, int(one.since))


def _clock_ill(one: Judged) -> Ill:
    code = "clock_off" if one.off else "clock_disputed"
    receiver = " ".join(name for name in one.receiver if name)
    return Ill(code, {"receiver": receiver, "late_s": one.late_s, "others": one.others}, one.hour * HOUR_S)


def _days(node: Node) -> tuple[int, int]:
    """Days with rows that are open, and days that were closed; from the manifest, which docs/home.md describes."""
    path = node.home.archive / MANIFEST
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as manifest:
        (closed,) = manifest.execute("SELECT count(*) FROM closed").fetchone()
        sql = """SELECT count(DISTINCT t_min / 86400) FROM files WHERE state = 'live' AND kind = 'positions'
                 AND quarantine = 0 AND t_min / 86400 NOT IN (SELECT day FROM closed)"""
        (opened,) = manifest.execute(sql).fetchone()
    return opened, closed
