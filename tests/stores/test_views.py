from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prasan.errors import UsageError
from prasan.stores.sqlite import Store
from stores.store_rows import Ask, obj, statement, uid, view

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(clocks=st.lists(st.tuples(st.sampled_from(["us", "th"]), st.integers(0, 50)), max_size=30))
def test_places_are_dense_and_strictly_later_whatever_the_clock_does(
    store: Store, clocks: list[tuple[str, int]]
) -> None:
    before = {name: store.last_place(name) for name in ("us", "th")}
    with store.write() as tx:
        start = sum(place.seq for place in before.values())
        given = [
            (name, tx.put_view(name, view(start + i, raw=b"{}"), now, statement))
            for i, (name, now) in enumerate(clocks)
        ]
    for name in ("us", "th"):
        places = [before[name], *(place for who, place in given if who == name)]
        assert [p.seq for p in places] == list(range(before[name].seq, before[name].seq + len(places)))
        assert all(a.date_added_us < b.date_added_us for a, b in pairwise(places))
        assert store.last_place(name) == places[-1]


def test_a_verbatim_row_sends_the_object_s_own_bytes(store: Store) -> None:
    with store.write() as tx:
        tx.put_object(obj(1))
        tx.put_view("us", view(1), 10, statement)
    (row,) = store.view_page("us", "objects", Ask(), 20)
    assert row.raw == obj(1).raw == store.view_bytes("us", 1)
    assert store.statements("us", "objects", 0, 10, 20)[0].statement == b'{"seq":1}'


def test_a_new_version_supersedes_and_only_the_current_one_is_on_pages(store: Store) -> None:
    later = "2026-01-01T00:00:00.5Z"
    with store.write() as tx:
        tx.put_view("us", view(1, raw=b"1"), 10, statement)
        tx.put_view("us", view(1, later, raw=b"2"), 10, statement)
    assert [row.raw for row in store.view_page("us", "objects", Ask(versions=("all",)), 20)] == [b"2"]
    assert [row.status for row in store.views_of(uid(1))] == ["superseded", "current"]
    assert [row.raw for row in store.view_page("us", "objects", Ask(versions=("2026-01-01T00:00:00.500Z",)), 20)] == [
        b"2"
    ]
    with store.write() as tx, pytest.raises(UsageError):
        tx.put_view("us", view(1, later, raw=b"3"), 10, statement)


def test_narrowed_and_recalled_rows_leave_pages_and_statements(store: Store) -> None:
    with store.write() as tx:
        for number in range(3):
            tx.put_view("us", view(number, raw=b"{}"), 10, statement)
        assert tx.narrow("us", uid(0)) == 1
        assert tx.recall_views("us", uid(1)) == 1
    assert [row.id for row in store.view_page("us", "objects", Ask(), 20)] == [uid(2)]
    assert [sent.seq for sent in store.statements("us", "objects", 0, 10, 20)] == [3]
    assert store.visible([uid(0), uid(2)]) == {uid(2): {"us": uid(2)}}
    assert store.view_counts("us") == {"sanitised": 1}


def test_a_narrowed_view_may_come_back_in_the_same_version(store: Store) -> None:
    with store.write() as tx:
        tx.put_view("us", view(1, raw=b"{}"), 10, statement)
        tx.narrow("us", uid(1))
        place = tx.put_view("us", view(1, raw=b"{}"), 10, statement)
    assert place.seq == 2
    assert len(store.view_page("us", "objects", Ask(), 20)) == 1
    assert store.last_seq("us", "objects") == 2


def test_the_statement_of_a_superseded_row_is_still_served(store: Store) -> None:
    with store.write() as tx:
        tx.put_view("us", view(1, raw=b"1"), 10, statement)
        tx.put_view("us", view(1, "2026-01-02T00:00:00Z", raw=b"2"), 10, statement)
    assert [sent.seq for sent in store.statements("us", "objects", 0, 10, 20)] == [1, 2]


def test_a_page_ends_before_a_row_whose_decision_is_due(store: Store) -> None:
    with store.write() as tx:
        for number in range(3):
            tx.put_view("us", view(number, raw=b"{}"), 10, statement)
        tx.bring_due(["us"], uid(1), 100)
    assert len(store.view_page("us", "objects", Ask(), 99)) == 3
    assert [row.id for row in store.view_page("us", "objects", Ask(), 100)] == [uid(0)]
    assert [sent.seq for sent in store.statements("us", "objects", 0, 10, 100)] == [1]
    with store.write() as tx:
        tx.not_due([("us", uid(1))])
    assert len(store.view_page("us", "objects", Ask(), 100)) == 3


def test_lanes_and_recipients_are_apart(store: Store) -> None:
    with store.write() as tx:
        tx.put_view("us", view(1, raw=b"{}", lane="alerts"), 10, statement)
        tx.put_view("th", view(2, raw=b"{}"), 10, statement)
    assert [row.id for row in store.view_page("us", "alerts", Ask(), 20)] == [uid(1)]
    assert store.view_page("us", "objects", Ask(), 20) == []
    assert store.view_page("us", "alerts", Ask(types=("malware",)), 20) == []
    assert store.view_page("us", "alerts", Ask(spec_versions=("2.0",)), 20) == []
    row = store.view("us", uid(1))
    assert row is not None
    assert (row.lane, row.status) == ("alerts", "current")


def test_what_is_undone_leaves_no_hole(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as tx:  # noqa: PT012
        tx.put_view("us", view(1, raw=b"{}"), 10, statement)
        raise RuntimeError
    with store.write() as tx:
        assert tx.put_view("us", view(2, raw=b"{}"), 10, statement).seq == 1
