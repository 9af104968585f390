"""Who a user of the ordinary port is: a bearer token, or a password that is verified once and then remembered."""

import hmac
import secrets
import threading
from collections import OrderedDict
from typing import Final, Protocol

REMEMBERED: Final = 1024
"""Users whose last good password is remembered, as a keyed hash and in memory only."""


class User(Protocol):
    """A user as the store knows it."""

    @property
    def name(self) -> str:
        """The name they sign in with."""

    @property
    def role(self) -> str:
        """What they may do."""

    @property
    def password(self) -> str:
        """The argon2id hash, or "" for none."""

    @property
    def partner(self) -> str | None:
        """The identity id that a user of role `partner` acts for."""


class People(Protocol):
    """Where users are looked up, anew at every request: whoever is removed is out at once."""

    def user(self, name: str) -> User | None:
        """One user."""

    def token_user(self, token: str) -> User | None:
        """The user of a bearer token."""

    def check_password(self, name: str, password: str) -> User | None:
        """The user, if the password is right: slow by intent, a few at once, and as slow for a name nobody has."""


class Credentials:
    """Verifies what callers show. Safe to share between threads."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._key = secrets.token_bytes(32)
        self._good: OrderedDict[str, tuple[bytes, str]] = OrderedDict()
        self._guard = threading.Lock()

    def by_token(self, token: str) -> User | None:
        """The user of a bearer token."""
        return self._people.token_user(token)

    def by_password(self, name: str, password: str) -> User | None:
        """The user of a name and a password."""
        user = self._people.user(name)
        digest = hmac.digest(self._key, f"{name}\0{password}".encode(), "sha256")
        if user is not None and self._remembers(user, digest):
            return user
        checked = self._people.check_password(name, password)
        if checked is not None:
            self._remember(checked, digest)
        return checked

    def _remembers(self, user: User, digest: bytes) -> bool:
        """True if this password was good for the hash that is stored now: a changed user is verified anew."""
        with self._guard:
            then, stored = self._good.get(user.name, (b"", ""))
        return bool(stored) and stored == user.password and hmac.compare_digest(digest, then)

    def _remember(self, user: User, digest: bytes) -> None:
        with self._guard:
            self._good[user.name] = (digest, user.password)
            self._good.move_to_end(user.name)
            while len(self._good) > REMEMBERED:
                self._good.popitem(last=False)
