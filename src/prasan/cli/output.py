"""What the commands print: JSON lines for programs on standard output, sentences for people on standard error."""

import sys
from typing import Any

import orjson

from prasan.errors import PrasanError


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


def complain(error: PrasanError) -> None:
    """An error as one clear sentence and what to do next."""
    sentence = str(error).rstrip(".")
    tell(f"prasan: {sentence}. {error.remedy}".rstrip() if error.remedy else f"prasan: {sentence}.")
