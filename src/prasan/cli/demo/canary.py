"""Search a folder for words that must not be there. It stands alone: it imports nothing from prasan.

`python canary.py FOLDER [FILE…] < words` prints one line `WORD<tab>FILE` a leak and exits 1 if there is one. A word is
looked for as UTF-8, as UTF-16 and inside base64 at each of its three alignments, in files as they are and, for gzip and
zlib streams, in what they hold. All words are looked for at once: every window of five bytes is looked up in a table of
how the words begin, and only the hits are compared in full.
"""

import base64
import gzip
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

WINDOW = 5
"""Bytes a form must have at least, so that its beginning tells it from noise."""
CHUNK = 1 << 20
TABLE_BITS = 20
MIXER = np.uint64(0x9E3779B97F4A7C15)

Forms = dict[bytes, list[tuple[bytes, str]]]
"""Beginning -> (whole form, word)."""


def forms(word: str) -> set[bytes]:
    """The byte strings that a word may hide as."""
    plain = word.encode()
    found = {plain, word.encode("utf-16-le")}
    for shift in range(3):
        # Only the middle of the encoding is the same wherever the word stands: cut off what its neighbours touch.
        encoded = base64.b64encode(b"\0" * shift + plain)
        middle = encoded[(0, 2, 3)[shift] : len(encoded) - 4]
        found |= {middle, middle.translate(bytes.maketrans(b"+/", b"-_"))}
    return {form for form in found if len(form) >= WINDOW}


def index(words: list[str]) -> tuple[Forms, np.ndarray]:
    """Forms by their beginning, and the table that says which windows are worth a look."""
    by_start: Forms = {}
    for word in words:
        for form in forms(word):
            by_start.setdefault(form[:WINDOW], []).append((form, word))
    table = np.zeros(1 << TABLE_BITS, np.bool_)
    for start in by_start:
        table[hashes(start)] = True
    return by_start, table


def hashes(content: bytes) -> np.ndarray:
    """The table place of every window of the content."""
    data = np.frombuffer(content, np.uint8).astype(np.uint64)
    count = len(data) - WINDOW + 1
    value = np.zeros(max(count, 0), np.uint64)
    for offset in range(WINDOW):
        value = (value << np.uint64(8)) | data[offset : offset + len(value)]
    return (value * MIXER) >> np.uint64(64 - TABLE_BITS)


def hits(content: bytes, by_start: Forms, table: np.ndarray) -> set[str]:
    """The words that are in the content."""
    found = set()
    for begin in range(0, len(content), CHUNK):
        piece = content[begin : begin + CHUNK + WINDOW - 1]
        for at in np.flatnonzero(table[hashes(piece)]):
            place = begin + int(at)
            for form, word in by_start.get(content[place : place + WINDOW], ()):
                if content.startswith(form, place):
                    found.add(word)
    return found


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
