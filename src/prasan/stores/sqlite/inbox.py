"""Inboxes: what callers posted, each in a namespace of its own, and the status of each post."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from prasan.picture.posted import Item, Outcome
from prasan.stores.rows import Shelved, Wanted, version_key
from prasan.stores.sqlite.link import Link, Values, marks

STATUS_KEEP_US: Final = 48 * 3_600_000_000
"""Twice what TAXII 2.1 section 4.3 asks for."""

_KEYWORDS: Final = {"first", "last", "all"}


class InboxReads(Link):
    """Reading them."""

    def inbox_page(self, owner: str, wanted: Wanted) -> list[Shelved]:
        """The owner's rows, oldest first."""
        where, values = _filter(wanted.ids, wanted.types, wanted.versions, wanted.spec_versions)
        sql = (
            "SELECT i.id, i.version, i.date_added_us, i.spec_version, i.bytes FROM inbox i WHERE i.owner = ?"  # noqa: S608
            f" AND i.date_added_us > ?{where} ORDER BY i.date_added_us LIMIT ?"
        )
        return [Shelved(*row) for row in self._all(sql, (owner, wanted.after_us, *values, wanted.limit))]

    def status(self, owner: str, status_id: str) -> bytes | None:
        """The status resource of one of the owner's posts, as JSON bytes."""
        found: bytes | None = self._value("SELECT body FROM statuses WHERE id = ? AND owner = ?", (status_id, owner))
        return found


class InboxWrites(InboxReads):
    """Changing them."""

    def put_inbox(self, owner: str, items: Sequence[Item], now_us: int) -> list[Outcome]:
        """Keep what a caller posted, each at max(now, the last + 1 µs) of that inbox; what became of each."""
        kept = self._inbox_hashes(owner, [item.id for item in items])
        added_us = self._value("SELECT max(date_added_us) FROM inbox WHERE owner = ?", (owner,)) or 0
        outcomes, new = list[Outcome](), list[Values]()
        for item in items:
            named = item.id, item.version, item.spec_version
            before = kept.setdefault(named, "")
            outcomes.append("same" if before == item.sha256 else "conflict" if before else "new")
            if not before:
                kept[named] = item.sha256
                added_us, key = max(now_us, added_us + 1), version_key(item.version)
                new.append((owner, item.id, item.version, key, item.type, item.spec_version, item.sha256, item.raw,
                            added_us))  # fmt: skip
        self._each_of(
            "INSERT INTO inbox (owner, id, version, vkey, type, spec_version, sha256, bytes, date_added_us)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            new,
        )
        return outcomes

    def _inbox_hashes(self, owner: str, ids: Sequence[str]) -> dict[tuple[str, str, str], str]:
        """Of these ids the hash of every (id, version, spec_version) that is in the inbox."""
        sql = f"SELECT id, version, spec_version, sha256 FROM inbox WHERE owner = ? AND id IN ({marks(ids)})"  # noqa: S608
        return {(name, version, spec): digest for name, version, spec, digest in self._all(sql, (owner, *ids))}

    def delete_inbox(
        self, owner: str, object_id: str, versions: Collection[str], spec_versions: Collection[str] | None
    ) -> int:
        """Delete versions of an owner's object; how many were there."""
        where, values = _filter([object_id], None, versions, spec_versions)
        sql = f"DELETE FROM inbox WHERE n IN (SELECT i.n FROM inbox i WHERE i.owner = ?{where})"  # noqa: S608
        return self._do(sql, (owner, *values))

    def blank_inbox(self, owner: str, object_id: str) -> None:
        """Leave the heads of an object's versions in the place of their bytes: what they said was dropped."""
        times = "'created', version, 'modified', version"
        head = f"json_object('type', type, 'spec_version', spec_version, 'id', id, {times})"
        sql = f"UPDATE inbox SET bytes = CAST({head} AS BLOB) WHERE owner = ? AND id = ?"  # noqa: S608 - constants only
        self._do("PRAGMA secure_delete = ON")
        self._do(sql, (owner, object_id))

    def drop_inbox(self, owner: str, added_us: int) -> int:
        """Delete what was posted before a time; how many versions."""
        self._do("PRAGMA secure_delete = ON")
        return self._do("DELETE FROM inbox WHERE owner = ? AND date_added_us <= ?", (owner, added_us))

    def put_status(self, status_id: str, owner: str, body: bytes, now_us: int) -> None:
        """Keep the status of a post; old ones are swept out."""
        self._do("DELETE FROM statuses WHERE at_us < ?", (now_us - STATUS_KEEP_US,))
        self._do("INSERT INTO statuses VALUES (?, ?, ?, ?)", (status_id, owner, body, now_us))


def _filter(
    ids: Collection[str] | None,
    types: Collection[str] | None,
    versions: Collection[str],
    spec_versions: Collection[str] | None,
) -> tuple[str, list[Any]]:
    """Conditions on `inbox i` with their values. Without `spec_versions`, the latest one of each object."""
    sql, values = "", list[Any]()
    for column, wanted in (("id", ids), ("type", types), ("spec_version", spec_versions)):
        if wanted is not None:
            sql += f" AND i.{column} IN ({marks([*wanted])})"
            values += wanted
    other = "SELECT 1 FROM inbox j WHERE j.owner = i.owner AND j.id = i.id"
    if spec_versions is None:
        sql += f" AND NOT EXISTS ({other} AND j.spec_version > i.spec_version)"
        other += " AND j.spec_version = i.spec_version"
    if "all" in versions:
        return sql, values
    same = f" AND j.spec_version IN ({marks([*spec_versions])})" if spec_versions is not None else ""
    exact = [version_key(version) for version in versions if version not in _KEYWORDS]
    either, more = [f"i.vkey IN ({marks(exact)})"], list[Any](exact)
    for keyword, sign in (("last", ">"), ("first", "<")):
        if keyword in versions:
            either.append(f"NOT EXISTS ({other}{same} AND (j.vkey, j.version) {sign} (i.vkey, i.version))")
            more += spec_versions or ()
    return f"{sql} AND ({' OR '.join(either)})", [*values, *more]
