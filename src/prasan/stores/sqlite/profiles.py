"""Profiles: what many objects share of what decides about them, and what is to be decided anew by profile.

A change of policy, accord or standing is worked out for each pair of recipient and profile, in the transaction that
makes it. Pairs whose outlook changed are `pending`: pages stop before the rows of such a pair from that moment, and the
objects are decided behind it, some at a time, in order of arrival (`after` is how far that has come).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from prasan.stores.sqlite.link import Link

_SHOWN: Final = "status IN ('current', 'revoked', 'withdrawn')"


class Pending(msgspec.Struct, frozen=True):
    """A pair to be worked off: objects of `profile` that came after number `after`."""

    recipient: str
    profile: int
    after: int


class Basis(msgspec.Struct, frozen=True):
    """What a recipient's decisions stand on until the clock changes it (µs UTC; None: never), and the clocks of whose
    rows it is told variants only, as the node wrote them."""

    until_us: int | None = None
    hidden: str = ""


class ProfileReads(Link):
    """Reading them."""

    def profiles(self) -> dict[int, bytes]:
        """Every profile by its number. 0 is that of objects which no profile was ever found for."""
        return dict(self._all("SELECT n, body FROM profiles"))

    def profile_counts(self) -> dict[int, int]:
        """How many objects that are current or revoked have each profile."""
        sql = "SELECT profile, count(*) FROM objects WHERE status IN ('current', 'revoked') GROUP BY profile"
        return dict(self._all(sql))

    def profile_rows(self, profile: int) -> list[tuple[str, bytes, bytes]]:
        """Of each object that is current or revoked and of this profile: id, marking and facts."""
        sql = "SELECT id, marking, facts FROM objects WHERE profile = ? AND status IN ('current', 'revoked') ORDER BY n"
        return self._all(sql, (profile,))

    def of_profile(self, profile: int, after: int, limit: int) -> list[tuple[int, str]]:
        """Objects of a profile in order of arrival: number and id."""
        sql = f"SELECT n, id FROM objects WHERE profile = ? AND n > ? AND {_SHOWN} ORDER BY n LIMIT ?"  # noqa: S608
        return self._all(sql, (profile, after, limit))

    def outlook_keys(self, recipient: str) -> dict[int, bytes]:
        """By which outlook each profile was last decided for a recipient."""
        return dict(self._all("SELECT profile, key FROM outlooks WHERE recipient = ?", (recipient,)))

    def basis(self, recipient: str) -> Basis | None:
        """What a recipient's decisions stand on; None before they were first worked out."""
        row = self._one("SELECT until_us, hidden FROM bases WHERE recipient = ?", (recipient,))
        return None if row is None else Basis(*row)

    def bases(self) -> dict[str, Basis]:
        """What each recipient's decisions stand on."""
        return {row[0]: Basis(*row[1:]) for row in self._all("SELECT recipient, until_us, hidden FROM bases")}

    def next_run_out(self) -> int | None:
        """When the first of them will; None if none will by the clock alone."""
        found: int | None = self._value("SELECT min(until_us) FROM bases")
        return found

    def referred_to(self, object_ids: Sequence[str]) -> set[str]:
        """Of these ids, those that objects here refer to."""
        sql = "SELECT n.value FROM json_each(?) n WHERE EXISTS (SELECT 1 FROM refs r WHERE r.ref = n.value)"
        return {row[0] for row in self._all(sql, (msgspec.json.encode(object_ids).decode(),))}

    def pending(self) -> list[Pending]:
        """What is to be worked off, identities and vessels first: others refer to them."""
        sql = (
            "SELECT p.recipient, p.profile, p.after FROM pending p JOIN profiles f ON f.n = p.profile ORDER BY"
            " coalesce(json_extract(CAST(nullif(f.body, x'') AS TEXT), '$.type') IN ('identity', 'prasan-vessel'), 0)"
            " DESC, p.recipient, p.profile"
        )
        return [Pending(*row) for row in self._all(sql)]

    def unmade(self, recipient: str) -> list[tuple[str, int, bytes]]:
        """Objects that could not be made into a view the last time: id, profile and the codes (JSON) that say why."""
        sql = (
            "SELECT t.object_id, o.profile, t.codes FROM turned t JOIN objects o ON o.id = t.object_id"
            " WHERE t.recipient = ? AND o.status IN ('current', 'revoked')"
        )
        return self._all(sql, (recipient,))


