"""Recalls: asking a partner to withdraw what it was sent, and letting it have it again."""

from hashlib import sha256
from typing import Final

import msgspec

from prasan.errors import UsageError
from prasan.exchange.statements import told_under
from prasan.formats.stix import format_time
from prasan.formats.stix_build import Stamp
from prasan.formats.stix_control import Recall, recall_id, recall_object
from prasan.formats.stix_ids import ids_in
from prasan.node.node import Node
from prasan.node.objects import put, row_again
from prasan.node.record import note, note_hand
from prasan.node.releasing.desk import Desk
from prasan.node.releasing.naming import meant
from prasan.release.decide import Case
from prasan.release.transition import REPLACED
from prasan.stores.rows import OWN, NewView, ViewRow
from prasan.stores.traffic import RecallOut

DEFAULT_DAYS: Final = 2
"""The deadline where no accord in force says another."""
DAY_S: Final = 86_400
BY_OFFICER: Final = "officer"


class Lifted(msgspec.Struct, frozen=True):
    """What may go to a partner again: how many recalls that ends, and whether a new version of it was made for that,
    because those that were recalled stay withdrawn there for ever."""

    partner: str
    object_id: str
    recalls: int
    renewed: bool


class Issued(msgspec.Struct, frozen=True):
    """One recall sent: to whom, of what, until when; `versions` the partner may hold."""

    partner: str
    recall: str
    target: str
    versions: int
    deadline: str


def recall(node: Node, object_id: str, to: str, text: str, by: str = "") -> list[Issued]:
    """Ask a partner, or `all` who were sent it, to withdraw an object. UsageError if nobody was."""
    if ids_in(text):
        raise UsageError(
            "the reason names an object's id", "Say it without ids: the partner knows them by others.", code="names_id"
        )
    with node.store.write() as tx:
        desk = Desk(node, tx)
        object_id = meant(tx, object_id)
        sent = [one for case in _addressees(desk, to) for one in _by_officer(desk, case, object_id, text)]
        if not sent:
            message = f"{object_id} was not sent to {to}, or was recalled before"
            raise UsageError(message, "See 'prasan release explain'.", code="recall_none", who=_whom(to))
        note_hand(node, tx, by, "recall", object_id)
    return sent


def _whom(to: str) -> str:
    """A partner's name, or the code of what means all of them."""
    return "act.all" if to == "all" else to


def _addressees(desk: Desk, to: str) -> list[Case]:
    partners = [case for case in desk.cases.values() if case.recipient.kind == "partner"]
    chosen = [case for case in partners if to in ("all", case.recipient.name, case.recipient.id)]
    if not chosen:
        known = ", ".join(case.recipient.name for case in partners) or "none yet"
        message = f"there is no partner '{to}' (registered: {known})"
        raise UsageError(message, "Name one of them, or 'all'.", code="partner_unknown", name=to)
    return chosen


def _by_officer(desk: Desk, case: Case, object_id: str, text: str) -> list[Issued]:
    """Recall every row the recipient may hold, one recall for each id it holds the object by; none if there is none."""
    held = desk.tx.held_views(case.recipient.id, object_id)
    if not held:
        return []
    issued = [issue(desk, case, rows, BY_OFFICER, text) for rows in by_view(held)]
    desk.tx.recall_views(case.recipient.id, object_id)
    desk.tx.bring_referrers([(case.recipient.id, object_id)], desk.now_us)
    return issued


def by_view(held: list[ViewRow]) -> list[list[ViewRow]]:
    """The rows, parted by the id that the recipient knows them by."""
    names = dict.fromkeys(row.view_id for row in held)
    return [[row for row in held if row.view_id == name] for name in names]


def replace_view(desk: Desk, case: Case, built: list[ViewRow]) -> None:
    """The built view gives way to the object itself: recalled so that the recipient does not count it twice."""
    if case.recipient.kind == "partner" and built:
        issue(desk, case, built, REPLACED, "")


def issue(  # noqa: PLR0913, PLR0917 - whom, what, why, until when
    desk: Desk, case: Case, held: list[ViewRow], reason: str, text: str, latest: float | None = None
) -> Issued:
    """One recall of rows that share a view id, as a row of the control lane, on record in the pair log.

    The deadline is that of the accord, but not after `latest` (seconds UTC) if that is still ahead.
    """
    node, tx, recipient = desk.node, desk.tx, case.recipient
    now = desk.now_us / 1e6
    deadline = now + (case.terms.recall_days if case.terms else DEFAULT_DAYS) * DAY_S
    if latest is not None and latest > now:
        deadline = min(deadline, latest)
    asked = Recall(recipient.id, held[-1].view_id, tuple(row.version for row in held), reason, deadline, text)
    identifier, object_id = recall_id(node.id, asked), held[-1].object_id
    tx.put_recall_out(
        RecallOut(
            id=identifier,
            object_id=object_id,
            view_id=asked.target_id,
            recipient=recipient.id,
            reason=reason,
            deadline_us=int(deadline * 1e6),
            issued_us=desk.now_us,
        )
    )
    # A recall says that the object, as the recipient was told of it, exists: so it is marked as that was.
    marking = told_under(held[-1].statement)
    raw = recall_object(asked, Stamp(node.id, now, now), marking)
    version = format_time(now)
    view = NewView(identifier, version, identifier, version, "control", "sanitised", sha256(raw).hexdigest(), raw)
    desk.put_view(case, view, marking, None)
    note(node, tx, recipient.id, "recall", identifier, {"target": asked.target_id, "versions": len(held)})
    return Issued(recipient.name, identifier, asked.target_id, len(held), format_time(deadline))


def lift(node: Node, object_id: str, to: str, by: str = "") -> list[Lifted]:
    """Let a partner, or `all`, have a recalled object again, if the policy gives it. UsageError if no recall stands."""
    with node.store.write() as tx:
        desk = Desk(node, tx)
        object_id = meant(tx, object_id)
        lifted = [one for case in _addressees(desk, to) if (one := _lift(desk, case, object_id)) is not None]
        if not lifted:
            message = f"no recall of {object_id} from {to} stands"
            raise UsageError(message, "See 'prasan recall list'.", code="recall_stands_not", who=_whom(to))
        note_hand(node, tx, by, "recall_lifted", object_id)
    return lifted


def _lift(desk: Desk, case: Case, object_id: str) -> Lifted | None:
    node, tx, to = desk.node, desk.tx, case.recipient
    recalls = tx.allow_again(to.id, object_id, desk.now_us)
    if not recalls:
        return None
    row = tx.object(object_id)
    had = {view.object_version for view in tx.views_of(object_id) if (view.recipient, view.form) == (to.id, "verbatim")}
    renewed = row is not None and row.origin == OWN and row.status == "current" and row.version in had
    if row is not None and renewed:
        put(node, tx, row_again(row, desk.now_us))
    note(node, tx, to.id, "recall_lifted", object_id, {"recalls": recalls, "renewed": renewed})
    return Lifted(to.name, object_id, recalls, renewed)
