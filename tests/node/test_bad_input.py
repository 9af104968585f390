"""Bad input on its way into a real node: kept, quarantined, folded, passed over or refused, and always counted."""

import gzip
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from node.node_kit import Kit
from prasan.errors import FormatError
from prasan.node.seeing.ingest import Taken, ingest
from prasan.node.seeing.picture import look

HEAD = b"mmsi,t,lat,lon,name\n"
POLYGON = b'{"type":"Polygon","coordinates":[[[100,13],[101,13],[101,14],[100,13]]]}'
SHARED = gzip.decompress(files("prasan").joinpath("data", "ais", "gfw_mmsi_416000000.jsonl.gz").read_bytes())


def taken(kit: Kit, path: Path, raw: bytes, name: str | None = None) -> Taken:
    path.write_bytes(raw)
    ((one,), _) = ingest(kit.node, [str(path)], name=name)
    assert one.lines == one.kept + sum(one.dropped.values())
    return one


def row(t: str, mmsi: int = 567_000_001) -> bytes:
    return f"{mmsi},{t},13.5,100.5,SIAM ONE\n".encode()


def test_clocks_that_are_years_off_are_put_aside(kit: Kit, tmp_path: Path) -> None:
    clocks = ("1970-01-01T00:10:00", "2099-01-01T00:00:00", "2564-05-03T00:00:00", "1000", "99999999999")
    raw = HEAD + row("2021-05-03T00:00:00") + b"".join(row(t) for t in clocks) + row("yesterday")
    one = taken(kit, tmp_path / "clocks.csv", raw)
    assert (one.rows, one.quarantined, one.dropped) == (1, 5, {"header": 1, "bad_time": 1})
    assert kit.node.archive.read().num_rows == 1
    assert kit.node.archive.read_quarantine().num_rows == 5


def test_a_long_line_and_garbage_cost_themselves_only(kit: Kit, tmp_path: Path) -> None:
    good = row("2021-05-03T00:00:00")
    raw = HEAD + good + b"5" * 16_385 + b"\n" + b"\xff\x00\xfe" * 50 + b"\n" + b"x" * 16_384 + b"\n" + row("1620000001")
    one = taken(kit, tmp_path / "long.csv", raw)
    assert (one.kept, one.dropped) == (2, {"header": 1, "too_long": 1, "bad_csv_row": 2})
    sentence = b"!AIVDM,1,1,,B,15@:Ip002k3Dr;`78KwapWp@0H5b,0*0F,1276256770\n"
    one = taken(
        kit, tmp_path / "long.nmea", sentence + b"!AIVDM," + b"1" * 16_384 + b"\n" + bytes(range(11, 256)) + b"\n"
    )
    assert (one.kept, one.dropped) == (1, {"too_long": 1, "not_ascii": 1})


def test_nothing_but_garbage_is_refused_and_leaves_nothing(kit: Kit, tmp_path: Path) -> None:
    path = tmp_path / "garbage.csv"
    path.write_bytes(bytes(range(256)) * 1_000)
    with pytest.raises(FormatError, match=r"garbage\.csv"):
        ingest(kit.node, [str(path)])
    assert kit.node.archive.stats().batches == 0


def found(kit: Kit) -> tuple[dict[str, int], int]:
    """Findings by kind, and rows that were heard more than once, of all that the node has."""
    counts: dict[str, Any] = dict(look(kit.node, "file").counts)
    return counts["found"], counts["folded"]


def test_a_feed_that_repeats_itself_says_nothing_new(kit: Kit, tmp_path: Path) -> None:
    lines = len(SHARED.splitlines())
    first = taken(kit, tmp_path / "a.jsonl", SHARED, "feed")
    said, folded = found(kit)
    again = taken(kit, tmp_path / "b.jsonl", SHARED, "feed")
    assert (first.rows, again.rows, again.duplicates) == (lines, 0, lines)
    thrice = taken(kit, tmp_path / "c.jsonl", SHARED * 3, "feed")
    assert (thrice.rows, thrice.duplicates) == (0, 3 * lines), "in whatever batches it comes"
    assert found(kit) == (said, folded)
    assert said["gap"] > 0


def test_two_feeds_of_the_same_traffic_say_what_one_says(kit: Kit, tmp_path: Path) -> None:
    taken(kit, tmp_path / "a.jsonl", SHARED, "one")
    said, folded = found(kit)
    lines = len(SHARED.splitlines()) - _unfit(kit)
    taken(kit, tmp_path / "b.jsonl", SHARED, "two")
    assert found(kit) == (said, folded + lines)


def _unfit(kit: Kit) -> int:
    """Rows of one copy that no kernel can use."""
    copies = kit.node.archive.read().num_rows // len(SHARED.splitlines())
    counts: dict[str, Any] = dict(look(kit.node, "file").counts)
    return int(sum(counts["dropped"].values())) // copies


def test_a_folder_is_read_for_what_can_be_read(kit: Kit, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "a.csv").write_bytes(HEAD + row("2021-05-03T00:00:00"))
    (folder / "b.geojson").write_bytes(POLYGON)
    (folder / "c.csv").write_bytes(HEAD + row("2021-05-03T00:00:01"))
    one, two, three = ingest(kit.node, [str(folder)])[0]
    assert [one.rows, two.rows, three.rows] == [1, 0, 1]
    assert "It is a drawing" in two.refused
    assert "areas/" in two.refused
    with pytest.raises(FormatError, match="It is a drawing"):
        ingest(kit.node, [str(folder / "b.geojson"), str(folder / "a.csv")])
    (folder / "a.csv").unlink()
    (folder / "c.csv").unlink()
    with pytest.raises(FormatError, match="It is a drawing"):
        ingest(kit.node, [str(folder)])
