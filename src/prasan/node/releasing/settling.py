"""One object, one recipient: from how it stood to how it stands (docs/wire.md, section 5)."""

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from math import ceil
from typing import Final

import msgspec

from prasan.formats.stix import parse_time
from prasan.formats.stix_build import Stamp
from prasan.node.objects import STEP_S, resolved
from prasan.node.releasing.decisions import Subject
from prasan.node.releasing.desk import Desk, lane_of
from prasan.node.releasing.last_word import last_word
from prasan.node.releasing.recall import replace_view
from prasan.release.coarse import Cell
from prasan.release.decide import Case, Decision, judge
from prasan.release.facts import Facts
from prasan.release.render import Build, View, render
from prasan.release.transition import Act, State, Target, acts, due_at, sends
from prasan.stores.rows import OWN, Mapped, NewView, Settled, Standing, ViewRow

STATE: Final[dict[str, Target]] = {"verbatim": "released", "sanitised": "sanitised"}
HELD_VERBATIM: Final = "held_verbatim"
"""What was given whole is not given again in part: an officer recalls it first."""

WITHDRAWN: Final = "withdrawn"
"""The partner that sent it has recalled it."""

OTHER_SOURCES: Final = "other_sources"
"""It rests on sources that the recipient may not know, and does not stand without them."""

REDERIVED: Final = "rederived"
"""It was found again from the sources that the recipient may know."""

UNREADABLE: Final = "unreadable"
"""The object is of a form that no room can read; it is withheld and the log says why."""

_CELL = msgspec.json.Decoder(Cell | None)


def withheld(desk: Desk, recipient: str, object_id: str, *codes: str, again_us: int | None = None) -> Settled:
    """Taken out of the recipient's pages, for reasons that no decision is needed for."""
    leave_pages(desk, recipient, object_id)
    return Settled(recipient, object_id, codes, again_us)


def leave_pages(desk: Desk, recipient: str, object_id: str) -> None:
    """Narrow: the object is read no more, and what refers to it is decided again."""
    if desk.tx.narrow(recipient, object_id):
        desk.shown(recipient, object_id, None)


def untold(desk: Desk, case: Case, subject: Subject) -> Settled:
    """What rests on sources that the recipient may not know, and was not found without them."""
    recipient, name = case.recipient.id, subject.row.id
    standing = desk.standing(recipient, name)
    decision = decided(desk, case, subject, standing)
    codes = untold_codes(decision)
    said = last_word(desk, case, subject, standing, msgspec.structs.replace(decision, verdict="withhold", codes=codes))
    if said is not None:
        return said
    told = () if decision.verdict == "withhold" else codes
    return withheld(desk, recipient, name, *told, again_us=_us(decision.recheck_at))


def untold_codes(decision: Decision) -> tuple[str, ...]:
    """What withholds the object itself, or else that nothing of it is left without those sources."""
    return decision.codes if decision.verdict == "withhold" else (OTHER_SOURCES,)


def decided(desk: Desk, case: Case, subject: Subject, standing: Standing) -> Decision:
    """The decision of the object's profile, where it is the same for all its objects; else its own."""
    settled = desk.outlook(case.recipient.id, subject.profile).decision
    alike = not standing.recalled and not subject.consents and subject.row.marking.expires is None
    if settled is not None and alike:
        return settled
    return judge(subject.facts_for(case.recipient.id, recalled=standing.recalled), case)


def _us(seconds: float | None) -> int | None:
    """Rounded up: a moment cut down to before itself would come due before the clock can change anything."""
    return None if seconds is None else ceil(seconds * 1e6)


