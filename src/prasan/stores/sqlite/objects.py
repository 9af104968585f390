"""Objects: versions as the bytes received, and who may speak for an id."""

from collections.abc import Iterator, Sequence, Set
from typing import Any, Final, Literal, NamedTuple

import msgspec

from prasan.picture.marking import Marking
from prasan.stores.rows import OWN, ObjectRow, ObjectStatus, version_key
from prasan.stores.sqlite.link import Link, marks
from prasan.stores.sqlite.names import OBJECT, objects_in
from prasan.stores.sqlite.profiles import ProfileWrites

Put = Literal["new", "same", "conflict"]

_COLUMNS: Final = (
    "id, version, type, kind, origin, sha256, bytes, marking, facts, received_us, status,"
    " (SELECT body FROM profiles p WHERE p.n = profile)"
)
_SELECT: Final = f"SELECT {_COLUMNS} FROM objects"  # noqa: S608 - constants only
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode
_VERSION: Final = f"o = {OBJECT} AND vkey = ? AND version = ?"
_DECODE: Final = msgspec.json.Decoder(Marking).decode


class Version(NamedTuple):
    """One version of an object that is here."""

    vkey: str
    version: str
    status: ObjectStatus
    sha256: str


class ObjectReads(Link):
    """Finding objects."""

    def object(self, object_id: str, version: str | None = None) -> ObjectRow | None:
        """One version; without `version` the latest, whatever its status."""
        if version is None:
            row = self._one(f"{_SELECT} WHERE o = {OBJECT} ORDER BY vkey DESC, version DESC LIMIT 1", (object_id,))
        else:
            row = self._one(f"{_SELECT} WHERE {_VERSION}", _version(object_id, version))
        return _row(row)

    def latest_objects(self, object_ids: Sequence[str]) -> dict[str, ObjectRow]:
        """Of these objects the latest version of each that is here, whatever its status."""
        sql = f"{_SELECT} WHERE o IN {objects_in(object_ids)} ORDER BY vkey, version"
        return {row[0]: _object(row) for row in {row[0]: row for row in self._all(sql, object_ids)}.values()}

    def object_versions(self, object_id: str) -> list[ObjectRow]:
        """All versions, oldest first."""
        return [_object(r) for r in self._all(f"{_SELECT} WHERE o = {OBJECT} ORDER BY vkey, version", (object_id,))]

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

    def revoked(self, kind: str) -> set[str]:
        """The ids of all objects of a type that were revoked, whoever made them."""
        sql = "SELECT DISTINCT id FROM objects WHERE type = ? AND status = 'revoked'"
        return {row[0] for row in self._all(sql, (kind,))}

    def speaker(self, object_id: str) -> str | None:
        """Who first sent this id (`own` or a partner's identity id); None if nobody did."""
        return self.speakers([object_id]).get(object_id)

    def speakers(self, object_ids: Sequence[str]) -> dict[str, str]:
        """Who first sent each of these ids; those that nobody sent are left out."""
        first = f"SELECT id, origin FROM objects WHERE o IN {objects_in(object_ids)} ORDER BY n DESC"  # noqa: S608
        recorded = f"SELECT id, speaker FROM speakers WHERE id IN ({marks(object_ids)})"  # noqa: S608
        return dict(self._all(first, object_ids)) | dict(self._all(recorded, object_ids))


