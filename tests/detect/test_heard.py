"""Why a gap is no longer found: the vessel was heard meanwhile, or something else."""

import fleet
import msgspec
import pyarrow as pa
import pytest

from prasan.detect.heard import HEARD, explained, may_be_explained
from prasan.detect.life import compare
from prasan.detect.rules import PRASAN, preset
from prasan.detect.run import detect
from prasan.picture.event import Event
from prasan.picture.finding import Finding
from prasan.picture.marking import PUBLIC


def rows(*hours: float, source: str = "coast", mmsi: int = fleet.SHIP) -> pa.Table:
    return fleet.table(fleet.sail(mmsi, hours, 8.0, 102.0), source)


def found(*tables: pa.Table) -> dict[str, Finding]:
    whole = pa.concat_tables(tables).unify_dictionaries()
    return {one.key: one for one in detect(whole, None, preset(PRASAN), fleet.world(), kinds=["gap"]).findings}


def withdrawn(later: pa.Table) -> tuple[list[Event], pa.Table]:
    """Events that were open or closed with the first rows and are withdrawn with the later ones; and all rows."""
    first = rows(*fleet.every(10, 0, 6), *fleet.every(10, 20, 21))
    before = compare({}, found(first).values(), lambda _: PUBLIC, 1, lambda _: True)
    again = found(first, later).values()
    after = compare({one.finding.key: one for one in before}, again, lambda _: PUBLIC, 2, lambda _: True)
    whole = pa.concat_tables([first, later]).unify_dictionaries()
    return [one for one in after if one.state == "withdrawn"], whole


@pytest.mark.parametrize("source", ["sat", "coast"])
def test_who_was_heard_during_its_silence_was_not_silent(source: str) -> None:
    """By another source, or by its own whose rows came late."""
    (event,), whole = withdrawn(rows(9.0, 12.0, 16.0, source=source))
    assert may_be_explained(event)
    told = explained(event, whole)
    assert (told.id, told.state, told.reason) == (event.id, "withdrawn", HEARD)
    assert told.finding.evidence["heard_by"] == [source]
    assert told.finding.evidence["heard_count"] == 3
    assert told.finding.evidence["codes"][-1] == HEARD
    assert set(told.finding.sources) == {"coast", source}
    assert [one.t for one in told.finding.fixes][1] == fleet.DAY + 9 * 3600 + 7
    assert explained(told, whole).finding == told.finding


def test_its_ends_and_other_vessels_do_not_count() -> None:
    (event,), _ = withdrawn(rows(9.0, 12.0, 16.0, source="sat"))
    ends = rows(5 + 50 / 60, 20.0, source="sat")
    others = rows(9.0, source="sat", mmsi=fleet.OTHER)
    assert explained(event, pa.concat_tables([ends, others]).unify_dictionaries()) == event


def test_an_open_gap_ends_with_nothing() -> None:
    (event,), whole = withdrawn(rows(9.0, 12.0, 16.0, source="sat"))
    open_ = msgspec.structs.replace(event, finding=msgspec.structs.replace(event.finding, end=None))
    assert explained(open_, whole).finding.evidence["heard_count"] > 3


def test_only_a_gap_that_is_not_found_any_more_is_looked_into() -> None:
    (event,), _ = withdrawn(rows(9.0, 12.0, 16.0, source="sat"))
    for changed in (
        msgspec.structs.replace(event, state="closed"),
        msgspec.structs.replace(event, reason="excluded"),
        msgspec.structs.replace(event, finding=msgspec.structs.replace(event.finding, kind="encounter")),
    ):
        assert not may_be_explained(changed)
