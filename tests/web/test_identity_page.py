"""What a vessel said of itself, read from an archive: every value with its time and sources, and who disagrees."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from prasan.archive import Archive
from prasan.picture.position import POSITIONS, STATICS
from prasan.web.identity_page import identity_of

T = 1_772_409_600


def said(t: int, source: str, **values: Any) -> dict[str, Any]:
    return {"t": T + t, "mmsi": 567_000_001, "time_source": 0, "flags": 0, "source": source, **values}


def test_every_value_with_its_times_and_sources(tmp_path: Path) -> None:
    coast = [said(0, "coast", name="EX OLD", draught=45), said(7_200, "coast", name="EX NEW", draught=45)]
    other = [said(7_300, "sat", name="EX OTHER"), said(0, "sat", name="SOMEBODY ELSE") | {"mmsi": 567_000_002}]
    with Archive.open(tmp_path) as archive:
        for source, rows in (("coast", coast), ("sat", other)):
            archive.append(source, source, POSITIONS.empty_table(), pa.Table.from_pylist(rows, schema=STATICS))
        name, draught = identity_of(archive, ["coast", "sat"], 567_000_001)
        alone = identity_of(archive, ["coast"], 567_000_001)
        nobody = identity_of(archive, ["coast"], 567_000_009)
    assert (name.field, name.disputed) == ("name", True)
    assert [(one.text, one.first - T, one.last - T, one.sources) for one in name.values] == [
        ("EX OTHER", 7_300, 7_300, ("sat",)),
        ("EX NEW", 7_200, 7_200, ("coast",)),
        ("EX OLD", 0, 0, ("coast",)),
    ]
    assert (draught.field, draught.disputed, draught.values[0].text) == ("draught", False, "4.5")
    assert [one.text for one in alone[0].values] == ["EX NEW", "EX OLD"]
    assert not alone[0].disputed
    assert nobody == ()
