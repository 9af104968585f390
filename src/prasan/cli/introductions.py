"""Two nodes on this machine made partners: with each other's cards, and the shipped accord in force on both sides."""

import tomllib
from importlib import resources
from typing import Any, Final

import tomli_w

from prasan.exchange.jws import thumbprint
from prasan.node.node import Node
from prasan.node.partners.partnering import accept_accord, add_partner, own_card, propose_accord

ACCORD: Final = resources.files("prasan") / "data" / "demo" / "accord.toml"


def introduce(a: Node, b: Node, **terms: Any) -> str:
    """Cards both ways, then one accord: proposed by the first, countersigned by the second, taken in by the first.

    `terms` stand instead of those of the shipped text. The text that was signed.
    """
    for node, other in ((a, b), (b, a)):
        # Both homes are on this machine, so their fingerprints are compared at once.
        add_partner(node, own_card(other), thumbprint(other.key.public_key()))
    text = _text(a, b, terms)
    signed, _ = accept_accord(b, propose_accord(a, text.encode()))
    accept_accord(a, signed)
    return text


def _text(a: Node, b: Node, terms: dict[str, Any]) -> str:
    text = ACCORD.read_text(encoding="utf-8")
    for side, node in (("a", a), ("b", b)):
        values = {"name": node.settings.name, "id": node.id, "key": thumbprint(node.key.public_key())}
        for name, value in values.items():
            text = text.replace(f"{{{side}_{name}}}", value)
    return tomli_w.dumps(tomllib.loads(text) | terms) if terms else text
