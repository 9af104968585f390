"""Tables and drawings that people give in place of AIS: told by their names, and said what they are and who takes them.

The names are those of the sources: World Port Index (NGA Pub 150), Global Fishing Watch anchorages, the ITU table of
maritime identification digits, Crime at Sea, GeoJSON (RFC 7946) and TopoJSON.
"""

from collections.abc import Iterable
from typing import Final

from prasan.errors import FormatError
from prasan.formats.ais_names import plain

_SHIPPED: Final = "It ships with Prasan, so nothing is to be done."
_PORTS: Final = f"{_SHIPPED} Draw ports of your own as points of GeoJSON in areas/ of a node's home."
_DRAWING: Final = "Put it into areas/ of a node's home, or give it to 'prasan detect --areas'."

OTHERS: Final[tuple[tuple[frozenset[str], str, str], ...]] = tuple(
    (frozenset(names.split()), what, remedy)
    for names, what, remedy in (
        ("attacktype latitude longitude", "a table of incidents", "Give it to 'prasan ingest'."),
        ("worldportindexnumber", "a table of ports (World Port Index)", _PORTS),
        ("s2id label", "a table of anchorages (Global Fishing Watch)", _PORTS),
        ("mid allocatedto", "the table of flags by MMSI (ITU)", _SHIPPED),
        ("type features", "a drawing (GeoJSON)", _DRAWING),
        ("type geometry properties", "a drawing (GeoJSON)", _DRAWING),
        ("type coordinates", "a drawing (GeoJSON)", _DRAWING),
        ("type objects arcs", "a map in TopoJSON", f"Convert it to GeoJSON. {_DRAWING}"),
    )
)
"""Names that must all be there (`plain` spelling), what it is then, and what to do with it."""


def other(names: Iterable[str]) -> FormatError | None:
    """What to say of an input with these names (columns, or members of an object); None if it is nothing known."""
    there = {plain(name) for name in names}
    for wanted, what, remedy in OTHERS:
        if wanted <= there:
            return FormatError(f"It is {what}, not AIS.", remedy)
    return None
