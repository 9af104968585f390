"""Variants of an object: one a recipient, under the object's own id."""

import re
import sqlite3
from pathlib import Path

import msgspec

from prasan.picture.marking import PUBLIC
from prasan.stores.sqlite import Store
from prasan.stores.sqlite.schema import UPGRADES, VERSION
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


def test_all_that_is_due_names_variants_once(store: Store) -> None:
    with store.write() as tx:
        tx.put_object(obj(1))
        tx.put_variant("us", obj(1))
        tx.put_variant("us", obj(2))
        tx.put_variant("them", obj(3))
        assert tx.set_all_due("us", 5) == 2
    assert {one.object_id for one in store.due(5)} == {uid(1), uid(2)}


def test_a_store_of_the_version_before_is_brought_up(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    Store(path, create=True).close()
    with sqlite3.connect(path) as connection:
        for table in re.findall(r"CREATE TABLE (\w+)", "".join(UPGRADES.values())):
            connection.execute(f"DROP TABLE {table}")
        for table, column in re.findall(r"ALTER TABLE (\w+) ADD COLUMN (\w+)", "".join(UPGRADES.values())):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.execute("PRAGMA user_version = 2")
    store = Store(path)
    with store.write() as tx:
        tx.put_variant("us", obj(1))
    assert store.variant("us", uid(1)) is not None
    assert store._value("PRAGMA user_version") == VERSION
    store.close()
