"""May a recipient know of a source at all? Asked before anything is made of its rows, so that what it may not know
leaves no trace in what it is told (docs/wire.md, section 4)."""

from typing import Final

from prasan.formats.stix_ids import EVENT
from prasan.picture.source import Source
from prasan.release.decide import Case
from prasan.release.facts import Facts

OF_SOURCES: Final = frozenset({
    "accord_mode", "orcon", "rel_to", "tlp_above", "purpose", "personal_data", "source_terms", "expired",
})  # fmt: skip
"""The codes of a decision that marking and terms of a source alone can hold by, whatever is made of its rows."""


def may_know(source: Source, node: str, case: Case) -> bool:
    """True if marking and terms of this source let the recipient be told of what rests on its rows."""
    facts = Facts("", "", EVENT, "", source.marking, node, 0, terms=source.terms)
    return not any(code in OF_SOURCES and holds(facts, case, None) for code, holds in case.checks)
