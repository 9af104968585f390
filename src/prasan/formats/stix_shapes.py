"""The shapes of Prasan's own types, checked when an object comes from outside: what is kept can be read by every room.

Only the kind of each property is said here; which ones an object must have is in `stix.REQUIRED`. Foreign types and
properties are nobody's business here and stay as they came.
"""

from typing import Annotated, Any, Final, Literal

import msgspec

from prasan.errors import FormatError
from prasan.formats.stix_ids import EVENT, EXTENSIONS, INCIDENT, RECEPTION, TRACK, VESSEL

Lat = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Lon = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Mmsi = Annotated[int, msgspec.Meta(ge=0, lt=2**30)]
"""30 bits, as on the air (M.1371-5): a number that no ship can have been given must still be reportable."""
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Km = Annotated[float, msgspec.Meta(ge=0, le=40_000)]
Time = Annotated[str, msgspec.Meta(pattern=r"^[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$")]


class _Fix(msgspec.Struct, frozen=True):
    t: Time
    mmsi: Mmsi
    lat: Lat
    lon: Lon
    sog_kn: float | None = None
    cog_deg: float | None = None


class _Evidence(msgspec.Struct, frozen=True):
    codes: list[str] = []
    fixes: list[_Fix] = []


class _Rule(msgspec.Struct, frozen=True):
    id: str = ""
    version: Count = 0
    preset: str = ""
    thresholds: dict[str, float] = {}
    differs: list[str] = []


class _Place(msgspec.Struct, frozen=True):
    latitude: Lat | None = None
    longitude: Lon | None = None
    place_precision_km: Km | None = None
    time_precision_min: Count | None = None


class _Event(_Place, frozen=True):
    event_kind: str = ""
    state: Literal["open", "closed", "revised", "withdrawn"] = "open"
    start_time: Time = "1970-01-01T00:00:00Z"
    end_time: Time | None = None
    confidence_label: Literal["low", "medium", "high"] | None = None
    gap_class: Literal["normal", "unknown", "suspicious", "dark"] | None = None
    reason: str | None = None
    revision: Count | None = None
    vessel_refs: list[str] = []
    sources: list[str] = []
    rule: _Rule = _Rule()
    evidence: _Evidence = _Evidence()


class _Vessel(_Place, frozen=True):
    mmsi: Mmsi | None = None
    imo: Count | None = None
    name: str | None = None
    call_sign: str | None = None
    flag: str | None = None
    ship_type: Count | None = None
    position_time: Time | None = None


class _Track(msgspec.Struct, frozen=True):
    points: list[tuple[Time, Lat, Lon]]
    coarseness_m: float
    coarseness_s: float


class _Reception(_Place, frozen=True, kw_only=True):
    source: str
    start_time: Time
    cell_deg: float
    slot_s: Count
    rows: list[tuple[Count, Count, str, Count, Count]]


class _Incident(_Place, frozen=True, kw_only=True):
    occurred: Time
    precision: Literal["day", "minute"] = "day"
    attack_type: str | None = None
    vessel_status: str | None = None
    vessel_type: str | None = None
    nearest_country: str | None = None
    source_name: str | None = None
    vessel_name: str | None = None
    local_time: str | None = None


class _Credit(msgspec.Struct, frozen=True):
    source_name: str


class _Native(msgspec.Struct, frozen=True):
    extensions: dict[str, msgspec.Raw] = {}
    external_references: list[_Credit] = []


OWN: Final[dict[str, Any]] = {EVENT: _Event, VESSEL: _Vessel, TRACK: _Track, RECEPTION: _Reception}
_DECODERS: Final = {kind: msgspec.json.Decoder(shape) for kind, shape in OWN.items()}
_NATIVE: Final = msgspec.json.Decoder(_Native)
_INCIDENT: Final = msgspec.json.Decoder(_Incident)


def check_shape(raw: bytes, kind: str) -> None:
    """FormatError if an object of one of our types, or an incident with our extension, is not of its shape."""
    try:
        if kind in _DECODERS:
            _DECODERS[kind].decode(raw)
        elif kind == INCIDENT:
            inner = _NATIVE.decode(raw).extensions.get(EXTENSIONS[INCIDENT])
            if inner is not None:
                _INCIDENT.decode(inner)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"the {kind} is not of its shape: {error}", "Send it as its schema says.") from None
