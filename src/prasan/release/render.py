"""The bytes a recipient gets: the object's own, or a view built from what its table lists (docs/wire.md, section 4)."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec
import orjson

from prasan.formats.jsonlimits import MAX_BYTES
from prasan.formats.stix import Header, format_time, references
from prasan.formats.stix_build import Stamp, encode, encode_parts, marked, property_extension, stamped
from prasan.formats.stix_ids import COMMON_KNOWLEDGE, EXTENSIONS, NATIVE, TLP_OF, type_of
from prasan.picture.marking import Marking
from prasan.release.coarse import Cell, cell_of
from prasan.release.decide import Decision
from prasan.release.facts import is_number
from prasan.release.rules import Steps, Verdict
from prasan.release.tables import IDENTIFYING, VIEWS, Field, Table
from prasan.release.transforms import MAKE, Work

Form = Literal["verbatim", "sanitised"]

ANYTHING: Final = "*"
"""In `remaining`: the object goes out whole and no table knows what in it identifies."""


LOST: Final = {"ref": "lost_reference", "refs": "lost_reference", "text": "lost_text"}
"""Why a view cannot be made when a required field of this kind cannot."""


class Build(msgspec.Struct, frozen=True):
    """What rendering needs from outside.

    `ids` maps every id the recipient knows of this node's objects to the id it knows it by: itself for a verbatim
    copy, the view's id for a built one. `view_id` is this object's own view id (same type, random UUID, from the id
    map). `stamp` says who builds and when: `created` first built, `modified` this build. `cell` is the cell said last,
    None for none. To find out whether a view changed, render with the last `modified` and compare the bytes; only
    then a new time is due. `all_known`: every id in it means to the recipient what it says, and none is looked for.
    """

    view_id: str
    ids: Mapping[str, str]
    stamp: Stamp
    marking: Marking
    cell: Cell | None = None
    all_known: bool = False


class View(msgspec.Struct, frozen=True):
    """What came of it. `raw` is None and `form` is None when it is withheld; `codes` end with why rendering turned the
    decision. `cell` is to be kept for the next time."""

    verdict: Verdict
    codes: tuple[str, ...]
    form: Form | None = None
    raw: bytes | None = None
    id: str = ""
    version: str = ""
    cell: Cell | None = None

    @property
    def remaining(self) -> tuple[str, ...]:
        """The names of identifying properties that are still in it."""
        return () if self.raw is None else remaining(self.raw)


class _LostError(Exception):
    """A required field cannot be made; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def render(raw: bytes, header: Header, decision: Decision, build: Build) -> View:
    """The bytes for a decision. Equal arguments give equal bytes; withheld stays withheld."""
    if decision.verdict == "withhold":
        return View("withhold", decision.codes)
    if decision.verdict == "release":
        if may_stand(header, build.marking) and is_visible(raw, build):
            return _verbatim(raw, header, decision)
        return _built(raw, header, Steps(), (*decision.codes, "not_verbatim"), build)
    return _built(raw, header, decision.steps, decision.codes, build)


def may_stand(header: Header, marking: Marking) -> bool:
    """True if the object's own marking can go out as it is: TLP only, and no milder than the marking it is under."""
    tlp = header.tlp
    only_tlp = all(ref in TLP_OF for ref in header.object_marking_refs) and not header.granular_markings
    return only_tlp and (tlp is None or tlp >= marking.tlp)


def is_visible(raw: bytes, build: Build) -> bool:
    """True if the recipient knows every id in the object as it stands."""
    if build.all_known:
        return True
    node = build.stamp.node
    return all(ref == node or ref in COMMON_KNOWLEDGE or build.ids.get(ref) == ref for ref in references(raw))


def _verbatim(raw: bytes, header: Header, decision: Decision) -> View:
    if len(raw) > MAX_BYTES:
        return View("withhold", (*decision.codes, "too_large"))
    return View("release", decision.codes, "verbatim", raw, header.id, header.version)


def _built(raw: bytes, header: Header, steps: Steps, codes: tuple[str, ...], build: Build) -> View:
    if type_of(build.view_id) != header.type:
        return View("withhold", (*codes, "unknown_type"))
    ids = tuple(sorted(build.ids.items()))
    draft = _drafted(raw, header.type, header.revoked, steps, ids, build.marking, build.stamp.node, build.cell)
    if draft.lost:
        return View("withhold", (*codes, draft.lost))
    result = encode_parts(stamped(build.view_id, build.stamp), draft.tail)
    if len(result) > MAX_BYTES:
        return View("withhold", (*codes, "too_large"))
    return View("sanitise", codes, "sanitised", result, build.view_id, format_time(build.stamp.modified), draft.cell)


class _Draft(msgspec.Struct, frozen=True):
    """A built view without what is each recipient's own: its id and its times. `lost`: why there can be none."""

    lost: str = ""
    tail: bytes = b""
    cell: Cell | None = None


@lru_cache(64)  # an object is rendered for one recipient after the other, for most of them alike
def _drafted(  # noqa: PLR0913, PLR0917 - all that a view hangs on
    raw: bytes,
    kind: str,
    revoked: bool,
    steps: Steps,
    ids: tuple[tuple[str, str], ...],
    marking: Marking,
    node: str,
    before: Cell | None,
) -> _Draft:
    table = VIEWS.get(kind)
    if table is None:
        return _Draft("unknown_type")
    document = orjson.loads(raw)
    source = _inner(document, kind) if table.inner else document
    work = Work(source, steps, dict(ids), node, _cell(source, steps, before))
    try:
        made = marked(kind, marking) | _fields(table.fields, document, work)
        made |= {"revoked": True} if revoked else {}
        if table.inner:
            made["extensions"] = property_extension(kind, _fields(table.inner, source, work))
    except _LostError as lost:
        return _Draft(lost.code)
    return _Draft(tail=encode(made), cell=work.cell)


def _inner(document: dict[str, Any], kind: str) -> Mapping[str, Any]:
    extensions = document.get("extensions")
    found = extensions.get(EXTENSIONS[kind]) if isinstance(extensions, dict) and kind in NATIVE else None
    return found if isinstance(found, dict) else {}


def _cell(source: Mapping[str, Any], steps: Steps, before: Cell | None) -> Cell | None:
    lat, lon = source.get("latitude"), source.get("longitude")
    if steps.place_deg is None or not (is_number(lat) and is_number(lon)):
        return None
    return cell_of(lat, lon, steps.place_deg, before)


def _fields(fields: tuple[Field, ...], source: Mapping[str, Any], work: Work) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for field in fields:
        value = None if field.group in work.steps.drop else MAKE[field.kind](source.get(field.name), work)
        if value is not None:
            made[field.name] = value
        elif field.required:
            raise _LostError(LOST.get(field.kind, "unknown_type"))
    return made


def remaining(raw: bytes) -> tuple[str, ...]:
    """The names of identifying properties that these bytes still hold, for the preview. A place without a stated
    precision is exact, so it counts."""
    document = orjson.loads(raw)
    kind = document.get("type", "")
    table = VIEWS.get(kind)
    if table is None:
        return (ANYTHING,)
    properties = {**document, **_inner(document, kind)}
    evidence = document.get("evidence")
    present = {*properties, *(evidence if isinstance(evidence, dict) else ())}
    names = _identifying(table) & present
    if "latitude" in present and "place_precision_km" not in present:
        names |= {"latitude", "longitude"}
    return tuple(sorted(names))


def _identifying(table: Table) -> set[str]:
    return {*IDENTIFYING, *(f.name for f in (*table.fields, *table.inner) if f.group == "identity")}
