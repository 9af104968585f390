"""What other rules would do to events, before they are in force: the comparison that publishes events, run dry.

An event is *changed* if other rules would find it with another end, class, confidence or exclusion. That their own
numbers stand in it is no change: a new version of a rule revises no event of which it says the same.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

import msgspec

from prasan.detect.life import compare, promoted
from prasan.picture.event import Event
from prasan.picture.finding import Finding
from prasan.picture.marking import PUBLIC

Sort = Literal["opened", "withdrawn", "changed"]
SORTS: Final[tuple[Sort, ...]] = ("opened", "withdrawn", "changed")


class Change(msgspec.Struct, frozen=True):
    """One event that other rules would open, withdraw or change. `before` is None for one that they would open."""

    sort: Sort
    before: Event | None
    after: Event


def differences(
    before: Iterable[Finding], after: Iterable[Finding], promotes: Callable[[Finding], bool] = promoted
) -> list[Change]:
    """Findings in the same rows by the rules in force and by others -> what the others would change, by time."""
    held = {event.finding.key: event for event in compare({}, before, lambda _: PUBLIC, 0, promotes)}
    revised = compare(held, unmoved(held, after), lambda _: PUBLIC, 0, promotes)
    changes = [_change(held.get(event.finding.key), event) for event in revised]
    return sorted(changes, key=lambda one: (one.after.finding.start, one.after.finding.kind, one.after.finding.key))


def count(changes: Iterable[Change]) -> dict[str, dict[str, int]]:
    """How many of each sort, by kind."""
    result: dict[str, dict[str, int]] = {sort: {} for sort in SORTS}
    for one in changes:
        kind = one.after.finding.kind
        result[one.sort][kind] = result[one.sort].get(kind, 0) + 1
    return result


def unmoved(held: Mapping[str, Event], findings: Iterable[Finding]) -> list[Finding]:
    """Findings; those of events that another version of the rule found alike are as the event has them."""
    return [_as_before(held.get(one.key), one) for one in findings]


def _as_before(event: Event | None, finding: Finding) -> Finding:
    if event is None or event.state == "withdrawn" or event.finding.rule == finding.rule:
        return finding
    return event.finding if _substance(event.finding) == _substance(finding) else finding


def _substance(finding: Finding) -> tuple[Any, ...]:
    return finding.mmsi, finding.start, finding.end, finding.gap_class, finding.confidence, finding.excluded


def _change(before: Event | None, after: Event) -> Change:
    return Change(
        "opened" if before is None else "withdrawn" if after.state == "withdrawn" else "changed", before, after
    )
