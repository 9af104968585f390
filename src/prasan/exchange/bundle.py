"""Bundles: what a pull would carry, in a file, for satellite and hand carriage (docs/wire.md, section 13).

    PRASAN-BUNDLE 1 ⏎  manifest, a compact JWS ⏎  body, packed with zstandard

The manifest comes first, so that of a file that was cut it can still be said what is missing. Nothing is taken from a
bundle before all of it holds.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from prasan.errors import FormatError, IntegrityError, PrasanError, Refused, UsageError
from prasan.exchange import jws
from prasan.exchange.acks import CheckpointAnswer, Ours
from prasan.exchange.http import time_us
from prasan.exchange.lanes import Lane
from prasan.exchange.packing import ZSTD, pack, unpack
from prasan.exchange.parcels import EPOCH, Parcel, parse_parcel
from prasan.exchange.statements import Seq

MAGIC: Final = b"PRASAN-BUNDLE 1\n"
MAX_BODY: Final = 128 * 1024 * 1024
"""Bytes of an unpacked body that is taken."""
MAX_FILE: Final = MAX_BODY + 256 * 1024
AHEAD_US: Final = 300 * 1_000_000
"""How far `issued_at` may be ahead of our clock."""
MAX_POSTS: Final = 500


class Gap(UsageError):  # noqa: N818 - named for what happened
    """Rows before a bundle are missing here."""


class Span(msgspec.Struct, frozen=True):
    """Which rows of a lane a bundle holds: those visible between two seqs."""

    lane: Lane
    after: Seq
    last: Seq
    rows: int

    def __str__(self) -> str:
        return f"{self.lane} {self.after + 1}-{self.last}"


class Manifest(msgspec.Struct, frozen=True):
    """What the signature covers. `acked`: how far the sender of the bundle knows its own lanes read (we are told, so
    that we need not say it again); `size` and `sha256` are those of the packed body."""

    v: Literal[1]
    iss: str
    aud: str
    epoch: str
    issued_at: str
    spans: tuple[Span, ...]
    size: int
    sha256: str
    acked: dict[Lane, Seq] = {}


class Body(msgspec.Struct, frozen=True):
    """What travels. `posts`: objects for the reader's inbox, as TAXII would post them; `acks`: acknowledgements as
    posted to `/peer/v1/ack`; `has`: hashes of what the reader posted, and is held here; `proofs`: the same checkpoint
    with the proof from each size that the reader may have seen last."""

    parcels: tuple[Parcel, ...] = ()
    posts: tuple[bytes, ...] = ()
    acks: tuple[bytes, ...] = ()
    has: tuple[str, ...] = ()
    proofs: tuple[tuple[int, bytes], ...] = ()


class _Wire(msgspec.Struct, frozen=True):
    parcels: list[msgspec.Raw] = []
    posts: list[msgspec.Raw] = []
    acks: list[msgspec.Raw] = []
    has: list[str] = []
    proofs: list[tuple[int, CheckpointAnswer]] = []


class Bundle(msgspec.Struct, frozen=True):
    """An opened bundle."""

    manifest: Manifest
    body: Body


_MANIFEST: Final = msgspec.json.Decoder(Manifest)
_WIRE: Final = msgspec.json.Decoder(_Wire)


def body_bytes(
    parcels: Sequence[bytes],
    *,
    posts: Sequence[bytes] = (),
    acks: Sequence[bytes] = (),
    has: Sequence[str] = (),
    proofs: Sequence[tuple[int, bytes]] = (),
) -> bytes:
    """The body's bytes, not packed: every object, statement and acknowledgement as its own bytes."""
    parts = {
        "parcels": b",".join(parcels),
        "posts": b",".join(posts),
        "acks": b",".join(acks),
        "has": b",".join(msgspec.json.encode(one) for one in has),
        "proofs": b",".join(b"[%d,%b]" % (size, raw) for size, raw in proofs),
    }
    return b"{" + b",".join(b'"%b":[%b]' % (name.encode(), inner) for name, inner in parts.items()) + b"}"


def seal_bundle(manifest: Manifest, body: bytes, ours: Ours) -> bytes:
    """The file. Size and hash of the body are filled in here."""
    packed = pack(body, ZSTD)
    whole = msgspec.structs.replace(manifest, size=len(packed), sha256=sha256(packed).hexdigest())
    return MAGIC + jws.sign(msgspec.json.encode(whole), "prasan-bundle", ours.key).encode() + b"\n" + packed


