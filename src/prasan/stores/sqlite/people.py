"""Users and what they sign in with. Secrets are kept as hashes only."""

from typing import Final

from prasan.stores.rows import SessionRow, UserRow
from prasan.stores.sqlite.link import Link

_USER: Final = "SELECT name, role, password, partner, changed_us FROM users"


class PeopleReads(Link):
    """Reading them."""

    def user(self, name: str) -> UserRow | None:
        """One user."""
        row = self._one(f"{_USER} WHERE name = ?", (name,))
        return None if row is None else UserRow(*row)

    def users(self) -> list[UserRow]:
        """All users by name."""
        return [UserRow(*row) for row in self._all(f"{_USER} ORDER BY name")]

    def token_user(self, token_sha256: str) -> UserRow | None:
        """The user of a bearer token, by the SHA-256 of the token in hex."""
        name = self._value("SELECT user FROM tokens WHERE sha256 = ?", (token_sha256,))
        row = self._one(f"{_USER} WHERE name = ?", (name,))
        return None if row is None else UserRow(*row)

    def session(self, secret_sha256: str, now_us: int) -> SessionRow | None:
        """A browser session that has not ended."""
        row = self._one("SELECT * FROM sessions WHERE sha256 = ? AND expires_us > ?", (secret_sha256, now_us))
        return None if row is None else SessionRow(*row)


class PeopleWrites(PeopleReads):
    """Changing them."""

    def put_user(self, row: UserRow) -> None:
        """Add or change a user; whoever is signed in under that name is signed out."""
        self._do(
            "INSERT INTO users VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET role = excluded.role,"
            " password = excluded.password, partner = excluded.partner, changed_us = excluded.changed_us",
            (row.name, row.role, row.password, row.partner, row.changed_us),
        )
        self._do("DELETE FROM sessions WHERE user = ?", (row.name,))

    def remove_user(self, name: str) -> int:
        """Remove a user with tokens and sessions; 0 if there is none."""
        return self._do("DELETE FROM users WHERE name = ?", (name,))

    def put_token(self, token_sha256: str, user: str, now_us: int) -> None:
        """Keep the hash of a new bearer token."""
        self._do("INSERT INTO tokens VALUES (?, ?, ?)", (token_sha256, user, now_us))

    def remove_tokens(self, user: str) -> int:
        """Make every token of a user void; how many there were."""
        return self._do("DELETE FROM tokens WHERE user = ?", (user,))

    def put_session(self, row: SessionRow, now_us: int) -> None:
        """Begin a session; those that have ended are swept out."""
        self._do("DELETE FROM sessions WHERE expires_us <= ?", (now_us,))
        self._do("INSERT INTO sessions VALUES (?, ?, ?, ?)", (row.sha256, row.user, row.csrf, row.expires_us))

    def remove_session(self, secret_sha256: str) -> int:
        """End a session."""
        return self._do("DELETE FROM sessions WHERE sha256 = ?", (secret_sha256,))
