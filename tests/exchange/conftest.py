from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange.taxii_node import Node
from prasan.stores.sqlite import Store


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    store = Store(tmp_path / "node.db", create=True)
    yield Node(store)
    store.close()
