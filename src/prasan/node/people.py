"""Users, passwords and tokens. Passwords are kept as Argon2id, tokens as SHA-256 of 32 random bytes."""

import secrets
from functools import lru_cache
from hashlib import sha256
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from prasan.errors import Unreachable, UsageError
from prasan.node.node import Node
from prasan.node.record import NODE_LOG, note
from prasan.stores.rows import UserRow

MIN_PASSWORD = 10
"""Characters (NIST SP 800-63B asks for at least 8; a watch room's shared desk for a little more)."""
TOKEN_BYTES = 32
HASH_WAIT_S = 2.0
"""How long a sign-in waits for its turn; longer would let guesses fill every thread of the node."""

_HASHER = PasswordHasher()
_HASHING = BoundedSemaphore(2)
"""Argon2id is meant to be dear: at most two at once, so that guessing cannot starve the node."""


def add_user(node: Node, name: str, role: str, password: str, partner: str | None = None) -> None:
    """Add a user or change one. UsageError for a short password or an unknown partner."""
    if len(password) < MIN_PASSWORD:
        raise UsageError(f"the password is shorter than {MIN_PASSWORD} characters", "Choose a longer one.")
    if not name or not name.isprintable() or ":" in name or len(name) > 64:
        raise UsageError(f"'{name[:64]}' cannot be a user name", "Use up to 64 printable characters and no colon.")
    belongs = _partner_id(node, name, role, partner)
    hashed = _HASHER.hash(password)
    with node.store.write() as tx:
        tx.put_user(UserRow(name, role, hashed, belongs, node.clock.now_us()))
        note(node, tx, NODE_LOG, "user", sha256(name.encode()).hexdigest(), {"role": role})


def _partner_id(node: Node, name: str, role: str, partner: str | None) -> str | None:
    """The partner a user of role `partner` acts for: the one named, or the one called like the user."""
    if role != "partner":
        if partner:
            raise UsageError("only a user of role 'partner' belongs to a partner", "Leave --partner out.")
        return None
    row = node.store.partner(partner or name)
    if row is None and partner:
        known = ", ".join(one.name for one in node.store.partners()) or "none yet"
        raise UsageError(f"there is no partner '{partner}' (registered: {known})", "Add it with 'prasan partner add'.")
    return row.id if row else None


def check_password(node: Node, name: str, password: str) -> UserRow | None:
    """The user, if the password is right. A user that does not exist takes as long as one that does."""
    user = node.store.user(name)
    hashed = user.password if user and user.password else _nobody()
    if not _HASHING.acquire(timeout=HASH_WAIT_S):
        raise Unreachable("too many people are signing in at once", "Try again in a moment.")
    try:
        _HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return None
    finally:
        _HASHING.release()
    return user if user and user.password else None


def create_token(node: Node, name: str) -> str:
    """A new bearer token for a user; only its hash is kept. UsageError if there is no such user."""
    if node.store.user(name) is None:
        raise _nobody_called(name)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with node.store.write() as tx:
        tx.put_token(sha256(token.encode()).hexdigest(), name, node.clock.now_us())
    return token


def remove_user(node: Node, name: str) -> None:
    """Remove a user with their tokens: out at the next request. UsageError if there is no such user."""
    with node.store.write() as tx:
        if not tx.remove_user(name):
            raise _nobody_called(name)
        note(node, tx, NODE_LOG, "user_removed", sha256(name.encode()).hexdigest(), {})


def revoke_tokens(node: Node, name: str) -> int:
    """Make every token of a user void, from the next request on; how many there were. UsageError if there is no such
    user."""
    with node.store.write() as tx:
        if tx.user(name) is None:
            raise _nobody_called(name)
        gone = tx.remove_tokens(name)
        note(node, tx, NODE_LOG, "tokens_revoked", sha256(name.encode()).hexdigest(), {"tokens": gone})
    return gone


def _nobody_called(name: str) -> UsageError:
    return UsageError(f"there is no user '{name[:64]}'", "Add one with 'prasan user add'.")


def check_token(node: Node, token: str) -> UserRow | None:
    """The user a token belongs to. Looked up by hash, so no comparison tells how near a guess was."""
    return node.store.token_user(sha256(token.encode()).hexdigest())


@lru_cache(1)
def _nobody() -> str:
    return _HASHER.hash(secrets.token_urlsafe())
