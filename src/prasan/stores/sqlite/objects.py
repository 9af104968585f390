"""Objects: versions as the bytes received, and who may speak for an id."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import msgspec

from prasan.picture.marking import Marking
from prasan.stores.rows import OWN, ObjectRow, ObjectStatus, version_key
from prasan.stores.sqlite.link import Link, marks
from prasan.stores.sqlite.profiles import ProfileWrites

Put = Literal["new", "same", "conflict"]

_COLUMNS: Final = (
    "id, version, type, kind, origin, sha256, bytes, marking, facts, received_us, status,"
    " (SELECT body FROM profiles p WHERE p.n = profile)"
)
_SELECT: Final = f"SELECT {_COLUMNS} FROM objects"  # noqa: S608 - constants only
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode
_VERSION: Final = "id = ? AND vkey = ? AND version = ?"
_DECODE: Final = msgspec.json.Decoder(Marking).decode


class ObjectReads(Link):
    """Finding objects."""

    def object(self, object_id: str, version: str | None = None) -> ObjectRow | None:
        """One version; without `version` the latest, whatever its status."""
        if version is None:
            row = self._one(f"{_SELECT} WHERE id = ? ORDER BY vkey DESC, version DESC LIMIT 1", (object_id,))
        else:
            row = self._one(f"{_SELECT} WHERE {_VERSION}", _version(object_id, version))
        return _row(row)

    def object_versions(self, object_id: str) -> list[ObjectRow]:
        """All versions, oldest first."""
        return [_object(r) for r in self._all(f"{_SELECT} WHERE id = ? ORDER BY vkey, version", (object_id,))]

    def objects(
        self, *, types: Sequence[str] = (), origin: str | None = None, after: int = 0, limit: int = 1000
    ) -> list[tuple[int, ObjectRow]]:
        """What is shown now (current or revoked) in order of arrival, each with its number to go on after."""
        where, values = ["n > ?", "status IN ('current', 'revoked')"], list[Any]([after])
        if types:
            where.append(f"type IN ({marks(types)})")
            values.extend(types)
        if origin is not None:
            where.append("origin = ?")
            values.append(origin)
        sql = f"SELECT n, {_COLUMNS} FROM objects WHERE {' AND '.join(where)} ORDER BY n LIMIT ?"  # noqa: S608
        return [(row[0], _object(row[1:])) for row in self._all(sql, (*values, limit))]

    def each_object(self) -> Iterator[ObjectRow]:
        """Every object shown now, in order of arrival."""
        after = 0
        while rows := self.objects(after=after):
            after = rows[-1][0]
            yield from (row for _, row in rows)

    def object_count(self, origin: str | None = None) -> int:
        """How many objects are shown now, of one origin or of all."""
        sql = "SELECT count(*) FROM objects WHERE status IN ('current', 'revoked') AND (?1 IS NULL OR origin = ?1)"
        return int(self._value(sql, (origin,)))

    def withdrawn_ids(self) -> list[tuple[str, str]]:
        """Objects that whoever sent them recalled: id and origin."""
        return self._all("SELECT DISTINCT id, origin FROM objects WHERE status = 'withdrawn'")

    def object_hash(self, object_id: str, version: str) -> str | None:
        """The SHA-256 of one version, if it is here."""
        sql = f"SELECT sha256 FROM objects WHERE {_VERSION}"  # noqa: S608 - constants only
        found: str | None = self._value(sql, _version(object_id, version))
        return found

    def speaker(self, object_id: str) -> str | None:
        """Who first sent this id (`own` or a partner's identity id); None if nobody did."""
        sql = (
            "SELECT coalesce((SELECT speaker FROM speakers WHERE id = ?1),"
            " (SELECT origin FROM objects WHERE id = ?1 ORDER BY n LIMIT 1))"
        )
        found: str | None = self._value(sql, (object_id,))
        return found


class ObjectWrites(ObjectReads, ProfileWrites):
    """Keeping objects."""

    def put_object(self, row: ObjectRow) -> Put:
        """Keep one version; a newer one supersedes the older, an older one arrives superseded.

        `same`: it is here already with these bytes; `conflict`: with others, and the first is kept. The first to
        send an id becomes its speaker; whether a later sender may speak is decided before this is called.
        """
        sql = "SELECT vkey, version, status FROM objects WHERE id = ? ORDER BY vkey DESC, version DESC LIMIT 1"
        newest = self._one(sql, (row.id,))
        kept = self.object_hash(row.id, row.version) if newest else None
        if kept is not None:
            return "same" if kept == row.sha256 else "conflict"
        key = version_key(row.version)
        status = self._arriving(row, key, newest)
        self._do(
            "INSERT INTO objects (id, version, vkey, type, kind, origin, sha256, bytes, marking, facts, received_us,"
            " status, profile) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (row.id, row.version, key, row.type, row.kind, row.origin, row.sha256, row.raw, _ENCODE(row.marking),
             row.facts, row.received_us, status, self.profile_number(row.profile)),
        )  # fmt: skip
        return "new"

    def set_object_facts(self, object_id: str, version: str, facts: bytes, profile: bytes) -> None:
        """What release needs to know of a version, changed by an officer. Its bytes stay."""
        sql = "UPDATE objects SET facts = ?, profile = ? WHERE id = ? AND version = ?"
        self._do(sql, (facts, self.profile_number(profile), object_id, version))

    def _arriving(self, row: ObjectRow, key: str, newest: tuple[str, str, ObjectStatus] | None) -> ObjectStatus:
        """The status of a version that comes in now: an older one never replaces a newer, nor what was taken back."""
        sql = "SELECT 1 FROM taken_back WHERE partner = ? AND id = ? AND version = ?"
        taken_back = row.origin != OWN and self._one(sql, (row.origin, row.id, row.version)) is not None
        if taken_back or newest is None:
            return "withdrawn" if taken_back else row.status
        if (newest[0], newest[1]) > (key, row.version) or newest[2] == "revoked":
            return "superseded"
        self._do("UPDATE objects SET status = 'superseded' WHERE id = ? AND status = 'current'", (row.id,))
        return row.status

    def take_back(self, partner: str, object_id: str, versions: Sequence[str]) -> int:
        """A partner recalled these versions: they are withdrawn now, and for ever, also those that have not come yet.

        How many of them were not withdrawn before.
        """
        for version in versions:
            self._do("INSERT OR IGNORE INTO taken_back VALUES (?, ?, ?)", (partner, object_id, version))
        sql = (
            "UPDATE objects SET status = 'withdrawn' WHERE id = ? AND origin = ? AND status != 'withdrawn'"  # noqa: S608
            f" AND version IN ({marks(versions)}) RETURNING n"
        )
        return len(self._all(sql, (object_id, partner, *versions)))

    def remove_object(self, object_id: str) -> None:
        """Remove every version of an object, and who speaks for it."""
        self._do("DELETE FROM objects WHERE id = ?", (object_id,))
        self._do("DELETE FROM speakers WHERE id = ?", (object_id,))

    def set_speaker(self, object_id: str, speaker: str, now_us: int) -> None:
        """Record who speaks for an id whose first version is not here; what is recorded stays."""
        if self.speaker(object_id) is None:
            self._do("INSERT INTO speakers VALUES (?, ?, ?)", (object_id, speaker, now_us))


def _version(object_id: str, version: str) -> tuple[str, str, str]:
    return object_id, version_key(version), version


def _row(row: Any) -> ObjectRow | None:
    return None if row is None else _object(row)


def _object(row: tuple[Any, ...]) -> ObjectRow:
    name, version, kind_of, kind, origin, sha256, raw, marking, *rest = row
    return ObjectRow(name, version, kind_of, kind, origin, sha256, raw, _DECODE(marking), *rest)
