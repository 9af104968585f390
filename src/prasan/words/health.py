"""How the node stands: feeds, stages, archive, and what is wrong with what to do. Code -> English template."""

from typing import Final

HEALTH: Final[dict[str, str]] = {
    "screen.health": "Node health",
    "health.well": "Everything works.",
    "health.ills": "Needs attention",
    "health.more": "{number} more",
    "health.since": "since",
    "health.feeds": "Feeds",
    "health.feeds.none": "This node reads no live feed. Declare one as [[feed]] in prasan.toml.",
    "health.feed": "Feed",
    "health.state": "State",
    "health.last_row": "Last row",
    "health.rows": "Rows stored",
    "health.offset": "Clock offset",
    "health.lost": "Packets lost",
    "health.reconnects": "Opened again",
    "health.dropped": "Lines left out",
    "health.of_lines": "{number:,} of {lines:,} lines",
    "feed.starting": "starting",
    "feed.connected": "connected",
    "feed.waiting": "reconnecting",
    "feed.silent": "silent",
    "feed.stopped": "stopped",
    "health.stages": "How far behind",
    "health.stage": "Stage",
    "health.took": "The last took",
    "health.waits": "The oldest has waited",
    "lag.stored": "Received to stored",
    "lag.detected": "Stored to looked at",
    "lag.published": "Found to recorded as an event",
    "lag.decided": "Recorded to decided for all",
    "health.archive": "Archive",
    "health.positions": "Positions",
    "health.hot": "Rows in logs, not yet files",
    "health.days_open": "Days open",
    "health.days_closed": "Days closed",
    "health.size": "Size (MiB)",
    "health.room": "Room left (MiB)",
    "health.sync": "Exchange with partners",
    "health.sync.well": "in order",
    "span.s": "{number} s",
    "span.min": "{number} min",
    "span.h": "{number} h",
    "span.d": "{number} d",
    "span.ago": "{span} ago",
    "ill.disk_full": "The archive's disk is full: nothing more is stored.",
    "ill.disk_full.remedy": (
        "Free space, or shorten store_days of a source. Feeds over TCP wait meanwhile; UDP loses what comes."
    ),
    "ill.disk_low": "The archive's disk fills up: {mib:,} MiB are left before nothing more is stored.",
    "ill.disk_low.remedy": "Free space, or shorten store_days of a source.",
    "ill.not_stored": "Rows of {feed} cannot be stored ({detail}).",
    "ill.not_stored.remedy": (
        "They are kept in memory and tried again. See whether the disk is full or the archive's folder "
        "can be written to."
    ),
    "ill.cannot_open": "{feed} cannot be opened ({detail}).",
    "ill.cannot_open.remedy": (
        "Check its address, the cable and the firewall. It is tried again by itself, at least once a minute."
    ),
    "ill.lost": "The connection to {feed} was lost ({detail}).",
    "ill.lost.remedy": "It is opened again by itself. If that does not help, ask whoever runs the other end.",
    "ill.not_ais": "What comes from {feed} is not AIS ({detail}).",
    "ill.not_ais.remedy": (
        "Look at what is sent there; if its form is known, name it as format of the [[feed]]. The next "
        "lines are read all the same."
    ),
    "ill.feed_silent": "{feed} has given no row for {silent_min:,} minutes.",
    "ill.feed_silent.remedy": (
        "Look at the receiver, its antenna and the line. If so little traffic is usual there, raise "
        "silent_s of the [[feed]]."
    ),
    "ill.feed_clock_off": "Rows of {feed} come {lag} later than their times say.",
    "ill.feed_clock_off.remedy": (
        "Set the clock of the receiver (a minus means that it is ahead). If every feed says so, set this "
        "node's own. For a feed that is always late, raise behind_s of the [[feed]]."
    ),
    "ill.collection_unread": "The TAXII collection of {source} was not read to its end ({detail}).",
    "ill.collection_unread.remedy": (
        "It is asked again by itself. Look at its address, account and certificate in prasan.toml."
    ),
    "ill.clock_off": (
        "The clock of receiver {receiver} is {late} off, by {others:,} other receivers: its rows are set aside."
    ),
    "ill.clock_off.remedy": (
        "Set its clock. Its rows are kept and not used; those that come after it agrees with the others again are."
    ),
    "ill.clock_disputed": (
        "The clocks of receiver {receiver} and of {others:,} other receivers differ by {late}. Which of them is right"
        " cannot be told."
    ),
    "ill.clock_disputed.remedy": (
        "Look at their clocks. With one more receiver of the same traffic the node can tell by itself."
    ),
    "ill.feed_loss": "{packets:,.0f} packets of {feed} were lost before they could be read.",
    "ill.feed_loss.remedy": (
        "Raise net.core.rmem_max of this machine and start the node again, or let the receiver send over TCP."
    ),
    "ill.archive_damaged": "Files of the archive cannot be read: {folders}.",
    "ill.archive_damaged.remedy": "Restore them from a backup. All others are in use meanwhile.",
    "ill.look_failed": "The last look at the rows of the clock “{clock}” failed ({detail}).",
    "ill.look_failed.remedy": (
        "It is tried again with the next rows, and no row is lost. If it stays so, give the node's log to "
        "its administrator."
    ),
    "ill.behind": "The node is behind: {stage}, {minutes:,} minutes.",
    "ill.behind.remedy": (
        "It catches up by itself once less comes in. If it stays so, it needs a faster machine or disk."
    ),
    "ill.clock_behind": "The clock is {seconds:,} seconds behind the last entry of the ledger: nothing is released.",
    "ill.clock_behind.remedy": (
        "Set this machine's clock right, then confirm it on the health page or by 'prasan clock confirm'."
    ),
    "ill.clock_jumped": "The clock jumped by {seconds:,} seconds: nothing is released.",
    "ill.clock_jumped.remedy": (
        "See that this machine's clock is right, then confirm it on the health page or by 'prasan clock confirm'."
    ),
    "ill.two_histories": "{number:,} partners showed two histories of their log; nothing is read from them.",
    "ill.two_histories.remedy": (
        "Call their officers. The partners page names them; 'prasan ledger evidence' prints the signed notes to show."
    ),
    "ill.own_history": "A partner holds another history of this node's log than this node does.",
    "ill.own_history.remedy": (
        "If the store was put back by hand, make the home anew with 'prasan restore'. If not, somebody signs with this"
        " node's key: 'prasan key revoke'."
    ),
    "ill.partners_unreached": "Nothing could be read from {number:,} partners for ten minutes or more.",
    "ill.partners_unreached.remedy": (
        "See which and why on the partners page; what waits for them goes out as soon as they answer."
    ),
    "ill.recalls_overdue": "{number:,} recalls were not answered in time.",
    "ill.recalls_overdue.remedy": "See whose they are on the partners page, and call that partner's officer.",
    "drop.blank": "Empty lines",
    "drop.not_ais": "Not AIS: other sentences, comments",
    "drop.header": "Lines that name columns",
    "drop.too_long": "Too long for a line",
    "drop.not_ascii": "Bytes that NMEA does not have",
    "drop.two_sentences": "Two sentences run together",
    "drop.no_checksum": "No checksum",
    "drop.checksum": "Wrong checksum",
    "drop.bad_sentence": "Fields not as IEC 61162-1 says",
    "drop.bad_payload": "Payload cannot be read",
    "drop.fragment_missing": "Parts of a message never came",
    "drop.fragment_order": "Parts of a message in wrong order",
    "drop.unknown_type": "No AIS message type",
    "drop.other_type": "Message types that make no row",
    "drop.truncated": "Too short for its type",
    "drop.bad_position": "Position not on the globe",
    "drop.bad_time": "Time cannot be read",
    "drop.bad_csv_row": "Table rows that cannot be read",
    "drop.bad_json_row": "JSON that cannot be read",
    "drop.defect": "Passed over after a fault of ours",
}
