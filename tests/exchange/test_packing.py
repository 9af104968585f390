"""Packed bodies: nothing is lost, equal bytes give equal bytes, damage and bombs are named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.errors import FormatError
from prasan.exchange.packing import GZIP, PLAIN, ZSTD, choose, pack, unpack

CODINGS = (ZSTD, GZIP, PLAIN)


@given(st.binary(max_size=5000), st.sampled_from(CODINGS))
def test_what_was_packed_comes_out_and_packs_the_same(raw: bytes, coding: str) -> None:
    assert unpack(pack(raw, coding), coding, 5000) == raw
    assert pack(raw, coding) == pack(raw, coding)


@pytest.mark.parametrize("coding", [ZSTD, GZIP])
@pytest.mark.parametrize("kept", [-5, -200, 40])
def test_damage_is_named(coding: str, kept: int) -> None:
    packed = pack(bytes(range(256)) * 40, coding)
    for damaged in (packed[:kept], b"junk" + packed):
        with pytest.raises(FormatError):
            unpack(damaged, coding, 1 << 20)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_bomb_is_stopped_at_the_limit(coding: str) -> None:
    with pytest.raises(FormatError, match="more than 1000"):
        unpack(pack(bytes(1_000_000), coding), coding, 1000)


def test_a_coding_nobody_asked_for_is_refused() -> None:
    with pytest.raises(FormatError, match="'br'"):
        unpack(b"x", "br", 10)


@pytest.mark.parametrize(
    ("accept", "size", "coding"),
    [("zstd, gzip", 5000, ZSTD), ("gzip;q=0.5", 5000, GZIP), ("br", 5000, PLAIN), ("zstd", 100, PLAIN), ("", 9, PLAIN)],
)
def test_the_best_that_is_named_is_chosen(accept: str, size: int, coding: str) -> None:
    assert choose(accept, size) == coding
