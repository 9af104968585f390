"""How each listed field of a built view is made from the object's own. A value of an unexpected shape gives nothing."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from prasan.errors import FormatError
from prasan.formats.stix import parse_time
from prasan.formats.stix_build import degree, incident_name
from prasan.formats.stix_ids import COMMON_KNOWLEDGE, ids_in
from prasan.release.coarse import Cell, cell_of, earlier, later, precision_km, whole_days
from prasan.release.facts import is_number
from prasan.release.rules import Steps
from prasan.release.tables import Kind

LABEL_LENGTH: Final = 120
MAX_CODES: Final = 20
MAX_INTEGER: Final = 2**53 - 1
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_CLOCK = re.compile(r"\d\d:\d\d")


class Work(msgspec.Struct, frozen=True):
    """One object being rendered: its properties, the steps, the ids the recipient knows, our own, the coarse cell."""

    source: Mapping[str, Any]
    steps: Steps
    ids: Mapping[str, str]
    node: str
    cell: Cell | None

    @property
    def step_min(self) -> int | None:
        """The time step; whole days for a time that is known to the day only."""
        step = self.steps.time_min
        return whole_days(step) if step is not None and self.source.get("precision") == "day" else step


def _code(value: Any, _work: Work) -> str | None:
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def _codes(value: Any, work: Work) -> list[str] | None:
    codes = [_code(item, work) for item in value] if isinstance(value, list) else []
    return [item for item in codes if item is not None][:MAX_CODES] or None


def _label(value: Any, _work: Work) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= LABEL_LENGTH and value.isprintable() else None


def _integer(value: Any, _work: Work) -> int | None:
    ok = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_INTEGER
    return value if ok else None


def _number(value: Any, _work: Work) -> float | None:
    return value if is_number(value) else None


def _ref(value: Any, work: Work) -> str | None:
    if not isinstance(value, str):
        return None
    return value if value == work.node or value in COMMON_KNOWLEDGE else work.ids.get(value)


def _refs(value: Any, work: Work) -> list[str] | None:
    known = [_ref(item, work) for item in value] if isinstance(value, list) else []
    return [item for item in known if item is not None] or None


def _start(value: Any, work: Work) -> str | None:
    return _timed(value, work, earlier)


def _end(value: Any, work: Work) -> str | None:
    return _timed(value, work, later)


def _timed(value: Any, work: Work, move: Callable[[str, int], str]) -> str | None:
    try:
        parse_time(value if isinstance(value, str) else "")
    except FormatError:
        return None
    return value if work.step_min is None else move(value, work.step_min)


def _local_time(value: Any, work: Work) -> str | None:
    exact = work.steps.time_min is None and isinstance(value, str) and _CLOCK.fullmatch(value)
    return value if exact else None


def _latitude(value: Any, work: Work) -> float | None:
    if work.cell is not None:
        return work.cell.lat
    return degree(value) if is_number(value) and abs(value) <= 90 else None


def _longitude(value: Any, work: Work) -> float | None:
    if work.cell is not None:
        return work.cell.lon
    return degree(value) if is_number(value) and abs(value) <= 180 else None


def _place_precision(value: Any, work: Work) -> Any:
    """A view of a view keeps the coarser of both."""
    return _coarser(_number(value, work), None if work.cell is None else precision_km(work.cell))


def _precision_m(value: Any, work: Work) -> Any:
    """STIX 2.1 section 4.11: metres around the place of a `location`."""
    return _coarser(_number(value, work), None if work.cell is None else precision_km(work.cell) * 1000)


def _time_precision(value: Any, work: Work) -> Any:
    """A view of a view keeps the coarser of both."""
    return _coarser(_integer(value, work), work.step_min)


def _points(value: Any, work: Work) -> list[list[Any]] | None:
    """The track cell by cell: a point is said when the sticky cell changes, at the start of its time step."""
    result: list[list[Any]] = []
    cell: Cell | None = None
    for point in value if isinstance(value, list) else []:
        if not (isinstance(point, list) and len(point) == 3 and is_number(point[1]) and is_number(point[2])):
            return None
        time = _start(point[0], work)
        place = point[1:]
        if work.steps.place_deg is not None:
            before, cell = cell, cell_of(point[1], point[2], work.steps.place_deg, cell)
            if cell == before:
                continue
            place = [cell.lat, cell.lon]
        result.append([time, *place])
    return result or None


def _coarseness_m(value: Any, work: Work) -> Any:
    points, deg = work.source.get("points"), work.steps.place_deg
    if deg is None or not isinstance(points, list):
        return _number(value, work)
    widest = precision_km(cell_of(0.0, 0.0, deg)) * 1000
    return _coarser(_number(value, work), widest)


def _coarseness_s(value: Any, work: Work) -> Any:
    step = work.steps.time_min
    return _coarser(_number(value, work), None if step is None else step * 60)


def _coarser(own: Any, said: Any) -> Any:
    known = [value for value in (own, said) if value is not None]
    return max(known) if known else None


def _rule(value: Any, work: Work) -> dict[str, Any] | None:
    """Which rule, not its thresholds: those are for whoever gets the evidence they were applied to."""
    if not isinstance(value, dict):
        return None
    made: dict[str, Any] = {name: _code(value.get(name), work) for name in ("id", "preset")}
    made |= {"version": _integer(value.get("version"), work)}
    return {name: item for name, item in made.items() if item is not None} or None


def _evidence(_value: Any, work: Work) -> dict[str, Any] | None:
    """Made anew from what the view says; no number of the true evidence is in it."""
    made: dict[str, Any] = {}
    start, end = _start(work.source.get("start_time"), work), _end(work.source.get("end_time"), work)
    if start is not None and end is not None:
        made["duration_min"] = round((parse_time(end) - parse_time(start)) / 60)
    vessels = _refs(work.source.get("vessel_refs"), work)
    if vessels is not None and "identity" not in work.steps.drop:
        made["vessels"] = len(vessels)
    return made or None


def _incident_name(_value: Any, work: Work) -> str:
    return incident_name(_code(work.source.get("attack_type"), work) or "")


def _text(value: Any, work: Work) -> str | None:
    """What people wrote, as it is or not at all; an officer has read it, or the object would be withheld."""
    whole = isinstance(value, str) and bool(value.strip()) and not work.steps.coarsens
    return value if whole and not ids_in(value) else None


MAKE: Final[dict[Kind, Callable[[Any, Work], Any]]] = {
    "code": _code,
    "label": _label,
    "integer": _integer,
    "number": _number,
    "ref": _ref,
    "refs": _refs,
    "time": _start,
    "start": _start,
    "end": _end,
    "local_time": _local_time,
    "latitude": _latitude,
    "longitude": _longitude,
    "place_precision": _place_precision,
    "time_precision": _time_precision,
    "points": _points,
    "coarseness_m": _coarseness_m,
    "coarseness_s": _coarseness_s,
    "rule": _rule,
    "evidence": _evidence,
    "incident_name": _incident_name,
    "text": _text,
    "codes": _codes,
    "precision_m": _precision_m,
}
"""Transform -> function (value, work) -> JSON value, or None for "leave it out"."""
