"""Search a folder for words that must not be there. It stands alone: it imports nothing from prasan.

`python canary.py FOLDER [FILE…] < words` prints one line `WORD<tab>FILE` a leak and exits 1 if there is one. A word is
looked for as UTF-8, as UTF-16 and inside base64 at each of its three alignments, in files as they are and, for gzip and
zlib streams, in what they hold.
"""

import base64
import gzip
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

CHUNK = 1 << 24


def forms(word: str) -> set[bytes]:
    """The byte strings that a word may hide as."""
    plain = word.encode()
    found = {plain, word.encode("utf-16-le")}
    for shift in range(3):
        # Only the middle of the encoding is the same wherever the word stands: cut off what its neighbours touch.
        encoded = base64.b64encode(b"\0" * shift + plain)
        middle = encoded[(0, 2, 3)[shift] : len(encoded) - 4]
        if len(middle) >= 6:
            found |= {middle, middle.translate(bytes.maketrans(b"+/", b"-_"))}
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


def leaks(paths: list[Path], words: list[str]) -> Iterator[tuple[str, Path]]:
    """Every (word, file) where a word is found."""
    wanted = {word: forms(word) for word in words}
    for path in paths:
        for content in contents(path):
            for word, hidden in wanted.items():
                if any(form in content for form in hidden):
                    yield word, path


def main(arguments: list[str]) -> int:
    """Search; 1 if anything was found, 2 if there was nothing to look for."""
    words = [line.strip() for line in sys.stdin if line.strip()]
    roots = [Path(argument) for argument in arguments]
    paths = [
        path for root in roots for path in ([root] if root.is_file() else sorted(root.rglob("*"))) if path.is_file()
    ]
    if not words or not paths:
        sys.stderr.write("canary: no words or no files to search\n")
        return 2
    found = sorted({(word, str(path)) for word, path in leaks(paths, words)})
    for word, name in found:
        sys.stdout.write(f"{word}\t{name}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
