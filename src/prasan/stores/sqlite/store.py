"""The store as a whole: opening, threads, the one writer, and every group of verbs under one name."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from prasan.errors import IntegrityError, Unreachable, UsageError
from prasan.stores.sqlite.accord_changes import AccordChangeReads, AccordChangeWrites
from prasan.stores.sqlite.consents import ConsentReads, ConsentWrites
from prasan.stores.sqlite.events import EventReads, EventWrites
from prasan.stores.sqlite.inbox import InboxReads, InboxWrites
from prasan.stores.sqlite.intake import IntakeReads, IntakeWrites
from prasan.stores.sqlite.link import Values, begin, connect
from prasan.stores.sqlite.logs import LogReads, LogWrites
from prasan.stores.sqlite.meta import MetaReads, MetaWrites
from prasan.stores.sqlite.objects import ObjectReads, ObjectWrites
from prasan.stores.sqlite.partners import PartnerReads, PartnerWrites
from prasan.stores.sqlite.people import PeopleReads, PeopleWrites
from prasan.stores.sqlite.profiles import BRING_REFERRERS, ProfileReads, ProfileWrites
from prasan.stores.sqlite.recalls import RecallReads, RecallWrites
from prasan.stores.sqlite.requests import RequestReads, RequestWrites
from prasan.stores.sqlite.saying import SayingReads
from prasan.stores.sqlite.schema import TABLES, UPGRADES, VERSION
from prasan.stores.sqlite.standing import PUT_MAPPED, StandingReads, StandingWrites
from prasan.stores.sqlite.trust import TrustReads, TrustWrites
from prasan.stores.sqlite.turns import Turns
from prasan.stores.sqlite.variants import VariantReads, VariantWrites
from prasan.stores.sqlite.views import PUT_ROW, ViewReads, ViewWrites


class Reads(
    ObjectReads,
    VariantReads,
    ViewReads,
    StandingReads,
    PartnerReads,
    PeopleReads,
    IntakeReads,
    RecallReads,
    ConsentReads,
    RequestReads,
    AccordChangeReads,
    SayingReads,
    InboxReads,
    EventReads,
    LogReads,
    MetaReads,
    TrustReads,
    ProfileReads,
):
    """Every verb that only reads."""


class Tx(
    Reads,
    ObjectWrites,
    VariantWrites,
    ViewWrites,
    ProfileWrites,
    StandingWrites,
    PartnerWrites,
    PeopleWrites,
    IntakeWrites,
    RecallWrites,
    ConsentWrites,
    RequestWrites,
    AccordChangeWrites,
    InboxWrites,
    EventWrites,
    LogWrites,
    MetaWrites,
    TrustWrites,
):
    """Every verb, inside one transaction: all of it becomes visible at its end, or none."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._places = {}
        self._frontiers = {}
        self._entries = []
        self._known = None
        self._profiles, self._objects, self._recipients = {}, {}, {}
        self._later = _nothing()

    def finish(self) -> None:
        """Write what was kept in memory until the end."""
        self.write_places()
        self.write_entries()
        self.write_frontiers()

    @property
    def _con(self) -> sqlite3.Connection:
        """Whatever is asked for, it is asked of all that was written so far."""
        if any(self._later.values()):
            later, self._later = self._later, _nothing()
            for sql, rows in later.items():
                self._connection.executemany(sql, rows)
        return self._connection

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the transaction that is undone alone if anything is raised inside."""
        self.write_entries()
        places, frontiers = dict(self._places), dict(self._frontiers)
        self._con.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK TO part")
            self._places, self._frontiers, self._known = places, frontiers, None
            self._entries = []
            self._profiles, self._objects, self._recipients = {}, {}, {}
            self._later = _nothing()
            raise
        finally:
            self._connection.execute("RELEASE part")


def _nothing() -> dict[str, list[Values]]:
    """What is referred to is brought after the rows are there that refer to it."""
    return {PUT_ROW: [], PUT_MAPPED: [], BRING_REFERRERS: []}


class Store(Reads):
    """A node's documents in one file. Reading verbs may be called from any thread; writing is `with store.write()`."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open the file, or make it with `create`. UsageError if it is not there; IntegrityError if it is no store."""
        if create == path.exists():
            raise UsageError(
                f"The store {path} {'is there already' if create else 'does not exist'}.",
                "Choose another folder." if create else "Make a node home with 'prasan init'.",
            )
        self._path = path
        self._local = threading.local()
        self._opened: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._guard = threading.Lock()
        self._writing = Turns()
        self._unfolded = 0
        with _named(path):
            self._make() if create else self._check()

    @property
    def _con(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = connect(str(self._path))
            self._local.connection = connection
            with self._guard:
                self._let_go(lambda thread: not thread.is_alive())
                self._opened.append((threading.current_thread(), connection))
        return connection

    def _let_go(self, over: Callable[[threading.Thread], bool]) -> None:
        """Close the connections of these threads: a server's come and go."""
        for _, connection in (gone := [one for one in self._opened if over(one[0])]):
            connection.close()
        self._opened = [one for one in self._opened if one not in gone]

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """One immediate transaction: committed (to the disk) at the end, undone if anything is raised inside."""
        with self._writing, _named(self._path):
            connection = self._con
            begin(connection)
            try:
                tx = Tx(connection)
                yield tx
                tx.finish()
                connection.execute("COMMIT")
                self._unfolded += 1
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def read(self) -> Iterator[Reads]:
        """Several reads of one and the same state."""
        connection = self._con
        connection.execute("BEGIN")
        try:
            yield self
        finally:
            connection.execute("ROLLBACK")

    def fold_back(self, least: int = 1) -> None:
        """Copy what was committed from the log into the file, while others read and write, if `least` transactions of
        this process or more wait for that.

        Whoever writes much does so between two transactions; else a commit does it one day, and all who write wait.
        """
        if self._unfolded >= least:
            self._unfolded = 0
            self._con.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def close(self) -> None:
        """Close every thread's connection; the store is then of no further use."""
        with self._guard:
            self._let_go(lambda _: True)

    def copy_to(self, path: Path) -> None:
        """A whole, consistent copy into a new file, while others read and write."""
        target = sqlite3.connect(path)
        try:
            self._con.backup(target)
        finally:
            target.close()

    def _make(self) -> None:
        self._con.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")

    def _check(self) -> None:
        found = self._value("PRAGMA user_version")
        while found in UPGRADES:
            found = self._upgrade(found)
        if found != VERSION:
            raise UsageError(
                f"The store {self._path} has schema {found}, this program knows {VERSION}.",
                "Use the version of prasan that wrote it, or a newer one.",
            )

    def _upgrade(self, version: int) -> int:
        """One version on, unless another process was quicker; the version that the file then has."""
        connection = self._con
        begin(connection)
        if self._value("PRAGMA user_version") == version:
            for statement in UPGRADES[version].split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version + 1}")
        connection.execute("COMMIT")
        return int(self._value("PRAGMA user_version"))


_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
                sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}  # fmt: skip
_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """What a person can act on as a sentence; any other database error is a defect of ours and stays what it is."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _BUSY:
            raise Unreachable(
                f"The store {path} cannot be used now: {error}.", "Free the disk or end the other writer."
            ) from error
        if code in _DAMAGED:
            raise IntegrityError(f"The store {path} is damaged: {error}.", "Restore it from a backup.") from error
        raise
