"""What the commands print: JSON lines for programs on standard output, sentences for people on standard error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from prasan.errors import PrasanError, UsageError

MAX_FILE: Final = 1 << 20
"""Bytes of a card, an accord or a policy, at most."""


def emit(value: Any) -> None:
    """One JSON line on standard output."""
    sys.stdout.write(orjson.dumps(value).decode() + "\n")
    sys.stdout.flush()


def note(value: Any) -> None:
    """One JSON line on standard error."""
    sys.stderr.write(orjson.dumps(value).decode() + "\n")
    sys.stderr.flush()


def tell(sentence: str) -> None:
    """One sentence on standard error."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def said(error: PrasanError) -> str:
    """An error as one clear sentence and what to do next."""
    return f"{str(error).rstrip('.')}. {error.remedy}".rstrip()


def complain(error: PrasanError) -> None:
    """Say what went wrong."""
    tell(f"prasan: {said(error)}")


def pass_over(name: str, error: PrasanError) -> None:
    """Say that a file of a folder is left out, and why."""
    tell(f"passed over {name}: {said(error)}")


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write that is there when all of it is, and not at all if something fails. Pipes are written at once."""
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_file(name: str) -> bytes:
    """A small file named by the user, or `-` for standard input. UsageError says what is wrong with it."""
    if name == "-":
        return sys.stdin.buffer.read(MAX_FILE)
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_FILE)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}", "Check the name.") from None
