"""What a recipient can read now, in other programs' forms."""

from collections.abc import Iterator
from typing import Final

import msgspec

from prasan.exchange.lanes import LANES
from prasan.feeds.misp_out import Made, Shown, to_misp
from prasan.formats.stix import peek
from prasan.node.node import Node
from prasan.node.releasing.explaining import the_recipient
from prasan.node.releasing.publish import work_due
from prasan.picture.marking import Tlp
from prasan.stores.rows import Vouched

PAGE: Final = 500


class _Handling(msgspec.Struct):
    tlp: str


class _Statement(msgspec.Struct):
    handling: _Handling


_STATEMENT: Final = msgspec.json.Decoder(_Statement)


def misp_events(node: Node, to: str) -> Made:
    """The rows that a recipient can read, and no others, as MISP events. UsageError for one that is none."""
    recipient = the_recipient(node, to)
    work_due(node)
    return to_misp(list(_shown(node, recipient.id)), node.settings.title("en"), node.id, recipient.id)


def _shown(node: Node, recipient: str) -> Iterator[Shown]:
    """Each row with its label."""
    now_us = node.clock.now_us()
    for lane in LANES:
        after = 0
        while rows := node.store.parcel_rows(recipient, lane, after, PAGE, now_us):
            for row in rows:
                yield Shown(row.raw, _label(node, row))
            after = rows[-1].seq


def _label(node: Node, row: Vouched) -> Tlp:
    """What its statement says, for what came without a label has none in its bytes. Only partners get statements: for
    others it is what the bytes say and what the object is under here, the stricter."""
    if row.statement:
        return Tlp.parse(_STATEMENT.decode(row.statement).handling.tlp)
    found = peek(row.raw)
    kept = node.store.object(found.id)
    return found.marking(Tlp.AMBER_STRICT if kept is None else kept.marking.tlp).tlp
