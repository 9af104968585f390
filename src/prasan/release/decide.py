"""Who may know, and why: the decision (docs/wire.md, section 4).

`decide` is total, deterministic and pure, and withholds by default. It walks the table of codes from top to bottom
and collects every code that holds; one or more of them is `withhold`.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from prasan.formats.stix_ids import TRACK
from prasan.picture.marking import PUBLIC as NO_CAVEATS
from prasan.picture.marking import Marking, Tlp
from prasan.release.accord import Combined, combine, holding
from prasan.release.consents import asked_by, consent_of, controllers, sender_is_asked, whose
from prasan.release.facts import Consent, Facts, Kind, Profile, Recipient
from prasan.release.matching import addressed, can_match, matches
from prasan.release.rules import Policy, Rule, Steps, Verdict

HOUR_S: Final = 3600

ROWS: Final = frozenset({TRACK})
"""Types made of a source's rows as they are, so that its term `onward` counts and not only `derived`."""


class Decision(msgspec.Struct, frozen=True):
    """What was decided. `codes` in the order of the table; `rule_id` the rule that matched, "" if none;
    `recheck_at` when the verdict may change by the clock alone (seconds UTC), None if it cannot. `caveats` are what
    consents add to the marking that it goes out under."""

    verdict: Verdict
    codes: tuple[str, ...]
    rule_id: str = ""
    steps: Steps = Steps()
    recheck_at: float | None = None
    caveats: Marking = NO_CAVEATS


Check = Callable[[Facts, "Case", Rule | None], bool]
"""Whether a code holds for an object, a case and the rule that matched."""


class Case(msgspec.Struct, frozen=True):
    """One recipient at one time, made ready: accords in force combined, its rules, the next change by the clock.

    `of` holds, for the types and kinds that rules name, the rules that can match them (kind None: any other kind);
    for any other type they are `untyped`. It only saves looking at rules that cannot match.
    """

    recipient: Recipient
    now: float
    terms: Combined | None
    rules: tuple[Rule, ...]
    changes_at: float | None
    of: dict[str, dict[str | None, tuple[Rule, ...]]]
    untyped: tuple[Rule, ...]
    checks: tuple[tuple[str, Check], ...]


def prepare(recipient: Recipient, policy: Policy, now: float) -> Case:
    """What is the same for all objects. Use it when deciding many: `judge(facts, prepare(...))`."""
    in_force = holding(recipient.accords, now)
    moments = [at for accord in recipient.accords for at in (accord.valid_from, accord.valid_until) if at > now]
    rules = tuple(rule for rule in policy.rules if addressed(rule, recipient))
    types = {name for rule in rules for name in rule.types or ()}
    kinds: set[str | None] = {None, *(name for rule in rules for name in rule.kinds or ())}
    return Case(
        recipient=recipient,
        now=now,
        terms=combine(in_force),
        rules=rules,
        changes_at=min(moments, default=None),
        of={name: {kind: tuple(r for r in rules if can_match(r, name, kind)) for kind in kinds} for name in types},
        untyped=tuple(rule for rule in rules if rule.types is None),
        checks=tuple((code, holds) for code, kinds, holds in CHECKS if recipient.kind in kinds),
    )


def decide(facts: Facts, recipient: Recipient, policy: Policy, now: float) -> Decision:
    """May `recipient` know this object at `now` (seconds UTC), in which form, and why."""
    return judge(facts, prepare(recipient, policy, now))


def judge(facts: Facts, case: Case) -> Decision:
    """`decide` for a case made ready."""
    return judge_by(match(facts, case), facts, case)


def judge_by(rule: Rule | None, facts: Facts, case: Case) -> Decision:
    """`judge` when it is known which rule matches, if any."""
    codes = tuple([code for code, holds in case.checks if holds(facts, case, rule)])
    rule_id = rule.id if rule else ""
    again = _recheck_at(facts, case, rule)
    if codes or rule is None:
        return Decision("withhold", codes, rule_id, recheck_at=again)
    decision = Decision(rule.then, (VERDICT_CODES[rule.then],), rule_id, rule.steps, again)
    return _by_consent(decision, facts, case) if facts.consents and case.recipient.kind != "class" else decision


def _by_consent(decision: Decision, facts: Facts, case: Case) -> Decision:
    """With what the consents ask for by which it goes out, if it goes by any."""
    found = [_consent(one, facts, case) for one in whose(facts, case.recipient.id)]
    if not found:
        return decision
    asked = asked_by(one for one in found if one is not None)
    steps = decision.steps.join(asked.steps)
    verdict: Verdict = "sanitise" if steps.coarsens else decision.verdict
    codes = (*decision.codes, BY_CONSENT, *((CONSENT_STEPS,) if steps != decision.steps else ()))
    return Decision(verdict, codes, decision.rule_id, steps, decision.recheck_at, asked.caveats)


def match(facts: Facts, case: Case) -> Rule | None:
    """The first rule whose conditions hold."""
    for rule in candidates(facts, case):
        if matches(rule, facts):
            return rule
    return None


def candidates(facts: Facts | Profile, case: Case) -> tuple[Rule, ...]:
    """The rules that type and kind do not rule out, in order."""
    kinds = case.of.get(facts.type)
    return case.untyped if kinds is None else kinds[facts.kind if facts.kind in kinds else None]


def _suspended(_facts: Facts, case: Case, _rule: Rule | None) -> bool:
    return case.recipient.suspended


def _recalled(facts: Facts, case: Case, _rule: Rule | None) -> bool:
    return case.recipient.id in facts.recalled_from


def _no_accord(_facts: Facts, case: Case, _rule: Rule | None) -> bool:
    return case.terms is None


