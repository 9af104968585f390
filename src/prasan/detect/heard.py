"""A silence that was none: the vessel was heard during it, by a source whose rows came later or by another one.

The finding then is no longer made, and its event is withdrawn. Why, is said here: from the rows themselves, not from
which run found what.
"""

from typing import Final

import msgspec
import numpy as np
import pyarrow as pa

from prasan.detect.make import fix, names
from prasan.picture.event import Event
from prasan.picture.finding import Finding
from prasan.tracks.columns import Fixes, take
from prasan.tracks.settle import FOREVER, settle

HEARD: Final = "heard_meanwhile"
"""Why such an event is withdrawn, and the code of the sentence in its evidence."""

MESSAGES: Final = {HEARD: ("heard_count", "heard_by")}
"""The message code and the evidence that its sentence takes."""

NOT_FOUND: Final = "not_found"


def may_be_explained(event: Event) -> bool:
    """True for a gap that is withdrawn because it is not found any more."""
    return event.finding.kind == "gap" and event.state == "withdrawn" and event.reason == NOT_FOUND


def explained(event: Event, positions: pa.Table) -> Event:
    """The event as it is, or with who heard the vessel during its silence.

    `positions` hold all rows of the vessel in that time, any others do no harm. The event's marking stays: whoever
    names more sources joins theirs.
    """
    rows = between(event.finding, positions)
    return event if not len(rows) else msgspec.structs.replace(event, reason=HEARD, finding=_told(event.finding, rows))


def between(finding: Finding, positions: pa.Table) -> Fixes:
    """The vessel's fixes after the first second of its silence and before the last, in order of time."""
    fixes, _ = settle(positions, None, FOREVER)
    end = FOREVER if finding.end is None else finding.end
    inside = np.isin(fixes.mmsi, finding.mmsi) & (fixes.t > finding.start) & (fixes.t < end)
    return take(fixes, np.flatnonzero(inside)[np.argsort(fixes.t[inside], kind="stable")])


def _told(finding: Finding, rows: Fixes) -> Finding:
    by = names(rows.sets, rows.origin)
    codes = [code for code in finding.evidence.get("codes", []) if code != HEARD]
    evidence = {**finding.evidence, "codes": [*codes, HEARD], "heard_count": len(rows), "heard_by": list(by)}
    fixes = sorted({*finding.fixes, fix(rows, 0)}, key=lambda one: (one.t, one.mmsi))
    sources = tuple(sorted({*finding.sources, *by}))
    return msgspec.structs.replace(finding, evidence=evidence, fixes=tuple(fixes), sources=sources)
