"""Which role may open which door of the web port, to see and to act. Role `partner` opens none: it reads over TAXII."""

from collections.abc import Mapping
from typing import Final, Literal

from prasan.web.desk import Role

Door = Literal["picture", "partners", "health", "metrics", "clock", "trust", "release", "ask"]

_DESKS: Final[frozenset[Role]] = frozenset({"watch", "analyst", "release", "admin", "auditor"})
"""Who works with the node itself. A protection officer may be of another body, and needs none of its workings."""

MAY: Final[Mapping[Door, frozenset[Role]]] = {
    "picture": _DESKS | {"protection"},
    "partners": _DESKS,
    "health": _DESKS,
    "metrics": _DESKS | {"protection"},
    "clock": frozenset({"admin"}),
    "trust": frozenset({"release", "admin"}),
    "release": frozenset({"release", "admin"}),
    "ask": frozenset({"watch", "analyst", "release", "admin"}),
}
"""`picture`: the watch with its zones (events name them too), events and objects. `metrics`: numbers about nobody.

What is done: `clock` lets release go on, `trust` says whose keys and logs are believed, `release` consents, recalls
and reads texts for release, `ask` works with requests for information.
"""


def may(role: Role, door: Door) -> bool:
    """True if users of this role may open it."""
    return role in MAY[door]
