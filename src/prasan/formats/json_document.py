"""JSON that comes as one document: a list of records, or an envelope around one, as web services answer.

A document is read whole, so it is bounded; each of its records then counts as a line.
"""

from typing import Final

import msgspec

from prasan.errors import FormatError

DOCUMENT_LIMIT: Final = 64 << 20
"""Bytes. The world's vessels at one moment are about 20 MB in the wordiest of the dialects."""
ENVELOPES: Final = ("features", "data", "msgs")
"""Names under which a service puts its list of records: GeoJSON, Spire, AIS-catcher."""

_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def records_in(document: bytes) -> tuple[bytes, int]:
    """A document -> (its records one a line, 1 if there was an envelope around them). FormatError if it has none.

    A list of records; an object with one under a name of `ENVELOPES`; or AISHub's list of an envelope and a list.
    """
    try:
        records, wrapped = _records(document.strip().removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise FormatError(
            "The JSON is not whole, or is no list of records.",
            "Give JSON lines, or a list of objects with ssvid or mmsi.",
        ) from None
    # A line break cannot stand inside a JSON string, so those in a record are only its layout.
    return b"".join(bytes(one).replace(b"\n", b" ") + b"\n" for one in records), wrapped


def envelope(names: object) -> bool:
    """True for the names of an object that is an envelope."""
    return isinstance(names, dict) and any(name in names for name in ENVELOPES)


def _records(document: bytes) -> tuple[list[msgspec.Raw], int]:
    if document.startswith(b"{"):
        members = _OBJECT.decode(document)
        inner = next((members[name] for name in ENVELOPES if name in members), None)
        return ([msgspec.Raw(document)], 0) if inner is None else (_LIST.decode(inner), 1)
    parts = _LIST.decode(document)
    if parts and bytes(parts[-1]).startswith(b"["):
        return _LIST.decode(parts[-1]), 1
    return parts, 0