class ProfileWrites(ProfileReads):
    """Changing them."""

    _profiles: dict[bytes, int]
    """Numbers found in this transaction."""

    def profile_number(self, body: bytes) -> int:
        """The number of a profile, given to it when it is first seen."""
        found = self._profiles.get(body)
        if found is None:
            found = self._value("SELECT n FROM profiles WHERE body = ?", (body,))
            if found is None:
                found = self._value("INSERT INTO profiles (body) VALUES (?) RETURNING n", (body,))
            self._profiles[body] = found
        return int(found)

    def set_object_profile(self, object_id: str, version: str, body: bytes) -> None:
        """Give a version its profile: it came before there were any."""
        sql = "UPDATE objects SET profile = ? WHERE id = ? AND version = ?"
        self._do(sql, (self.profile_number(body), object_id, version))

    def set_outlooks(self, recipient: str, keys: Mapping[int, bytes]) -> None:
        """By which outlook these profiles are decided from now on."""
        sql = "INSERT INTO outlooks VALUES (?, ?, ?) ON CONFLICT (recipient, profile) DO UPDATE SET key = excluded.key"
        self._each_of(sql, [(recipient, profile, key) for profile, key in keys.items()])

    def note_outlooks(self, rows: Sequence[tuple[str, int, bytes]]) -> None:
        """(recipient, profile, key) of outlooks that were used; those that are here already are the same."""
        self._each_of("INSERT OR IGNORE INTO outlooks VALUES (?, ?, ?)", rows)

    def set_basis(self, recipient: str, basis: Basis) -> None:
        """What a recipient's decisions stand on from now on."""
        self._do(
            "INSERT INTO bases VALUES (?, ?, ?) ON CONFLICT (recipient) DO UPDATE"
            " SET until_us = excluded.until_us, hidden = excluded.hidden",
            (recipient, basis.until_us, basis.hidden),
        )

    def put_pending(self, recipient: str, profiles: Iterable[int], now_us: int) -> None:
        """Have every object of these profiles decided anew for a recipient; variants, which are few, by the queue."""
        sql = "INSERT INTO pending VALUES (?, ?, 0) ON CONFLICT (recipient, profile) DO UPDATE SET after = 0"
        every = [(recipient, profile) for profile in profiles]
        self._each_of(sql, every)
        self._each_of(
            "INSERT INTO due SELECT recipient, object_id, ?3 FROM variants WHERE recipient = ?1 AND profile = ?2"
            " ON CONFLICT (recipient, object_id) DO UPDATE SET at_us = min(at_us, excluded.at_us)",
            [(*pair, now_us) for pair in every],
        )

    def move_pending(self, one: Pending, after: int | None) -> None:
        """So far it was worked off; None: wholly."""
        if after is None:
            self._do("DELETE FROM pending WHERE recipient = ? AND profile = ?", (one.recipient, one.profile))
        else:
            sql = "UPDATE pending SET after = ? WHERE recipient = ? AND profile = ?"
            self._do(sql, (after, one.recipient, one.profile))

    def narrow_profile(self, recipient: str, profile: int, limit: int) -> list[str]:
        """Take at most so many rows of a profile out of a recipient's pages; the objects they are of.

        What was revoked stays: that it was is still to be read (node/releasing/last_word.py).
        """
        sql = (
            "UPDATE views SET status = 'narrowed' WHERE n IN (SELECT n FROM views v WHERE recipient = ? AND profile = ?"
            " AND status = 'current' AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.id = v.object_id"
            " AND o.status = 'revoked') LIMIT ?) RETURNING object_id"
        )
        return [row[0] for row in self._all(sql, (recipient, profile, limit))]

    def set_turned(self, rows: Sequence[tuple[str, str, bytes | None]]) -> None:
        """(object, recipient, codes) of what may go out but could not be made into a view; None: it could."""
        self._each_of(
            "DELETE FROM turned WHERE object_id = ? AND recipient = ?", [row[:2] for row in rows if not row[2]]
        )
        self._each_of("INSERT OR REPLACE INTO turned VALUES (?, ?, ?)", [row for row in rows if row[2]])

    def set_refs(self, pairs: Sequence[tuple[str, str]]) -> None:
        """(id, object that refers to it). What an earlier version referred to stays: it costs one decision too many."""
        self._each_of("INSERT OR IGNORE INTO refs VALUES (?, ?)", pairs)

    def bring_referrers(self, recipient: str, object_id: str, at_us: int) -> None:
        """Decide anew what refers to an object, as far as the recipient was given it or could not be."""
        self._do(
            "INSERT INTO due SELECT ?1, r.object_id, ?3 FROM refs r WHERE r.ref = ?2 AND (EXISTS (SELECT 1 FROM views v"
            " WHERE v.object_id = r.object_id AND v.recipient = ?1 AND v.status = 'current') OR EXISTS (SELECT 1 FROM"
            " turned t WHERE t.object_id = r.object_id AND t.recipient = ?1)) ON CONFLICT (recipient, object_id) DO"
            " UPDATE SET at_us = min(at_us, excluded.at_us)",
            (recipient, object_id, at_us),
        )
