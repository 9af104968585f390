"""Static records that repeat are given once: the fast way agrees with a plain loop."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from prasan.formats.ais_news import Said, marks_of, news
from prasan.formats.ais_values import NO_TIME_MS, times
from prasan.formats.dialect_values import cleaned

Record = tuple[int, int, str | None]
RECORDS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2), st.sampled_from([None, "A", "B", "A" * 8, "ก" * 9])))


def by_loop(records: Sequence[Record]) -> list[int]:
    last: dict[int, Record] = {}
    said = []
    for at, one in enumerate(records):
        if last.get(one[0]) != one:
            said.append(at)
        last[one[0]] = one
    return said


def by_columns(records: Sequence[Record], said: Said) -> tuple[list[int], Said]:
    mmsi = np.array([one[0] for one in records], np.int64)
    columns = {
        "ship_type": np.array([one[1] for one in records], np.uint16),
        "name": pa.array([None, *(one[2] for one in records)], pa.string())[1:],  # a slice, as readers give
    }
    fresh, said = news(mmsi, columns, np.arange(len(records)), said)
    return fresh.tolist(), said


@given(RECORDS, st.integers(0, 40))
def test_news_are_those_of_a_loop_however_the_records_are_cut(records: list[Record], cut: int) -> None:
    first, said = by_columns(records[:cut], Said())
    second, said = by_columns(records[cut:], said)
    assert first + [at + min(cut, len(records)) for at in second] == by_loop(records)
    assert said.mmsi.tolist() == sorted({one[0] for one in records})


@given(st.lists(st.text(max_size=40), min_size=1, max_size=20))
def test_marks_differ_where_texts_do(texts: list[str]) -> None:
    marks = marks_of({"name": pa.array(texts, pa.string())}, np.arange(len(texts))).tolist()
    assert len(set(zip(texts, marks, strict=True))) == len(set(texts)) == len(set(marks))


def test_columns_do_not_stand_in_for_each_other() -> None:
    one, other = pa.array(["AB", "A", ""], pa.string()), pa.array(["", "B", "AB"], pa.string())
    assert len(set(marks_of({"name": one, "callsign": other}, np.arange(3)).tolist())) == 3


@given(st.lists(st.one_of(st.none(), st.text(max_size=6).filter(bool)), max_size=12))
def test_texts_are_cleaned_alike_whether_looked_at_together_or_one_by_one(texts: list[str | None]) -> None:
    one_by_one = [cleaned(pa.array(["@", text], pa.string())).to_pylist()[1] for text in texts]  # "@": no short cut
    assert cleaned(pa.array(texts, pa.string())).to_pylist() == one_by_one


def test_times_that_a_reader_has_parsed_are_those_of_their_text() -> None:
    texts = ["2021-03-21 04:38:00", "2021-03-21T04:38:00.250", None, "0001-01-01 00:00:00"]
    text = pa.array(texts, pa.string())
    assert times(text.cast(pa.timestamp("us")))[0].tolist() == times(text)[0].tolist()
    assert times(text)[0].tolist()[2] == NO_TIME_MS
