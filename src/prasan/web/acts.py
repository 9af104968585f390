"""What people do on the pages: every act with the door it is behind, what it asks for, and the node's own function.

Each function is given the node, the user, whom or what the act is about, and the fields as they were read. What an act
is called is `act.NAME`, what is said when it is done `done.NAME`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from prasan.node.acts.asking import DEFAULT_DAYS, Ask, ask
from prasan.node.acts.consents import Answer, answer
from prasan.node.keeping import timekeeping
from prasan.node.node import Node
from prasan.release.rules import Steps
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


def _give(node: Node, by: str, consent: str, values: Values) -> object:
    steps = Steps(values["place_deg"], values["time_min"], frozenset(values["drop"]))
    return answer(node, consent, Answer("given", days=values["days"], steps=steps), by)


def _refuse(node: Node, by: str, consent: str, values: Values) -> object:
    return answer(node, consent, Answer("refused", values["reason"]), by)


def _revoke(node: Node, by: str, _partner: str, values: Values) -> object:
    revoked = Answer("revoked", values["reason"], recall_onward=values["recall_onward"])
    return answer(node, values["consent"], revoked, by)


def _ask(node: Node, by: str, object_id: str, values: Values) -> object:
    days = DEFAULT_DAYS if values["days"] is None else values["days"]
    asked = Ask(object_id, values["onto"], values["purpose"], days, values["all_versions"])
    return ask(node, asked, by)


DAYS: Final = Field("days", "whole", least=1, most=36_525)
STEPS: Final = (
    Field("place_deg", "number", least=0.01, most=10),
    Field("time_min", "whole", least=1, most=525_600),
    Field("drop", "many", options=("evidence", "identity", "text"), family="consent.drop"),
)
REASON: Final = Field("reason", "words")
WHY: Final = Field("reason", "words", required=True)

ACTS: Final[Mapping[str, Act]] = {
    "clock.confirm": Act("clock", _clock, (Field("looked", "tick", required=True),)),
    "consent.give": Act("release", _give, (DAYS, *STEPS)),
    "consent.refuse": Act("release", _refuse, (WHY,)),
    "consent.revoke": Act(
        "release", _revoke, (Field("consent", "choice", required=True), REASON, Field("recall_onward", "tick"))
    ),
    "consent.ask": Act(
        "release",
        _ask,
        (
            Field("onto", "choice", required=True),
            Field("purpose", "choice", required=True),
            DAYS,
            Field("all_versions", "tick"),
        ),
    ),
}
"""By name."""
