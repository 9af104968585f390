"""When a creator revokes: whoever holds a view gets one last version that says so, also where it gets nothing more.

What the recipient holds is said again with `revoked` in it, and nothing else: what narrowed it keeps the rest from it.
"""

from hashlib import sha256
from typing import Final

import orjson

from prasan.exchange.statements import told_under
from prasan.formats.stix import peek
from prasan.node.objects import said_again
from prasan.node.releasing.decisions import Subject
from prasan.node.releasing.desk import Desk, lane_of
from prasan.release.decide import Case, Decision
from prasan.stores.rows import NewView, Settled, Standing, ViewRow

HELD_BACK: Final = frozenset({"suspended", "no_accord"})
"""While one of these holds nothing at all is sent; it is looked at again."""
AGAIN_US: Final = 3600 * 1_000_000


def last_word(desk: Desk, case: Case, subject: Subject, standing: Standing, decision: Decision) -> Settled | None:
    """Say it to one recipient. None: nothing was revoked, nothing is held, or the revoked version goes out as it is."""
    if not subject.header.revoked or case.recipient.kind == "class" or not standing.rows:
        return None
    name, to = subject.row.id, case.recipient.id
    latest = list({row.view_id: row for row in standing.rows}.values())
    said = [row for row in latest if row.status == "current" and _says_so(desk, row)]
    if HELD_BACK & set(decision.codes):
        desk.tx.narrow(to, name)
        desk.forget(name)
        return Settled(to, name, (), desk.now_us + AGAIN_US)
    if decision.verdict != "withhold":
        return Settled(to, name) if said else None
    for row in latest:
        new = None if row in said else _last_version(desk, subject, row)
        if new is not None:
            # Under what it was told: by now the object's own marking may tell of what is kept back.
            desk.put_view(case, new, told_under(row.statement), None)
    return Settled(to, name)


def _says_so(desk: Desk, row: ViewRow) -> bool:
    raw = desk.tx.view_bytes(row.recipient, row.seq)
    return raw is not None and orjson.loads(raw).get("revoked") is True


def _last_version(desk: Desk, subject: Subject, row: ViewRow) -> NewView | None:
    raw = desk.tx.view_bytes(row.recipient, row.seq)
    if raw is None:
        return None
    last = said_again(raw, desk.now_us, revoked=True)
    return NewView(
        view_id=row.view_id,
        version=peek(last).version,
        object_id=subject.row.id,
        object_version=subject.row.version,
        lane=lane_of(subject.row),
        form="sanitised",
        sha256=sha256(last).hexdigest(),
        raw=last,
        profile=subject.profile,
    )
