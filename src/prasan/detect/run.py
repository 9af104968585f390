"""All kinds over one batch of rows: settle, emitters, slots, kernels, counts. Order and cut of rows do not matter."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from prasan.detect.chain import advance
from prasan.detect.kinds import KINDS
from prasan.detect.rules import Rules
from prasan.errors import UsageError
from prasan.picture.finding import Finding
from prasan.picture.world import World, with_hulls
from prasan.tracks.columns import Bools, Fixes, Ints, take, vessels
from prasan.tracks.settle import FOREVER, settle

RECORD_BREAK_S: Final = 30 * 86400
"""When nothing at all was heard for this long, the record was off: no vessel's silence is counted across it."""


class Outcome(msgspec.Struct, frozen=True):
    """Findings in order of (start, kind, key), and counts.

    `counts`: `rows`, `folded`, `vessels`, `dropped` by reason, `found` by kind, `class` by gap class, `excluded` by
    kind and reason, `not_assessable` by kind and reason, `second_looks` by stage and kind (see `ChainCarry`), also as
    a share of the rows. `found` and `class` leave out what was excluded.
    """

    findings: list[Finding]
    counts: dict[str, Any]


def detect(  # noqa: PLR0913, PLR0917 - the three shapes meet here
    positions: pa.Table, statics: pa.Table | None, rules: Rules, world: World, upto: int | None = None,
    kinds: Iterable[str] | None = None,
) -> Outcome:  # fmt: skip
    """Rows of `POSITIONS` and `STATICS` -> what the rules find. `upto` is the watermark in seconds UTC.

    Without `upto` it is just past the last row. Rows from times far apart (see `RECORD_BREAK_S`) are separate records,
    each with a watermark of its own, unless `upto` is given, which then holds for the last record. UsageError for a
    kind that the rules do not hold.
    """
    wanted = _wanted(rules, kinds)
    if statics is not None:
        world = with_hulls(world, *hulls(statics))
    fixes, settled = settle(positions, None, FOREVER if upto is None else upto)
    findings: list[Finding] = []
    silent: dict[str, dict[str, int]] = {}
    looked = Counter[str]()
    for part, end, said in _with_statics(_records(fixes, upto), statics):
        found, carry = advance(part, None, end, {kind: rules[kind] for kind in wanted}, world, said)
        findings += found
        _add(silent, carry.not_assessable())
        looked.update(carry.second_looks())
    findings.sort(key=lambda one: (one.start, one.kind, one.key))
    counts = {
        "rows": positions.num_rows,
        "folded": settled.folded,
        "vessels": len(vessels(fixes)),
        "dropped": settled.dropped,
        **count(findings, wanted),
        "not_assessable": silent,
        "second_looks": dict(looked),
        "second_looks_share": {name: round(number / positions.num_rows, 4) for name, number in looked.items()},
    }
    return Outcome(findings, counts)


def hulls(statics: pa.Table) -> tuple[dict[int, int], dict[int, int]]:
    """The ship type and IMO number that each MMSI reported last, zero being "not given". At equal times the larger."""
    return _latest(statics, "ship_type"), _latest(statics, "imo")


def count(findings: list[Finding], kinds: Iterable[str]) -> dict[str, Any]:
    """Findings by kind, class and exclusion reason."""
    result: dict[str, Any] = {"found": dict.fromkeys(kinds, 0), "class": {}, "excluded": {}}
    for one in findings:
        if one.excluded:
            reasons = result["excluded"].setdefault(one.kind, {})
            reasons[one.excluded] = reasons.get(one.excluded, 0) + 1
            continue
        result["found"][one.kind] += 1
        if one.gap_class:
            result["class"][one.gap_class] = result["class"].get(one.gap_class, 0) + 1
    return result


def _wanted(rules: Rules, kinds: Iterable[str] | None) -> list[str]:
    asked = list(kinds) if kinds is not None else [kind for kind in KINDS if kind in rules]
    for kind in asked:
        if kind not in rules or kind not in KINDS:
            raise UsageError(
                f"this preset has no rule for '{kind}'", f"Use: {', '.join(k for k in KINDS if k in rules)}."
            )
    return [kind for kind in KINDS if kind in asked]


def _records(fixes: Fixes, upto: int | None) -> list[tuple[Fixes, int]]:
    """Fixes cut where the whole record is silent, with the watermark of each piece."""
    if not len(fixes):
        return []
    begin, end = int(fixes.t.min()), int(fixes.t.max()) + 1
    if end - begin <= RECORD_BREAK_S:
        return [(fixes, end if upto is None else upto)]
    first = begin // 86400
    days = np.flatnonzero(np.bincount(fixes.t // 86400 - first)) + first
    breaks = days[1:][np.diff(days) * 86400 > RECORD_BREAK_S] * 86400
    if not len(breaks):
        return [(fixes, end if upto is None else upto)]
    piece: Ints = np.searchsorted(breaks, fixes.t, "right")
    parts = [take(fixes, _is(piece, number)) for number in range(len(breaks) + 1)]
    ends = [int(part.t.max()) + 1 for part in parts]
    return list(zip(parts, ends if upto is None else [*ends[:-1], upto], strict=True))


def _with_statics(
    records: list[tuple[Fixes, int]], statics: pa.Table | None
) -> Iterator[tuple[Fixes, int, pa.Table | None]]:
    """Each record with the static reports of its time: those since the end of the one before."""
    begin = 0
    for part, end in records:
        said = None
        if statics is not None:
            t = statics["t"].to_numpy()
            said = statics if len(records) == 1 else statics.filter(pa.array((t >= begin) & (t < end)))
        yield part, end, said
        begin = end


def _is(piece: Ints, number: int) -> Bools:
    return np.asarray(piece == number)


def _latest(statics: pa.Table, column: str) -> dict[int, int]:
    known = statics.select(["mmsi", "t", column]).drop_null()
    mmsi, t, value = (known[name].to_numpy().astype(np.int64) for name in ("mmsi", "t", column))
    given = value > 0
    order = np.lexsort((value[given], t[given], mmsi[given]))
    return dict(zip(mmsi[given][order].tolist(), value[given][order].tolist(), strict=True))


def _add(total: dict[str, dict[str, int]], more: dict[str, dict[str, int]]) -> None:
    for kind, reasons in more.items():
        for reason, number in reasons.items():
            total.setdefault(kind, {})[reason] = total.get(kind, {}).get(reason, 0) + number
