"""Markings: TLP 2.0 with handling caveats. They form a lattice; the join of two is the stricter of both.

TLP is FIRST's Traffic Light Protocol, version 2.0. Purposes are the EU CISE data model's PurposeType. The laws
(associative, commutative, idempotent, bottom `PUBLIC`) are proven by property tests.
"""

from enum import IntEnum
from typing import Final

import msgspec


class Tlp(IntEnum):
    """TLP 2.0 labels, from the widest to the narrowest audience."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    AMBER_STRICT = 3
    RED = 4

    @property
    def label(self) -> str:
        """The label as FIRST writes it."""
        return "TLP:" + self.name.replace("_", "+")

    @classmethod
    def parse(cls, text: str) -> "Tlp":
        """`TLP:AMBER+STRICT`, `amber+strict`, or TLP 1's `WHITE` (now CLEAR). ValueError for anything else."""
        name = text.strip().upper().removeprefix("TLP:").replace("+", "_").replace("-", "_")
        try:
            return cls["CLEAR" if name == "WHITE" else name]
        except KeyError:
            raise ValueError(f"'{text}' is not a TLP 2.0 label") from None


class Marking(msgspec.Struct, frozen=True):
    """Who may know. `rel_to` and `purposes`: None is "any", the empty set is "nobody" and "for nothing".

    `orcon` names the originators whose consent is needed to pass it on; `expires` is seconds UTC or None for never.
    """

    tlp: Tlp = Tlp.CLEAR
    rel_to: frozenset[str] | None = None
    orcon: frozenset[str] = frozenset()
    purposes: frozenset[str] | None = None
    personal_data: bool = False
    expires: int | None = None
    exercise: bool = False

    def join(self, other: "Marking") -> "Marking":
        """The least marking that is at least as strict as both."""
        return Marking(
            tlp=max(self.tlp, other.tlp),
            rel_to=_meet(self.rel_to, other.rel_to),
            orcon=self.orcon | other.orcon,
            purposes=_meet(self.purposes, other.purposes),
            personal_data=self.personal_data or other.personal_data,
            expires=_earlier(self.expires, other.expires),
            exercise=self.exercise or other.exercise,
        )

    def at_most(self, other: "Marking") -> bool:
        """True if `other` is at least as strict as this one."""
        return self.join(other) == other


PUBLIC: Final = Marking()
"""The bottom of the lattice."""


CISE_PURPOSES: Final = (
    "defence_monitoring", "csdp_task", "border_monitoring", "border_operation", "counter_terrorism",
    "environment_warning", "environment_monitoring", "environment_response", "customs_monitoring",
    "customs_operation", "law_enforcement_monitoring", "law_enforcement_operation", "fisheries_warning",
    "fisheries_monitoring", "fisheries_operation", "safety", "security", "search_and_rescue",
    "vessel_traffic_management", "operation", "non_specified",
)  # fmt: skip
"""PurposeType of the EU CISE service model (message.xsd), in snake case; SAR and VTM written out."""

PURPOSES: Final = frozenset(
    {*CISE_PURPOSES, "maritime_security", "counter_piracy", "counter_trafficking", "cyber_security"}
)
"""Purposes an accord or a marking may name: CISE's and the areas of work that CISE has no word for."""


def join_all(markings: "list[Marking] | tuple[Marking, ...]") -> Marking:
    """The join of any number of markings; of none it is `PUBLIC`."""
    result = PUBLIC
    for marking in markings:
        result = result.join(marking)
    return result


def _meet(a: frozenset[str] | None, b: frozenset[str] | None) -> frozenset[str] | None:
    if a is None:
        return b
    return a if b is None else a & b


def _earlier(a: int | None, b: int | None) -> int | None:
    if a is None:
        return b
    return a if b is None else min(a, b)
