"""Proofs from the store, which remembers the roots of runs, are those of the tree over all leaves."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.ledger.entry import Entry
from prasan.ledger.tree import consistency_proof, hash_leaf, inclusion_proof, root, root_of_parts
from prasan.stores.sqlite import Store, logs


@given(st.integers(0, 5), st.integers(0, 40), st.integers(0, 6))
def test_a_root_of_parts_is_that_of_the_leaves(level: int, runs: int, rest: int) -> None:
    run, rest = 1 << level, min(rest, (1 << level) - 1)
    leaves = [bytes([i % 256, i // 256]) for i in range(runs * run + rest)]
    parts = [root(leaves[i * run : (i + 1) * run]) for i in range(runs)]
    assert root_of_parts(parts, leaves[runs * run :]) == root(leaves)


def test_one_part_is_its_own_root() -> None:
    assert root_of_parts([hash_leaf(b"x")], ()) == root([b"x"])


@pytest.mark.parametrize("run", [2, 4, 8])
def test_proofs_are_those_of_the_tree(store: Store, monkeypatch: pytest.MonkeyPatch, run: int) -> None:
    monkeypatch.setattr(logs, "RUN", run)
    size = 45
    with store.write() as tx:
        for number in range(size):
            tx.append_log("node", Entry("x", number, str(number)), sha256(bytes([number])).digest())
    leaves = [row.leaf for row in store.leaf_rows("node")]
    for _ in range(2):  # the second time from what is remembered
        for new in range(1, size + 1):
            assert store.log_root("node", new) == root(leaves[:new])
            for old in (1, new // 2 or 1, new):
                assert store.log_consistency("node", old, new) == consistency_proof(leaves, old, new)
                assert store.log_inclusion("node", old - 1, new) == inclusion_proof(leaves, old - 1, new)
