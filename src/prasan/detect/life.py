"""The life of an event: findings against what was published. Opened, revised, closed, withdrawn; never deleted.

States: `open` while the finding has no end; `closed` once it has one; `revised` when what a closed event says changed;
`withdrawn` when the finding is no longer there or is now excluded. Each step is a new revision of the same id, and
nothing is said twice: a finding that changes neither state, class, confidence, marking nor (once closed) substance
makes no revision.
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

import msgspec

from prasan.picture.event import Event, State
from prasan.picture.finding import Finding, GapClass
from prasan.picture.marking import Marking

NAMESPACE: Final = uuid.UUID("6a2f1c0e-6f0b-5d0e-9b62-3c1f0a7b9d44")
"""The name space of event ids. A constant of the product: the same finding has the same id on every node."""

PROMOTED: Final[Mapping[str, Collection[GapClass | None]]] = {
    "gap": ("suspicious", "dark"),
    "encounter": (None,),
    "duplicate_identity": (None,),
    "speed_jump": (None,),
    "invalid_identity": (None,),
    "identity_change": (None,),
    "spoofing": (None,),
    "zone_entry": (None,),
}
"""Kinds whose findings become events on a node, and of gaps the classes: that others were heard and this one not.

Excluded findings are counted and kept, and never become events.
"""

REASONS: Final = (
    "opened", "closed", "revised", "reopened", "not_found", "excluded", "downgraded", "heard_meanwhile", "rule_changed",
)  # fmt: skip
"""Codes of why an event is in its state. For `excluded` the event's finding names the exclusion; `downgraded`: the
finding is of a class that is not published; `heard_meanwhile`: see `heard`; `rule_changed`: by the first
look with other rules."""


def event_id(finding: Finding) -> str:
    """UUIDv5 of kind, preset, MMSIs and first anchor fix, which are the finding's key."""
    return event_id_of(finding.key)


def event_id_of(key: str) -> str:
    """The same for a finding's key."""
    return str(uuid.uuid5(NAMESPACE, key))


def promoted(finding: Finding) -> bool:
    """True if findings like this one become events on a node (see `PROMOTED`)."""
    return finding.gap_class in PROMOTED.get(finding.kind, ())


def everything(_finding: Finding) -> bool:
    """For those who want to see all that was found."""
    return True


def compare(
    previous: Mapping[str, Event],
    findings: Iterable[Finding],
    marking_of: Callable[[tuple[str, ...]], Marking],
    now: int,
    promotes: Callable[[Finding], bool] = promoted,
) -> list[Event]:
    """Published events by finding key, and the findings of a run over the same rows -> the revisions to publish.

    `previous` must hold only events that this run could have found again (same preset, kinds and stretch of the
    record): those that it did not find are withdrawn. `marking_of` gives the join of the markings of named sources.
    """
    found = {one.key: one for one in findings}
    result = []
    for key, one in found.items():
        kept = _kept_back(one, promotes)
        marking = marking_of(one.sources)
        event = previous.get(key)
        revision = _taken_back(event, one, marking, now, kept) if kept else _found(event, one, marking, now)
        result += [revision] if revision else []
    for key, event in previous.items():
        if key not in found and event.state != "withdrawn":
            result.append(_withdraw(event, "not_found", now))
    return result


def _kept_back(finding: Finding, promotes: Callable[[Finding], bool]) -> str:
    """Why a finding is no event, or ""."""
    return "excluded" if finding.excluded else "" if promotes(finding) else "downgraded"


def _taken_back(event: Event | None, finding: Finding, marking: Marking, now: int, reason: str) -> Event | None:
    """The withdrawal of an event whose finding stands no more for one; None if there is no event to withdraw."""
    if event is None or event.state == "withdrawn":
        return None
    return _withdraw(msgspec.structs.replace(event, finding=finding, marking=event.marking.join(marking)), reason, now)


def _found(event: Event | None, finding: Finding, marking: Marking, now: int) -> Event | None:
    state, reason = _next(event, finding, marking)
    if state is None:
        return None
    return Event(
        id=event_id(finding),
        finding=finding,
        state=state,
        revision=event.revision + 1 if event else 1,
        known_at=now,
        marking=marking,
        reason=reason,
        superseded_by=event.superseded_by if event else None,
    )


def _next(event: Event | None, finding: Finding, marking: Marking) -> tuple[State | None, str]:
    """The state a finding puts its event in, and why; None where there is nothing to say."""
    lasting: State = "open" if finding.end is None else "closed"
    if event is None:
        return lasting, "opened" if lasting == "open" else "closed"
    if event.state == "withdrawn":
        return lasting, "reopened"
    if event.finding.end is None and lasting == "closed":
        return "closed", "closed"
    if lasting == "open":
        before = (event.finding.gap_class, event.finding.confidence, event.marking)
        same = before == (finding.gap_class, finding.confidence, marking)
        if event.finding.end is not None:
            return "open", "reopened"
        return (None, "") if same else ("revised", "revised")
    return (None, "") if (event.finding, event.marking) == (finding, marking) else ("revised", "revised")


def _withdraw(event: Event, reason: str, now: int) -> Event:
    return msgspec.structs.replace(event, state="withdrawn", revision=event.revision + 1, known_at=now, reason=reason)
