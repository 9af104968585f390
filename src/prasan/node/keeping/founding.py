"""A new home made whole: folders and keys, then the node's first object, its own identity."""

from importlib import resources
from pathlib import Path

from prasan.formats.stix_build import Stamp, identity_object
from prasan.node.clock import Clock
from prasan.node.home import Home, create
from prasan.node.node import Node
from prasan.node.objects import keep_own
from prasan.node.partners.partnering import adopt_policy
from prasan.node.record import NODE_LOG, note
from prasan.node.settings import Settings
from prasan.picture.marking import PUBLIC
from prasan.stores.sqlite import Tx


def found(root: Path, settings: Settings, clock: Clock) -> Home:
    """Make a home and keep the node's identity object in it. UsageError if there is one already."""
    home = create(root, settings, clock)
    node = Node(root, clock)
    with node.store.write() as tx:
        note(node, tx, NODE_LOG, "init", settings.id, {"epoch": tx.epoch()})
        keep_identity(node, tx)
    node.close()
    return home


def keep_identity(node: Node, tx: Tx) -> bool:
    """The node as an `identity`; a new version when its name changed."""

    def build(stamp: Stamp) -> bytes:
        return identity_object(node.settings.title("en"), stamp, PUBLIC)

    return keep_own(node, tx, node.id, build, PUBLIC)


def adopt_first_policy(home: Home, by: str) -> None:
    """Put the policy in force that a node begins with: its own staff see everything, nobody else anything."""
    text = (resources.files("prasan") / "data" / "first-policy.toml").read_bytes()
    (home.root / "policies" / "own-staff.toml").write_bytes(text)
    node = Node(home.root)
    adopt_policy(node, text, by)
    node.close()
