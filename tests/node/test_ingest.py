"""Files into the archive: batches are stored while the next are read, and nothing is lost or doubled on the way."""

import gzip
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.node_kit import Hands, Kit, uuid_of
from prasan.node.keeping.founding import found
from prasan.node.seeing import ingest as module
from prasan.node.seeing.ingest import ingest, tidy
from prasan.node.settings import Settings


def made(tmp_path: Path) -> Kit:
    settings = Settings("th-mc", f"identity--{uuid_of('th-mc')}", "TH", sync_every_s=0)
    hands = Hands()
    found(tmp_path / "home", settings, hands.clock)
    return Kit(tmp_path / "home", hands)


def table(tmp_path: Path, lines: int) -> str:
    raw = gzip.decompress(files("prasan").joinpath("data", "ais", "noaa_2022-01-03_sample.csv.gz").read_bytes())
    path = tmp_path / "day.csv"
    path.write_bytes(b"".join(raw.splitlines(keepends=True)[: lines + 1]))
    return str(path)


def test_rows_and_account_do_not_depend_on_the_batches(
    tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS", 4_000)
    monkeypatch.setattr(module, "PIECE", 1 << 19)
    kit = made(tmp_path)
    path = table(tmp_path, 20_000)
    (first,), _ = ingest(kit.node, [path])
    assert (first.lines, first.kept, first.rows, first.dropped) == (20_001, 20_000, 20_000, {"header": 1})
    assert kit.node.archive.read().num_rows == 20_000
    assert kit.node.archive.stats().batches > 1
    (again,), _ = ingest(kit.node, [path])
    assert (again.rows, again.duplicates) == (0, 20_000)
    before = kit.node.archive.read()
    assert tidy(kit.node).closed
    assert kit.node.archive.read().equals(before)
    assert kit.node.archive.stats().bins > 0
    kit.close()


def test_rows_that_come_again_in_other_batches_are_left_out(tmp_path: Path, quick: None) -> None:
    """A file that has grown, and one that starts later: under one source's name each row is stored once."""
    kit = made(tmp_path)
    part = Path(table(tmp_path, 9_000)).rename(tmp_path / "part.csv")
    grown = Path(table(tmp_path, 12_000))
    header, *rows = grown.read_bytes().splitlines(keepends=True)
    later = tmp_path / "later.csv"
    later.write_bytes(b"".join([header, *rows[5_000:]]))
    counts, statics = [], []
    for path in (part, grown, later, grown):
        (taken,), _ = ingest(kit.node, [str(path)], name="coast")
        counts.append((taken.rows, taken.duplicates))
        statics.append(kit.node.archive.read_statics().num_rows)
    assert counts == [(9_000, 0), (3_000, 9_000), (0, 7_000), (0, 3_000)]
    stored = kit.node.archive.read(["coast"])
    assert stored.num_rows == 12_000
    whole = made(tmp_path / "whole")
    ingest(whole.node, [str(grown)], name="coast")
    assert stored.equals(whole.node.archive.read(["coast"]))
    assert statics[1] == whole.node.archive.read_statics().num_rows
    assert statics[2] == statics[3]
    (other,), _ = ingest(kit.node, [str(part)], name="another")
    assert (other.rows, other.duplicates) == (9_000, 0), "another receiver heard the same"
    whole.close()
    kit.close()


WORDS = st.lists(st.sampled_from(["", "ASIA", "EVER GIVEN", None]), min_size=1, max_size=12)
NUMBERS = st.lists(st.integers(0, 3) | st.none(), min_size=12, max_size=12)


@given(WORDS, NUMBERS, st.lists(st.integers(0, 12), max_size=4))
def test_a_batch_is_named_by_its_rows_however_they_are_cut(
    words: list[str | None], numbers: list[int | None], cuts: list[int]
) -> None:
    text = pa.array(words, pa.string())
    whole = pa.table({"n": pa.array(numbers[: len(words)], pa.uint16()), "w": text, "d": text.dictionary_encode()})
    edges = [0, *sorted(min(cut, len(words)) for cut in cuts), len(words)]
    parts = pa.concat_tables([whole.slice(begin, end - begin) for begin, end in pairwise(edges)])
    assert module._digest(parts.unify_dictionaries()) == module._digest(whole)
    other = [None if one == 0 else 0 if one is None else one for one in numbers[: len(words)]]
    changed = whole.set_column(0, "n", pa.array(other, pa.uint16()))
    assert (module._digest(changed) == module._digest(whole)) == bool(changed.equals(whole))
    turned = whole.set_column(1, "w", pa.array([word and word[::-1] for word in words], pa.string()))
    assert (module._digest(turned) == module._digest(whole)) == bool(turned.equals(whole))
