"""What people do on the pages: every act with the door it is behind, what it asks for, and the node's own function.

Each function is given the node, the user, whom or what the act is about, and the fields as they were read. What an act
is called is `act.NAME`, what is said when it is done `done.NAME`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from prasan.node.keeping import timekeeping
from prasan.node.node import Node
from prasan.web.form_fields import Field
from prasan.web.roles import Door

Values = Mapping[str, Any]
Do = Callable[[Node, str, str, Values], object]


class Act(msgspec.Struct, frozen=True):
    """One act. `grave`: it cannot be taken back."""

    door: Door
    do: Do
    fields: tuple[Field, ...] = ()
    grave: bool = False


def _clock(node: Node, by: str, seen: str, _values: Values) -> object:
    return timekeeping.confirm(node, by, seen)


ACTS: Final[Mapping[str, Act]] = {
    "clock.confirm": Act("clock", _clock, (Field("looked", "tick", required=True),)),
}
"""By name."""