class ObjectWrites(ObjectReads, ProfileWrites):
    """Keeping objects."""

    def put_object(self, row: ObjectRow) -> Put:
        """Keep one version; a newer one supersedes the older, an older one arrives superseded.

        `same`: it is here already with these bytes; `conflict`: with others, and the first is kept. The first to
        send an id becomes its speaker; whether a later sender may speak is decided before this is called.
        """
        return self.put_objects([row])[0]

    def put_objects(self, rows: Sequence[ObjectRow]) -> list[Put]:
        """`put_object` for rows of different ids; what became of each."""
        here = self._versions([row.id for row in rows])
        puts = [_put(row, here.get(row.id, ())) for row in rows]
        new = [row for row, how in zip(rows, puts, strict=True) if how == "new"]
        withdrawn = self._taken_back(new)
        status = {row.id: _arriving(row, here.get(row.id, ()), withdrawn) for row in new}
        self.number_names(row.id for row in new)
        later = [(self.object_number(row.id),) for row in new if row.id in here and status[row.id] == row.status]
        self._each_of("UPDATE objects SET status = 'superseded' WHERE o = ? AND status = 'current'", later)
        self._each_of(
            "INSERT INTO objects (o, id, version, vkey, type, kind, origin, sha256, bytes, marking, facts, received_us,"
            " status, profile) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(self.object_number(row.id), row.id, row.version, version_key(row.version), row.type, row.kind,
              row.origin, row.sha256, row.raw, _ENCODE(row.marking), row.facts, row.received_us, status[row.id],
              self.profile_number(row.profile)) for row in new],
        )  # fmt: skip
        return puts

    def _versions(self, object_ids: Sequence[str]) -> dict[str, list[Version]]:
        """Every version of these ids that is here, the latest last."""
        sql = "SELECT id, vkey, version, status, sha256 FROM objects"
        found: dict[str, list[Version]] = {}
        among = f"WHERE o IN {objects_in(object_ids)} ORDER BY vkey, version"
        for name, *version in self._all(f"{sql} {among}", object_ids):
            found.setdefault(name, []).append(Version(*version))
        return found

    def _taken_back(self, rows: Sequence[ObjectRow]) -> set[tuple[str, str, str]]:
        """(partner, id, version) of what was recalled before it came, and may be among these."""
        came = [row for row in rows if row.origin != OWN]
        if not came:
            return set()
        partners = list({row.origin for row in came})
        among = f"partner IN ({marks(partners)}) AND id IN ({marks(came)})"
        sql = f"SELECT partner, id, version FROM taken_back WHERE {among}"  # noqa: S608
        return set(self._all(sql, (*partners, *(row.id for row in came))))

    def set_object_facts(self, object_id: str, version: str, facts: bytes, profile: bytes) -> None:
        """What release needs to know of a version, changed by an officer. Its bytes stay."""
        sql = f"UPDATE objects SET facts = ?, profile = ? WHERE o = {OBJECT} AND version = ?"  # noqa: S608
        self._do(sql, (facts, self.profile_number(profile), object_id, version))

    def take_back(self, partner: str, object_id: str, versions: Sequence[str]) -> int:
        """A partner recalled these versions: they are withdrawn now, and for ever, also those that have not come yet.

        How many of them were not withdrawn before.
        """
        for version in versions:
            self._do("INSERT OR IGNORE INTO taken_back VALUES (?, ?, ?)", (partner, object_id, version))
        sql = (
            f"UPDATE objects SET status = 'withdrawn' WHERE o = {OBJECT} AND origin = ? AND status != 'withdrawn'"  # noqa: S608
            f" AND version IN ({marks(versions)}) RETURNING n"
        )
        return len(self._all(sql, (object_id, partner, *versions)))

    def remove_object(self, object_id: str) -> None:
        """Remove every version of an object, and who speaks for it.

        What is on record of it gets a number of now: what comes again under the id is in the order of its own arrival.
        """
        self._do(f"DELETE FROM objects WHERE o = {OBJECT}", (object_id,))  # noqa: S608
        self._do("DELETE FROM speakers WHERE id = ?", (object_id,))
        self.renumber(object_id)

    def set_speaker(self, object_id: str, speaker: str, now_us: int) -> None:
        """Record who speaks for an id whose first version is not here; what is recorded stays."""
        if self.speaker(object_id) is None:
            self._do("INSERT INTO speakers VALUES (?, ?, ?)", (object_id, speaker, now_us))


def _put(row: ObjectRow, here: Sequence[Version]) -> Put:
    kept = next((one.sha256 for one in here if one.version == row.version), None)
    return "new" if kept is None else "same" if kept == row.sha256 else "conflict"


def _arriving(row: ObjectRow, here: Sequence[Version], withdrawn: Set[tuple[str, str, str]]) -> ObjectStatus:
    """The status of a version that comes in now: an older one never replaces a newer, nor what was taken back."""
    if (row.origin, row.id, row.version) in withdrawn:
        return "withdrawn"
    if not here:
        return row.status
    newest = here[-1]
    older = (newest.vkey, newest.version) > (version_key(row.version), row.version)
    return "superseded" if older or newest.status == "revoked" else row.status


def _version(object_id: str, version: str) -> tuple[str, str, str]:
    return object_id, version_key(version), version


def _row(row: Any) -> ObjectRow | None:
    return None if row is None else _object(row)


def _object(row: tuple[Any, ...]) -> ObjectRow:
    name, version, kind_of, kind, origin, sha256, raw, marking, *rest = row
    return ObjectRow(name, version, kind_of, kind, origin, sha256, raw, _DECODE(marking), *rest)