def _accord_mode(facts: Facts, case: Case, _rule: Rule | None) -> bool:
    return facts.marking.exercise and case.terms is not None and case.terms.mode == "real"


def _origin_recipient(facts: Facts, case: Case, _rule: Rule | None) -> bool:
    return facts.origin == case.recipient.id


def _onward(facts: Facts, case: Case, _rule: Rule | None) -> bool:
    """`never` stands even against a consent: the accord both signed is the stricter."""
    asked = sender_is_asked(facts, case.recipient.id)
    return asked and (facts.onward == "never" or _consent(facts.origin, facts, case) is None)


def _orcon(facts: Facts, case: Case, _rule: Rule | None) -> bool:
    return any(_consent(one, facts, case) is None for one in controllers(facts, case.recipient.id))


def _consent(originator: str, facts: Facts, case: Case) -> Consent | None:
    purposes = case.terms.purposes if case.terms else None
    return consent_of(originator, facts, case.recipient.id, purposes, case.now)


def _rel_to(facts: Facts, case: Case, _rule: Rule | None) -> bool:
    """Our own classes are part of this node, so a marking that names the node names them."""
    named = facts.marking.rel_to
    if named is None or case.recipient.id in named:
        return False
    return case.recipient.kind != "class" or facts.node not in named


def _tlp_above(facts: Facts, case: Case, _rule: Rule | None) -> bool:
    tlp = facts.marking.tlp
    if case.recipient.kind == "partner":
        return case.terms is not None and tlp > case.terms.highest_tlp
    return tlp > (case.recipient.clearance if case.recipient.kind == "class" else Tlp.CLEAR)


def _purpose(facts: Facts, case: Case, _rule: Rule | None) -> bool:
    """The public cannot be held to a purpose, so what has one does not go there; "for nothing" goes nowhere."""
    purposes, terms = facts.marking.purposes, case.terms
    if purposes is None:
        return terms is not None and not terms.purposes
    if not purposes or case.recipient.kind == "public":
        return True
    return terms is not None and purposes.isdisjoint(terms.purposes)


def _personal_data(facts: Facts, _case: Case, rule: Rule | None) -> bool:
    if not facts.marking.personal_data:
        return False
    return rule is None or not rule.personal_data or rule.types is None or facts.type not in rule.types


def _source_terms(facts: Facts, _case: Case, _rule: Rule | None) -> bool:
    return not facts.terms.derived or (facts.type in ROWS and not facts.terms.onward)


def _expired(facts: Facts, case: Case, _rule: Rule | None) -> bool:
    return facts.marking.expires is not None and facts.marking.expires <= case.now


def _unread_text(facts: Facts, _case: Case, _rule: Rule | None) -> bool:
    return facts.unread_text


def _too_young(facts: Facts, case: Case, rule: Rule | None) -> bool:
    return rule is not None and rule.min_age_h is not None and case.now < facts.known_at + rule.min_age_h * HOUR_S


def _rule_withholds(_facts: Facts, _case: Case, rule: Rule | None) -> bool:
    return rule is not None and rule.then == "withhold"


def _no_rule(_facts: Facts, _case: Case, rule: Rule | None) -> bool:
    return rule is None


EVERYBODY: Final[frozenset[Kind]] = frozenset({"partner", "class", "public"})
OUTSIDE: Final[frozenset[Kind]] = frozenset({"partner", "public"})
PARTNER: Final[frozenset[Kind]] = frozenset({"partner"})

CHECKS: Final[tuple[tuple[str, frozenset[Kind], Check], ...]] = (
    ("suspended", EVERYBODY, _suspended),
    ("recalled", EVERYBODY, _recalled),
    ("no_accord", PARTNER, _no_accord),
    ("accord_mode", PARTNER, _accord_mode),
    ("origin_recipient", PARTNER, _origin_recipient),
    ("onward", OUTSIDE, _onward),
    ("orcon", OUTSIDE, _orcon),
    ("rel_to", EVERYBODY, _rel_to),
    ("tlp_above", EVERYBODY, _tlp_above),
    ("purpose", EVERYBODY, _purpose),
    ("personal_data", EVERYBODY, _personal_data),
    ("source_terms", OUTSIDE, _source_terms),
    ("expired", EVERYBODY, _expired),
    ("unread_text", OUTSIDE, _unread_text),
    ("too_young", EVERYBODY, _too_young),
    ("rule_withholds", EVERYBODY, _rule_withholds),
    ("no_rule", EVERYBODY, _no_rule),
)
"""Code, the kinds of recipient it is asked for, and when it holds. Showing an object to our own staff is not passing it
on, so what guards the way out of the node is not asked for a class."""

CODES: Final = tuple(code for code, _, _ in CHECKS)
BY_CONSENT: Final = "by_consent"
CONSENT_STEPS: Final = "consent_steps"
"""Said after a rule's code: originators' consents let it go; they ask for more steps than the rule."""

VERDICT_CODES: Final[dict[Verdict, str]] = {"release": "rule_releases", "sanitise": "rule_sanitises"}


def _recheck_at(facts: Facts, case: Case, rule: Rule | None) -> float | None:
    """The first moment ahead at which the clock alone may change the verdict."""
    at = _sooner(case.changes_at, facts.marking.expires, case.now)
    if rule is not None and rule.min_age_h is not None:
        at = _sooner(at, facts.known_at + rule.min_age_h * HOUR_S, case.now)
    for consent in facts.consents:
        at = _sooner(at, consent.expires, case.now)
    return at


def _sooner(at: float | None, other: float | None, now: float) -> float | None:
    if other is None or other <= now:
        return at
    return other if at is None or other < at else at
