"""What a vessel said of itself: every value of its identity, when, how often and to whom."""

from collections.abc import Sequence

from prasan.archive.archive import Archive
from prasan.tracks.identity import Value, disputed, tell
from prasan.tracks.identity_rows import FIELDS
from prasan.tracks.settle import FOREVER
from prasan.web import desk


def identity_of(archive: Archive, sources: Sequence[str], mmsi: int) -> tuple[desk.Told, ...]:
    """Of one MMSI, as these sources heard it: field by field, the value said last on top."""
    _, carry = tell(archive.read_statics(sources, [mmsi]), None, FOREVER, 1)
    history = carry.history(mmsi)
    apart = disputed(history)
    return tuple(
        desk.Told(name, tuple(_value(name, one) for one in _latest_first(history[name].values)), name in apart)
        for name in FIELDS
        if name in history and history[name].values
    )


def _latest_first(values: list[Value]) -> list[Value]:
    return sorted(values, key=lambda one: (-one.last, one.text))


def _value(name: str, value: Value) -> desk.ToldValue:
    return desk.ToldValue(_shown(name, value.text), value.first, value.last, value.count, tuple(sorted(value.sources)))


def _shown(name: str, text: str) -> str:
    """As people read it: a draught is kept in tenths of a metre."""
    return f"{int(text) / 10:g}" if name == "draught" and text.isdecimal() else text
