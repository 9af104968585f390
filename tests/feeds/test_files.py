import gzip
import io
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.errors import FormatError, UsageError
from prasan.feeds import unpack
from prasan.feeds.files import Summary, list_files, read_source, read_sources
from prasan.feeds.unpack import FREE, RATIO
from prasan.formats.ais_batch import Counts

CSV = b"mmsi,t,lat,lon\n567000001,2021-03-21T04:38:00Z,13.5,100.5\nbad\n"
NMEA = b"!AIVDM,1,1,,B,15@:Ip002k3Dr;`78KwapWp@0H5b,0*0F,1276256770\n"


def summary(*sources: str) -> Summary:
    total = Summary()
    for item in read_sources(sources):
        total = total.add(item)
    return total


def test_a_folder_is_read_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.csv").write_bytes(CSV)
    (tmp_path / "sub" / "a.nmea.gz").write_bytes(gzip.compress(NMEA) + gzip.compress(NMEA))
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / ".hidden.csv").write_bytes(b"junk")
    (tmp_path / "notes.pdf").write_bytes(b"junk")
    found = summary(str(tmp_path)).to_json()
    assert found["files"] == 3
    assert (found["lines"], found["kept"], found["dropped"]) == (5, 3, {"header": 1, "bad_csv_row": 1})
    assert found["by_file"] == {
        str(tmp_path / "b.csv"): {"lines": 3, "kept": 1, "dropped": {"header": 1, "bad_csv_row": 1}},
        str(tmp_path / "empty.csv"): {"lines": 0, "kept": 0, "dropped": {}},
        str(tmp_path / "sub" / "a.nmea.gz"): {"lines": 2, "kept": 2, "dropped": {}},
    }


def test_what_is_no_ais_in_a_folder_is_passed_over_and_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"colour,size\nred,3\n")
    (tmp_path / "b.csv").write_bytes(CSV)
    (tmp_path / "c.csv").write_bytes(b"\x00\x01\x02" * 900)
    refused: dict[str, FormatError] = {}
    items = list(read_sources([str(tmp_path)], refused=refused.__setitem__))
    assert {item.source for item in items} == {str(tmp_path / "b.csv")}
    assert set(refused) == {str(tmp_path / "a.csv"), str(tmp_path / "c.csv")}
    with pytest.raises(FormatError, match=r"a\.csv"):
        list(read_sources([str(tmp_path)]))
    with pytest.raises(FormatError, match=r"a\.csv"):
        list(read_sources([str(tmp_path / "a.csv"), str(tmp_path)], refused=refused.__setitem__))
    (tmp_path / "b.csv").unlink()
    with pytest.raises(FormatError, match=r"c\.csv"):
        list(read_sources([str(tmp_path)], refused=refused.__setitem__))


def test_rows_carry_the_name_as_given_or_another(tmp_path: Path) -> None:
    path = tmp_path / "a.nmea"
    path.write_bytes(NMEA)
    for name, wanted in ((None, str(path)), ("AMSA", "AMSA")):
        (row,) = [row for item in read_source(str(path), name=name) for row in item.batch.positions.to_pylist()]
        assert row["source"] == wanted


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(NMEA))))
    assert summary("-").total.kept == 1


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no file or folder") as caught:
        list_files([str(tmp_path / "none.csv")])
    assert caught.value.remedy
    with pytest.raises(UsageError, match="has no file to read"):
        list_files([str(tmp_path)])
    with pytest.raises(UsageError, match="cannot be read"):
        list(read_source(str(tmp_path)))


def test_an_unknown_format_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b,c,d\n1,2,3,4\n")
    with pytest.raises(FormatError, match=r"x\.csv.*Columns read: a, b, c, d"):
        list(read_source(str(path)))


def test_zstd_that_is_cut_is_said(tmp_path: Path) -> None:
    path, whole = tmp_path / "x.zst", packed("zst", NMEA * 1000)
    path.write_bytes(whole[:-20])
    with pytest.raises(FormatError, match="ends too early"):
        list(read_source(str(path)))


