"""Which role may open which door of the web port. Role `partner` opens none: partners read over TAXII."""

from collections.abc import Mapping
from typing import Final, Literal

from prasan.web.desk import Role

Door = Literal["picture", "partners", "health", "metrics"]

_DESKS: Final[frozenset[Role]] = frozenset({"watch", "analyst", "release", "admin", "auditor"})
"""Who works with the node itself. A protection officer may be of another body, and needs none of its workings."""

MAY: Final[Mapping[Door, frozenset[Role]]] = {
    "picture": _DESKS | {"protection"},
    "partners": _DESKS,
    "health": _DESKS,
    "metrics": _DESKS | {"protection"},
}
"""`picture`: the watch with its zones (events name them too), events and objects. `metrics`: numbers about nobody."""


def may(role: Role, door: Door) -> bool:
    """True if users of this role may open it."""
    return role in MAY[door]
