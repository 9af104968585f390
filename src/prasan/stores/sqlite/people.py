"""Users and what they sign in with. Secrets are kept as hashes only."""

from typing import Final

from prasan.stores.rows import UserRow
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


class PeopleWrites(PeopleReads):
    """Changing them."""

    def put_user(self, row: UserRow) -> None:
        """Add or change a user."""
        self._do(
            "INSERT INTO users VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET role = excluded.role,"
            " password = excluded.password, partner = excluded.partner, changed_us = excluded.changed_us",
            (row.name, row.role, row.password, row.partner, row.changed_us),
        )

    def remove_user(self, name: str) -> int:
        """Remove a user with its tokens; 0 if there is none."""
        return self._do("DELETE FROM users WHERE name = ?", (name,))

    def put_token(self, token_sha256: str, user: str, now_us: int) -> None:
        """Keep the hash of a new bearer token."""
        self._do("INSERT INTO tokens VALUES (?, ?, ?)", (token_sha256, user, now_us))

    def remove_tokens(self, user: str) -> int:
        """Make every token of a user void; how many there were."""
        return self._do("DELETE FROM tokens WHERE user = ?", (user,))
