"""Every store that is to be conformant is opened here; the suite runs through each of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from prasan.stores.sqlite import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "node.db", create=True)
    yield opened
    opened.close()
