"""`detect --home` reads fewer columns in another order: what it finds is the same."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from prasan.archive.archive import Archive
from prasan.detect.rules import PRASAN, preset
from prasan.detect.run import detect
from prasan.exercise.player import play
from prasan.feeds.reference import load_scenario, reference_world
from prasan.picture.position import POSITIONS, STATICS
from prasan.tracks.settle import COLUMNS


@pytest.fixture(scope="module")
def exercise() -> pa.Table:
    return play(load_scenario("gulf-andaman"), "exercise").positions


@pytest.mark.parametrize("kinds", [None, ["gap"]])
def test_the_columns_that_kinds_use_find_what_all_columns_find(
    exercise: pa.Table, tmp_path: Path, kinds: list[str] | None
) -> None:
    late = np.arange(len(exercise)) % 3 == 0  # several files of one day, that overlap
    other = exercise.set_column(
        exercise.column_names.index("source"),
        POSITIONS.field("source"),
        pa.array(["other"] * len(exercise)).dictionary_encode(),
    )
    with Archive.open(tmp_path) as archive:
        for name, rows in (
            ("a", exercise.filter(pa.array(late))),
            ("b", exercise.filter(pa.array(~late))),
            ("c", other),
        ):
            archive.append(name, "some", rows, STATICS.empty_table())
        whole, some = archive.read(), archive.read(columns=COLUMNS, ordered=False)
    assert set(some.column_names) == set(COLUMNS) < set(POSITIONS.names)
    rules, world = preset(PRASAN), reference_world()
    found = detect(some, None, rules, world, kinds=kinds)
    assert found == detect(whole, None, rules, world, kinds=kinds)
    assert found.findings


def test_second_looks_are_counted_and_are_few(exercise: pa.Table) -> None:
    counts = detect(exercise, None, preset(PRASAN), reference_world()).counts
    looked, shares = counts["second_looks"], counts["second_looks_share"]
    assert {"stop", "port_visit", "encounter"} <= looked.keys() == shares.keys()
    for name, number in looked.items():
        assert 0 < number < len(exercise)
        assert shares[name] == pytest.approx(number / len(exercise), abs=1e-4)
