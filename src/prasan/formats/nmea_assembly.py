"""Messages of several sentences, put together. Two messages are never spliced: parts must agree on everything.

Parts belong together when station or tag-block group, channel, sequence number and total agree and they come in the
order 1, 2, 3, each within `REACH` multi-part sentences and, where both times are known, `REACH_MS` of the one before.
So at most `REACH` sentences ever wait. A part that never finds its partners is `fragment_missing`; where all parts
came, but in another order, they are `fragment_order`.

Merged streams without station names can have two messages open under one number at once. Then nothing tells whose the
next part is, so a message begun within `CROWD` multi-part sentences of another, unfinished and different one of the
same key is given up (`fragment_missing`), and so are those that begin as soon after it: a static report lost is better
than a name on the wrong ship.

Complete runs are found for the whole chunk by one sort; only what is left over is looked at one by one.
"""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from prasan.formats.ais_batch import CODE
from prasan.formats.nmea_text import LABEL, Bytes, Ints, Mask, join_spans
from prasan.formats.nmea_times import UNKNOWN

REACH: Final = 1_000
REACH_MS: Final = 60_000
CROWD: Final = 8
"""A lone station numbers its messages 0 to 9 in turn, so its own lost parts are at least 18 such sentences back."""

PARTS: Final = np.dtype(
    [
        ("ordinal", np.int64),  # how many multi-part sentences came before it in the stream
        ("line", np.int64),  # line index in this chunk; -1 if it waited from an earlier one
        ("total", np.int64),
        ("number", np.int64),
        ("slot", np.int64),  # sequence number and channel
        ("thread", f"S{LABEL}"),
        ("station", f"S{LABEL}"),
        ("ms", np.int64),
        ("source", np.uint8),
        ("at", np.int64),  # the payload as a span of the work buffer
        ("size", np.int64),
        ("fill", np.int64),
        ("doubt", np.bool_),  # begins a message that cannot be told from another one open at the time
    ]
)
"""One part of a message."""

_FOLLOWS: Final = (("ordinal", 1), ("number", 1), ("total", 0), ("slot", 0))

Parts: TypeAlias = npt.NDArray[np.void]
Crowds: TypeAlias = dict[tuple[bytes, int, int], int]
"""Keys under which more than one message was open, and the ordinal of the last part seen there."""


class Waiting(msgspec.Struct, frozen=True):
    """Parts whose fate is open, with their payload text, the number of parts seen, and where the crowds are."""

    parts: Any = np.zeros(0, PARTS)
    payload: bytes = b""
    seen: int = 0
    crowds: Crowds = {}


class Joined(msgspec.Struct, frozen=True):
    """Whole messages: 6-bit payloads one after the other, and per message where it is and what is known of it."""

    six: Bytes
    at: Ints
    first: Parts
    last: Parts
    size: Ints
    misfilled: Mask
    ms: Ints
    source: Bytes


def inherit_threads(parts: Parts) -> Parts:
    """A part without tag block or suffix right after the part before it is of its station (in place, by ordinal)."""
    if len(parts) < 2:
        return parts
    thread = parts["thread"]
    follows = thread[1:] == b""
    for name, step in _FOLLOWS:
        follows &= np.diff(parts[name]) == step
    while len(at := np.flatnonzero(follows & (thread[1:] == b"") & (thread[:-1] != b"")) + 1):
        thread[at] = thread[at - 1]
    return parts


def assemble(
    six: Bytes, parts: Parts, seen: int, final: bool, crowds: Crowds
) -> tuple[Joined, Parts, list[int], Crowds]:
    """Parts that waited and new ones -> (whole messages, parts that wait on, outcome codes of those given up, crowds).

    `seen` is the number of parts in the stream so far; `final`: nothing will follow.
    """
    order = np.lexsort((parts["ordinal"], *_key(parts)))
    parts = parts[order]
    begin = _run_starts(parts)
    run = np.cumsum(begin) - 1
    length = np.bincount(run, minlength=0)
    head = np.flatnonzero(begin)
    complete = (parts["number"][head] == 1) & (length == parts["total"][head])
    crowds = _mark_doubts(six, parts, head, complete, crowds)
    complete &= ~parts["doubt"][head]
    whole = parts[complete[run]]
    rest = ~complete[run]
    keep, given_up = _leftovers(parts, rest, run, seen, final)
    crowds = {key: last for key, last in crowds.items() if seen - last <= CROWD}
    return _join(six, whole, length[complete]), parts[keep], given_up, crowds


