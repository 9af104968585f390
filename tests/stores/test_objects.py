import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.stores.rows import EventRow, version_key
from prasan.stores.sqlite import Store
from stores.store_rows import EXERCISE, obj, uid


def test_the_bytes_and_the_marking_come_back(store: Store) -> None:
    with store.write() as tx:
        assert tx.put_object(obj(1)) == "new"
        assert tx.put_object(obj(1)) == "same"
        assert tx.put_object(obj(1, text="other")) == "conflict"
    row = store.object(uid(1))
    assert row == obj(1)
    assert row is not None
    assert row.marking == EXERCISE


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_latest_version_is_current_in_any_order_of_arrival(store: Store, order: tuple[int, ...]) -> None:
    versions = ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.25Z", "2026-01-01T00:00:01Z"]
    with store.write() as tx:
        for index in order:
            tx.put_object(obj(1, versions[index]))
    assert [row.status for row in store.object_versions(uid(1))] == ["superseded", "superseded", "current"]
    assert [row.version for _, row in store.objects()] == versions[2:]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_same_instant_written_in_another_way_is_another_version(store: Store, order: tuple[int, int]) -> None:
    versions = ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00Z")
    with store.write() as tx:
        for index in order:
            assert tx.put_object(obj(1, versions[index])) == "new"
    latest = store.object(uid(1))
    assert latest is not None
    assert (latest.version, latest.status) == (versions[1], "current"), "whichever came first"


def test_what_was_taken_back_is_never_shown_even_if_it_comes_later(store: Store) -> None:
    early, late = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
    with store.write() as tx:
        tx.put_object(obj(1, early, origin="identity--us"))
        assert tx.take_back("identity--us", uid(1), [early, late]) == 1
        assert tx.take_back("identity--us", uid(1), [early, late]) == 0
        tx.put_object(obj(1, late, origin="identity--us"))
    assert [row.status for row in store.object_versions(uid(1))] == ["withdrawn", "withdrawn"]
    with store.write() as tx:
        tx.put_object(obj(1, "2026-01-03T00:00:00Z", origin="identity--us"))
    assert [row.status for row in store.object_versions(uid(1))][2:] == ["current"], "a later version is a new one"


@given(st.lists(st.integers(0, 10**9 - 1), min_size=2, max_size=2), st.integers(0, 9), st.integers(0, 9))
def test_version_keys_order_as_times_do(fractions: list[int], pad_a: int, pad_b: int) -> None:
    a, b = (
        version_key(f"2026-01-01T00:00:00.{n:09d}{'0' * pad}Z")
        for n, pad in zip(fractions, (pad_a, pad_b), strict=True)
    )
    assert (a < b, a == b) == (fractions[0] < fractions[1], fractions[0] == fractions[1])


def test_the_first_sender_is_the_speaker(store: Store) -> None:
    with store.write() as tx:
        tx.put_object(obj(1, origin="identity--us"))
        tx.set_speaker(uid(1), "identity--th", 5)
    assert store.speaker(uid(1)) == "identity--us"
    assert store.speaker(uid(2)) is None


def test_withdrawn_objects_are_hidden_and_not_counted(store: Store) -> None:
    with store.write() as tx:
        for number in range(3):
            tx.put_object(obj(number, origin="identity--us"))
        assert tx.take_back("identity--us", uid(1), [obj(1).version]) == 1
        assert tx.take_back("identity--us", uid(1), [obj(1).version]) == 0
    assert store.object_count("identity--us") == 2
    assert [row.id for row in store.each_object()] == [uid(0), uid(2)]
    assert store.objects(types=("malware",)) == []


def test_events_keep_their_life(store: Store) -> None:
    first, second = (EventRow("e1", n, "gap", "open", b"%d" % n) for n in (1, 2))
    with store.write() as tx:
        assert tx.put_event(first)
        assert tx.put_event(second)
        assert not tx.put_event(first)
    assert store.events("gap") == [second]
    assert store.event("e1", 1) == first
    assert store.event("e1") == second
    assert store.event_life("e1") == [first, second]
