"""What a pull yields and is sent: the seam between deciding what to ask and doing it."""

from collections.abc import Generator, Mapping, Sequence
from typing import Protocol, TypeVar

import msgspec

from prasan.exchange.acks import Ours, Theirs
from prasan.exchange.asks import Ask
from prasan.exchange.http import Response
from prasan.exchange.intake import Accepted, Known, Peer, Turned
from prasan.exchange.lanes import PAGE, Lane
from prasan.exchange.line import Line
from prasan.ledger.checkpoint import Checkpoint


class Cursor(Protocol):
    """How far a lane was applied, in which collection, and how far that was acknowledged."""

    @property
    def collection(self) -> str:
        """The collection's id; another one means: from the beginning."""

    @property
    def added_after(self) -> str:
        """The date_added of the last row applied."""

    @property
    def seq(self) -> int:
        """The seq of the last row applied."""

    @property
    def acked(self) -> int:
        """The seq that was last acknowledged."""


class Waiting(Protocol):
    """An object that waits for the partner's inbox."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def raw(self) -> bytes:
        """Its bytes."""


class Apply(msgspec.Struct, frozen=True):
    """To be done in one transaction: keep, quarantine, and move the lane's cursor."""

    lane: Lane
    collection: str
    accepted: tuple[Accepted, ...]
    turned: tuple[Turned, ...]
    added_after: str
    seq: int


class Pending(msgspec.Struct, frozen=True):
    """Answer with what waits for the partner's inbox."""


class Posted(msgspec.Struct, frozen=True):
    """The partner's inbox holds these objects now."""

    ids: tuple[str, ...]


class Acked(msgspec.Struct, frozen=True):
    """The partner has our acknowledgement. `note` is its checkpoint: keep it as what the next one must continue."""

    lane: Lane
    upto: int
    note: str


class Heard(Response, frozen=True):
    """An answer with the seconds that its bytes took from the first to the last."""

    took_s: float = 0.0


class Cut(msgspec.Struct, frozen=True):
    """The answer broke off, or was too long. `came`: what there was of it, for an ask that wants it packed."""

    reason: str
    came: Heard | None = None


class Unreached(msgspec.Struct, frozen=True):
    """Nobody answered, or not the one whose certificate is in the card."""

    reason: str


class Summary(msgspec.Struct):
    """What came of a pull. `failure` is "" or unreachable, refused, page_cut, ledger, defect; `message` says more."""

    pages: int = 0
    page_cut: int = 0
    accepted: int = 0
    same: int = 0
    ignored: int = 0
    epochs: int = 0
    quarantined: dict[str, int] = msgspec.field(default_factory=dict)
    posted: int = 0
    acked: int = 0
    failure: str = ""
    message: str = ""


class Task(msgspec.Struct, frozen=True):
    """All that a pull needs to know. `cursors` by lane; `last` is the partner's checkpoint that we saw last."""

    peer: Peer
    theirs: Theirs
    ours: Ours
    known: Known
    cursors: Mapping[Lane, Cursor]
    last: Checkpoint | None = None
    limit: int = PAGE
    wait_s: int = 0
    """How long the first answer may wait for news."""
    line: Line = msgspec.field(default_factory=Line)


Step = Ask | Apply | Pending | Posted | Acked
Reply = Response | Cut | Unreached | Sequence[Waiting] | None
T = TypeVar("T")
Steps = Generator[Step, Reply, T]
