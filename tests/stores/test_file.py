"""The file itself: opening, threads, damage."""

import sqlite3
import threading
from pathlib import Path

import pytest

from prasan.errors import IntegrityError, UsageError
from prasan.stores.sqlite import Store
from stores.store_rows import obj, statement, uid, view


def test_a_store_is_made_once_and_opened_after(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    with pytest.raises(UsageError, match="does not exist"):
        Store(path)
    made = Store(path, create=True)
    with made.write() as tx:
        tx.put_object(obj(1))
    made.close()
    with pytest.raises(UsageError, match="there already"):
        Store(path, create=True)
    again = Store(path)
    assert again.object(uid(1)) == obj(1)
    again.close()


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    path.write_bytes(b"this is not a database, though it is long enough to be read as one" * 40)
    with pytest.raises(IntegrityError, match="damaged"):
        Store(path)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    Store(path, create=True).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(UsageError, match="schema 99"):
        Store(path)


def test_writers_of_many_threads_take_turns(store: Store) -> None:
    def work(base: int) -> None:
        for number in range(base, base + 20):
            with store.write() as tx:
                tx.put_view("us", view(number, raw=b"{}"), 5, statement)

    threads = [threading.Thread(target=work, args=(n * 100,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.last_place("us").seq == 80
    assert store.view_counts("us") == {"sanitised": 80}


def test_a_copy_is_whole(store: Store, tmp_path: Path) -> None:
    with store.write() as tx:
        tx.put_object(obj(1))
    store.copy_to(tmp_path / "copy.db")
    copy = Store(tmp_path / "copy.db")
    assert copy.object(uid(1)) == obj(1)
    copy.close()


def test_several_reads_see_one_state(store: Store) -> None:
    with store.write() as tx:
        tx.put_object(obj(1))
    with store.read() as reads:
        assert reads.object_count() == 1
        threading_write(store)
        assert reads.object_count() == 1
    assert store.object_count() == 2


def threading_write(store: Store) -> None:
    def work() -> None:
        with store.write() as tx:
            tx.put_object(obj(2))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_threads_that_ended_leave_no_connection_behind(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.db", create=True)

    def look() -> None:
        assert store.partners() == []

    for _ in range(20):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert len(store._opened) <= 2
    store.close()


def test_the_log_is_folded_back_when_enough_waits_for_it(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    store = Store(path, create=True)
    store.fold_back()
    for number in range(3):
        before = path.read_bytes()
        store.fold_back(3)
        assert path.read_bytes() == before
        with store.write() as tx:
            tx.put_object(obj(number))
    store.fold_back(3)
    assert obj(2).raw in path.read_bytes()
    store.close()
