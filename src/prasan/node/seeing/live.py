"""Live feeds into a node: decoded, stored every few seconds, looked at now and then.

Each feed has two threads, one that reads (`feeds.live_feed`) and one that stores; one thread for all looks at what is
new. So a look, however long, holds up no reading, and a slow disk only what can wait.
"""

from collections.abc import Iterable

import msgspec

from prasan.feeds.live import Health, HealthFinding, Limits, Options, find_ills, parse_address
from prasan.feeds.live_feed import TUNING, Feed, Hands, Tuning
from prasan.formats.ais_batch import Options as Reading
from prasan.formats.ais_batch import add_counts
from prasan.formats.ais_detect import Decoder
from prasan.node.finding.clocks import ClockWatch
from prasan.node.node import Node
from prasan.node.seeing.live_looking import After, Looking
from prasan.node.seeing.live_pace import Pace
from prasan.node.seeing.live_storing import Storing
from prasan.node.seeing.picture import Looked
from prasan.node.settings import FeedSetting


class Live:
    """The live feeds of a node, from `start` to `stop`. `after` hears of each look, in the thread that looks."""

    def __init__(
        self, node: Node, feeds: Iterable[FeedSetting], after: After | None = None, tuning: Tuning = TUNING
    ) -> None:
        """UsageError if a feed cannot be read as it is set."""
        self._node = node
        self._settings = list(feeds)
        hands = Hands(lambda: node.clock.now_us() / 1e6, lambda: node.clock.entropy(1, "feeds/jitter")[0] / 256)
        self._feeds = [Feed(options_of(setting), hands, tuning) for setting in self._settings]
        self.pace, self.clocks = Pace(), ClockWatch()
        self._looking = Looking(node, after, self.pace)
        self._storing = [
            Storing(node, feed, self._looking.add, self.pace, self.clocks, number)
            for number, feed in enumerate(self._feeds)
        ]

    def start(self) -> None:
        """Begin."""
        self._looking.start()
        for feed, storing in zip(self._feeds, self._storing, strict=True):
            feed.start()
            storing.start()

    def stop(self) -> list[Looked]:
        """Read no more, store what was read, look once more. What the looks at each clock gave."""
        for feed in self._feeds:
            feed.stop()
        for storing in self._storing:
            storing.stop()
        return self._looking.stop()

    def health(self) -> list[Health]:
        """How each feed stands, in the order of the settings."""
        return [feed.meter.health for feed in self._feeds]

    def look_anew(self, clock: str) -> Looked:
        """Look at all rows of a clock again, in turn with its live steps and no further than they went."""
        return self._looking.look_anew(clock)

    def failures(self) -> dict[str, str]:
        """Clocks whose last look failed, with why."""
        return self._looking.failures()

    def ills(self) -> list[HealthFinding]:
        """What is wrong with the feeds now."""
        now = self._node.clock.now_us() / 1e6
        both = zip(self.health(), self._settings, strict=True)
        return [ill for health, setting in both for ill in find_ills(health, now, limits_of(setting))]


def options_of(setting: FeedSetting) -> Options:
    """A `[[feed]]` table as the feed takes it. UsageError for an address or dialect that is none."""
    address = parse_address(setting.url)
    options = Options(
        address, setting.source or address.shown, setting.format or None, setting.hello.encode(), setting.every_s
    )
    Decoder(Reading(), options.dialect)
    return options


def limits_of(setting: FeedSetting) -> Limits:
    """When this feed is ill."""
    return Limits(silent_s=setting.silent_s, behind_s=setting.behind_s)


def summarise(live: Live, looks: Iterable[Looked]) -> dict[str, object]:
    """What the feeds gave, for a program: rows stored, lines kept and dropped, events and objects, each feed."""
    feeds, seen = live.health(), list(looks)
    total = add_counts(one.counts for one in feeds)
    return {
        "feeds": len(feeds),
        "lines": total.lines,
        "rows": sum(one.stored for one in feeds),
        "kept": total.kept,
        "dropped": total.dropped,
        "quarantined": sum(one.quarantined for one in feeds),
        "unstored": sum(one.unstored for one in feeds),
        "kernel_drops": sum(one.kernel_drops or 0 for one in feeds),
        "objects": sum(one.objects for one in seen),
        "changed": {one.clock: one.changed for one in seen},
        "by_feed": msgspec.to_builtins(feeds),
    }
