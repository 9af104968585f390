"""What our objects refer to, as STIX objects: the product's identity, our extension definitions, the TLP 2.0 markings.

They are constants. `schemas/` holds the same objects and a JSON Schema for each type.
"""

from typing import Any, Final

from prasan.formats.stix_ids import EXTENSIONS, NATIVE, PRODUCT, TLP2, TLP2_EXTENSION
from prasan.picture.marking import Tlp

SINCE: Final = "2026-11-01T00:00:00.000Z"
TLP2_SINCE: Final = "2022-10-01T00:00:00.000Z"
SCHEMA_VERSION: Final = "1.0.0"

DESCRIPTIONS: Final = {
    "prasan-vessel": "A vessel as its transmissions and registers describe it, and its last place if known.",
    "prasan-maritime-event": "What a rule found in vessel movements: when, where, which vessels, which evidence.",
    "prasan-vessel-track": "Where a vessel was over time, simplified; how coarse it is stands in it.",
    "prasan-reception": "How many vessels one source heard, and should have, by cell and hour: numbers without tracks.",
    "prasan-recall": "A request to withdraw versions of an object that was sent, with a reason and a deadline.",
    "prasan-receipt": "The answer to a recall: what was withdrawn, what was not and why, who is still to answer.",
    "prasan-consent": "An ask to pass an object on, and the originator's answer: given, refused or revoked.",
    "prasan-information-request": "A question to a partner and what became of it: changes, each signed by its side.",
    "prasan-accord": "An accord on its way: the text with the signatures it has, or one party's change to it.",
    "incident": "Maritime incident: place, time and how exactly it is known, kind of attack, state of the vessel.",
    "note": "Counts that a note gives in words, and the words in each language.",
}


def product_identity() -> dict[str, Any]:
    """Who made the extension definitions: the product, the same on every node."""
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": PRODUCT,
        "created": SINCE,
        "modified": SINCE,
        "name": "Prasan",
        "identity_class": "system",
        "object_marking_refs": [TLP2[Tlp.CLEAR]],
    }


def extension_definition(kind: str) -> dict[str, Any]:
    """The extension definition of a type (STIX 2.1 section 7.3)."""
    return {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": EXTENSIONS[kind],
        "created_by_ref": PRODUCT,
        "created": SINCE,
        "modified": SINCE,
        "name": f"{kind} (Prasan)",
        "description": DESCRIPTIONS[kind],
        "schema": f"JSON Schema schemas/{kind}.json, distributed with Prasan",
        "version": SCHEMA_VERSION,
        "extension_types": ["property-extension" if kind in NATIVE else "new-sdo"],
        "object_marking_refs": [TLP2[Tlp.CLEAR]],
    }


def tlp_definition(tlp: Tlp) -> dict[str, Any]:
    """The official marking definition of a TLP 2.0 label, as oasis-open/cti-stix-common-objects publishes it."""
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": TLP2[tlp],
        "created": TLP2_SINCE,
        "name": tlp.label,
        "extensions": {
            TLP2_EXTENSION: {
                "extension_type": "property-extension",
                "tlp_2_0": tlp.label.removeprefix("TLP:").lower(),
            }
        },
    }


def definitions() -> list[dict[str, Any]]:
    """All of them, in a fixed order."""
    return [product_identity(), *map(extension_definition, EXTENSIONS), *map(tlp_definition, Tlp)]
