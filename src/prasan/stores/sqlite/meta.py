"""The store's own few facts: the epoch of the collections, and small settings that must survive a restart."""

from prasan.stores.sqlite.link import Link


class MetaReads(Link):
    """Reading them."""

    def meta(self, key: str) -> str | None:
        """The value, or None."""
        value: str | None = self._value("SELECT value FROM meta WHERE key = ?", (key,))
        return value

    def epoch(self) -> str:
        """The random UUID that collection ids are made of (docs/wire.md, section 6); "" before `init` gave one."""
        return self.meta("epoch") or ""


class MetaWrites(MetaReads):
    """Writing them."""

    def set_meta(self, key: str, value: str) -> None:
        """Keep a value."""
        self._do("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, value))

    def drop_meta(self, key: str) -> None:
        """Forget a value."""
        self._do("DELETE FROM meta WHERE key = ?", (key,))

    def set_epoch(self, epoch: str) -> None:
        """Begin a new epoch: at `init` and at every restore."""
        self.set_meta("epoch", epoch)
