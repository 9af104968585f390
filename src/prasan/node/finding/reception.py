"""Reception summaries: ours as objects that partners may be sent, and theirs as what takes the class of a gap back.

Ours are made where a rule of the policy names the type `prasan-reception`; each is of one source and has its marking.
A partner's count as a source of its own, named after the partner, with the join of the markings it came under and the
partner's control: whoever may not know it is told what is found without it (see `provenance`).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from prasan.detect.shared_reception import may_be_taken_back, window, with_partners
from prasan.errors import FormatError
from prasan.formats.stix import EXERCISE
from prasan.formats.stix_build import Stamp
from prasan.formats.stix_ids import RECEPTION
from prasan.formats.stix_reception import DAY_S, SLOT_S, Reception, read_reception, reception_id, reception_object
from prasan.node.finding.provenance import PARTNER, Partners, partners_of, remember_arrived, remember_partners
from prasan.node.node import Node
from prasan.node.objects import Made, keep_made
from prasan.node.recipients import policy_in_force
from prasan.picture.finding import Finding
from prasan.picture.marking import Marking, join_all
from prasan.picture.source import Source
from prasan.stores.rows import OWN, ObjectRow
from prasan.stores.sqlite import Tx
from prasan.tracks.reception import listen, no_reception
from prasan.tracks.reception_summary import BRIDGE_H, Summary, merge, received, shared, summarise
from prasan.tracks.settle import FOREVER, settle

CHUNK: Final = 500
LATEST_S: Final = 2 * DAY_S
"""How far back rows that come in change what was told; a look at all rows goes further."""
MARGIN_S: Final = BRIDGE_H * SLOT_S
"""Before and after what is counted: a vessel heard then may have been expected in between."""


def publish_reception(node: Node, sources: Sequence[Source], t_from: int | None = None) -> int:
    """Bring the objects about these sources' reception up to date, from the day of `t_from` on; how many changed.

    None are made unless a rule of the policy names their type.
    """
    if not any(rule.types and RECEPTION in rule.types for rule in policy_in_force(node.store).rules):
        return 0
    since = None if t_from is None else t_from // DAY_S * DAY_S
    changed = 0
    for source in sources:
        told = [one for one in shared(heard_by(node, source.name, since, None)) if since is None or one.start >= since]
        for start in range(0, len(told), CHUNK):
            with node.store.write() as tx:
                changed += sum(keep_made(node, tx, _made(node, source, one)) for one in told[start : start + CHUNK])
    return changed


class Telling:
    """Keeps the objects about our own reception up to date while rows come in."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._batch: dict[str, int] = {}

    def step(self, clock: str, sources: Sequence[Source]) -> int:
        """What came since the last step, of the last days; how many objects changed."""
        archive, names = self._node.archive, [source.name for source in sources]
        news = archive.news(self._batch.get(clock, 0), names)
        self._batch[clock] = news.batch
        if news.t_min is None:
            return 0
        held = archive.sources()
        newest = max(held[name].t_max for name in names)
        return publish_reception(self._node, sources, max(news.t_min, newest - LATEST_S))


def _made(node: Node, source: Source, one: Reception) -> Made:
    def build(stamp: Stamp) -> bytes:
        return reception_object(one, stamp, source.marking)

    name = reception_id(node.id, one)
    return Made(name, build, source.marking, source.terms, clock=source.clock, sources=frozenset({source.name}))


def heard_by(node: Node, source: str, t_from: int | None, t_to: int | None) -> Summary:
    """What one source heard, by its own rows alone, in the hours from `t_from` to `t_to` that are over."""
    margins = None if t_from is None else t_from - MARGIN_S, None if t_to is None else t_to + MARGIN_S
    fixes, _ = settle(node.archive.read([source], None, *margins), None, FOREVER)
    last = int(fixes.t.max()) + 1 if len(fixes) else 0
    return summarise(listen(no_reception(SLOT_S), fixes, last, FOREVER))


def note_partners(node: Node) -> None:
    """Before looks: whose summaries are here, under which markings. What cannot be read is passed over."""
    found: dict[str, list[Marking]] = {}
    for row, name in _named(node):
        marking = msgspec.structs.replace(row.marking, orcon=row.marking.orcon | {row.origin})
        found.setdefault(name, []).append(marking)
    partners: Partners = {name: join_all(markings) for name, markings in sorted(found.items())}
    if partners != partners_of(node.store):
        with node.store.write() as tx:
            remember_partners(tx, partners)


def _named(node: Node) -> Iterator[tuple[ObjectRow, str]]:
    """What partners sent, with the name of the source that it counts as."""
    names, after = {partner.id: partner.name for partner in node.store.partners()}, 0
    while rows := node.store.objects(types=[RECEPTION], after=after):
        after = rows[-1][0]
        for _, row in rows:
            if row.origin != OWN:
                name = f"{PARTNER}{names.get(row.origin, row.origin)}"
                yield row, f"{name} ({EXERCISE})" if row.marking.exercise else name


def arrives(tx: Tx, raw: bytes) -> None:
    """A partner's summary is being kept: gaps of its time are looked at again. One that cannot be read is of no use."""
    with suppress(FormatError):
        start = read_reception(raw).start
        remember_arrived(tx, (start, start + DAY_S))


class Listening:
    """Takes the classes of gaps back where partners heard ships that these sources of ours did not.

    `names` are all sources that may be used, partners' among them. Summaries are read when the first gap asks for them.
    """

    def __init__(self, node: Node, names: Iterable[str]) -> None:
        self._node, self._names = node, frozenset(names)
        self._theirs: dict[str, Summary] | None = None

    def judged(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings, some with their class taken back."""
        if not any(name.startswith(PARTNER) for name in self._names):
            return list(findings)
        return [self._judged(one) if may_be_taken_back(one) else one for one in findings]

    def _judged(self, finding: Finding) -> Finding:
        theirs = list(self.theirs().values())
        if not theirs:
            return finding
        own = [name for name in finding.sources if name in self._names and not name.startswith(PARTNER)]
        heard = [heard_by(self._node, name, *window(finding)) for name in own]
        whole = heard[0]
        for one in heard[1:]:
            whole = merge(whole, one)
        return with_partners(finding, whole, theirs)

    def theirs(self) -> dict[str, Summary]:
        """What each partner told, by the name its summaries go by."""
        if self._theirs is None:
            self._theirs = {}
            for row, name in _named(self._node):
                if name in self._names:
                    self._add(self._theirs, name, row)
        return self._theirs

    def _add(self, theirs: dict[str, Summary], name: str, row: ObjectRow) -> None:
        with suppress(FormatError):  # of a grid of another kind, and of no use here
            one = received(read_reception(row.raw), name)
            theirs[name] = merge(theirs[name], one) if name in theirs else one
