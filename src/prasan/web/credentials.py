"""Who a user of the ordinary port is: a bearer token, or a password that is verified once and then remembered."""

import hmac
import secrets
import threading
from collections import OrderedDict
from typing import Final, Protocol

from prasan.web.guessing import Limits, TooSoon

REMEMBERED: Final = 1024
"""Users whose last good and last wrong password are remembered, as keyed hashes and in memory only."""


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
    """Verifies what callers show. Safe to share between threads.

    Tokens are 256 random bits and looked up by their hash: there is nothing to guess, so nothing is limited.
    """

    def __init__(self, people: People, limits: Limits | None = None) -> None:
        self._people, self._limits = people, limits or Limits()
        self._key = secrets.token_bytes(32)
        self._good, self._wrong = _Memory(), _Memory()

    def by_token(self, token: str) -> User | None:
        """The user of a bearer token."""
        return self._people.token_user(token)

    def by_password(self, name: str, password: str, address: str = "") -> User | None:
        """The user of a name and a password, asked from an address. TooSoon after too many wrong ones.

        A name that nobody has goes the same way. The same wrong password again is no new guess and counts once.
        """
        who, digest = self._hash(name), self._hash(f"{name}\0{password}")
        keys = self._limits.keys(name, address)
        with self._limits.turn(keys, digest) as mine:
            user = self._people.user(name)
            stored = user.password if user else ""
            if self._wrong.has(who, digest, stored):
                return None
            if not self._good.has(who, digest, stored):
                if not mine:
                    raise TooSoon(1)
                user = self._people.check_password(name, password)
            if user is None:
                self._wrong.keep(who, digest, stored)
                self._limits.failed(keys)
                return None
            self._good.keep(who, digest, user.password)
            self._limits.passed(keys, name, address)
            return user

    def _hash(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256")


class _Memory:
    """The last password of each of a number of users, with the hash that was stored when it was checked: a user that
    has changed since is verified anew."""

    def __init__(self) -> None:
        self._last: OrderedDict[bytes, tuple[bytes, str]] = OrderedDict()
        self._guard = threading.Lock()

    def has(self, who: bytes, digest: bytes, stored: str) -> bool:
        """True if this password was checked against this stored hash."""
        with self._guard:
            then, against = self._last.get(who, (b"", ""))
        return against == stored and hmac.compare_digest(digest, then)

    def keep(self, who: bytes, digest: bytes, stored: str) -> None:
        """Remember it; those of users longest ago are let go."""
        with self._guard:
            self._last[who] = (digest, stored)
            self._last.move_to_end(who)
            while len(self._last) > REMEMBERED:
                self._last.popitem(last=False)
