"""What partners heard where and when a vessel was silent to us: a hole in our reception, if they heard ships that we
did not.

It only ever takes a class back. That others were heard by somebody else's receivers says nothing of this vessel, whom
they may have heard as well; but where they heard ships and ours heard few of them, our silence says nothing either. So
a partner cannot make anybody dark, and a false summary can at most make us careful.

Numbers   vessels other than class B (which is heard less far) by cell and hour, within `near_km` of the end of the
          silence that its class was judged by, and in the whole hours of the `min_h` next to it. Of each cell and hour
          the most that any source heard counts as there. It is a hole if in some hour `neighbours_count` were there,
          and ours heard less than `heard_share` of all. The thresholds are those of the gap's own rule.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Final

import msgspec
import numpy as np

from prasan.detect.reception_class import CONFIDENCE
from prasan.picture.finding import Finding, GapClass
from prasan.picture.position import AIS_CLASSES
from prasan.tracks.columns import Ints, take
from prasan.tracks.reception import cells_around
from prasan.tracks.reception_summary import Summary, merge

SHARED: Final = "reception_shared"
"""The code of the sentence, in place of that of the class."""
MESSAGES: Final = {SHARED: ("own_heard", "there_heard", "shared_by", "near_km")}
TAKEN_BACK: Final[tuple[GapClass, ...]] = ("dark", "suspicious")
WIDTH_S: Final = 3600

_B: Final = AIS_CLASSES.index("B")


def may_be_taken_back(finding: Finding) -> bool:
    """True for a gap of a class that a hole in our reception would take back."""
    return finding.kind == "gap" and finding.gap_class in TAKEN_BACK


def window(finding: Finding) -> tuple[int, int]:
    """The whole hours that are looked at: first second, and the one after the last."""
    length = int(finding.rule.thresholds["min_h"] * 3600)
    first = finding.fixes[-1].t - length if _at_its_end(finding) else finding.start
    return (first // WIDTH_S + 1) * WIDTH_S, (first + length) // WIDTH_S * WIDTH_S


def _at_its_end(finding: Finding) -> bool:
    return finding.end is not None and finding.evidence.get("judged_at") == "end"


def with_partners(finding: Finding, own: Summary, theirs: Sequence[Summary]) -> Finding:
    """The finding as it is, or with its class taken back to `unknown` and the numbers of partners that show why."""
    near, limits = _near(finding, reduce(merge, theirs, own)), finding.rule.thresholds
    if not len(near):
        return finding
    mine = np.isin(near.source, [near.names.index(name) for name in own.names])
    slot, there = _most(near, np.ones(len(near), np.bool_))
    _, heard = _most(near, mine)
    busiest = np.bincount(slot - slot.min(), there).max()
    if busiest < limits["neighbours_count"] or heard.sum() >= limits["heard_share"] * there.sum():
        return finding
    by = tuple(
        name for number, name in enumerate(near.names) if name not in own.names and (near.source == number).any()
    )
    codes = [code for code in finding.evidence.get("codes", []) if not code.startswith("reception_")]
    evidence = finding.evidence | {
        "codes": [*codes, SHARED], "shared_by": list(by),
        "own_heard": int(heard.sum()), "there_heard": int(there.sum()),
    }  # fmt: skip
    return msgspec.structs.replace(
        finding, gap_class="unknown", confidence=CONFIDENCE["unknown"], reason=SHARED, evidence=evidence,
        sources=tuple(sorted({*finding.sources, *by})),
    )  # fmt: skip


def _near(finding: Finding, summary: Summary) -> Summary:
    """The rows that count."""
    metres = np.array([finding.rule.thresholds["near_km"] * 1000])
    place = finding.fixes[-1] if _at_its_end(finding) else finding.fixes[0]
    _, cell = cells_around(np.array([place.lat]), np.array([place.lon]), metres)
    begin, end = (second // WIDTH_S for second in window(finding))
    inside = np.isin(summary.cell, cell) & (summary.slot >= begin) & (summary.slot < end) & (summary.ais_class != _B)
    return take(summary, inside)


def _most(near: Summary, mask: "np.typing.NDArray[np.bool_]") -> tuple[Ints, Ints]:
    """Slots, and the most that any of the sources in the mask heard, for each cell, slot and class."""
    keys, group = np.unique(np.column_stack((near.cell, near.slot, near.ais_class)), axis=0, return_inverse=True)
    most = np.zeros(len(keys), np.int64)
    np.maximum.at(most, group.reshape(-1)[mask], near.heard[mask])
    return keys[:, 1], most
