"""The bytes a recipient gets: the object's own, or a view built from what its table lists (docs/wire.md, section 4)."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
import orjson

from prasan.formats.jsonlimits import MAX_BYTES
from prasan.formats.stix import Header, references
from prasan.formats.stix_build import Stamp, common, encode, extended
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
    then a new time is due.
    """

    view_id: str
    ids: Mapping[str, str]
    stamp: Stamp
    marking: Marking
    cell: Cell | None = None


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
    node = build.stamp.node
    return all(ref == node or ref in COMMON_KNOWLEDGE or build.ids.get(ref) == ref for ref in references(raw))


def _verbatim(raw: bytes, header: Header, decision: Decision) -> View:
    if len(raw) > MAX_BYTES:
        return View("withhold", (*decision.codes, "too_large"))
    return View("release", decision.codes, "verbatim", raw, header.id, header.version)


def _built(raw: bytes, header: Header, steps: Steps, codes: tuple[str, ...], build: Build) -> View:
    table = VIEWS.get(header.type)
    if table is None or type_of(build.view_id) != header.type:
        return View("withhold", (*codes, "unknown_type"))
    document = orjson.loads(raw)
    source = _inner(document, header.type) if table.inner else document
    work = Work(source, steps, build.ids, build.stamp.node, _cell(source, steps, build.cell))
    try:
        made = common(build.view_id, build.stamp, build.marking) | _fields(table.fields, document, work)
        made |= {"revoked": True} if header.revoked else {}
        if table.inner:
            extended(made, _fields(table.inner, source, work))
    except _LostError as lost:
        return View("withhold", (*codes, lost.code))
    result = encode(made)
    if len(result) > MAX_BYTES:
        return View("withhold", (*codes, "too_large"))
    version = str(made["modified"])
    return View("sanitise", codes, "sanitised", result, build.view_id, version, work.cell)


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
