"""Fingerprints on the command line: base64url may begin with a minus."""

import pytest

from prasan.cli.parser import build_parser


@pytest.mark.parametrize("first", ["-", "_", "a", "--"])
def test_a_fingerprint_that_begins_with_a_minus_is_a_value(first: str) -> None:
    text = first + "x" * (43 - len(first))
    parsed = build_parser().parse_args(["partner", "confirm", "us", text, "--home", "h"])
    assert (parsed.fingerprint, parsed.home) == (text, "h")
    parsed = build_parser().parse_args(["partner", "add", "card", "--confirm", text, "--home", "h"])
    assert parsed.confirm == text
