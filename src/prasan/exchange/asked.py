"""What a TAXII request asks for: media types and the URL parameters of section 3.4, checked."""

import re
from collections.abc import Collection, Sequence
from typing import Final
from urllib.parse import parse_qsl
from zlib import crc32

import msgspec

from prasan.exchange.http import Problem, time_us
from prasan.exchange.lanes import PAGE

_ALL_SPECS: Final = ("2.0", "2.1")
_KEYWORDS: Final = ("first", "last", "all")
_MAX_VALUES: Final = 200
_SINGLE: Final = ("added_after", "limit", "next")
_MATCH: Final = re.compile(r"match\[(\w+)\]")
_SPEC: Final = re.compile(r"\d{1,3}\.\d{1,3}")


class Query(msgspec.Struct, frozen=True):
    """The parameters of one request. None: not asked. `versions` holds keywords and exact versions, OR-ed."""

    after_us: int = 0
    limit: int = PAGE
    ids: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    versions: tuple[str, ...] = ("last",)
    spec_versions: tuple[str, ...] | None = None

    def whole_object(self, object_id: str, versions: tuple[str, ...] | None = None) -> "Query":
        """The same question about one object."""
        return msgspec.structs.replace(self, ids=(object_id,), types=None, versions=versions or self.versions)


def anything(object_id: str) -> Query:
    """Every version of one object: is it there at all?"""
    return Query(limit=1, ids=(object_id,), versions=("all",), spec_versions=_ALL_SPECS)


def read_query(text: str, default_version: str = "last") -> Query:
    """The parameters of a query string. `Problem` 400 names the one that is malformed; unknown ones are ignored."""
    single, match = _sorted(parse_qsl(text, keep_blank_values=True))
    spec_versions = match.get("spec_version")
    if spec_versions is not None and not all(map(_SPEC.fullmatch, spec_versions)):
        raise _bad("match[spec_version]", "versions such as 2.1")
    return Query(
        after_us=max(_after(single), _next(single)),
        limit=_limit(single),
        ids=match.get("id"),
        types=match.get("type"),
        versions=_versions(match.get("version", (default_version,))),
        spec_versions=spec_versions,
    )


def next_token(after_us: int) -> str:
    """Where the next page begins. It holds no state of the server: the same token always gives what follows it."""
    text = f"{after_us:x}"
    return f"{text}-{crc32(text.encode()):08x}"


def check_accept(accept: str | None) -> None:
    """`Problem` 406 unless the reader takes TAXII 2.1 (section 1.6.8). No header at all means anything."""
    if accept is not None and not any(_acceptable(part) for part in accept.split(",")):
        raise Problem(406, "Not acceptable", "This server speaks application/taxii+json;version=2.1.")


def check_content_type(content_type: str | None) -> None:
    """`Problem` 415 unless the body is TAXII 2.1."""
    name, parameters = _media(content_type or "")
    if name != "application/taxii+json" or parameters.get("version", "2.1") != "2.1":
        raise Problem(415, "Unsupported media type", "Send application/taxii+json;version=2.1.")


def _sorted(pairs: Sequence[tuple[str, str]]) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Plain parameters and match fields; each may be there once."""
    single, match = dict[str, str](), dict[str, tuple[str, ...]]()
    for name, value in pairs:
        field = _MATCH.fullmatch(name)
        if name in single or (field and field[1] in match):
            raise _bad(name, "one value; it is there twice")
        if field:
            match[field[1]] = _values(name, value)
        elif name in _SINGLE:
            single[name] = value
    return single, match


def _values(name: str, text: str) -> tuple[str, ...]:
    values = tuple(text.split(","))
    if not all(values) or len(values) > _MAX_VALUES or len(set(values)) < len(values):
        raise _bad(name, f"at most {_MAX_VALUES} different values, with commas between")
    return values


def _after(single: dict[str, str]) -> int:
    if "added_after" not in single:
        return 0
    us = time_us(single["added_after"])
    if us is None:
        raise _bad("added_after", "a timestamp such as 2026-01-31T08:00:00.000000Z")
    return us


def _next(single: dict[str, str]) -> int:
    token = single.get("next")
    if token is None:
        return 0
    text, _, check = token.partition("-")
    if not re.fullmatch(r"[0-9a-f]{1,16}", text) or check != f"{crc32(text.encode()):08x}":
        raise _bad("next", "the value that this server gave")
    return min(int(text, 16), 2**62)


def _limit(single: dict[str, str]) -> int:
    text = single.get("limit", str(PAGE))
    if not re.fullmatch(r"[0-9]{1,15}", text) or int(text) == 0:
        raise _bad("limit", "a whole number greater than zero")
    return min(int(text), PAGE)


def _versions(values: Collection[str]) -> tuple[str, ...]:
    if "all" in values and len(values) > 1:
        raise _bad("match[version]", "'all' alone")
    if not all(value in _KEYWORDS or time_us(value) is not None for value in values):
        raise _bad("match[version]", "first, last, all or timestamps")
    return tuple(values)


def _bad(name: str, wanted: str) -> Problem:
    return Problem(400, "Malformed parameter", f"'{name[:60]}' must be {wanted}.")


def _media(text: str) -> tuple[str, dict[str, str]]:
    name, *rest = text.split(";")
    pairs = (part.partition("=") for part in rest)
    return name.strip().lower(), {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}


def _acceptable(part: str) -> bool:
    name, parameters = _media(part)
    if name not in ("application/taxii+json", "application/*", "*/*"):
        return False
    refused = re.fullmatch(r"0(\.0*)?", parameters.get("q", "1"))
    return not refused and parameters.get("version", "2.1") == "2.1"
