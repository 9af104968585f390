"""What keeps a serving node to be trusted by itself, every minute or so: one leaf an hour, certificates, deadlines."""

import logging
from typing import Final

from prasan.errors import PrasanError
from prasan.node.acts.consenting import revoke_fallen
from prasan.node.keeping.dropping import drop_overdue
from prasan.node.node import Node
from prasan.node.partners import certificate
from prasan.node.record import mark_hour

LOG: Final = logging.getLogger("prasan.upkeep")
EVERY_S: Final = 60.0


def upkeep(node: Node) -> None:
    """Do what is due. One duty that fails does not keep the others from being done."""
    for duty in (mark_hour, drop_overdue, revoke_fallen, certificate.tend):
        try:
            duty(node)
        except PrasanError as error:
            LOG.warning("%s %s", error, error.remedy)
