"""What came since the last look, and from when on nothing was deleted."""

from pathlib import Path

import pytest
from archive_rows import MIDNIGHT, positions, statics

from prasan.archive.archive import Archive
from prasan.archive.values import News

HOUR = 3600


@pytest.mark.parametrize("hot", [True, False])
def test_news_are_the_batches_after_a_number(tmp_path: Path, hot: bool) -> None:
    with Archive.open(tmp_path) as archive:
        assert archive.news(0, ["amsa"]) == News(0, None)
        archive.append("a", "amsa", positions({"t": MIDNIGHT + HOUR}, {"t": MIDNIGHT}), statics(), hot=hot)
        archive.append("b", "noaa", positions({"t": MIDNIGHT - HOUR, "source": "noaa"}), statics(), hot=hot)
        assert archive.news(0, ["amsa"]) == News(1, MIDNIGHT)
        assert archive.news(0, ["amsa", "noaa"]) == News(2, MIDNIGHT - HOUR)
        assert archive.news(1, ["amsa"]) == News(1, None)
        assert archive.news(2, ["amsa", "noaa"]) == News(2, None)


def test_news_outlive_the_merging_of_their_files(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        for number in range(3):
            rows = positions({"t": MIDNIGHT + number * HOUR, "lat": number})
            archive.append(f"b{number}", "amsa", rows, statics(), hot=True)
        archive.drain()
        archive.compact(at_least=2)
        assert archive.news(1, ["amsa"]) == News(3, MIDNIGHT + HOUR)


def test_rows_without_a_date_are_no_news_of_any_time(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        archive.append("a", "amsa", positions({"t": 0, "flags": 4}), statics())
        assert archive.news(0, ["amsa"]) == News(1, None)


def test_what_was_deleted_ends_the_time_before_it(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        days = positions(*({"t": MIDNIGHT + day * 86_400} for day in range(5)))
        archive.append("a", "amsa", days, statics())
        assert archive.kept_since(["amsa"]) == 0
        archive.expire(MIDNIGHT + 5 * 86_400, {"amsa": 3})
        assert archive.kept_since(["amsa"]) == MIDNIGHT + 2 * 86_400
        assert archive.read()["t"].to_pylist()[0] == MIDNIGHT + 2 * 86_400
        assert archive.kept_since(["noaa"]) == 0
