"""Last fixes are bounded, whatever numbers come: who is silent for longest is let go first, and counted."""

from pathlib import Path

from prasan.archive import Archive
from prasan.archive.manifest import Manifest, put_latest

Row = tuple[str, int, int, int, int, None, None, None, None, None, int]


def fix(mmsi: int, t: int) -> Row:
    return "coast", mmsi, t, 0, 0, None, None, None, None, None, 0


def kept(manifest: Manifest) -> dict[int, int]:
    return dict(manifest.all("SELECT mmsi, t FROM latest"))


def test_a_flood_of_numbers_fills_nothing(tmp_path: Path) -> None:
    """200,000 numbers heard once, and a fleet that goes on reporting."""
    Archive.open(tmp_path).close()
    manifest, fleet = Manifest(tmp_path / "archive.sqlite", readonly=False), range(567_000_000, 567_000_100)
    for t in range(20):
        with manifest.write() as connection:
            put_latest(connection, (fix(200_000_000 + t * 10_000 + n, t) for n in range(10_000)), limit=50_000)
            put_latest(connection, (fix(mmsi, t) for mmsi in fleet), limit=50_000)
    manifest.close()
    with Archive.open(tmp_path) as archive:
        rows = archive.latest().select(["mmsi", "t"]).to_pylist()
        newest = {row["mmsi"]: row["t"] for row in rows}
        assert len(newest) <= 50_000
        assert {newest[mmsi] for mmsi in fleet} == {19}
        assert archive.stats().let_go == 200_000 + len(fleet) - len(newest)
        assert min(newest.values()) >= 15, "the newest stay"


def test_few_are_all_kept(tmp_path: Path) -> None:
    Archive.open(tmp_path).close()
    manifest = Manifest(tmp_path / "archive.sqlite", readonly=False)
    with manifest.write() as connection:
        put_latest(connection, [fix(1, 5), fix(2, 6), fix(1, 4)], limit=2)
    assert kept(manifest) == {1: 5, 2: 6}
    with manifest.write() as connection:
        put_latest(connection, [fix(3, 1)], limit=2)
    assert kept(manifest) == {2: 6}, "three quarters of two is one; the others were silent for longer"
    manifest.close()
