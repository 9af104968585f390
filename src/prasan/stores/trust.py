"""What a store hands out about keys and about who showed two histories. Times are microseconds UTC since 1970."""

from typing import Literal

import msgspec

KeyState = Literal["current", "retired", "revoked"]


class KeyRow(msgspec.Struct, frozen=True):
    """A public key of a node, ours or a partner's, and when it spoke for it.

    `x` is the 32 bytes of the key. `until_us`: when it handed over, or from when on a revoked one is not believed.
    `handover` is the JWS by which the key before it vouched for this one, "" if none did. `confirmed_us`: when an
    officer compared its fingerprint over another channel, or that of the key whose handovers lead here.
    """

    node: str
    thumbprint: str
    x: bytes
    since_us: int
    until_us: int | None = None
    state: KeyState = "current"
    handover: str = ""
    confirmed_us: int | None = None


class OverdueObject(msgspec.Struct, frozen=True):
    """A version whose bytes must go: `kept_long` if the accord's days are over, else its marking has expired."""

    n: int
    id: str
    version: str
    sha256: str
    raw: bytes
    kept_long: bool


class EvidenceRow(msgspec.Struct, frozen=True):
    """Two notes that cannot both be true: of one log, signed by its keeper, neither continuing the other.

    `kind` is a code; `settled_us`: when an officer decided to go on with that partner all the same.
    """

    partner: str
    kind: str
    held: str
    shown: str
    at_us: int
    settled_us: int | None = None
