"""A node's home folder: what lies where, and how one is made.

prasan.toml     settings                    keys/       node key, TLS keys and certificates
store.sqlite    documents and ledgers       archive/    positions in columns, manifest
accords/        accord texts                policies/   release rules
areas/          the operator's own zones
"""

from pathlib import Path

import msgspec

from prasan.errors import UsageError
from prasan.exchange.certs import self_signed
from prasan.node import settings as settings_file
from prasan.node.clock import Clock
from prasan.node.keys import new_node_key, write_private
from prasan.node.settings import Settings
from prasan.stores.sqlite import Store

CERTIFICATE_DAYS = 825
"""How long a TLS certificate is good for; the peer certificate is renewed with a new card."""


class Home(msgspec.Struct, frozen=True):
    """The paths of one home."""

    root: Path

    @property
    def store(self) -> Path:
        """The document store's file."""
        return self.root / "store.sqlite"

    @property
    def archive(self) -> Path:
        """The folder of columns."""
        return self.root / "archive"

    @property
    def node_key(self) -> Path:
        """The node's signing key."""
        return self.root / "keys" / "node.pem"

    @property
    def coming_key(self) -> Path:
        """The key that `key rotate` is about to put in its place."""
        return self.root / "keys" / "node.coming.pem"

    @property
    def areas(self) -> Path:
        """The operator's own drawings, `*.geojson`: polygons are zones to watch, points are ports."""
        return self.root / "areas"

    @property
    def session_key(self) -> Path:
        """What signs browser sessions."""
        return self.root / "keys" / "session.key"

    def tls(self, door: str) -> tuple[Path, Path]:
        """Key and certificate of the door `web` or `peer`."""
        return self.root / "keys" / f"{door}.key.pem", self.root / "keys" / f"{door}.cert.pem"

    @property
    def peer_certificates(self) -> tuple[Path, ...]:
        """The certificates that our card names: the one in use at the peer port and, once made, the one after it."""
        return tuple(path for path in (self.tls("peer")[1], self.tls("peer.next")[1]) if path.exists())


def create(root: Path, settings: Settings, clock: Clock) -> Home:
    """Make a new home. UsageError if there is one already: nothing is ever overwritten."""
    home = Home(root)
    if (root / settings_file.FILE).exists() or home.store.exists():
        raise UsageError(f"{root} is a node home already", "Choose an empty folder.")
    for folder in ("keys", "accords", "policies", "areas", "archive"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "keys").chmod(0o700)
    new_node_key(home.node_key)
    write_private(home.session_key, clock.entropy(32, "session"))
    for door in ("web", "peer"):
        new_certificate(home, door, settings, clock.now())
    store = Store(home.store, create=True)
    with store.write() as tx:
        tx.set_epoch(clock.uuid("epoch"))
    store.close()
    # The settings come last: a home that has them is whole.
    (root / settings_file.FILE).write_text(settings_file.dump(settings), encoding="utf-8")
    return home


def new_certificate(home: Home, door: str, settings: Settings, now: int, days: int = CERTIFICATE_DAYS) -> None:
    """Make the self-signed ECDSA certificate of one door, valid from a day ago for `days`."""
    key_path, cert_path = home.tls(door)
    hosts = sorted({settings.listen.host, "localhost", "127.0.0.1"})
    made = self_signed(settings.name, hosts, not_before=now - 86_400, not_after=now + days * 86_400)
    key_path.unlink(missing_ok=True)
    write_private(key_path, made.key)
    cert_path.write_bytes(made.certificate)