def open_bundle(raw: bytes, key_of: Callable[[str], Ed25519PublicKey | None], our_id: str, now_us: int) -> Bundle:
    """A bundle that one of our partners made for us. UsageError, Refused or IntegrityError say why it is none."""
    manifest, packed = _manifest(raw, key_of)
    if manifest.aud != our_id:
        raise Refused("The bundle is for another node.", "Give it to the one it was made for.")
    issued = time_us(manifest.issued_at)
    if issued is None or issued > now_us + AHEAD_US or not EPOCH.fullmatch(manifest.epoch):
        raise _broken("it was made in the future", "Compare the clocks of both nodes.")
    _whole(manifest, packed)
    return Bundle(manifest, _body(manifest, packed))


def export_again(manifest: Manifest, name: str) -> str:
    """The command that makes this bundle anew, for whoever made it."""
    since = min((span.after for span in manifest.spans), default=0)
    lanes = " ".join(f"--lane {span.lane}" for span in manifest.spans)
    return f"Ask for it again: prasan bundle export --to {name} --since {since} {lanes}".rstrip()


def holds(manifest: Manifest) -> str:
    """Which rows it holds, for people."""
    return ", ".join(map(str, manifest.spans)) or "no rows"


def _manifest(raw: bytes, key_of: Callable[[str], Ed25519PublicKey | None]) -> tuple[Manifest, bytes]:
    head, _, rest = raw.partition(b"\n")
    token, found, packed = rest.partition(b"\n")
    if head + b"\n" != MAGIC:
        raise FormatError("This file is no bundle.", "Export one with 'prasan bundle export'.")
    if not found or len(token) > jws.MAX_TEXT:
        raise _broken("it ends within its first lines", "Ask for it again.")
    try:
        text = token.decode("ascii")
        claimed = _MANIFEST.decode(jws.decode64(text.split(".")[1]))
        key = key_of(claimed.iss)
        if key is None:
            raise Refused("The bundle is from nobody we know.", "Add the partner's card first: prasan partner add.")
        return _MANIFEST.decode(jws.verify(text, "prasan-bundle", key)), packed
    except (IndexError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _broken("its manifest cannot be read", "Ask for it again.") from None


def _whole(manifest: Manifest, packed: bytes) -> None:
    if len(packed) < manifest.size:
        raise FormatError(
            f"The file was cut: {len(packed)} of {manifest.size} bytes are here. It was to hold {holds(manifest)}.",
            export_again(manifest, "US"),
        )
    if len(packed) > manifest.size or sha256(packed).hexdigest() != manifest.sha256:
        raise _broken("its contents were changed", export_again(manifest, "US"))


def _body(manifest: Manifest, packed: bytes) -> Body:
    try:
        wire = _WIRE.decode(unpack(packed, ZSTD, MAX_BODY))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, FormatError) as error:
        raise _broken(f"it cannot be read ({error})", export_again(manifest, "US")) from None
    parcels = tuple(parse_parcel(bytes(one)) for one in wire.parcels)
    _same_as_said(manifest, parcels)
    if len(wire.posts) > MAX_POSTS or len(wire.acks) > MAX_POSTS or len(wire.proofs) > MAX_POSTS:
        raise _broken("it brings too much at once", "Ask for smaller ones.")
    return Body(
        parcels=parcels,
        posts=tuple(bytes(one) for one in wire.posts),
        acks=tuple(bytes(one) for one in wire.acks),
        has=tuple(wire.has),
        proofs=tuple((size, msgspec.json.encode(one)) for size, one in wire.proofs),
    )


def _same_as_said(manifest: Manifest, parcels: Sequence[Parcel]) -> None:
    """Parcels of a lane follow on each other, and are what the manifest says."""
    spans = dict[Lane, Span]()
    for one in parcels:
        before = spans.get(one.lane)
        if one.epoch != manifest.epoch or (before is not None and one.after != before.last):
            raise _broken("its parcels do not follow on each other", export_again(manifest, "US"))
        rows = len(one.objects) + (before.rows if before else 0)
        spans[one.lane] = Span(one.lane, before.after if before else one.after, one.last, rows)
    if tuple(spans.values()) != manifest.spans:
        raise _broken("it does not hold what its manifest says", export_again(manifest, "US"))


def follows(span: Span, seq: int) -> None:
    """Gap if rows between what was applied and this span are missing: a gap is named, never skipped."""
    if span.after > seq:
        raise Gap(
            f"Rows are missing before this bundle: it begins after {span.lane} {span.after}, we have them up to {seq}.",
            f"Import the bundle before it first, or ask for one made with --since {seq}.",
        )


def _broken(why: str, remedy: str) -> PrasanError:
    return IntegrityError(f"The bundle does not hold: {why}.", remedy)
