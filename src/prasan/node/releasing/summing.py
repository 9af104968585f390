"""What anybody may be told of this node: how much there is of what, and nothing of any single case.

One note of running counts, and one a month by kind. A month is told once, some days after it ended, and never again:
two tables of one month would tell, by what lies between them, of single cases.
"""

from calendar import timegm
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from prasan.formats.stix_build import Counted, Stamp, statistics_note
from prasan.formats.stix_ids import EVENT, INCIDENT, NOTE, object_id
from prasan.node.node import Node
from prasan.node.objects import KEPT, keep_own
from prasan.picture.marking import PUBLIC
from prasan.release.disclosure import FLOOR, Published, protect, rounded
from prasan.stores.rows import OWN, ObjectRow
from prasan.words import LANGUAGES, known, say
from prasan.words.dates import prose

STATISTICS: Final = "statistics"
"""The label of the monthly notes: what a policy names to let a recipient have them."""
SETTLED_S: Final = 7 * 86_400
"""A month is told so long after its end: what comes late, and what is taken back, has come by then."""


def publish_counts(node: Node) -> bool:
    """Bring the notes up to date; False if there is nothing new to tell."""
    rows = [*_real(node)]
    changed = _keep(node, _running(rows))
    for month in _settled(node, rows):
        changed = _keep(node, month) or changed
    return changed


def _keep(node: Node, counted: Counted) -> bool:
    def build(stamp: Stamp) -> bytes:
        return statistics_note(counted, [node.id], stamp, PUBLIC)

    with node.store.write() as tx:
        return keep_own(node, tx, object_id(NOTE, node.id, counted.key), build, PUBLIC)


def _real(node: Node) -> Iterator[ObjectRow]:
    """Our own events and the incidents reported to us: none of an exercise, none that was taken back, and none from a
    source that allows nothing to be made of it."""
    for row in node.store.each_object():
        ours = row.origin == OWN and row.type in (EVENT, INCIDENT) and row.status == "current"
        if ours and not row.marking.exercise and KEPT(row.facts).terms.derived:
            yield row


def _running(rows: list[ObjectRow]) -> Counted:
    """Everything there is, in steps: a count that is told again as it grows must not tell of the last case."""
    found = Counter("incidents" if row.type == INCIDENT else "events" for row in rows)
    counts = {name: rounded(found[name]) for name in ("events", "incidents")}
    return Counted(counts, {lang: say("public.counts", counts, lang) for lang in LANGUAGES})


def _settled(node: Node, rows: list[ObjectRow]) -> Iterator[Counted]:
    """Months that ended a while ago and were not told yet, by kind."""
    months: dict[str, Counter[str]] = {}
    for row in rows:
        if (when := KEPT(row.facts).content.when) is not None:
            months.setdefault(when[:7], Counter())[row.kind] += 1
    for month, found in sorted(months.items()):
        begun, ended = _bounds(month)
        told = node.store.object(object_id(NOTE, node.id, f"{STATISTICS}/{month}"))
        if told is None and ended + SETTLED_S <= node.clock.now():
            table = protect(found)
            texts: dict[str, str] = {lang: _sentence(table, begun, lang) for lang in LANGUAGES}
            yield Counted(table.counts, texts, STATISTICS, month, table.hidden, table.total)


def _bounds(month: str) -> tuple[int, int]:
    """When a month begins and ends, in seconds UTC."""
    first = datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC)
    after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return timegm(first.timetuple()), timegm(after.timetuple())


def _sentence(table: Published, begun: int, lang: str) -> str:
    names = {kind: say(f"kind.{kind}", {}, lang) if known(f"kind.{kind}") else kind for kind in table.counts}
    cells = [say("statistics.cell", {"kind": names[kind], "count": table.counts[kind]}, lang) for kind in sorted(names)]
    told = ", ".join(cells) or say("statistics.none", {}, lang)
    return say("statistics.month", {"month": prose(begun, lang, precision="month"), "told": told, "floor": FLOOR}, lang)
