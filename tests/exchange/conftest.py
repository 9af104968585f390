from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange.taxii_node import Node
from partner import Partner
from prasan.stores.sqlite import Store


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    store = Store(tmp_path / "node.db", create=True)
    yield Node(store)
    store.close()


@pytest.fixture
def th(tmp_path: Path) -> Iterator[Partner]:
    made = Partner("th-mc", tmp_path)
    yield made
    made.close()


@pytest.fixture
def us(tmp_path: Path, th: Partner) -> Iterator[Partner]:
    """A second node, under an accord with the first."""
    made = Partner("us-mo", tmp_path)
    made.agree(th)
    yield made
    made.close()
