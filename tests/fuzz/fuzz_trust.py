"""What is believed over time: changes of key in cards, what a partner shows of its log, proofs, and backups."""

import tempfile
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fuzz_kit import Target, told

from prasan.errors import PrasanError
from prasan.exchange import jws
from prasan.exchange.acks import Theirs
from prasan.exchange.cards import Card, issue_card, node_key, read_card
from prasan.exchange.certs import self_signed
from prasan.exchange.histories import Began, compare, read_shown, resumes_at
from prasan.ledger.checkpoint import Checkpoint, sign_checkpoint
from prasan.ledger.proof import check_proof
from prasan.ledger.tree import root
from prasan.node.keeping.keysafe import unlock
from prasan.node.keeping.tarball import check

OLD, KEY = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
US, THEM = "identity--00000000-0000-4000-8000-000000000001", "identity--00000000-0000-4000-8000-000000000002"
NAME: Final = f"prasan/{THEM}/00000000-0000-4000-8000-000000000009/{US}"
HELD: Final = sign_checkpoint(Checkpoint(NAME, 2, root([b"a", b"b"])), KEY)
NEXT: Final = sign_checkpoint(Checkpoint(NAME, 3, root([b"a", b"b", b"c"])), KEY)
PEM: Final = self_signed("x", ["localhost"], not_before=1_700_000_000, not_after=1_900_000_000).certificate.decode()


def handover(data: bytes) -> None:
    """A card whose change of key says anything, by the old key: refused, or it leads to the key in the card."""
    text = jws.sign(data[:20_000], "prasan-key", OLD)
    url, at = "https://x.example:1", "2026-01-01T00:00:00Z"
    card = Card(1, THEM, "x", "TH", node_key(KEY.public_key()), url, url, PEM, at, (text,))
    for raw in (
        issue_card(card, KEY),
        issue_card(msgspec.structs.replace(card, handovers=(data.decode("latin-1"),)), KEY),
    ):
        try:
            read = read_card(raw)
        except PrasanError as error:
            told(error)
        else:
            assert read.successors(jws.thumbprint(OLD.public_key()))[-1].new == card.node_key


def history(data: bytes) -> None:
    """The answer of the checkpoint address: with any proof and any entries it never passes for a log that goes on."""
    held = Checkpoint(NAME, 2, root([b"a", b"b"]))
    for raw in (data, b'{"checkpoint":%s,"proof":%s}' % (msgspec.json.encode(NEXT), data),
                b'{"checkpoint":%s,"epochs":%s}' % (msgspec.json.encode(NEXT), data)):  # fmt: skip
        try:
            answer = read_shown(raw, Theirs(THEM, KEY.public_key()), US)
            resumes_at(*answer, held)
            assert compare(answer, HELD, HELD).lost == 0
        except PrasanError as error:
            told(error)
    try:
        msgspec.json.decode(data, type=Began)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return


def proof(data: bytes) -> None:
    """A proof of any form."""
    try:
        check_proof(data, THEM, [KEY.public_key()])
    except PrasanError as error:
        told(error)


def backup(data: bytes) -> None:
    """A file of any bytes, and any bytes as the tar in it; and a JWE of any text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.backup"
        for raw in (data, pa.Codec("zstd").compress(data, asbytes=True)):
            path.write_bytes(raw)
            try:
                check(path, Path(folder) / "into")
            except PrasanError as error:
                told(error)
        assert {one.name for one in Path(folder).iterdir()} <= {"x.backup", "into"}
    try:
        unlock(data[:2000], b"four random words")
    except PrasanError as error:
        told(error)


_JSON = (b'"v":1', b'"node":', b'"old":{', b'"new":{', b'"index":0', b'"proof":[]', b'"entry":"e30="', b'"salt":""',
         b"[" * 1500, b"null", b"-1", b"9" * 25, b"\\ud800")  # fmt: skip

TARGETS: Final = (
    Target("handover", handover, _JSON),
    Target("history", history, _JSON),
    Target("proof", proof, (*_JSON, b'"prasan_proof":1', b'"path":["AAAA"]', b'"checkpoint":"x"')),
    Target("backup", backup, (b"ustar", b"\x00" * 512, b"../x", b"prasan.toml", b"manifest.json", b".....")),
)
