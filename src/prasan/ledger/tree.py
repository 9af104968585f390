"""The Merkle tree of RFC 9162 section 2.1 over SHA-256: roots, proofs, and checking both.

A leaf is any byte string; Prasan's leaves are the 32-byte commitments of `entry.commit`. A proof is a tuple of 32-byte
hashes, nearest the leaf first. What does not verify raises `IntegrityError`; what cannot be asked (an index outside
the tree) raises `UsageError`.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

import msgspec

from prasan.errors import IntegrityError, UsageError

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of the tree without leaves (RFC 9162 section 2.1.1)."""

Proof = tuple[bytes, ...]
Span = tuple[int, int]
"""A run of leaves [start, stop) whose root is one hash of a proof."""


def hash_leaf(leaf: bytes) -> bytes:
    """SHA-256(0x00 || leaf), RFC 9162 section 2.1.1."""
    return sha256(b"\x00" + leaf).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right), RFC 9162 section 2.1.1."""
    return sha256(b"\x01" + left + right).digest()


class Frontier(msgspec.Struct, frozen=True):
    """All that an appender must remember: the roots of the full subtrees, largest first, at most one per bit of `size`.

    It serialises as any msgspec value and stays under 2.1 KB for 2^64 leaves.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> "Frontier":
        """The frontier with one more leaf, in O(log n)."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> "Frontier":
        """The frontier with more leaves, in their order."""
        size, peaks = self.size, list(self.peaks)
        for leaf in leaves:
            peaks.append(hash_leaf(leaf))
            # Each trailing 1 bit of the old size is a full subtree that the new one completes.
            merges = size
            while merges & 1:
                right = peaks.pop()
                peaks.append(hash_node(peaks.pop(), right))
                merges >>= 1
            size += 1
        return Frontier(size, tuple(peaks))

    def root(self) -> bytes:
        """The root of the tree so far."""
        if not self.peaks:
            return EMPTY_ROOT
        result = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            result = hash_node(peak, result)
        return result

    def check(self) -> "Frontier":
        """Itself, if it can be a frontier at all; IntegrityError if it was read back damaged."""
        whole = self.size >= 0 and len(self.peaks) == self.size.bit_count()
        if not whole or any(len(peak) != HASH_BYTES for peak in self.peaks):
            raise IntegrityError(
                f"The stored frontier of {self.size} entries is damaged.", "Rebuild it from the leaves of the ledger."
            )
        return self


def root(leaves: Iterable[bytes]) -> bytes:
    """The root of the tree over `leaves`, RFC 9162 section 2.1.1."""
    return Frontier().extend(leaves).root()


def root_of_parts(parts: Iterable[bytes], rest: Iterable[bytes]) -> bytes:
    """The root over leaves of which the first are known by the roots of equal runs of 2^k, then `rest` of fewer.

    A keeper that remembers the roots of its runs answers proofs without reading every leaf.
    """
    peaks = list[bytes]()
    for size, part in enumerate(parts):
        peaks.append(part)
        merges = size
        while merges & 1:
            right = peaks.pop()
            peaks.append(hash_node(peaks.pop(), right))
            merges >>= 1
    last = Frontier().extend(rest)
    result = last.root() if last.size else peaks.pop() if peaks else EMPTY_ROOT
    for peak in reversed(peaks):
        result = hash_node(peak, result)
    return result


def inclusion_spans(index: int, size: int) -> list[Span]:
    """The spans whose roots prove that leaf `index` is in the tree of `size` leaves (RFC 9162 section 2.1.3.1).

    A store that keeps subtree roots can answer them without reading every leaf.
    """
    if not 0 <= index < size:
        raise UsageError(f"Entry {index} is not in a ledger of {size} entries.", "Ask for an entry below its size.")
    start, stop, spans = 0, size, list[Span]()
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            spans.append((middle, stop))
            stop = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """The spans whose roots prove that the tree of `old` leaves is the beginning of that of `new` (section 2.1.4.1)."""
    if not 0 < old <= new:
        raise UsageError(f"A ledger of {old} entries cannot be the beginning of one of {new}.", "Give 0 < old <= new.")
    start, stop, spans = 0, new, list[Span]()
    while stop != old:
        middle = start + _split(stop - start)
        if old <= middle:
            spans.append((middle, stop))
            stop = middle
        else:
            spans.append((start, middle))
            start = middle
    if start:  # otherwise the verifier holds this subtree already: it is the whole old tree
        spans.append((start, stop))
    return spans[::-1]


def inclusion_proof(leaves: Sequence[bytes], index: int, size: int | None = None) -> Proof:
    """The proof that `leaves[index]` is in the tree of the first `size` leaves (all of them by default)."""
    return _roots(leaves, inclusion_spans(index, _size(leaves, size)))


def consistency_proof(leaves: Sequence[bytes], old: int, new: int | None = None) -> Proof:
    """The proof that the tree of the first `old` leaves is the beginning of that of the first `new`."""
    return _roots(leaves, consistency_spans(old, _size(leaves, new)))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Proof, root: bytes) -> None:
    """Check a proof of inclusion (RFC 9162 section 2.1.3.2). IntegrityError says that it does not hold."""
    reason = f"The proof does not show entry {index} in the ledger of {size} entries."
    _require(0 <= index < size, reason)
    fn, sn, r = index, size - 1, hash_leaf(leaf)
    for p in proof:
        _require(sn != 0, reason)
        if fn & 1 or fn == sn:
            r = hash_node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = hash_node(r, p)
        fn, sn = fn >> 1, sn >> 1
    _require(sn == 0 and r == root and _all_hashes(proof), reason)


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Proof) -> None:
    """Check a proof of consistency (RFC 9162 section 2.1.4.2). IntegrityError says that it does not hold.

    Two trees of one size are consistent with an empty proof if their roots are equal; the empty tree is the beginning
    of every tree, also with an empty proof.
    """
    reason = f"The ledger of {new} entries does not continue the one of {old} entries."
    _require(0 <= old <= new and _all_hashes(proof), reason)
    if old in (0, new):
        _require(not proof and old_root == (new_root if old == new else EMPTY_ROOT), reason)
        return
    path = proof if old & (old - 1) else (old_root, *proof)
    _require(bool(path), reason)
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        _require(sn != 0, reason)
        if fn & 1 or fn == sn:
            fr, sr = hash_node(c, fr), hash_node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = hash_node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    _require(sn == 0 and fr == old_root and sr == new_root, reason)


def _split(size: int) -> int:
    """The largest power of two below `size` (RFC 9162: k < n <= 2k)."""
    return 1 << ((size - 1).bit_length() - 1)


def _roots(leaves: Sequence[bytes], spans: list[Span]) -> Proof:
    return tuple(root(leaves[start:stop]) for start, stop in spans)


def _size(leaves: Sequence[bytes], size: int | None) -> int:
    if size is None:
        return len(leaves)
    if not 0 <= size <= len(leaves):
        raise UsageError(f"The ledger has {len(leaves)} entries, not {size}.", "Ask for a size that it has reached.")
    return size


def _all_hashes(proof: Proof) -> bool:
    return all(len(p) == HASH_BYTES for p in proof)


def _require(holds: bool, reason: str) -> None:
    if not holds:
        raise IntegrityError(reason, "Ask for the proof again; if it still fails, the ledger was changed.")
