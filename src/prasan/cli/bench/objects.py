"""STIX objects to measure the exchange with: mixed types, the sizes of real ones, nothing of anybody real in them.

The mix and the lengths are those of public threat catalogues (about 1.5 kB an object) with the maritime types beside
them. Equal seeds give equal bytes.
"""

import random
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

import orjson

from prasan.formats.stix_ids import EVENT, EXTENSIONS, INCIDENT, TLP2, VESSEL
from prasan.picture.marking import Tlp

MIX: Final[dict[str, int]] = {
    "indicator": 22, "attack-pattern": 10, "malware": 8, "relationship": 20, "course-of-action": 6, "tool": 2,
    "intrusion-set": 3, "sighting": 4, "note": 1, VESSEL: 10, EVENT: 10, INCIDENT: 4,
}  # fmt: skip
"""Of a hundred objects, so many of each type."""

_TEXT: Final = """
adversaries may use this to gain access keep it over restarts move on to other hosts collect what they find and send it
out a vessel at anchor was boarded from a small craft nobody was hurt stores were taken the master raised the alarm the
crew mustered port control was told
"""
_WORDS: Final = _TEXT.split()
_AT: Final = "2026-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}.{:03d}Z"


def stix_objects(count: int, seed: int = 1, created_by: str = "") -> Iterator[bytes]:
    """`count` objects as bytes, each with an id of its own; `created_by` is the identity they name as their maker."""
    chance = random.Random(seed)  # noqa: S311 - it draws sizes, not secrets
    made: list[str] = []
    kinds = chance.choices([*MIX], [*MIX.values()], k=count)
    for kind in kinds:
        document = _common(chance, kind, created_by) | _OF[kind](chance, made)
        if kind not in ("relationship", "sighting", "note"):
            made.append(document["id"])
        yield orjson.dumps(document)


def _uuid(chance: random.Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))


def _time(chance: random.Random) -> str:
    draw = chance.randint
    return _AT.format(draw(1, 10), draw(1, 28), draw(0, 23), draw(0, 59), draw(0, 59), draw(0, 999))


def _text(chance: random.Random, length: int) -> str:
    words = chance.choices(_WORDS, k=max(1, round(chance.gauss(length, length / 3) / 5)))
    return " ".join(words).capitalize() + "."


def _common(chance: random.Random, kind: str, created_by: str) -> dict[str, Any]:
    at = _time(chance)
    tlp = chance.choices([Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER, Tlp.RED], [2, 5, 2, 1])[0]
    made = {"type": kind, "spec_version": "2.1", "id": f"{kind}--{_uuid(chance)}", "created": at, "modified": at}
    made |= {"created_by_ref": created_by} if created_by else {}
    return made | {"object_marking_refs": [TLP2[tlp]]}


def _catalogued(chance: random.Random, _made: list[str]) -> dict[str, Any]:
    name = f"{chance.choice(_WORDS)} {chance.choice(_WORDS)}".title()
    phases = [{"kill_chain_name": "example", "phase_name": chance.choice(_WORDS)} for _ in range(chance.randint(1, 3))]
    links = [
        {"source_name": "example", "url": f"https://example.org/{_uuid(chance)}"} for _ in range(chance.randint(1, 6))
    ]
    return {
        "name": name, "description": _text(chance, 700), "kill_chain_phases": phases, "external_references": links,
        "x_example_platforms": chance.sample(["Linux", "Windows", "macOS", "Network"], chance.randint(1, 3)),
    }  # fmt: skip


def _malware(chance: random.Random, made: list[str]) -> dict[str, Any]:
    return _catalogued(chance, made) | {"is_family": chance.random() < 0.5}


def _indicator(chance: random.Random, _made: list[str]) -> dict[str, Any]:
    address = ".".join(str(chance.randint(1, 254)) for _ in range(4))
    return {
        "name": f"Traffic to {address}", "pattern": f"[ipv4-addr:value = '{address}']", "pattern_type": "stix",
        "valid_from": _time(chance), "indicator_types": ["malicious-activity"], "description": _text(chance, 200),
    }  # fmt: skip


def _relationship(chance: random.Random, made: list[str]) -> dict[str, Any]:
    source, target = _two(chance, made)
    return {
        "relationship_type": chance.choice(["uses", "mitigates", "indicates", "related-to"]),
        "source_ref": source, "target_ref": target, "description": _text(chance, 150),
    }  # fmt: skip


def _sighting(chance: random.Random, made: list[str]) -> dict[str, Any]:
    at = _time(chance)
    return {"sighting_of_ref": _two(chance, made)[0], "first_seen": at, "last_seen": at, "count": chance.randint(1, 9)}


def _note(chance: random.Random, made: list[str]) -> dict[str, Any]:
    return {"content": _text(chance, 300), "object_refs": [*_two(chance, made)]}


def _two(chance: random.Random, made: list[str]) -> tuple[str, str]:
    """Two objects made before; early ones refer to things that are not here."""
    if len(made) < 2:
        return f"malware--{_uuid(chance)}", f"tool--{_uuid(chance)}"
    return chance.choice(made[-500:]), chance.choice(made[-500:])


def _place(chance: random.Random) -> dict[str, float]:
    return {"latitude": round(chance.uniform(-10, 20), 5), "longitude": round(chance.uniform(90, 125), 5)}


def _vessel(chance: random.Random, _made: list[str]) -> dict[str, Any]:
    return {
        "mmsi": chance.randint(200_000_000, 775_999_999), "name": f"EXAMPLE {chance.randint(1, 99999)}", "flag": "PA",
        "ship_type": chance.choice([30, 70, 80]), "position_time": _time(chance), **_place(chance),
    }  # fmt: skip


def _event(chance: random.Random, made: list[str]) -> dict[str, Any]:
    vessels = [one for one in made[-200:] if one.startswith(VESSEL)]
    mmsi = chance.randint(200_000_000, 775_999_999)
    return {
        "event_kind": chance.choice(["gap", "encounter", "loitering", "port_visit", "zone_entry"]), "state": "closed",
        "start_time": _time(chance), "end_time": _time(chance), "revision": 1, "confidence": 85, **_place(chance),
        "vessel_refs": chance.sample(vessels, min(2, len(vessels))) or [f"{VESSEL}--{_uuid(chance)}"],
        "evidence": {"fixes": [_fix(chance, mmsi) for _ in range(6)]},
        "rule": {"id": "gap", "version": 4, "preset": "prasan", "thresholds": {"min_h": 6.0, "calm_h": 7.0}},
    }  # fmt: skip


def _fix(chance: random.Random, mmsi: int) -> dict[str, Any]:
    place = _place(chance)
    return {"t": _time(chance), "mmsi": mmsi, "lat": place["latitude"], "lon": place["longitude"], "sog_kn": 7.5}


def _incident(chance: random.Random, _made: list[str]) -> dict[str, Any]:
    inner = {
        "extension_type": "property-extension", "occurred": _time(chance), "precision": "day",
        "attack_type": chance.choice(["boarded", "attempted", "hijacked"]), **_place(chance),
    }  # fmt: skip
    return {"name": "Incident at sea", "description": _text(chance, 400), "extensions": {EXTENSIONS[INCIDENT]: inner}}


_OF: Final = {
    "indicator": _indicator, "attack-pattern": _catalogued, "malware": _malware, "relationship": _relationship,
    "course-of-action": _catalogued, "tool": _catalogued, "intrusion-set": _catalogued, "sighting": _sighting,
    "note": _note, VESSEL: _vessel, EVENT: _event, INCIDENT: _incident,
}  # fmt: skip
