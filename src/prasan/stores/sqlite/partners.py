"""Partners, the accords with them, and the node's own policies."""

from typing import Final

from prasan.stores.rows import AccordRow, PartnerRow, PolicyRow
from prasan.stores.sqlite.link import Link

_PARTNER: Final = "SELECT id, name, card, added_us, suspended FROM partners"
_ACCORD: Final = "SELECT hash, name, bytes, signed, state, changed_us FROM accords"


class PartnerReads(Link):
    """Reading them."""

    def partners(self) -> list[PartnerRow]:
        """All partners by name."""
        return [_partner(row) for row in self._all(f"{_PARTNER} ORDER BY name")]

    def partner(self, name_or_id: str) -> PartnerRow | None:
        """One partner by its name or its identity id."""
        row = self._one(f"{_PARTNER} WHERE id = ?1 OR name = ?1", (name_or_id,))
        return None if row is None else _partner(row)

    def accords(self, state: str | None = None) -> list[AccordRow]:
        """Accords by name, in one state or in all."""
        rows = self._all(f"{_ACCORD} WHERE ?1 IS NULL OR state = ?1 ORDER BY name, hash", (state,))
        return [AccordRow(*row) for row in rows]

    def accord(self, accord_hash: str) -> AccordRow | None:
        """One accord by the hash of its text."""
        row = self._one(f"{_ACCORD} WHERE hash = ?", (accord_hash,))
        return None if row is None else AccordRow(*row)

    def policy(self) -> PolicyRow | None:
        """The policy in force: the last adopted."""
        row = self._one("SELECT * FROM policies ORDER BY number DESC LIMIT 1")
        return None if row is None else PolicyRow(*row)

    def policies(self) -> list[PolicyRow]:
        """Every policy ever adopted, oldest first."""
        return [PolicyRow(*row) for row in self._all("SELECT * FROM policies ORDER BY number")]


class PartnerWrites(PartnerReads):
    """Changing them."""

    _known: list[PartnerRow] | None
    """The partners as this transaction last read them."""

    def partners(self) -> list[PartnerRow]:
        """As for readers; read once in a transaction, unless it changes them."""
        if self._known is None:
            self._known = super().partners()
        return self._known

    def put_partner(self, row: PartnerRow) -> None:
        """Register a partner, or replace its card and name."""
        self._known = None
        self._do(
            "INSERT INTO partners VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
            " card = excluded.card",
            (row.id, row.name, row.card, row.added_us, int(row.suspended)),
        )

    def suspend(self, partner_id: str, suspended: bool = True) -> int:
        """Stop everything to a partner, or let it go on; 0 if there is no such partner."""
        self._known = None
        return self._do("UPDATE partners SET suspended = ? WHERE id = ?", (int(suspended), partner_id))

    def put_accord(self, row: AccordRow) -> None:
        """Keep an accord; its text never changes, its signatures and state do."""
        self._do(
            "INSERT INTO accords VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO UPDATE SET signed = excluded.signed,"
            " state = excluded.state, changed_us = excluded.changed_us",
            (row.hash, row.name, row.raw, row.signed, row.state, row.changed_us),
        )

    def adopt_policy(self, sha256: str, text: bytes, by: str, now_us: int) -> int:
        """Put a policy in force; its number."""
        sql = "INSERT INTO policies (sha256, bytes, adopted_by, adopted_us) VALUES (?, ?, ?, ?) RETURNING number"
        return int(self._value(sql, (sha256, text, by, now_us)))


def _partner(row: tuple[str, str, bytes, int, int]) -> PartnerRow:
    return PartnerRow(row[0], row[1], row[2], row[3], bool(row[4]))
