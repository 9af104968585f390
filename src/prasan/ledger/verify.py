"""Is the ledger what was signed? One pass over its rows and its signed checkpoints, naming the first entry that is not.

The rows come from the keeper's own database, so everything in them may have been changed; only the signatures count.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, Literal

import msgspec

from prasan.errors import IntegrityError
from prasan.ledger.checkpoint import Checkpoint, open_checkpoint
from prasan.ledger.entry import SALT_BYTES, commit, decode
from prasan.ledger.note import Keys
from prasan.ledger.tree import EMPTY_ROOT, HASH_BYTES, Frontier

Fault = Literal["missing", "leaf", "half_erased", "not_canonical", "root", "cut_off", "signature", "origin", "unsigned"]

BATCH: Final = 4096
"""Leaves added to the tree at once, which is quicker than one by one."""
MAX_PROBLEMS: Final = 100
"""Problems kept in a report: the first says where to look, a million say no more."""

_SENTENCES: Final[dict[Fault, str]] = {
    "missing": "Entry {first} is missing.",
    "leaf": "Entry {first}: its salt and text do not give its leaf.",
    "half_erased": "Entry {first}: only one of salt and text was erased.",
    "not_canonical": "Entry {first}: its text is not a ledger entry in canonical form.",
    "root": "Entries {first} to {last}: at least one leaf is not the one that was signed at size {size}.",
    "cut_off": "Entries {first} to {last} were signed and are no longer in the ledger.",
    "signature": "Checkpoint {number}: {reason}",
    "origin": "Checkpoint {number} is signed for another ledger, '{reason}'.",
    "unsigned": "Checkpoint {number} lacks the signature of {reason}.",
}


class LeafRow(msgspec.Struct, frozen=True):
    """One row of a ledger. `salt` and `entry` are both None once the entry was erased."""

    index: int
    leaf: bytes
    salt: bytes | None
    entry: bytes | None


class Problem(msgspec.Struct, frozen=True):
    """What is wrong, and where: entries `first` to `last`, or None for a checkpoint that cannot be used."""

    fault: Fault
    first: int | None
    last: int | None
    message: str


class Report(msgspec.Struct, frozen=True):
    """What a whole pass found.

    `size` entries were read, `erased` of them are holes that still verify; `signed` is the largest size that a good
    checkpoint covers, so `size - signed` entries are not yet under any signature. `problems` is empty if and only if
    the ledger verifies; it names checkpoints that cannot be used, then rows by rising index, then roots by rising size.
    """

    size: int
    erased: int
    root: bytes
    checkpoints: int
    signed: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """True if nothing is wrong."""
        return not self.problems

    def require(self) -> "Report":
        """Itself, or IntegrityError with the first problem."""
        if self.problems:
            raise IntegrityError(self.problems[0].message, "Compare with a backup or with the partner's copy.")
        return self


def verify_log(
    rows: Iterable[LeafRow],
    notes: Sequence[str],
    keys: Keys,
    *,
    origins: Collection[str],
    required: Collection[str] = (),
) -> Report:
    """Check every row against its leaf and the tree against every signed checkpoint.

    `rows` by rising index from 0; `notes` are checkpoints in any order, each of one of `origins` (a log has another
    name in each epoch); `keys` maps the names we trust to their keys; each name in `required` must have signed every
    checkpoint. Reads rows once and keeps O(log n) of them.
    """
    problems, checkpoints = _open_all(notes, keys, origins, required)
    walk = _walk(rows, {checkpoint.size for checkpoint in checkpoints})
    problems += walk.problems
    good, signed = 0, 0
    for checkpoint in sorted(checkpoints, key=lambda c: c.size):
        found = walk.roots.get(checkpoint.size)
        if found == checkpoint.root:
            good, signed = good + 1, checkpoint.size
        elif found is not None:
            problems.append(_problem("root", signed, max(signed, checkpoint.size - 1), size=checkpoint.size))
        elif walk.whole:
            problems.append(_problem("cut_off", walk.frontier.size, checkpoint.size - 1))
    kept = tuple(problems[:MAX_PROBLEMS])
    return Report(walk.frontier.size, walk.erased, walk.frontier.root(), good, signed, kept)


class _Walk(msgspec.Struct):
    """What one pass over the rows has seen; `whole` is False if it stopped at a missing row."""

    frontier: Frontier = Frontier()
    roots: dict[int, bytes] = {}
    problems: list[Problem] = []
    erased: int = 0
    whole: bool = True

    def grow(self, leaves: list[bytes], *, keep: bool) -> None:
        """Add leaves and forget them; `keep` the root after them."""
        self.frontier = self.frontier.extend(leaves)
        leaves.clear()
        if keep:
            self.roots[self.frontier.size] = self.frontier.root()


def _walk(rows: Iterable[LeafRow], sizes: Collection[int]) -> _Walk:
    """Check each row by itself and keep the root at each of `sizes`."""
    walk, leaves = _Walk(roots={0: EMPTY_ROOT}), list[bytes]()
    for size, row in enumerate(rows, 1):
        if row.index != size - 1:
            walk.problems.append(_problem("missing", size - 1, size - 1))
            walk.whole = False
            break
        fault = _row_fault(row)
        if fault:
            walk.problems.append(_problem(fault, row.index, row.index))
        walk.erased += row.salt is None and row.entry is None
        leaves.append(row.leaf)
        if size in sizes or len(leaves) == BATCH:
            walk.grow(leaves, keep=size in sizes)
    walk.grow(leaves, keep=False)
    return walk


def _open_all(
    notes: Sequence[str], keys: Keys, origins: Collection[str], required: Collection[str]
) -> tuple[list[Problem], list[Checkpoint]]:
    problems, checkpoints = list[Problem](), list[Checkpoint]()
    for number, note in enumerate(notes):
        try:
            checkpoint, names = open_checkpoint(note, keys)
        except IntegrityError as error:
            problems.append(_problem("signature", None, None, number=number, reason=str(error)))
            continue
        lacking = sorted(set(required) - names)
        if checkpoint.origin not in origins:
            problems.append(_problem("origin", None, None, number=number, reason=checkpoint.origin))
        elif lacking:
            problems.append(_problem("unsigned", None, None, number=number, reason=", ".join(lacking)))
        else:
            checkpoints.append(checkpoint)
    return problems, checkpoints


def _row_fault(row: LeafRow) -> Fault | None:
    if len(row.leaf) != HASH_BYTES:
        return "leaf"
    if row.salt is None and row.entry is None:
        return None
    if row.salt is None or row.entry is None:
        return "half_erased"
    if len(row.salt) != SALT_BYTES or commit(row.salt, row.entry) != row.leaf:
        return "leaf"
    try:
        decode(row.entry)
    except IntegrityError:
        return "not_canonical"
    return None


def _problem(fault: Fault, first: int | None, last: int | None, **words: object) -> Problem:
    return Problem(fault, first, last, _SENTENCES[fault].format(first=first, last=last, **words))
