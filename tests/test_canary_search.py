"""The search for planted words finds them however they are packed."""

import base64
import gzip
import json
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

import canary_search
from canary_search import search

WORD = "KANARI123456789Q"
TEXT = f'{{"x_secret": "{WORD}"}}'.encode()
ZSTD = pa.Codec("zstd")

WAYS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda raw: raw,
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "zstd": lambda raw: bytes(ZSTD.compress(raw, asbytes=True)),
    "base64": base64.b64encode,
    "base64 from the second byte": lambda raw: base64.b64encode(b"?" + raw),
    "base64 from the third byte": lambda raw: base64.b64encode(b"??" + raw),
    "base64url without padding": lambda raw: base64.urlsafe_b64encode(raw + b"\xfb\xff").rstrip(b"="),
    "base64 that begins late": lambda raw: b"a" + base64.b64encode(raw),
    "hex": lambda raw: raw.hex().encode(),
    "HEX that begins late": lambda raw: b"a" + raw.hex().upper().encode() + b"b",
    "percent": lambda raw: "".join(f"%{byte:02X}" for byte in raw).encode(),
    "JSON escapes": lambda raw: "".join(f"\\u{byte:04x}" for byte in raw).encode(),
    "JSON in JSON": lambda raw: json.dumps(json.dumps(raw.decode())).encode(),
    "HTML": lambda raw: "".join(f"&#{byte};" if byte % 2 else f"&#x{byte:x};" for byte in raw).encode(),
    "UTF-16": lambda raw: raw.decode().encode("utf-16-le"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("around", [b"", b"before \x00\x1f\x8b\x08 "])
def test_each_way(way: str, around: bytes) -> None:
    assert search(around + WAYS[way](TEXT) + around, [WORD, "another"]) == {WORD}
    assert search(around + WAYS[way](b"nothing of the kind"), [WORD]) == set()


@pytest.mark.parametrize("outer", ["gzip", "zstd", "base64", "hex", "percent", "JSON escapes"])
@pytest.mark.parametrize("inner", ["gzip", "zstd", "base64url without padding", "hex", "JSON escapes"])
def test_one_in_another(outer: str, inner: str) -> None:
    assert search(WAYS[outer](b"x " + WAYS[inner](TEXT) + b" y"), [WORD]) == {WORD}


def test_what_is_cut_is_read_as_far_as_it_goes() -> None:
    noise = bytes(range(256)) * 40
    for way in ("gzip", "zlib"):
        assert search(WAYS[way](TEXT * 30 + noise)[:-20], [WORD]) == {WORD}


def test_the_program(tmp_path: Path) -> None:
    words, clean, dirty = tmp_path / "words", tmp_path / "clean", tmp_path / "dirty"
    words.write_text(f"{WORD}\nother\n")
    clean.write_bytes(b"nothing")
    dirty.write_bytes(gzip.compress(base64.b64encode(TEXT)))
    program = [sys.executable, canary_search.__file__, "--words", str(words)]
    assert subprocess.run([*program, str(clean)], capture_output=True, check=False).returncode == 0
    found = subprocess.run([*program, str(clean), str(dirty)], capture_output=True, check=False, text=True)
    assert (found.returncode, found.stdout) == (1, f"{dirty}: {WORD}\n")


def test_it_knows_nothing_of_the_product() -> None:
    assert "prasan" not in Path(canary_search.__file__).read_text()
