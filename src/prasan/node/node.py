"""A node, opened: its parts in one value. What it does is in the modules beside this one, one act a module."""

import os
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prasan.archive.archive import Archive
from prasan.feeds.reference import read_areas, reference_world, world_of
from prasan.node import settings as settings_file
from prasan.node.clock import Clock
from prasan.node.crash import At, crash_points
from prasan.node.home import Home
from prasan.node.keys import KeyFile, finish_change
from prasan.picture.world import World
from prasan.stores.sqlite import Store

CRASH_AT = "PRASAN_CRASH_AT"


class Node:
    """The parts of one node. Opening it reads the settings; the rest is opened when first used."""

    def __init__(self, root: Path, clock: Clock | None = None, at: At | None = None) -> None:
        """Open a home. UsageError if it is none."""
        self.settings = settings_file.load(root)
        self.home = Home(root)
        self.clock = clock or Clock()
        self.at = at or crash_points(os.environ.get(CRASH_AT))
        self.store = Store(self.home.store)
        self._key_file = KeyFile(self.home.node_key)
        if self.home.coming_key.exists():
            finish_change(self.home.node_key, self.home.coming_key, current_thumbprint(self.store, self.id))

    @property
    def id(self) -> str:
        """Our identity id."""
        return self.settings.id

    @property
    def key(self) -> Ed25519PrivateKey:
        """The node's signing key, as it is now."""
        return self._key_file.key()

    @cached_property
    def session_key(self) -> bytes:
        """What signs browser sessions: made at `init`, known to no other node."""
        return self.home.session_key.read_bytes()

    @cached_property
    def archive(self) -> Archive:
        """The columns."""
        return Archive.open(self.home.archive, at=self.at, now=self.clock.now)

    @cached_property
    def world(self) -> World:
        """Ports, anchorages, land and identity tables, as shipped, with what the operator added."""
        own, vessels = read_areas(self.home.areas), frozenset(self.settings.own_vessels)
        return world_of(own, vessels) if own or vessels else reference_world()

    def close(self) -> None:
        """Close what was opened."""
        self.store.close()
        if "archive" in self.__dict__:
            self.archive.close()


def current_thumbprint(store: Store, node: str) -> str:
    """The fingerprint of the key that speaks for a node; "" if it never changed."""
    return next((row.thumbprint for row in store.node_keys(node) if row.state == "current"), "")
