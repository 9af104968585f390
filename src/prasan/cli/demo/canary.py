"""Search a folder for words that must not be there. It stands alone: it imports nothing from prasan.

`python canary.py FOLDER [FILE…] < words` prints one line `WORD<tab>FILE` a leak and exits 1 if there is one. A word is
looked for as UTF-8, as UTF-16 and inside base64 at each of its three alignments, in files as they are and, for gzip and
zlib streams, in what they hold. All words are looked for at once: every window of five bytes is looked up in a table of
how the words begin, and only the hits are compared in full. A number is found only where it stands alone: the digits of
a longer number, or of a time that ends in Z, say nothing about a place.
"""

import base64
import gzip
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

WINDOW = 5
"""Bytes a form must have at least, so that its beginning tells it from noise: a whole number of four and one more."""
CHUNK = 1 << 20
TABLE_BITS = 20
MIXER, LAST_MIXER = np.uint32(0x9E3779B1), np.uint32(0x85EBCA77)
"""Odd numbers that spread bits."""

PLAIN, UTF_16 = "plain", "utf-16"
CUT = {"0": 0, "1": 2, "2": 3}
"""How base64 hides a word, by the bytes of its group before it: characters that those bytes touch."""
TO_URL, TO_STANDARD = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")
BASE64_RUN = re.compile(rb"[A-Za-z0-9+/]*")
NUMBER = re.compile(r"[-0-9.]+")

Form = tuple[bytes, str, str]
"""Bytes to look for, how they hide the word, the word."""
Forms = dict[bytes, list[Form]]
"""Forms by how they begin."""


def forms(word: str) -> set[Form]:
    """The byte strings that a word may hide as."""
    plain = word.encode()
    found = {(plain, PLAIN, word), (word.encode("utf-16-le"), UTF_16, word)}
    for how, cut in CUT.items():
        # Only the middle of the encoding is the same wherever the word stands: cut off what its neighbours touch.
        encoded = base64.b64encode(b"\0" * int(how) + plain)
        middle = encoded[cut : len(encoded) - 4]
        found |= {(middle, how, word), (middle.translate(TO_URL), how, word)}
    return {form for form in found if len(form[0]) >= WINDOW}


def index(words: list[str]) -> tuple[Forms, np.ndarray]:
    """Forms by their beginning, and the table that says which windows are worth a look."""
    by_start: Forms = {}
    for word in words:
        for form in forms(word):
            by_start.setdefault(form[0][:WINDOW], []).append(form)
    table = np.zeros(1 << TABLE_BITS, np.bool_)
    for start in by_start:
        table[hashes(start)] = True
    return by_start, table


def hashes(content: bytes, offset: int = 0) -> np.ndarray:
    """The table place of every fourth window of the content, from one of the first four on: read as whole numbers."""
    count = max(len(content) - offset - WINDOW + 4, 0) // 4
    head = np.frombuffer(content, "<u4", count, offset)
    last = np.frombuffer(content, np.uint8)[offset + WINDOW - 1 :: 4][:count]
    return (head * MIXER + last * LAST_MIXER) >> np.uint32(32 - TABLE_BITS)


def hits(content: bytes, by_start: Forms, table: np.ndarray) -> set[str]:
    """The words that are in the content."""
    found = set()
    for begin in range(0, len(content), CHUNK):
        piece = content[begin : begin + CHUNK + WINDOW - 1]
        for offset in range(4):
            for at in np.flatnonzero(table[hashes(piece, offset)]):
                place = begin + offset + 4 * int(at)
                for form, how, word in by_start.get(content[place : place + WINDOW], ()):
                    if word not in found and content.startswith(form, place) and is_word(content, place, how, word):
                        found.add(word)
    return found


def is_word(content: bytes, place: int, how: str, word: str) -> bool:
    """True if the whole word is there and, for a number, no digit stands beside it and no Z behind it."""
    if how in CUT:
        content, place = unpacked(content, place - CUT[how], len(word.encode()) + int(how))
        place += int(how)
    step = 2 if how == UTF_16 else 1
    end = place + len(word.encode()) * step
    if how != UTF_16 and content[place:end] != word.encode():
        return False
    before, after = content[max(place - step, 0) : place][:1], content[end : end + 1]
    return not (NUMBER.fullmatch(word) and (before.isdigit() or after.isdigit() or after == b"Z"))


def unpacked(content: bytes, group: int, size: int) -> tuple[bytes, int]:
    """The bytes behind base64 from the group before `group` to the one after `size` bytes; where the group begins."""
    text = content[max(group - 4, 0) : group + (size + 2) // 3 * 4 + 4].translate(TO_STANDARD)
    lead = min(max(group, 0), 4)
    if not BASE64_RUN.fullmatch(text, 0, lead) or lead < 4:
        text, lead = text[lead:], 0
    match = BASE64_RUN.match(text)
    run = match.group() if match else b""
    run = run[:-1] if len(run) % 4 == 1 else run
    return base64.b64decode(run + b"=" * (-len(run) % 4)), lead // 4 * 3


def contents(path: Path) -> Iterator[bytes]:
    """A file as it is and, where it is a compressed stream, unpacked."""
    raw = path.read_bytes()
    yield raw
    if raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)
    elif raw[:1] == b"\x78":
        try:
            yield zlib.decompress(raw)
        except zlib.error:
            return


def main(arguments: list[str]) -> int:
    """Search; 1 if anything was found, 2 if there was nothing to look for."""
    words = [line.strip() for line in sys.stdin if line.strip()]
    roots = [Path(argument) for argument in arguments]
    named = [path for root in roots for path in ([root] if root.is_file() else sorted(root.rglob("*")))]
    paths = [path for path in named if path.is_file()]
    if not words or not paths:
        sys.stderr.write("canary: no words or no files to search\n")
        return 2
    by_start, table = index(words)
    found = {
        (word, str(path)) for path in paths for content in contents(path) for word in hits(content, by_start, table)
    }
    for word, name in sorted(found):
        sys.stdout.write(f"{word}\t{name}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
