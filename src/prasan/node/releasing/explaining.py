"""Why somebody gets what they get, and exactly what that is."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from prasan.errors import UsageError
from prasan.node.node import Node
from prasan.node.recipients import find_recipient, recipients
from prasan.node.releasing.desk import Desk
from prasan.node.releasing.naming import meant
from prasan.node.releasing.settling import HELD_VERBATIM, WITHDRAWN, Step, untold_codes
from prasan.node.releasing.telling_apart import apart
from prasan.release.explain import explain as reasons_of
from prasan.release.explain import explain_steps
from prasan.release.facts import Recipient
from prasan.release.render import View
from prasan.stores.rows import Lane, ViewRow
from prasan.words import LANGUAGES, say

PAGE: Final = 500
LANES: Final[tuple[Lane, ...]] = ("alerts", "control", "objects")


class Reason(msgspec.Struct, frozen=True):
    """One reason as a code with its values and as a sentence in each language."""

    code: str
    params: dict[str, Any]
    text: dict[str, str]


class Explained(msgspec.Struct, frozen=True):
    """The verdict on one object for one recipient. `view_id` is the id the recipient knows it by, "" if it was never
    sent; `remaining` names the identifying properties that the recipient's bytes still hold."""

    object_id: str
    recipient: str
    verdict: str
    rule: str
    reasons: tuple[Reason, ...]
    steps: tuple[Reason, ...]
    view_id: str
    remaining: tuple[str, ...]
    recheck_at: float | None


def explain(node: Node, object_id: str, to: str) -> Explained:
    """Decide and render anew, write nothing, and say why. UsageError for an unknown object or recipient.

    The object may be named by the id that a partner knows it by; what travels in the control lane is an object too.
    """
    recipient = the_recipient(node, to)
    control = [row for row in node.store.views_of(object_id) if row.lane == "control"]
    if control:
        return _control(object_id, recipient, control)
    with node.store.write() as tx:
        object_id = meant(tx, object_id)
        desk = Desk(node, tx)
        subject, case = desk.subject(object_id, recipient.id), desk.cases[recipient.id]
        if subject is None:
            raise UsageError(f"nothing is told of {object_id} any more", "Its sender has withdrawn it.")
        desk.lay_out([object_id])
        step = Step(desk, case, subject, desk.standing(recipient.id, object_id))
        view, until = _view(step), desk.until[recipient.id]
    codes = (*view.codes, *step.origin_codes)
    told = tuple(_reason(one.code, one.params) for one in reasons_of(step.decision, step.facts, case, codes))
    told += tuple(_reason(code, params) for code, params in apart(node, recipient.id, subject))
    steps = tuple(_reason(one.code, one.params) for one in explain_steps(step.decision.steps))
    sent = step.held.view_id if step.held else ""
    return Explained(
        object_id, recipient.name, view.verdict, step.decision.rule_id, told, steps, sent, view.remaining,
        min((at for at in (step.decision.recheck_at, until) if at is not None), default=None),
    )  # fmt: skip


def _control(object_id: str, recipient: Recipient, rows: list[ViewRow]) -> Explained:
    """A recall or an answer: it is for one recipient, and always goes to it."""
    mine = [row for row in rows if row.recipient == recipient.id]
    code = "decision.control" if mine else "decision.control_of_another"
    return Explained(
        object_id, recipient.name, "release" if mine else "withhold", "", (_reason(code, {}),), (),
        mine[-1].view_id if mine else "", (), None,
    )  # fmt: skip


def explain_to_all(node: Node, object_id: str) -> Iterator[Explained]:
    """`explain` for every recipient."""
    return (explain(node, object_id, one) for one in recipients(node.store))


def _view(step: Step) -> View:
    if step.row.status == WITHDRAWN:
        return View("withhold", (WITHDRAWN,))
    if step.subject.form == "untold":
        return View("withhold", untold_codes(step.decision))
    view = step.render(step.last_built())
    if view.form == "sanitised" and step.before() == "released":
        return View("withhold", (*view.codes, HELD_VERBATIM))
    return view


def _reason(code: str, params: dict[str, Any]) -> Reason:
    return Reason(code, params, {lang: say(code, params, lang) for lang in LANGUAGES})


def the_recipient(node: Node, name: str) -> Recipient:
    """A recipient by name. UsageError names those there are."""
    found = find_recipient(node.store, name)
    if found is None:
        known = ", ".join(["class:staff", "public", *(one.name for one in node.store.partners())])
        raise UsageError(f"there is no recipient '{name}'", f"Use one of: {known}.")
    return found


class _Page(msgspec.Struct, frozen=True):
    """All rows of a lane after a time: what the store's page query asks for."""

    after_us: int
    limit: int = PAGE
    ids: None = None
    types: None = None
    versions: tuple[str, ...] = ("all",)
    spec_versions: None = None


def preview(node: Node, to: str) -> Iterator[bytes]:
    """Exactly the bytes the recipient can read now, object by object, lane by lane. They are read, never remade."""
    recipient = the_recipient(node, to)
    now_us = node.clock.now_us()
    for lane in LANES:
        after = 0
        while rows := node.store.view_page(recipient.id, lane, _Page(after), now_us):
            yield from (row.raw for row in rows)
            after = rows[-1].date_added_us
