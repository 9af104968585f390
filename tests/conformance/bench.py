"""The table of checks: each has an id, the section of the standard it cites, and a sentence.

The standard is TAXII 2.1, OASIS Standard, 10 June 2021. `MUST` are its requirements on servers; `INFO` are things that
it leaves open and that clients suffer from.
"""

from collections.abc import Callable
from typing import NamedTuple

from conformance.wire import OLD, Answer, Client, Object, Server, envelope, indicator, query


class Bench(NamedTuple):
    """One server with four users: `one` writes, `filled` has seven objects, `empty` has none, `staff` sees none."""

    server: Server
    one: Client
    filled: Client
    empty: Client
    staff: Client
    nobody: Client
    inbox: str
    shelf: str
    token: str

    def add(self, *objects: Object) -> Answer:
        """Post objects as `one`; they are taken."""
        answer = self.one.ask(self.inbox + "objects/", "POST", envelope(objects))
        assert answer.status == 202, answer
        return answer

    def added(self, modified: str = OLD) -> Object:
        """One fresh indicator that is there now."""
        made = indicator(modified=modified)
        self.add(made)
        return made

    def objects(self, **match: str) -> Answer:
        return self.one.ask(f"{self.inbox}objects/{query(**match)}")

    def manifest(self, **match: str) -> Answer:
        return self.one.ask(f"{self.inbox}manifest/{query(**match)}")

    def page(self, **match: str) -> Answer:
        """A page of the collection of seven objects."""
        return self.filled.ask(f"{self.shelf}objects/{query(**match)}")


Check = Callable[[Bench], None]


class Entry(NamedTuple):
    """One line of the table."""

    id: str
    section: str
    what: str
    check: Check


MUST: list[Entry] = []
INFO: list[Entry] = []


def must(name: str, section: str) -> Callable[[Check], Check]:
    """Enter a check into the table; what it says is the first line of its docstring."""
    return _into(MUST, name, section)


def info(name: str, section: str) -> Callable[[Check], Check]:
    return _into(INFO, name, section)


def _into(table: list[Entry], name: str, section: str) -> Callable[[Check], Check]:
    def enter(check: Check) -> Check:
        table.append(Entry(name, section, (check.__doc__ or "").splitlines()[0], check))
        return check

    return enter