class Step:
    """One object, one recipient."""

    def __init__(self, desk: Desk, case: Case, subject: Subject, standing: Standing) -> None:
        self.desk, self.case, self.subject, self.tx = desk, case, subject, desk.tx
        self.row, self.to, self.standing = subject.row, case.recipient.id, standing
        self.held = standing.held
        self.decision = decided(desk, case, subject, standing)
        self.given_way: Sequence[ViewRow] = ()

    @property
    def facts(self) -> Facts:
        """What the decision went by."""
        return self.subject.facts_for(self.to, recalled=self.standing.recalled)

    @cached_property
    def mapped(self) -> Mapped:
        """The recipient's own id of this object: as it was, or a new one."""
        return self.standing.mapped or self.new_mapping()

    def take(self) -> Settled:
        """Render as of the last time, compare, and do what the transition says."""
        said = last_word(self.desk, self.case, self.subject, self.standing, self.decision)
        if said is not None:
            return said
        if self.decision.verdict == "withhold" and not self.standing.rows:
            return Settled(self.to, self.row.id, (), _us(self.decision.recheck_at))
        view = self.render(self.last_built())
        after: Target = STATE[view.form] if view.form else "withheld"
        due_s = self.due_s()
        # What a decision withholds, a decision explains; what rendering withholds is remembered.
        turned = () if self.decision.verdict == "withhold" or view.form else view.codes
        nothing = self.held is None and after == "withheld"
        for act in () if nothing else acts(self.before(), after):
            if sends(act, changed=self.differs(view), recalled=False, now=self.desk.now_us / 1e6, due=due_s):
                self.send(view)
            else:
                turned = self.without_sending(act, view, turned)
        return Settled(self.to, self.row.id, turned, self.next_us(after, due_s))

    @property
    def origin_codes(self) -> tuple[str, ...]:
        """What is to be said of where the object comes from."""
        return (REDERIVED,) if self.subject.form == "variant" else ()

    def due_s(self) -> float:
        """When a changed view may be sent: after the rule's interval, but that it was wrong is never kept waiting."""
        if self.held is None or self.subject.taken_back:
            return 0.0
        return due_at(self.held.date_added_us / 1e6, self.decision.steps.again_min)

    def without_sending(self, act: Act, view: View, turned: tuple[str, ...]) -> tuple[str, ...]:
        """The acts that write no row of this object; why no view goes out, if that is so."""
        if act == "narrow":
            leave_pages(self.desk, self.to, self.row.id)
        elif act == "replace":
            replace_view(self.desk, self.case, list(self.given_way))
        elif act == "send_after_recall":
            return (*view.codes, HELD_VERBATIM)
        return turned

    def before(self) -> State:
        """How it stood by what the recipient may hold: what it was sent counts until it is recalled."""
        if self.held is not None:
            return STATE[self.held.form]
        forms = {row.form for row in self.standing.rows}
        return "released" if "verbatim" in forms else "sanitised" if forms else "none"

    def render(self, modified: float) -> View:
        """The view with `modified` as the time of its build, so that equal content gives equal bytes."""
        if self.decision.verdict == "withhold":
            return View("withhold", self.decision.codes)
        if self.decision.verdict == "release":
            # Most objects go out whole: those need no id of their own.
            known = {} if self.as_written else self.known
            stamp = Stamp(self.desk.node.id, 0, 0)
            bare = Build(self.row.id, known, stamp, self.row.marking, all_known=self.as_written)
            whole = render(self.row.raw, self.subject.header, self.decision, bare)
            if whole.form == "verbatim":
                return whole
        created = self.mapped.created_us / 1e6
        stamp = Stamp(self.desk.node.id, created, max(created, modified))
        build = Build(self.mapped.view_id, self.known, stamp, self.row.marking, _CELL.decode(self.mapped.sticky))
        return render(self.row.raw, self.subject.header, self.decision, build)

    @property
    def as_written(self) -> bool:
        """Our own people read what a partner wrote as it was written; its ids are not ours to hide."""
        return self.case.recipient.kind == "class" and self.row.origin != OWN

    @cached_property
    def known(self) -> dict[str, str]:
        """The ids in the object that mean something to the recipient, each with the id it has there."""
        refs = self.subject.refs
        if self.as_written:
            return {ref: ref for ref in refs}
        meant = resolved(self.tx, self.row.origin, refs)
        known = self.desk.known(self.to, [*meant.values()])
        return {ref: known[name] for ref, name in meant.items() if name in known} | {self.row.id: self.row.id}

    def last_built(self) -> float:
        """The time of the built view on the pages, 0 without one."""
        return parse_time(self.held.version) if self.held and self.held.form == "sanitised" else 0.0

    def new_mapping(self) -> Mapped:
        """A random id of the object's type, for this recipient only; kept when a view is first built."""
        name = f"{self.row.type}--{self.desk.node.clock.uuid(f'{self.to}/view/{self.row.id}')}"
        return Mapped(self.to, self.row.id, name, self.desk.now_us, b"null")

    def differs(self, view: View) -> bool:
        """True if what the recipient can read now has other bytes than this."""
        return self.held is None or view.raw is None or self.held.sha256 != sha256(view.raw).hexdigest()

    def send(self, view: View) -> None:
        """A row with its statement and its leaf; a built view gets the time of this build."""
        if view.form == "sanitised":
            built = max(self.desk.now_us / 1e6, self.last_built() + STEP_S)
            if self.held is not None or built > self.mapped.created_us / 1e6:  # else it says so already
                view = self.render(built)
            self.tx.set_mapped(msgspec.structs.replace(self.mapped, sticky=msgspec.json.encode(view.cell)))
        if view.raw is None or view.form is None:
            raise AssertionError("a view is sent only when it was rendered")
        verbatim = view.form == "verbatim"
        if verbatim and self.before() == "sanitised":
            self.given_way = self.standing.rows
            self.tx.recall_views(self.to, self.row.id)
        new = NewView(
            view_id=view.id,
            version=view.version,
            object_id=self.row.id,
            object_version=self.row.version,
            lane=lane_of(self.row),
            form=view.form,
            sha256=sha256(view.raw).hexdigest(),
            raw=view.raw if self.subject.form == "variant" or not verbatim else None,
            profile=self.subject.profile,
        )
        marking = self.row.marking.join(self.decision.caveats)
        self.desk.put_view(self.case, new, marking, self.row.sha256 if verbatim else None, first=not self.standing.rows)
        if self.held is None or self.held.view_id != view.id:
            self.desk.shown(self.to, self.row.id, view.id)

    def next_us(self, after: Target, due_s: float) -> int | None:
        """When to decide again: once the clock may change the verdict, or a built view's interval has passed."""
        moments = [self.decision.recheck_at] if self.decision.recheck_at is not None else []
        if after == "sanitised" and self.held is not None and due_s > self.desk.now_us / 1e6:
            moments.append(due_s)
        return _us(min(moments)) if moments else None
