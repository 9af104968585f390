"""Tables of incidents as files: told by their first line, damaged and over-large ones refused in a sentence."""

import gzip
from pathlib import Path

import pytest

from prasan.errors import FormatError
from prasan.feeds import tables
from prasan.feeds.tables import is_incident_table, read_table
from prasan.formats.incidents import parse

HEAD = b"date,time,longitude,latitude,attack_type,nearest_country,vessel_status\n"
ROW = b"2013-05-11,,104.5,1.2,Boarded,IDN,Steaming\n"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_it_is_told_by_its_first_line(tmp_path: Path, pack: "type[bytes]") -> None:
    path = tmp_path / "attacks.csv"
    path.write_bytes(pack(HEAD + ROW))
    assert is_incident_table(path)
    assert len(parse(read_table(path)).incidents) == 1
    path.write_bytes(pack(b"mmsi,t,lat,lon\nattack_type\n"))
    assert not is_incident_table(path)


@pytest.mark.parametrize("cut", [2, 11, 20, -8])
def test_what_is_cut_or_damaged_is_refused(tmp_path: Path, cut: int) -> None:
    path, whole = tmp_path / "attacks.csv.gz", gzip.compress(HEAD + ROW * 500)
    for data in (whole[:cut], whole[:10] + b"\xff" * 30 + whole[40:]):
        path.write_bytes(data)
        is_incident_table(path)
        with pytest.raises(FormatError, match="cannot be read"):
            read_table(path)


def test_a_bomb_is_not_opened_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_BYTES", 1 << 20)
    path = tmp_path / "attacks.csv.gz"
    path.write_bytes(gzip.compress(HEAD + bytes(64 << 20)))
    assert is_incident_table(path)
    with pytest.raises(FormatError, match="larger than 1 MB"):
        read_table(path)


def test_a_first_line_without_an_end_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / "attacks.csv.gz"
    path.write_bytes(gzip.compress(b"attack_type" + b" " * (64 << 20)))
    assert not is_incident_table(path)


def test_a_file_that_is_not_there_is_no_table(tmp_path: Path) -> None:
    assert not is_incident_table(tmp_path / "none.csv")
