"""What people do on the pages: every act with the door it is behind, what it asks for, and the node's own function.

Each function is given the node, the user, whom or what the act is about, and the fields as they were read. What an act
is called is `act.NAME`, what is said when it is done `done.NAME`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from prasan.errors import UsageError
from prasan.exchange.inquiry import Act as Step
from prasan.formats.stix_ids import is_id
from prasan.formats.stix_request import LONGEST
from prasan.node.acts.asking import DEFAULT_DAYS, Ask, ask
from prasan.node.acts.consents import Answer, answer
from prasan.node.acts.duties import looked
from prasan.node.acts.requests import Said, Wanted, act_on, request, settle
from prasan.node.keeping import timekeeping
from prasan.node.node import Node
from prasan.node.partners import histories
from prasan.node.partners.partner_keys import confirm_partner
from prasan.node.releasing.reading import mark_read
from prasan.node.releasing.recall import lift, recall
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


def _confirm_key(node: Node, by: str, partner: str, values: Values) -> object:
    return confirm_partner(node, partner, "".join(values["fingerprint"].split()), by)


def _settle_logs(node: Node, by: str, seen: str, values: Values) -> object:
    """`seen`: the name and, after a blank, how much evidence the page showed."""
    name, _, number = seen.rpartition(" ")
    return histories.settle(node, name, values["reason"], by, int(number) if number.isdecimal() else 0)


def _recall(node: Node, by: str, object_id: str, values: Values) -> object:
    return recall(node, object_id, values["from"], values["reason"], by)


def _lift(node: Node, by: str, object_id: str, values: Values) -> object:
    return lift(node, object_id, values["again"], by)


def _looked(node: Node, by: str, _partner: str, values: Values) -> object:
    recalls = looked(node, values["object"], by)
    if not recalls:
        raise UsageError("nothing is left to look at", "See 'prasan recall list'.", code="looked_none")
    return recalls


def _read(node: Node, by: str, seen: str, _values: Values) -> object:
    """`seen`: id and version, with a blank between."""
    object_id, _, version = seen.partition(" ")
    return mark_read(node, object_id, by, version or "none")


def _new(node: Node, by: str, _nothing: str, values: Values) -> object:
    wanted = Wanted(
        to=values["to"],
        needed_by=values["by"],
        text=values["text"],
        about=_ids(values["objects"]),
        purpose=values["purpose"],
        priority=values["priority"],
    )
    return request(node, wanted, by)


def _answer(node: Node, by: str, name: str, values: Values) -> object:
    act: Step = "answer_in_part" if values["partly"] else "answer"
    return act_on(node, name, Said(act, values["text"], _ids(values["objects"])), by)


def _rate(node: Node, by: str, name: str, values: Values) -> object:
    return act_on(node, name, Said("rate", values["text"], rating=int(values["rating"])), by)


def _say(act: Step) -> Do:
    """A step of a request that needs words only."""
    return lambda node, by, name, values: act_on(node, name, Said(act, values["text"]), by)


def _decline(node: Node, by: str, name: str, values: Values) -> object:
    return act_on(node, name, Said("refuse", values["reason"]), by)


def _keep(node: Node, by: str, name: str, values: Values) -> object:
    return settle(node, name, values["keep"], values["text"], by)


def _ids(text: str) -> tuple[str, ...]:
    """Ids as people paste them, apart by spaces, commas or lines."""
    found = tuple(text.replace(",", " ").split())
    for one in found:
        if not is_id(one):
            raise UsageError(
                f"'{one[:80]}' is no id", "Copy ids from the objects' pages.", code="object_id", name=one[:80]
            )
    return found


RATINGS: Final = ("1", "2", "3", "4", "5")
DAYS: Final = Field("days", "whole", least=1, most=36_525)
STEPS: Final = (
    Field("place_deg", "number", least=0.01, most=10),
    Field("time_min", "whole", least=1, most=525_600),
    Field("drop", "many", options=("evidence", "identity", "text"), family="consent.drop"),
)
TEXT: Final = Field("text", "words", most=LONGEST)
OBJECTS: Final = Field("objects", "words", most=8000)
PURPOSE: Final = Field("purpose", "choice", required=True)
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
            PURPOSE,
            DAYS,
            Field("all_versions", "tick"),
        ),
    ),
    "recall.issue": Act("release", _recall, (Field("from", "choice", required=True), WHY), grave=True),
    "recall.lift": Act("release", _lift, (Field("again", "choice", required=True),)),
    "recall.looked": Act("release", _looked, (Field("object", "choice", required=True),)),
    "text.read": Act("release", _read),
    "key.confirm": Act("trust", _confirm_key, (Field("fingerprint", "line", required=True, most=200),)),
    "history.settle": Act("trust", _settle_logs, (WHY,), grave=True),
    "request.new": Act(
        "ask",
        _new,
        (
            Field("to", "choice", required=True),
            TEXT,
            OBJECTS,
            PURPOSE,
            Field("priority", "choice", required=True, options=("routine", "priority", "immediate"), family="priority"),
            Field("by", "moment", required=True),
        ),
    ),
    "request.accept": Act("ask", _say("accept"), (TEXT,)),
    "request.answer": Act("ask", _answer, (TEXT, OBJECTS, Field("partly", "tick"))),
    "request.refuse": Act("ask", _decline, (msgspec.structs.replace(WHY, most=LONGEST),)),
    "request.close": Act("ask", _say("close"), (TEXT,)),
    "request.rate": Act(
        "ask", _rate, (Field("rating", "choice", required=True, options=RATINGS, family="rating"), TEXT)
    ),
    "request.settle": Act("ask", _keep, (Field("keep", "choice", required=True), TEXT)),
}
"""By name."""