def test_damaged_gzip_is_said(tmp_path: Path) -> None:
    path, whole = tmp_path / "x.gz", gzip.compress(NMEA * 1000)
    for data, words in ((whole[:-20], "ends too early"), (whole[:40] + b"\xff" * 40 + whole[80:], "damaged")):
        path.write_bytes(data)
        with pytest.raises(FormatError, match=words):
            list(read_source(str(path)))


def packed(kind: str, data: bytes) -> bytes:
    if kind == "gz":
        return gzip.compress(data)
    if kind == "zst":
        return pa.compress(data, "zstd", asbytes=True)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ais.csv", data)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["gz", "zst", "zip"])
def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(unpack, "FREE", 1 << 20)
    path = tmp_path / f"bomb.{kind}"
    path.write_bytes(packed(kind, bytes(16 << 20)))
    with pytest.raises(FormatError, match=f"more than {RATIO} times"):
        list(read_source(str(path), dialect="nmea", piece=1 << 16))
    assert FREE > 1 << 20


@pytest.mark.parametrize("kind", ["gz", "zst", "zip"])
def test_packed_files_are_read_like_plain_ones(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"x.csv.{kind}"
    path.write_bytes(packed(kind, CSV))
    assert summary(str(path)).total == Counts(3, 1, {"header": 1, "bad_csv_row": 1})
    assert list_files([str(tmp_path)]) == [str(path)]


def test_several_frames_in_one_file_are_one_stream(tmp_path: Path) -> None:
    path, cut = tmp_path / "x.zst", len(CSV) - 7
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00note"
    path.write_bytes(skippable + packed("zst", CSV[:cut]) + packed("zst", CSV[cut:]))
    assert summary(str(path)).total.lines == 3


def test_the_files_of_a_zip_are_streams_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "year.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("day1/a.csv", CSV)
        archive.writestr("day2/b.nmea", NMEA)
        archive.writestr("__MACOSX/a.csv", b"junk")
        archive.writestr("readme.pdf", b"junk")
    assert summary(str(path)).total == Counts(4, 2, {"header": 1, "bad_csv_row": 1})


def test_a_zip_without_a_file_of_ours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.pdf", b"junk")
    with pytest.raises(FormatError, match="holds 0 files"):
        list(read_source(str(path)))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["gz", "zst", "zip"]), st.data())
def test_damaged_packing_is_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "x"
    text = bytearray(packed(kind, CSV + b"567000001,2021-03-21T04:38:00Z,13.5,100.5\n" * 50))
    for _ in range(data.draw(st.integers(0, 4))):
        text[data.draw(st.integers(4, len(text) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(text[: data.draw(st.integers(4, len(text)))]))
    try:
        assert summary(str(path)).total.adds_up
    except FormatError:
        return


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.sampled_from(["", "gz", "zst", "zip"]))
def test_the_size_of_the_pieces_read_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, piece: int, kind: str
) -> None:
    path = tmp_path_factory.mktemp("pieces") / "x"
    path.write_bytes(packed(kind, CSV) if kind else CSV)
    rows = [row for item in read_source(str(path), piece=piece) for row in item.batch.positions.to_pylist()]
    assert [row["mmsi"] for row in rows] == [567000001]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"]))
def test_random_files_are_read_or_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, head: bytes
) -> None:
    path = tmp_path_factory.mktemp("noise") / "x"
    path.write_bytes(head + noise)
    try:
        assert summary(str(path)).total.adds_up
    except FormatError:
        return


@pytest.mark.parametrize("piece", [1, 7, 64, 1 << 16])
def test_zeros_between_and_behind_members_are_padding(tmp_path: Path, piece: int) -> None:
    path = tmp_path / "x.nmea.gz"
    path.write_bytes(gzip.compress(NMEA) + bytes(100) + gzip.compress(NMEA) + bytes(300))
    items = list(read_source(str(path), piece=piece))
    assert sum(item.batch.counts.kept for item in items) == 2
