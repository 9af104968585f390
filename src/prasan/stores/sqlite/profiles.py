"""Profiles: what many objects share of what decides about them, and what is to be decided anew by profile.

A change of policy, accord or standing is worked out for each pair of recipient and profile, in the transaction that
makes it. Pairs whose outlook changed are `pending`: pages stop before the rows of such a pair from that moment, and the
objects are decided behind it, some at a time, in order of arrival.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from prasan.stores.sqlite.link import LaterWrites, Link, marks
from prasan.stores.sqlite.names import OBJECT, RECIPIENT, NameWrites

BRING_REFERRERS: Final = """
INSERT INTO due SELECT f.o, ?1, ?3 FROM refs f WHERE f.ref = ?2 AND (
EXISTS (SELECT 1 FROM views v WHERE v.o = f.o AND v.r = ?1 AND v.status = 'current')
OR EXISTS (SELECT 1 FROM turned t WHERE t.o = f.o AND t.r = ?1))
ON CONFLICT (o, r) DO UPDATE SET at_us = min(at_us, excluded.at_us)"""
_SHOWN: Final = "status IN ('current', 'revoked', 'withdrawn')"


class Pending(msgspec.Struct, frozen=True):
    """A pair to be worked off. `after` is how far that has come: a place in the order of versions, or of ids (see
    `names`) where the profile is withheld."""

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

    def unnoted(self, profiles: Sequence[int], recipients: Sequence[str]) -> list[tuple[str, int]]:
        """Of these pairs of recipient and profile those without an outlook that is kept."""
        sql = (
            "SELECT a.value, f.value FROM json_each(?) a CROSS JOIN json_each(?) f WHERE NOT EXISTS"
            " (SELECT 1 FROM outlooks o WHERE o.recipient = a.value AND o.profile = f.value)"
        )
        return self._all(sql, [msgspec.json.encode(one).decode() for one in (recipients, profiles)])

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
        sql = "SELECT n.value FROM json_each(?) n WHERE EXISTS (SELECT 1 FROM refs f WHERE f.ref = n.value)"
        return {row[0] for row in self._all(sql, (msgspec.json.encode(object_ids).decode(),))}

    def pending(self) -> list[Pending]:
        """What is to be worked off, identities and vessels first: others refer to them.

        The rest by what the profile says: its number may hang on an object that the recipient is not to know of.
        """
        sql = (
            "SELECT a.id, p.profile, p.after FROM pending p JOIN recipients a USING (r) JOIN profiles f"
            " ON f.n = p.profile ORDER BY"
            " coalesce(json_extract(CAST(nullif(f.body, x'') AS TEXT), '$.type') IN ('identity', 'prasan-vessel'), 0)"
            " DESC, a.id, f.body"
        )
        return [Pending(*row) for row in self._all(sql)]

    def unmade(self, recipient: str) -> list[tuple[str, int, bytes]]:
        """Objects that could not be made into a view the last time: id, profile and the codes (JSON) that say why."""
        sql = (
            "SELECT o.id, o.profile, t.codes FROM turned t JOIN objects o USING (o)"  # noqa: S608
            f" WHERE t.r = {RECIPIENT} AND o.status IN ('current', 'revoked')"
        )
        return self._all(sql, (recipient,))


class ProfileWrites(ProfileReads, NameWrites, LaterWrites):
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
        sql = f"UPDATE objects SET profile = ? WHERE o = {OBJECT} AND version = ?"  # noqa: S608
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
        sql = "INSERT INTO pending VALUES (?, ?, 0) ON CONFLICT (r, profile) DO UPDATE SET after = 0"
        every, number = [*profiles], self.recipient_number(recipient)
        self._each_of(sql, [(number, profile) for profile in every])
        self._each_of(
            "INSERT INTO due SELECT m.o, ?1, ?4 FROM variants v JOIN names m ON m.id = v.object_id"
            " WHERE v.recipient = ?2 AND v.profile = ?3"
            " ON CONFLICT (o, r) DO UPDATE SET at_us = min(at_us, excluded.at_us)",
            [(number, recipient, profile, now_us) for profile in every],
        )

    def move_pending(self, one: Pending, after: int | None) -> None:
        """So far it was worked off; None: wholly."""
        pair = self.recipient_number(one.recipient), one.profile
        if after is None:
            self._do("DELETE FROM pending WHERE r = ? AND profile = ?", pair)
        else:
            self._do("UPDATE pending SET after = ? WHERE r = ? AND profile = ?", (after, *pair))

    def narrow_profile(self, alike: Sequence[Pending], limit: int) -> list[tuple[str, str]]:
        """Take at most so many rows of one profile out of the pages of recipients for whom it is at the same place,
        object by object; recipient and object of each.

        What was revoked stays: that it was is still to be read (node/releasing/last_word.py).
        """
        to = {self.recipient_number(one.recipient): one.recipient for one in alike}
        rows = self._all(
            "UPDATE views SET status = 'narrowed' WHERE n IN (SELECT n FROM views v WHERE profile = ? AND o > ? AND"  # noqa: S608
            f" status = 'current' AND r IN ({marks(to)}) AND NOT EXISTS (SELECT 1 FROM objects b WHERE b.o = v.o"
            " AND b.status = 'revoked') ORDER BY o LIMIT ?)"
            " RETURNING r, o, (SELECT id FROM names m WHERE m.o = views.o)",
            (alike[0].profile, alike[0].after, *to, limit),
        )
        # Of the last object there may be more.
        reached = None if len(rows) < limit else max(o for _, o, _ in rows) - 1
        for one in alike:
            self.move_pending(one, reached)
        return [(to[r], name) for r, _, name in rows]

    def set_turned(self, rows: Sequence[tuple[str, str, bytes | None]]) -> None:
        """(object, recipient, codes) of what may go out but could not be made into a view; None: it could."""
        self.number_names(name for name, _, _ in rows)
        every = [(self.object_number(name), self.recipient_number(to), codes) for name, to, codes in rows]
        self._each_of("DELETE FROM turned WHERE o = ? AND r = ?", [row[:2] for row in every if not row[2]])
        self._each_of("INSERT OR REPLACE INTO turned VALUES (?, ?, ?)", [row for row in every if row[2]])

    def set_refs(self, pairs: Sequence[tuple[str, str]]) -> None:
        """(id, object that refers to it). What an earlier version referred to stays: it costs one decision too many."""
        self.number_names(name for _, name in pairs)
        rows = [(ref, self.object_number(name)) for ref, name in pairs]
        self._each_of("INSERT OR IGNORE INTO refs VALUES (?, ?)", rows)

    def bring_referrers(self, pairs: Sequence[tuple[str, str]], at_us: int) -> None:
        """(recipient, object): decide anew what refers to it, as far as the recipient was given it or could not be."""
        self._later[BRING_REFERRERS] += [(self.recipient_number(to), name, at_us) for to, name in pairs]
