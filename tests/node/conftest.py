"""A node with a partner under an accord, in memory as far as the machine lets it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.node_kit import Kit, Partner, new_home
from node.test_transitions import RELEASE, policy
from node.trust_kit import Two
from prasan.stores.sqlite import link


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits that do not wait for a disk."""
    monkeypatch.setattr(link, "SETTINGS", (*link.SETTINGS, "PRAGMA synchronous = OFF"))


@pytest.fixture
def kit(tmp_path: Path, quick: None) -> Iterator[Kit]:
    made = Kit(new_home(tmp_path))
    yield made
    made.close()


@pytest.fixture
def us(tmp_path: Path, kit: Kit) -> Iterator[Partner]:
    """A partner under an accord with the node."""
    made = Partner("us-mo", tmp_path)
    kit.agree(made)
    yield made
    made.close()


@pytest.fixture
def other(tmp_path: Path, kit: Kit) -> Iterator[Partner]:
    """Another one, under an accord of its own."""
    made = Partner("other", tmp_path)
    kit.agree(made)
    yield made
    made.close()


@pytest.fixture
def generous(tmp_path: Path, kit: Kit) -> Iterator[Partner]:
    """One whose accord lets pass on what its labels let pass."""
    made = Partner("generous", tmp_path)
    kit.agree(made, onward="tlp")
    yield made
    made.close()


@pytest.fixture
def two(tmp_path: Path, quick: None) -> Iterator[Two]:
    """Two nodes under an accord; `a` gives everything to `b`."""
    made = Two(tmp_path)
    policy(made.a, RELEASE.replace("us-mo", "b"))
    yield made
    made.close()
