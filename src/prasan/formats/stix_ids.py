"""Names that never change: TLP marking definitions, our extension definitions, the product identity, ids of objects.

TLP 2.0 definitions are those of oasis-open/cti-stix-common-objects; TLP 1's are those of STIX 2.1 section 7.2.1.4 and
are understood on input only.
"""

import re
from typing import Final
from uuid import UUID, uuid5

from prasan.picture.marking import Tlp

TLP2: Final = {
    Tlp.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    Tlp.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Tlp.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Tlp.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    Tlp.RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
TLP1: Final = {
    Tlp.CLEAR: "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
    Tlp.GREEN: "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
    Tlp.AMBER: "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    Tlp.RED: "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
}
TLP_OF: Final = {ref: tlp for table in (TLP1, TLP2) for tlp, ref in table.items()}
"""Marking-definition id -> TLP 2.0 label."""

TLP2_EXTENSION: Final = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

PRODUCT: Final = "identity--977cade9-810b-4be4-9599-f940d657d596"
"""The product, the same on every node: it created the extension definitions."""

VESSEL: Final = "prasan-vessel"
EVENT: Final = "prasan-maritime-event"
TRACK: Final = "prasan-vessel-track"
RECEPTION: Final = "prasan-reception"
RECALL: Final = "prasan-recall"
RECEIPT: Final = "prasan-receipt"
CONSENT: Final = "prasan-consent"
REQUEST: Final = "prasan-information-request"
ACCORD: Final = "prasan-accord"
INCIDENT: Final = "incident"
NOTE: Final = "note"

EXTENSIONS: Final = {
    VESSEL: "extension-definition--bcbebd13-28e7-4e91-bbb8-0b60326359ec",
    EVENT: "extension-definition--8ffaa2f5-72aa-4a16-8e8f-67eaa140c433",
    TRACK: "extension-definition--d951278e-cb32-4858-8b7c-e252727e2fa2",
    RECEPTION: "extension-definition--e1a5b843-bad7-443f-88ec-67c5aec4fc0c",
    RECALL: "extension-definition--5d7c7ae1-6ec1-45d5-87bb-f7fc403f5709",
    RECEIPT: "extension-definition--87913311-d614-4f20-be6a-a37355ddd4f5",
    CONSENT: "extension-definition--e351f0ed-afde-478e-a1ab-6a0d925a72e4",
    REQUEST: "extension-definition--c86cef11-e6aa-407b-8b46-36ad3555a0ea",
    ACCORD: "extension-definition--6f0d9a53-6a0b-4c58-9c7e-3a5a0b6e2f71",
    INCIDENT: "extension-definition--1b4d62dc-3666-4f4f-a536-2366cffea388",
    NOTE: "extension-definition--e8ab571e-1c39-4e9d-a3d1-2c5d02534256",
}
"""Type -> extension definition. `incident` and `note` are native and carry a property extension; the rest are new."""

NATIVE: Final = frozenset({INCIDENT, NOTE})

CONTROL: Final = frozenset({RECALL, RECEIPT, CONSENT, REQUEST, ACCORD})
"""Types that travel in the control lane only."""

COMMON_KNOWLEDGE: Final = frozenset({PRODUCT, TLP2_EXTENSION, *TLP_OF, *EXTENSIONS.values()})
"""Ids that every reader knows: constants of the standard and of this product."""

NAMESPACE: Final = UUID("53b2c826-2103-49fe-8487-f2922760b682")

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
ID: Final = re.compile(rf"[a-z][a-z0-9-]{{1,248}}--{_UUID}")
"""An identifier (STIX 2.1 section 2.9): object type, two hyphens, a UUID in lower case."""

ID_TAIL: Final = re.compile("--" + _UUID.replace("a-f", "a-fA-F"))
"""The end of anything that looks like an identifier. The type before it is looked for backwards, so that no text,
however made, costs more than a look at each of its characters."""

_TYPE_CHARS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
_LONGEST_TYPE: Final = 250


def ids_in(text: str) -> set[str]:
    """Everything in a text that looks like an identifier, in lower case."""
    found = set()
    for match in ID_TAIL.finditer(text):
        floor = max(0, match.start() - _LONGEST_TYPE)
        start = floor + len(text[floor : match.start()].rstrip(_TYPE_CHARS))
        found.add(text[start : match.end()].lower())
    return found


def object_id(kind: str, node: str, key: str) -> str:
    """The id of this node's object with a natural key. The node's own id is part of it, so that two nodes that know
    the same ship never claim the same id (who may speak for an id is decided by who sent it first)."""
    return f"{kind}--{uuid5(NAMESPACE, f'{node}/{kind}/{key}')}"


def is_id(text: str) -> bool:
    """True if `text` is a STIX identifier."""
    return ID.fullmatch(text) is not None


def type_of(identifier: str) -> str:
    """The object type an identifier names."""
    return identifier.partition("--")[0]
