"""What a crash or a bad disk leaves of an archive: opened again it is whole, mended, or refused in a sentence."""

import shutil
from pathlib import Path
from typing import Final

import pyarrow as pa
from fuzz_kit import Target, first_byte, scratch, told

from prasan.archive import Archive
from prasan.errors import PrasanError
from prasan.picture.position import POSITIONS, STATICS

FOLDER: Final = scratch()
ROWS: Final = 3


def _table(batch: int) -> pa.Table:
    row = {"t": 1_641_254_400 + batch, "time_source": 0, "mmsi": 567_000_001, "lat": 1, "lon": 2, "flags": 0}
    return pa.Table.from_pylist([{**row, "source": "a", "sog": n} for n in range(ROWS)], schema=POSITIONS)


def _made() -> Path:
    root = FOLDER / "made"
    with Archive.open(root) as archive:
        archive.append("file", "a", _table(0), STATICS.empty_table())
        archive.append("hot", "a", _table(1), STATICS.empty_table(), hot=True)
    return root


MADE: Final = _made()
LOG: Final = next(MADE.rglob("*.arrows")).relative_to(MADE)
PARQUET: Final = next(MADE.rglob("*.parquet")).relative_to(MADE)
MANIFEST: Final = Path("archive.sqlite")


def _reopened(name: Path, raw: bytes) -> int | None:
    """How many rows the archive has with a file changed; None if it is refused."""
    root = FOLDER / "changed"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(MADE, root)
    (root / name).write_bytes(raw)
    try:
        with Archive.open(root) as archive:
            archive.stats()
            archive.check()
            return int(archive.read().num_rows)
    except PrasanError as error:
        told(error)
        return None


def torn_log(data: bytes) -> None:
    """Bytes behind the last committed stream of a log: they were never acknowledged, so nothing of them is read."""
    assert _reopened(LOG, (MADE / LOG).read_bytes() + data) == 2 * ROWS


def _changed(data: bytes, name: Path) -> bytes:
    """The file with a piece of it written over, or cut."""
    raw = bytearray((MADE / name).read_bytes())
    at = int.from_bytes(data[:2], "little") % (len(raw) + 1)
    patch = data[2:]
    if not patch:
        return bytes(raw[:at])
    raw[at : at + len(patch)] = patch
    return bytes(raw)


def damaged(data: bytes) -> None:
    """Any file of the archive changed: refused, or read as rows; never anything else."""
    which, rest = first_byte(data)
    name = (LOG, PARQUET, MANIFEST)[which % 3]
    _reopened(name, _changed(rest, name))


TARGETS: Final = (
    Target("torn_log", torn_log, (b"\xff\xff\xff\xff", (MADE / LOG).read_bytes()[:60])),
    Target("damaged", damaged, (b"\xff\xff\xff\xff", b"PAR1", b"SQLite format 3\x00", b"\x00\x00\x00\x00")),
)
