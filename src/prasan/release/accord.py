"""The accord: what two parties sign (docs/wire.md, section 3). Parsed, checked, and several of them combined."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Final, Literal

import msgspec

from prasan.errors import AccordError
from prasan.formats.stix_ids import is_id
from prasan.picture.marking import PURPOSES, Tlp
from prasan.release.toml import load

Mode = Literal["real", "exercise"]
Onward = Literal["never", "ask", "tlp"]

ONWARD_STRICTNESS: Final[tuple[Onward, ...]] = ("never", "ask", "tlp")
"""From the strictest to the mildest."""

PARTIES: Final = 2
MAX_DAYS: Final = 36_525

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Days = Annotated[int, msgspec.Meta(ge=1, le=MAX_DAYS)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
Thumbprint = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]


class Party(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One side: short name, identity id, RFC 7638 thumbprint of its node key."""

    name: Name
    id: str
    key: Thumbprint


MAX_DELAY_S: Final = 86_400
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]


class RelayTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[relay]`: positions as they come. `area` is west, south, east, north; west > east means across 180 degrees."""

    area: tuple[Longitude, Latitude, Longitude, Latitude]
    classes: frozenset[Literal["A", "B"]] = frozenset({"A", "B"})
    delay_s: Annotated[int, msgspec.Meta(ge=0, le=MAX_DELAY_S)] = 0


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The TOML as written."""

    prasan_accord: Literal[1]
    name: Name
    mode: Mode
    parties: tuple[Party, ...]
    purposes: tuple[str, ...]
    highest_tlp: str
    onward: Onward
    recall_days: Days
    store_days: Days
    valid_from: Moment
    valid_until: Moment
    relay: RelayTerms | None = None
    replaces: tuple[Hash, ...] = ()


class Accord(msgspec.Struct, frozen=True):
    """An accord by the hash of its bytes. Times are seconds UTC; it holds from `valid_from` up to `valid_until`, or
    until one begins that `replaces` it."""

    hash: str
    name: str
    mode: Mode
    parties: tuple[Party, ...]
    purposes: frozenset[str]
    highest_tlp: Tlp
    onward: Onward
    recall_days: int
    store_days: int
    valid_from: float
    valid_until: float
    relay: RelayTerms | None = None
    replaces: frozenset[str] = frozenset()

    def in_force(self, now: float) -> bool:
        """True if the clock is inside its validity. Its signatures are checked where it is taken in."""
        return self.valid_from <= now < self.valid_until

    def party(self, identity: str) -> Party | None:
        """The party with this identity id."""
        return next((party for party in self.parties if party.id == identity), None)

    def other(self, identity: str) -> Party:
        """The party that is not `identity`. AccordError if `identity` is no party."""
        if self.party(identity) is None:
            raise AccordError(f"{identity} is not a party to the accord '{self.name}'", "use an accord with this node")
        return next(party for party in self.parties if party.id != identity)


def accord_hash(raw: bytes) -> str:
    """The name an accord goes by: SHA-256 of its bytes, lower-case hex."""
    return sha256(raw).hexdigest()


def parse_accord(raw: bytes) -> Accord:
    """The bytes of an accord -> its value. AccordError says what is wrong and where."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise AccordError(f"the accord is not UTF-8: {error}", "save it as UTF-8") from None
    file = load(text, _File, "the accord")
    _check_parties(file.parties)
    _check_purposes(file.purposes)
    if file.valid_until <= file.valid_from:
        raise AccordError("the accord: valid_until is not after valid_from", "correct the two times")
    return Accord(
        hash=accord_hash(raw),
        name=file.name,
        mode=file.mode,
        parties=file.parties,
        purposes=frozenset(file.purposes),
        highest_tlp=parse_tlp(file.highest_tlp, "the accord: highest_tlp"),
        onward=file.onward,
        recall_days=file.recall_days,
        store_days=file.store_days,
        valid_from=file.valid_from.timestamp(),
        valid_until=file.valid_until.timestamp(),
        relay=_checked_relay(file.relay),
        replaces=frozenset(file.replaces),
    )


def _checked_relay(relay: RelayTerms | None) -> RelayTerms | None:
    if relay is not None and (relay.area[1] > relay.area[3] or not relay.classes):
        raise AccordError(
            "the accord: relay names no place or no class, so nothing could ever be told",
            "write area = [west, south, east, north] and classes such as ['A', 'B']",
        )
    return relay


def parse_tlp(text: str, where: str) -> Tlp:
    """A TLP label of a file. AccordError says where it stands."""
    try:
        return Tlp.parse(text)
    except ValueError as error:
        remedy = "use clear, green, amber, amber+strict or red"
        raise AccordError(f"{where}: {error}", remedy) from None


def _check_parties(parties: tuple[Party, ...]) -> None:
    if len(parties) != PARTIES:
        raise AccordError(f"the accord: parties has {len(parties)} entries; two sign it", "name both parties")
    for number, party in enumerate(parties):
        if not (party.id.startswith("identity--") and is_id(party.id)):
            raise AccordError(
                f"the accord: parties[{number}].id '{party.id[:80]}' is not an identity id", "copy it from the card"
            )
    for field in ("name", "id", "key"):
        if getattr(parties[0], field) == getattr(parties[1], field):
            raise AccordError(f"the accord: both parties have the same {field}", "name two different parties")


def _check_purposes(purposes: tuple[str, ...]) -> None:
    if not purposes:
        raise AccordError("the accord: purposes is empty, so nothing could ever be sent", "name at least one purpose")
    for purpose in purposes:
        if purpose not in PURPOSES and not purpose.startswith("x_"):
            known = ", ".join(sorted(PURPOSES))
            raise AccordError(
                f"the accord: purpose '{purpose[:60]}' is not known", f"use x_… for your own, or: {known}"
            )


def holding(accords: tuple[Accord, ...], now: float) -> tuple[Accord, ...]:
    """Those in force at `now` (seconds UTC) that no other has replaced: what was replaced stays so, whatever became of
    the accord that did."""
    replaced = frozenset[str]().union(*(accord.replaces for accord in accords if accord.valid_from <= now))
    return tuple(accord for accord in accords if accord.in_force(now) and accord.hash not in replaced)


def successors(accord_hash: str, accords: Iterable[Accord]) -> frozenset[str]:
    """The hashes of an accord and of all that replace it, or replace those."""
    every, found = tuple(accords), {accord_hash}
    while more := {one.hash for one in every if not found.isdisjoint(one.replaces)} - found:
        found |= more
    return frozenset(found)


def stricter(*said: Onward) -> Onward:
    """The strictest of these."""
    return min(said, key=ONWARD_STRICTNESS.index)


class Narrowing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one party says to an accord by itself, and only ever to make it stricter: terms that are None stay.

    `valid_until` (seconds UTC) in the past or now ends it. `purposes` are those that are left.
    """

    highest_tlp: Tlp | None = None
    purposes: frozenset[str] | None = None
    onward: Onward | None = None
    recall_days: Days | None = None
    store_days: Days | None = None
    valid_until: float | None = None

    def applied(self, accord: Accord) -> Accord:
        """The accord with the stricter of every term: whatever was said, it is never wider than before."""
        return msgspec.structs.replace(
            accord,
            highest_tlp=min(accord.highest_tlp, accord.highest_tlp if self.highest_tlp is None else self.highest_tlp),
            purposes=accord.purposes if self.purposes is None else accord.purposes & self.purposes,
            onward=stricter(accord.onward, self.onward or accord.onward),
            recall_days=min(accord.recall_days, self.recall_days or accord.recall_days),
            store_days=min(accord.store_days, self.store_days or accord.store_days),
            valid_until=min(accord.valid_until, accord.valid_until if self.valid_until is None else self.valid_until),
        )


class Combined(msgspec.Struct, frozen=True):
    """Several accords with one partner as one: of each term the stricter."""

    accords: tuple[str, ...]
    mode: Mode
    purposes: frozenset[str]
    highest_tlp: Tlp
    onward: Onward
    recall_days: int
    store_days: int
    relay: tuple[RelayTerms, ...] = ()
    """Of each accord; none at all if one of them has none. What is told must hold by every one."""


def combine(accords: tuple[Accord, ...]) -> Combined | None:
    """The stricter of every term; None for no accord. The order of the accords does not matter."""
    if not accords:
        return None
    return Combined(
        accords=tuple(sorted(accord.hash for accord in accords)),
        mode="real" if any(accord.mode == "real" for accord in accords) else "exercise",
        purposes=frozenset.intersection(*(accord.purposes for accord in accords)),
        highest_tlp=min(accord.highest_tlp for accord in accords),
        onward=stricter(*(accord.onward for accord in accords)),
        recall_days=min(accord.recall_days for accord in accords),
        store_days=min(accord.store_days for accord in accords),
        relay=_relays(accords),
    )


def _relays(accords: tuple[Accord, ...]) -> tuple[RelayTerms, ...]:
    found = {accord.relay for accord in accords}
    return () if None in found else tuple(sorted((one for one in found if one), key=str))
