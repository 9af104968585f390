"""The names that columns go by in AIS tables. Upper and lower case, blanks, '_' and '-' do not matter."""

from typing import Final

ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "mmsi": ("mmsi", "ssvid", "id"),
    "t": ("t", "timestamp", "time", "basedatetime", "datetime", "send"),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "longitude", "long", "lng"),
    "sog": ("sog", "sogkn", "speed", "speedkn"),
    "cog": ("cog", "cogdeg", "course"),
    "heading": ("heading", "headingdeg", "trueheading"),
    "nav_status": ("navstatus", "status", "nav"),
    "msg_type": ("msgtype", "messagetype"),
    "ais_class": ("aisclass", "transceiverclass", "transceiver"),
    "station": ("station",),
    "imo": ("imo",),
    "name": ("name", "vesselname", "shipname"),
    "callsign": ("callsign",),
    "ship_type": ("shiptype", "vesseltype", "category"),
    "length": ("length",),
    "width": ("width",),
    "to_bow": ("tobow",),
    "to_stern": ("tostern",),
    "to_port": ("toport",),
    "to_starboard": ("tostarboard",),
    "draught": ("draught", "draughtm", "draft"),
    "destination": ("destination",),
    "eta": ("eta",),
}
"""Our name -> names it goes by, the preferred one first."""

REQUIRED: Final = ("mmsi", "t", "lat", "lon")


def plain(name: str) -> str:
    """A column's name as compared."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def is_comment(line: str) -> bool:
    """True for a line that begins with '#', unless it names an MMSI column: some headers begin so."""
    return line.startswith("#") and "mmsi" not in line.lower()


def accepted() -> str:
    """The names that a table must have, for a message to its owner."""
    return "; ".join(f"{ours}: {' or '.join(ALIASES[ours])}" for ours in REQUIRED)
