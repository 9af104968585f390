"""Release statements: what the sender vouches for, one a view row, and signed a page at a time (docs/wire.md, 7)."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Final, Literal, Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prasan.exchange import jws
from prasan.exchange.http import time_text, time_us
from prasan.exchange.lanes import Lane
from prasan.picture.marking import PUBLIC, Marking, Tlp

FRESH_S: Final = 300
"""A page's signature is not older than this: one that was kept back and played again later is refused."""


class Handling(msgspec.Struct, frozen=True):
    """The caveats that travel with a view. `rel_to` names the recipient only; `orcon` the sender, for all behind it."""

    tlp: str
    rel_to: tuple[str, ...] | None
    orcon: tuple[str, ...]
    purposes: tuple[str, ...] | None
    personal_data: bool
    expires: str | None
    exercise: bool

    @staticmethod
    def of(marking: Marking, recipient: str, sender: str) -> "Handling":
        """A marking as this recipient may know it."""
        return Handling(
            tlp=marking.tlp.label.removeprefix("TLP:").lower(),
            rel_to=None if marking.rel_to is None else (recipient,),
            orcon=(sender,) if marking.orcon else (),
            purposes=None if marking.purposes is None else tuple(sorted(marking.purposes)),
            personal_data=marking.personal_data,
            expires=None if marking.expires is None else time_text(marking.expires * 1_000_000),
            exercise=marking.exercise,
        )

    def marking(self) -> Marking:
        """The marking it stands for at the recipient. ValueError for a TLP label or a time that is none."""
        expires = None if self.expires is None else time_us(self.expires)
        if self.expires is not None and expires is None:
            raise ValueError("'expires' is not a time")
        return Marking(
            tlp=Tlp.parse(self.tlp),
            rel_to=None if self.rel_to is None else frozenset(self.rel_to),
            orcon=frozenset(self.orcon),
            purposes=None if self.purposes is None else frozenset(self.purposes),
            personal_data=self.personal_data,
            expires=None if expires is None else expires // 1_000_000,
            exercise=self.exercise,
        )


Seq = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""A place in an order; more than a store could hold is refused."""


class Statement(msgspec.Struct, frozen=True):
    """One statement. `accords` are the hashes of those in force at `issued_at`; `origin` is null for a built view."""

    v: Literal[1]
    view: str
    version: str
    sha256: str
    recipient: str
    form: Literal["verbatim", "sanitised"]
    handling: Handling
    accords: tuple[str, ...]
    lane: Lane
    seq: Seq
    issued_at: str
    origin: str | None


_STATEMENT: Final = msgspec.json.Decoder(Statement)


class View(Protocol):
    """What a statement says of a view."""

    @property
    def view_id(self) -> str:
        """Its id at the recipient."""

    @property
    def version(self) -> str:
        """Its version."""

    @property
    def sha256(self) -> str:
        """The hash of its bytes."""

    @property
    def form(self) -> Literal["verbatim", "sanitised"]:
        """Copied or built."""

    @property
    def lane(self) -> Lane:
        """The lane it travels in."""


class Place(Protocol):
    """Where the row stands."""

    @property
    def seq(self) -> int:
        """Dense per recipient."""

    @property
    def date_added_us(self) -> int:
        """When it became visible; the statement is issued then."""


class Page(msgspec.Struct, frozen=True):
    """The answer of the statements address. Each statement is text whose UTF-8 bytes are what was hashed."""

    lane: Lane
    more: bool
    statements: tuple[str, ...]
    jws: str


class Seal(msgspec.Struct, frozen=True):
    """What a page's signature covers. `last` is the seq of its last statement, or `after` if it holds none."""

    iss: str
    aud: str
    lane: Lane
    after: int
    last: int
    more: bool
    count: int
    sha256: str
    iat: int


def statement(  # noqa: PLR0913, PLR0917 - the six things a statement is about
    view: View, place: Place, recipient: str, handling: Handling, accords: Sequence[str], origin: str | None
) -> bytes:
    """The bytes of a statement: made once, kept with the row, never made again."""
    return msgspec.json.encode(
        Statement(
            1, view.view_id, view.version, view.sha256, recipient, view.form, handling, tuple(sorted(accords)),
            view.lane, place.seq, time_text(place.date_added_us), origin,
        )
    )  # fmt: skip


def told_under(raw: bytes) -> Marking:
    """The marking that a statement of ours told its recipient; PUBLIC where none was made, for others than partners."""
    return _STATEMENT.decode(raw).handling.marking() if raw else PUBLIC


def digest(statements: Sequence[bytes]) -> str:
    """SHA-256 of the statements' hashes concatenated in order."""
    return sha256(b"".join(sha256(raw).digest() for raw in statements)).hexdigest()


def seal_page(seal: Seal, statements: Sequence[bytes], key: Ed25519PrivateKey) -> bytes:
    """The bytes of a page, signed."""
    signature = jws.sign(msgspec.json.encode(seal), "prasan-statements", key)
    return msgspec.json.encode(Page(seal.lane, seal.more, tuple(raw.decode() for raw in statements), signature))
