"""A decision -> codes with the values their sentences need. The sentences, in each language, are in words."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from prasan.formats.stix import format_time
from prasan.picture.marking import Tlp
from prasan.release.decide import HOUR_S, Case, Decision
from prasan.release.facts import Facts
from prasan.release.rules import Steps

PREFIX: Final = "decision."
"""Before each code in the table of messages."""


class Reason(msgspec.Struct, frozen=True):
    """One code of a decision, as the table of messages names it, and its values."""

    code: str
    params: dict[str, Any]


class _Told(msgspec.Struct, frozen=True):
    facts: Facts
    decision: Decision
    highest: Tlp
    purposes: frozenset[str]
    accords: str
    min_age_h: float


_PARAMS: Final[dict[str, Callable[[_Told], dict[str, Any]]]] = {
    "accord_mode": lambda told: {"accords": told.accords},
    "onward": lambda told: {"origin": told.facts.origin_name, "onward": told.facts.onward},
    "origin_recipient": lambda told: {"origin": told.facts.origin_name},
    "orcon": lambda told: {"originators": ", ".join(sorted(told.facts.marking.orcon - {told.facts.node}))},
    "rel_to": lambda told: {"named": ", ".join(sorted(told.facts.marking.rel_to or ()))},
    "tlp_above": lambda told: {"tlp": told.facts.marking.tlp.label, "highest": told.highest.label},
    "purpose": lambda told: {
        "purposes": ", ".join(sorted(told.facts.marking.purposes or ())),
        "allowed": ", ".join(sorted(told.purposes)),
    },
    "personal_data": lambda told: {"type": told.facts.type},
    "expired": lambda told: {"when": format_time(told.facts.marking.expires or 0)},
    "too_young": lambda told: {
        "hours": told.min_age_h,
        "when": format_time(told.facts.known_at + told.min_age_h * HOUR_S),
    },
    "rule_sanitises": lambda told: {
        "place_deg": told.decision.steps.place_deg,
        "time_min": told.decision.steps.time_min,
        "drop": ", ".join(sorted(told.decision.steps.drop)),
    },
    "unknown_type": lambda told: {"type": told.facts.type},
}
"""Code -> its own values; every code also has `recipient` and `rule`."""


def explain(decision: Decision, facts: Facts, case: Case, codes: tuple[str, ...] | None = None) -> tuple[Reason, ...]:
    """Why. `codes` are the decision's own, or those of the rendered view, which may say more."""
    rule = next((rule for rule in case.rules if rule.id == decision.rule_id), None)
    terms, recipient = case.terms, case.recipient
    told = _Told(
        facts=facts,
        decision=decision,
        highest=terms.highest_tlp if terms else recipient.clearance,
        purposes=terms.purposes if terms else frozenset(),
        accords=", ".join(accord.name for accord in recipient.accords if terms and accord.hash in terms.accords),
        min_age_h=(rule.min_age_h or 0) if rule else 0,
    )
    always = {"recipient": recipient.name, "rule": decision.rule_id}
    return tuple(Reason(PREFIX + code, always | _own(code, told)) for code in codes or decision.codes)


def explain_steps(steps: Steps) -> tuple[Reason, ...]:
    """What a sanitised view was made coarser by, one reason a step."""
    said = {"place_deg": steps.place_deg, "time_min": steps.time_min, "again_min": steps.again_min or None}
    reasons = [Reason(f"step.{name}", {name: value}) for name, value in said.items() if value is not None]
    return (*reasons, *(Reason(f"step.drop.{group}", {}) for group in sorted(steps.drop)))


def _own(code: str, told: _Told) -> dict[str, Any]:
    make = _PARAMS.get(code)
    return make(told) if make else {}
