"""Ids as numbers: nothing that is decided hangs on what somebody may not know of."""

import pytest

from prasan.errors import UsageError
from prasan.stores.rows import Mapped
from prasan.stores.sqlite import Store
from prasan.stores.sqlite.profiles import Pending
from stores.store_rows import Ask, obj, statement, uid, view


def test_what_is_due_at_one_time_is_in_order_of_arrival_whatever_others_refer_to(store: Store) -> None:
    with store.write() as tx:
        tx.put_object(obj(9))
        tx.set_refs([(uid(2), uid(9))])
        for number in (1, 2):
            tx.put_object(obj(number))
        tx.bring_all_due([(uid(number), 5) for number in (2, 1)])
    assert [one.object_id for one in store.due(5)] == [uid(1), uid(2)]


def test_an_id_that_is_taken_back_comes_after_what_came_before(store: Store) -> None:
    """Somebody spoke for it first: in the order in which others are decided, that leaves nothing."""
    with store.write() as tx:
        for number in (1, 2):
            tx.put_object(obj(number))
        tx.put_view("us", view(1), 5, statement)
        tx.set_mapped(Mapped("us", uid(1), uid(7), 5))
        tx.remove_object(uid(1))
        tx.put_object(obj(1, text="ours"))
        tx.bring_all_due([(uid(number), 5) for number in (1, 2)])
    assert [one.object_id for one in store.due(5)] == [uid(2), uid(1)]
    assert [row.object_id for row in store.views_of(uid(1))] == [uid(1)]
    assert store.mapped_back("us", uid(7)) == uid(1)


def test_what_waits_is_there_for_whoever_asks(store: Store) -> None:
    with store.write() as tx:
        tx.put_view("us", view(1, raw=b"{}"), 5, statement)
        tx.set_mapped(Mapped("us", uid(1), uid(7), 5))
        assert tx.mapped_back("us", uid(7)) == uid(1)
        with pytest.raises(UsageError), tx.part():  # noqa: PT012
            tx.put_view("us", view(2, raw=b"{}"), 5, statement)
            tx.set_mapped(Mapped("us", uid(2), uid(8), 5))
            tx.put_view("us", view(1, raw=b"{}"), 5, statement)
        with tx.part():
            tx.put_view("us", view(3, raw=b"{}"), 5, statement)
    assert [row.id for row in store.view_page("us", "objects", Ask(), 20)] == [uid(1), uid(3)]
    assert store.mapped_back("us", uid(8)) is None
    assert store.last_place("us").seq == 2


def test_who_refers_is_decided_again_also_if_its_row_waits(store: Store) -> None:
    with store.write() as tx:
        for number in (1, 2, 3):
            tx.put_object(obj(number))
        tx.set_refs([(uid(1), uid(2)), (uid(1), uid(3))])
        tx.put_view("us", view(2), 5, statement, first=True)
        tx.bring_referrers([("us", uid(1))], 5)
    assert [one.object_id for one in store.due(5)] == [uid(2)]


def test_a_profile_is_narrowed_object_by_object_for_all_to_whom_it_is_alike(store: Store) -> None:
    with store.write() as tx:
        for number in range(1, 5):
            tx.put_object(obj(number))
            for to in ("us", "th", "staff"):
                tx.put_view(to, view(number), 5, statement)
        tx.put_object(obj(5))
        for to in ("us", "th"):
            tx.put_pending(to, [0], 5)
        seen = list[list[tuple[str, str]]]()
        while alike := tx.pending():
            assert {one.after for one in alike} == {alike[0].after}
            seen.append(sorted(tx.narrow_profile(alike, 3)))
    assert sorted(pair for some in seen for pair in some) == [(to, uid(n)) for to in ("th", "us") for n in range(1, 5)]
    assert [len(some) for some in seen] == [3, 3, 2]
    assert store.view_counts("us") == store.view_counts("th") == {}
    assert store.view_counts("staff") == {"verbatim": 4}


def test_the_order_of_what_is_pending_does_not_hang_on_which_profile_came_first(store: Store) -> None:
    with store.write() as tx:
        late, soon = tx.profile_number(b'{"type":"b"}'), tx.profile_number(b'{"type":"a"}')
        vessel = tx.profile_number(b'{"type":"prasan-vessel"}')
        tx.put_pending("us", [late, soon, vessel], 5)
    assert store.pending() == [Pending("us", number, 0) for number in (vessel, soon, late)]
