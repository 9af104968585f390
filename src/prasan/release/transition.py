"""What is sent when an object's state for a recipient changes (docs/wire.md, section 5), as a table."""

from typing import Final, Literal

State = Literal["none", "released", "sanitised", "withheld"]
Target = Literal["released", "sanitised", "withheld"]

Act = Literal["nothing", "send", "send_if_changed", "send_if_changed_and_due", "narrow", "send_after_recall", "replace"]
"""`nothing`: no row. `send`: a new current row. `send_if_changed`: a new version if the bytes changed; the one before
is superseded. `send_if_changed_and_due`: the same, at most every `again_min`. `narrow`: the row leaves pages and
manifest, nothing travels. `send_after_recall`: a row only once the verbatim one was recalled. `replace`: recall the
built view with the reason `replaced`."""

REPLACED: Final = "replaced"
"""The reason of the recall that `replace` sends."""

TABLE: Final[dict[tuple[State, Target], tuple[Act, ...]]] = {
    ("none", "released"): ("send",),
    ("none", "sanitised"): ("send",),
    ("none", "withheld"): ("nothing",),
    ("released", "released"): ("send_if_changed",),
    ("released", "sanitised"): ("narrow", "send_after_recall"),
    ("released", "withheld"): ("narrow",),
    ("sanitised", "released"): ("send", "replace"),
    ("sanitised", "sanitised"): ("send_if_changed_and_due",),
    ("sanitised", "withheld"): ("narrow",),
    ("withheld", "released"): ("send",),
    ("withheld", "sanitised"): ("send",),
    ("withheld", "withheld"): ("nothing",),
}
"""(from, to) -> acts, in their order. A view that comes back after `withheld` has the view id it had before."""


def acts(before: State, after: Target) -> tuple[Act, ...]:
    """What is to be done when an object goes from one state to another for a recipient."""
    return TABLE[before, after]


def due_at(last_sent: float, again_min: int) -> float:
    """When a changed view may be sent again (seconds UTC)."""
    return last_sent + again_min * 60


def sends(act: Act, *, changed: bool, recalled: bool, now: float, due: float) -> bool:
    """True if this act writes a new row now.

    `changed`: the bytes differ from the last row's; `recalled`: the verbatim copy was recalled; `due`: see `due_at`.
    """
    if act == "send":
        return True
    if act == "send_after_recall":
        return recalled
    if act == "send_if_changed_and_due":
        return changed and now >= due
    return act == "send_if_changed" and changed
