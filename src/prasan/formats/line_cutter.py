"""Pieces of a stream -> whole lines, within bounds."""

import msgspec


class Tail(msgspec.Struct, frozen=True):
    """An unfinished line. `skipping`: it is over the limit already and its bytes are not kept."""

    rest: bytes = b""
    skipping: bool = False


def cut_lines(tail: Tail, data: bytes, limit: int) -> tuple[Tail, bytes, int]:
    """The next piece -> (tail, complete lines with their ends, number of lines passed over as longer than `limit`).

    A complete line longer than `limit` may still be among the lines: only what must wait is bounded here.
    """
    skipped = 0
    if tail.skipping:
        end = data.find(b"\n")
        if end < 0:
            return tail, b"", 0
        data, skipped, tail = data[end + 1 :], 1, Tail()
    cut = data.rfind(b"\n") + 1
    lines = tail.rest + data[:cut] if cut else b""
    rest = data[cut:] if cut else tail.rest + data
    return (Tail(b"", skipping=True) if len(rest) > limit else Tail(rest)), lines, skipped


def last_line_end(tail: Tail) -> bytes:
    """What to feed at the end of the stream, so that a last line without its end is read."""
    return b"\n" if tail.rest or tail.skipping else b""