def _key(parts: Parts) -> list[Ints]:
    words = np.ascontiguousarray(parts["thread"]).view(np.int64).reshape(-1, LABEL // 8)
    return [words[:, 0], words[:, 1], parts["slot"] * 16 + parts["total"]]


def _same_key(parts: Parts) -> Mask:
    """For each part but the first: has it the key of the one before."""
    same = np.ones(len(parts) - 1, bool)
    for column in _key(parts):
        same &= column[1:] == column[:-1]
    return same


def _run_starts(parts: Parts) -> Mask:
    begin = np.ones(len(parts), bool)
    if len(parts) < 2:
        return begin
    ms, station = parts["ms"], parts["station"]
    near = np.diff(parts["ordinal"]) <= REACH
    timed = (ms[1:] != UNKNOWN) & (ms[:-1] != UNKNOWN)
    near &= ~timed | (np.abs(np.where(timed, ms[1:] - ms[:-1], 0)) <= REACH_MS)
    agree = (station[1:] == station[:-1]) | (station[1:] == b"") | (station[:-1] == b"")
    begin[1:] = ~(_same_key(parts) & near & agree & (np.diff(parts["number"]) == 1))
    return begin


def _mark_doubts(six: Bytes, parts: Parts, head: Ints, complete: Mask, crowds: Crowds) -> Crowds:
    """Set `doubt` on the first part of each run that begins in a crowd (in place); returns where crowds are now."""
    first = parts["number"][head] == 1
    open_before = np.flatnonzero(first[1:] & first[:-1] & ~complete[:-1]) + 1
    triggers = {run for run in open_before.tolist() if _crowded(six, parts, int(head[run]), int(head[run - 1]))}
    if not triggers and not crowds:
        return crowds
    crowds = dict(crowds)
    lasts = np.append(head[1:], len(parts)) - 1
    for run, (at, last) in enumerate(zip(head.tolist(), lasts.tolist(), strict=True)):
        part = parts[at]
        key = (bytes(part["thread"]), int(part["slot"]), int(part["total"]))
        near = key in crowds and part["ordinal"] - crowds[key] <= CROWD
        if near or run in triggers or part["doubt"]:
            parts["doubt"][at] = first[run]
            crowds[key] = int(parts["ordinal"][last])
    return crowds


def _crowded(six: Bytes, parts: Parts, at: int, before: int) -> bool:
    """Is the part that begins at `at` of another message than the unfinished one that began at `before`."""
    one, other = parts[at], parts[before]
    key = ("thread", "slot", "total")
    near = one["ordinal"] - parts["ordinal"][at - 1] <= CROWD
    return bool(near and all(one[name] == other[name] for name in key) and not _same_payload(six, one, other))


def _same_payload(six: Bytes, one: Any, other: Any) -> bool:
    """Two stations that heard one transmission say the same: then any of the parts that follow will do."""
    mine, theirs = (six[part["at"] : part["at"] + part["size"]] for part in (one, other))
    return bool(np.array_equal(mine, theirs))


def _join(six: Bytes, whole: Parts, length: Ints) -> Joined:
    last = np.cumsum(length) - 1
    first = last - length + 1
    joined, begins = join_spans(six, whole["at"], whole["size"])
    size = begins[last] + whole["size"][last] - begins[first] if len(whole) else np.zeros(0, np.int64)
    inner = np.zeros(len(whole), bool)
    inner[whole["number"] < whole["total"]] = True
    misfilled = np.logical_or.reduceat(inner & (whole["fill"] != 0), first) if len(whole) else np.zeros(0, dtype=bool)
    ms, source = whole["ms"][first], whole["source"][first]
    for step in range(1, int(length.max()) if len(length) else 0):
        at = np.minimum(first + step, last)
        later = ms == UNKNOWN
        ms, source = np.where(later, whole["ms"][at], ms), np.where(later, whole["source"][at], source)
    return Joined(joined, begins[first], whole[first], whole[last], size, misfilled, ms, source)


def _leftovers(parts: Parts, rest: Mask, run: Ints, seen: int, final: bool) -> tuple[list[int], list[int]]:
    """Incomplete parts -> (indexes that wait on, outcome codes of the others)."""
    keep: list[int] = []
    codes: list[int] = []
    for stretch, closed in _stretches(parts, rest, seen, final):
        open_from = len(stretch) if closed else _open_run(parts, stretch, run)
        left = _settle(parts["number"][stretch].tolist(), int(parts["total"][stretch[0]]), open_from, closed, codes)
        keep.extend(stretch[left:].tolist())
    return keep, codes


def _stretches(parts: Parts, rest: Mask, seen: int, final: bool) -> Iterator[tuple[Ints, bool]]:
    """Incomplete parts of one key with no complete message and no gap over `REACH` between -> (indexes, closed)."""
    at = np.flatnonzero(rest)
    if not len(at):
        return
    same = np.append(_same_key(parts), False)
    near = np.append(np.diff(parts["ordinal"]) <= REACH, False)
    follows = same & near & np.append(rest[1:], False)
    for stretch in np.split(at, np.flatnonzero(~follows[at])[:-1] + 1):
        end = stretch[-1]
        old = seen - parts["ordinal"][end] > REACH
        yield stretch, bool(final or old or same[end])


def _open_run(parts: Parts, stretch: Ints, run: Ints) -> int:
    """Where in the stretch the last run begins, if it may yet be completed; else its length."""
    begin = int(np.searchsorted(run[stretch], run[stretch[-1]]))
    return begin if parts["number"][stretch[begin]] == 1 else len(stretch)


def _settle(numbers: list[int], total: int, open_from: int, closed: bool, codes: list[int]) -> int:
    """Judge the parts from the left as far as what follows cannot change it; returns how many were judged."""
    in_order = list(range(1, total + 1))
    at = 0
    while at < len(numbers):
        ahead = numbers[at : at + total]
        if not closed and (at + total > open_from):
            break
        if sorted(ahead) == in_order and ahead != in_order:
            codes.extend([CODE["fragment_order"]] * total)
            at += total
        else:
            codes.append(CODE["fragment_missing"])
            at += 1
    return at
