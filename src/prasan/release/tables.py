"""What a built view may hold: per type the fields, the transform of each, and the group that leaves together.

A field that is not listed is absent, unknown and custom properties included. Free text is in the tables of what people
say of an object only: nobody can make a sentence coarser, so it goes where nothing else is made coarser either.
"""

from typing import Final, Literal

import msgspec

from prasan.formats.stix_ids import EVENT, INCIDENT, NOTE, TRACK, VESSEL

Kind = Literal[
    "code", "label", "integer", "number", "ref", "refs", "time", "start", "end", "local_time",
    "latitude", "longitude", "place_precision", "time_precision", "points", "coarseness_m", "coarseness_s",
    "rule", "evidence", "incident_name", "text", "codes", "precision_m",
]  # fmt: skip
"""The transforms; `transforms.py` has one function for each."""


class Field(msgspec.Struct, frozen=True):
    """A property, how it is made, and with which group it is dropped ("" with none)."""

    name: str
    kind: Kind
    group: str = ""
    required: bool = False


class Table(msgspec.Struct, frozen=True):
    """The fields of a type; `inner` are those inside our property extension of a native type."""

    fields: tuple[Field, ...]
    inner: tuple[Field, ...] = ()


_PLACE = (
    Field("latitude", "latitude"),
    Field("longitude", "longitude"),
    Field("place_precision_km", "place_precision"),
)
_TIME_PRECISION = Field("time_precision_min", "time_precision")

VIEWS: Final[dict[str, Table]] = {
    VESSEL: Table(
        (
            Field("mmsi", "integer", "identity"),
            Field("imo", "integer", "identity"),
            Field("name", "label", "identity"),
            Field("call_sign", "label", "identity"),
            Field("flag", "code"),
            Field("ship_type", "integer"),
            *_PLACE,
            Field("position_time", "time"),
            _TIME_PRECISION,
        )
    ),
    EVENT: Table(
        (
            Field("confidence", "integer", required=True),
            Field("confidence_label", "code"),
            Field("event_kind", "code", required=True),
            Field("gap_class", "code"),
            Field("state", "code", required=True),
            Field("revision", "integer"),
            Field("reason", "code"),
            Field("start_time", "start", required=True),
            Field("end_time", "end"),
            _TIME_PRECISION,
            *_PLACE,
            Field("vessel_refs", "refs", "identity"),
            Field("superseded_by_ref", "ref"),
            Field("rule", "rule", "evidence"),
            Field("evidence", "evidence", "evidence"),
        )
    ),
    TRACK: Table(
        (
            Field("vessel_ref", "ref", "identity", required=True),
            Field("start_time", "start"),
            Field("end_time", "end"),
            Field("coarseness_m", "coarseness_m", required=True),
            Field("coarseness_s", "coarseness_s", required=True),
            Field("points", "points", required=True),
        )
    ),
    INCIDENT: Table(
        (Field("confidence", "integer"), Field("name", "incident_name", required=True)),
        (
            Field("occurred", "time", required=True),
            Field("precision", "code", required=True),
            Field("local_time", "local_time"),
            _TIME_PRECISION,
            *_PLACE,
            Field("attack_type", "code"),
            Field("vessel_status", "code"),
            Field("vessel_type", "code"),
            Field("nearest_country", "code"),
            Field("source_name", "code"),
        ),
    ),
    "identity": Table(
        (Field("name", "label", "identity", required=True), Field("identity_class", "code")),
    ),
    "relationship": Table(
        (
            Field("confidence", "integer"),
            Field("relationship_type", "code", required=True),
            Field("source_ref", "ref", required=True),
            Field("target_ref", "ref", required=True),
            Field("start_time", "start"),
            Field("stop_time", "end"),
        )
    ),
    "sighting": Table(
        (
            Field("confidence", "integer"),
            Field("sighting_of_ref", "ref", required=True),
            Field("where_sighted_refs", "refs", "identity"),
            Field("first_seen", "start"),
            Field("last_seen", "end"),
            Field("count", "integer"),
        )
    ),
    "grouping": Table(
        (
            Field("name", "label", "identity"),
            Field("context", "code", required=True),
            Field("object_refs", "refs", required=True),
        )
    ),
    "indicator": Table(
        (
            Field("confidence", "integer"),
            Field("name", "label", "identity"),
            Field("pattern", "text", "text", required=True),
            Field("pattern_type", "code", required=True),
            Field("valid_from", "start", required=True),
            Field("valid_until", "end"),
            Field("indicator_types", "codes"),
        )
    ),
    "course-of-action": Table((Field("confidence", "integer"), Field("name", "label", required=True))),
    "location": Table(
        (
            Field("region", "code"),
            Field("country", "code"),
            Field("latitude", "latitude", required=True),
            Field("longitude", "longitude", required=True),
            Field("precision", "precision_m"),
        )
    ),
    "opinion": Table(
        (
            Field("confidence", "integer"),
            Field("explanation", "text", "text"),
            Field("opinion", "code", required=True),
            Field("object_refs", "refs", required=True),
        )
    ),
    NOTE: Table(
        (
            Field("confidence", "integer"),
            Field("content", "text", "text", required=True),
            Field("object_refs", "refs", required=True),
        )
    ),
}

IDENTIFYING: Final = frozenset({"points", "fixes", "local_time", "sources", "description", "vessel_name"})
"""Properties outside the group `identity` that may still point to one ship or source: the preview lists them too."""
