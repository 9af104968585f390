"""A store that an older program wrote is brought up to date when it is opened, and loses nothing."""

import sqlite3
from pathlib import Path

import msgspec

from prasan.picture.marking import Marking
from prasan.stores.rows import EVERYBODY, Mapped, Place
from prasan.stores.sqlite import Store
from prasan.stores.sqlite.schema import TABLES, VERSION
from stores.store_rows import Ask, obj, statement, uid, view

OLD = Path(__file__).parent / "schema_3.sql"


def old_store(path: Path) -> None:
    """One object, which a partner was sent whole and can read now, and the built view of one that is gone."""
    kept = obj(1)
    with sqlite3.connect(path) as connection:
        connection.executescript(OLD.read_text())
        connection.execute(
            "INSERT INTO objects VALUES (1, ?, ?, 'v', ?, ?, 'own', ?, ?, x'7b7d', x'7b7d', 5, 'current')",
            (kept.id, kept.version, kept.type, kept.kind, kept.sha256, kept.raw),
        )
        connection.execute(
            "INSERT INTO views VALUES"
            " (1, 'us', 1, ?, ?, 'v', ?, ?, ?, 'objects', 'verbatim', ?, NULL, x'', 9, 'current')",
            (kept.id, kept.version, kept.type, kept.id, kept.version, kept.sha256),
        )
        connection.execute(
            "INSERT INTO views VALUES (2, 'us', 2, ?, ?, 'v', ?, ?, ?, 'objects', 'sanitised', 'h', x'7b7d', x'73', 10,"
            " 'current')",
            (uid(9), kept.version, kept.type, uid(2), kept.version),
        )
        connection.execute("INSERT INTO id_map VALUES ('us', ?, ?, 4, x'7b7d')", (uid(2), uid(9)))
        connection.execute("INSERT INTO states VALUES ('us', ?, 'released', x'5b5d', 9)", (kept.id,))


def test_an_old_store_is_decided_once_more_and_pages_wait_for_that(tmp_path: Path) -> None:
    old_store(tmp_path / "old.db")
    store = Store(tmp_path / "old.db")
    assert store._value("PRAGMA user_version") == VERSION
    assert [(one.recipient, one.object_id) for one in store.due(0)] == [(EVERYBODY, uid(1))]
    assert store.view_page("us", "objects", Ask(), 100) == []
    with store.write() as tx:
        tx.not_due([(EVERYBODY, uid(1))])
    (row, _) = store.view_page("us", "objects", Ask(), 100)
    assert row.raw == obj(1).raw
    assert store.object(uid(1)) == msgspec.structs.replace(obj(1), marking=Marking(), facts=b"{}", received_us=5)
    built = store.view("us", uid(2))
    assert built is not None
    assert (built.seq, built.view_id, built.statement, store.view_bytes("us", 2)) == (2, uid(9), b"s", b"{}")
    assert (store.mapped_back("us", uid(9)), store.mapped("us", uid(2))) == (uid(2), Mapped("us", uid(2), uid(9), 4))
    assert [one.id for one in store.view_page("us", "objects", Ask(ids=(uid(9),)), 100)] == [uid(9)]
    with store.write() as tx:
        assert tx.put_view("us", view(3, raw=b"{}"), 5, statement) == Place(3, 11), "its order goes on"
    store.close()


def test_the_tables_are_those_of_a_new_store(tmp_path: Path) -> None:
    old_store(tmp_path / "old.db")
    Store(tmp_path / "old.db").close()
    with sqlite3.connect(tmp_path / "new.db") as new:
        new.executescript(TABLES)
    assert shape(tmp_path / "old.db") == shape(tmp_path / "new.db")


def shape(path: Path) -> dict[str, object]:
    """Tables with the columns they have, and indexes."""
    with sqlite3.connect(path) as connection:
        names = connection.execute("SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").fetchall()
        columns = {name: {row[1:4] for row in connection.execute(f"PRAGMA table_info({name})")} for _, name in names}
    return {name: (kind, columns[name]) for kind, name in names}
