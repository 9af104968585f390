"""What is kept together is kept as it would be one by one."""

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.picture.posted import Item
from prasan.stores.rows import OWN, ObjectRow, ObjectStatus
from prasan.stores.sqlite import Store
from stores.store_rows import obj, uid

US = "identity--us"
VERSIONS = [f"2026-01-0{day}T00:00:00.000Z" for day in (1, 2, 3)]


def row(number: int, version: str, text: str, origin: str, status: ObjectStatus) -> ObjectRow:
    return msgspec.structs.replace(obj(number, version, text=text, origin=origin), status=status)


rows = st.builds(
    row,
    st.integers(1, 4),
    st.sampled_from(VERSIONS),
    st.sampled_from(["a", "b"]),
    st.sampled_from([OWN, US]),
    st.sampled_from(["current", "revoked"]),
)
posts = st.lists(
    st.builds(
        Item,
        st.integers(1, 3).map(uid),
        st.sampled_from(VERSIONS),
        st.just("incident"),
        st.sampled_from(["2.0", "2.1"]),
        st.sampled_from(["h", "i"]),
        st.just(b"{}"),
        st.just({}),
    )
)


def new_stores(folder: str) -> tuple[Store, Store]:
    one, other = (Store(Path(folder) / name, create=True) for name in ("a.db", "b.db"))
    return one, other


@given(st.lists(st.lists(rows, max_size=4, unique_by=lambda row: row.id), max_size=4), st.data())
@settings(max_examples=40, deadline=None)
def test_objects_of_different_ids_together_are_as_one_by_one(lots: list[list[ObjectRow]], data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        together, single = new_stores(folder)
        for lot in lots:
            taken_back = data.draw(st.sampled_from(VERSIONS))
            with together.write() as tx, single.write() as other:
                for one in (tx, other):
                    one.take_back(US, uid(1), [taken_back])
                assert tx.put_objects(lot) == [other.put_object(row) for row in lot]
        for number in range(1, 5):
            assert together.object_versions(uid(number)) == single.object_versions(uid(number))
            assert together.latest_objects([uid(number)]).get(uid(number)) == single.object(uid(number))
            assert together.speaker(uid(number)) == single.speaker(uid(number))
        together.close()
        single.close()


@given(posts)
@settings(max_examples=40, deadline=None)
def test_a_post_together_is_as_one_by_one(items: list[Item]) -> None:
    with TemporaryDirectory() as folder:
        together, single = new_stores(folder)
        with together.write() as tx, single.write() as other:
            assert tx.put_inbox(US, items, 5) == [how for item in items for how in other.put_inbox(US, [item], 5)]
        sql = "SELECT * FROM inbox ORDER BY n"
        assert together._all(sql) == single._all(sql)
        together.close()
        single.close()
