"""Variants of an object: one a recipient, under the object's own id."""

import msgspec

from prasan.picture.marking import PUBLIC
from prasan.stores.sqlite import Store
from stores.store_rows import EXERCISE, obj, uid


def test_the_latest_of_each_recipient_is_kept(store: Store) -> None:
    first, second = obj(1, text="a"), msgspec.structs.replace(obj(1, "2026-02-01T00:00:00Z", text="b"), marking=PUBLIC)
    with store.write() as tx:
        tx.put_object(obj(1))
        tx.put_variant("us", first, b"{}")
        tx.put_variant("us", second, b'{"n":1}')
        tx.put_variant("them", first)
        tx.put_variant("us", obj(2))
    assert store.variant("us", uid(1)) == second
    assert store.variant("them", uid(1)) == first
    assert store.variant("public", uid(1)) is None
    assert store.variant_events("us") == [b'{"n":1}']
    assert store.object(uid(1)) == obj(1), "the object itself is as it was"
    assert [row.marking for row in (first, second)] == [EXERCISE, PUBLIC]


def test_one_that_is_dropped_is_gone_for_that_recipient(store: Store) -> None:
    with store.write() as tx:
        tx.put_variant("us", obj(1))
        tx.put_variant("them", obj(1))
        tx.drop_variant("us", uid(1))
    assert store.variant("us", uid(1)) is None
    assert store.variant("them", uid(1)) is not None


def test_a_profile_that_is_to_be_decided_anew_brings_its_variants(store: Store) -> None:
    with store.write() as tx:
        for to, number, profile in (("us", 1, b"a"), ("us", 2, b"b"), ("them", 3, b"a")):
            tx.put_variant(to, msgspec.structs.replace(obj(number), profile=profile))
        tx.put_pending("us", [tx.profile_number(b"a")], 5)
    assert [(one.recipient, one.object_id) for one in store.due(5)] == [("us", uid(1))]
