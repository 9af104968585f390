"""Files that commands write are whole, or are not there."""

import gzip
from pathlib import Path

import pytest

from prasan.cli import main
from prasan.cli.output import whole_file

LINE = b"567000001,2021-05-03T00:00:00Z,13.5,100.5\n"


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "arrow"])
def test_a_failure_leaves_the_file_as_it_was(
    tmp_path: Path, form: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    source, out = tmp_path / "cut.csv.gz", tmp_path / "rows"
    source.write_bytes(gzip.compress(b"mmsi,t,lat,lon\n" + LINE * 100_000)[:-20])
    arguments = ["decode", str(source), "--to", form, "--out", str(out)]
    assert main(arguments) == 2
    assert b"ends too early" in capsysbinary.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [source.name]
    out.write_bytes(b"before")
    assert main(arguments) == 2
    assert out.read_bytes() == b"before"


def test_a_file_is_replaced_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"before")
    with whole_file(path) as file:
        file.write(b"after")
        assert path.read_bytes() == b"before"
    assert path.read_bytes() == b"after"
    with whole_file(Path("/dev/null")) as file:
        file.write(b"gone")
    assert not Path("/dev/null").is_file()
