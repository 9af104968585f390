"""The tree against published vectors and against RFC 9162's own recursive definitions."""

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.errors import IntegrityError, UsageError
from prasan.ledger.tree import (
    EMPTY_ROOT,
    Frontier,
    Proof,
    consistency_proof,
    hash_leaf,
    hash_node,
    inclusion_proof,
    root,
    verify_consistency,
    verify_inclusion,
)

# The leaves, roots and proofs that the Certificate Transparency reference implementation is tested with.
LEAVES = [
    bytes.fromhex(h)
    for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
# Larger trees, from the same project's compact range tests: leaf i is i in two bytes, little-endian.
GOLDEN = {
    10: "VjWMPSYNtCuCNlF/RLnQy6HcwSk6CIipfxm+hettA+4=",
    255: "SmdsuKUqiod3RX2jyF2M6JnbdE4QuTwwipfAowI4/i0=",
    256: "qFI0t/tZ1MdOYgyPpPzHFiZVw86koScXy9q3FU5casA=",
    1000: "RXrgb8xHd55Y48FbfotJwCbV82Kx22LZfEbmBGAvwlQ=",
    10000: "VZcav65F9haHVRk3wre2axFoBXRNeUh/1d9d5FQfxIg=",
}

leaves_lists = st.lists(st.binary(max_size=40), max_size=70)


@pytest.mark.parametrize("size", range(9))
def test_roots_of_the_reference_vectors(size: int) -> None:
    assert root(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("size", "expected"), GOLDEN.items())
def test_roots_of_larger_reference_trees(size: int, expected: str) -> None:
    assert root(i.to_bytes(2, "little") for i in range(size)) == base64.b64decode(expected)


def test_single_hashes_of_the_reference_vectors() -> None:
    assert hash_leaf(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert hash_node(b"N123", b"N456").hex() == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"


@pytest.mark.parametrize(("case", "expected"), INCLUSION.items())
def test_inclusion_proofs_of_the_reference_vectors(case: tuple[int, int], expected: list[str]) -> None:
    index, size = case
    proof = inclusion_proof(LEAVES, index, size)
    assert [p.hex() for p in proof] == expected
    verify_inclusion(LEAVES[index], index, size, proof, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("case", "expected"), CONSISTENCY.items())
def test_consistency_proofs_of_the_reference_vectors(case: tuple[int, int], expected: list[str]) -> None:
    old, new = case
    proof = consistency_proof(LEAVES, old, new)
    assert [p.hex() for p in proof] == expected
    verify_consistency(old, bytes.fromhex(ROOTS[old]), new, bytes.fromhex(ROOTS[new]), proof)


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return hash_leaf(leaves[0])
    k = largest_power_below(len(leaves))
    return hash_node(naive_root(leaves[:k]), naive_root(leaves[k:]))


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 9162 section 2.1.3.1, word for word."""
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """RFC 9162 section 2.1.4.1, word for word."""
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = largest_power_below(len(leaves))
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def largest_power_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


@given(leaves_lists, st.integers(0, 70))
def test_root_and_frontier_follow_the_definition(leaves: list[bytes], cut: int) -> None:
    expected = naive_root(leaves)
    assert root(leaves) == expected
    head = Frontier().extend(leaves[:cut])
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(head), type=Frontier).check()
    for leaf in leaves[cut:]:
        stored = stored.append(leaf)
    assert stored.root() == expected
    assert stored.size == len(leaves)


@given(leaves_lists.filter(bool), st.data())
def test_every_inclusion_proof_follows_the_definition(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = inclusion_proof(leaves, index)
    assert list(proof) == naive_path(index, leaves)
    verify_inclusion(leaves[index], index, len(leaves), proof, naive_root(leaves))


@given(leaves_lists.filter(bool), st.data())
def test_every_consistency_proof_follows_the_definition(leaves: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(1, len(leaves)))
    proof = consistency_proof(leaves, old)
    assert list(proof) == naive_subproof(old, leaves, True)
    verify_consistency(old, naive_root(leaves[:old]), len(leaves), naive_root(leaves), proof)


def rfc_tree() -> dict[str, bytes]:
    """The nodes of the tree of seven leaves drawn in RFC 9162 section 2.1.5, by the letters there."""
    leaves = [f"d{n}".encode() for n in range(7)]
    nodes = dict(zip("abcdefj", map(hash_leaf, leaves), strict=True))
    nodes["g"], nodes["h"] = hash_node(nodes["a"], nodes["b"]), hash_node(nodes["c"], nodes["d"])
    nodes["i"] = hash_node(nodes["e"], nodes["f"])
    nodes["k"], nodes["l"] = hash_node(nodes["g"], nodes["h"]), hash_node(nodes["i"], nodes["j"])
    return nodes | {"hash": hash_node(nodes["k"], nodes["l"])}


@pytest.mark.parametrize(("index", "path"), [(0, "bhl"), (3, "cgl"), (4, "fjk"), (6, "ik")])
def test_the_inclusion_proofs_printed_in_the_rfc(index: int, path: str) -> None:
    nodes, leaves = rfc_tree(), [f"d{n}".encode() for n in range(7)]
    assert root(leaves) == nodes["hash"]
    proof = inclusion_proof(leaves, index)
    assert proof == tuple(nodes[letter] for letter in path)
    verify_inclusion(leaves[index], index, 7, proof, nodes["hash"])


@pytest.mark.parametrize(("old", "proof"), [(3, "cdgl"), (4, "l"), (6, "ijk")])
def test_the_consistency_proofs_printed_in_the_rfc(old: int, proof: str) -> None:
    nodes, leaves = rfc_tree(), [f"d{n}".encode() for n in range(7)]
    found = consistency_proof(leaves, old)
    assert found == tuple(nodes[letter] for letter in proof)
    verify_consistency(old, root(leaves[:old]), 7, nodes["hash"], found)


def corruptions(proof: Proof) -> st.SearchStrategy[Proof]:
    """Every way to damage a proof: a bit, an item lost, doubled, added or of the wrong length."""
    extra = st.binary(min_size=32, max_size=32)
    ways = [extra.map(lambda e: (*proof, e)), extra.map(lambda e: (e, *proof)), st.just((*proof, b""))]
    if proof:
        at = st.integers(0, len(proof) - 1)
        flip = lambda i, b: (*proof[:i], bytes([proof[i][0] ^ (1 << b), *proof[i][1:]]), *proof[i + 1 :])  # noqa: E731
        ways += [st.builds(flip, at, st.integers(0, 7)), at.map(lambda i: proof[:i] + proof[i + 1 :])]
    return st.one_of(ways)


@given(st.integers(1, 40), st.data())
def test_a_damaged_inclusion_proof_is_refused(size: int, data: st.DataObject) -> None:
    leaves = [bytes([i]) for i in range(size)]
    index = data.draw(st.integers(0, size - 1))
    proof, top = inclusion_proof(leaves, index), root(leaves)
    wrong = data.draw(corruptions(proof))
    with pytest.raises(IntegrityError):
        verify_inclusion(leaves[index], index, size, wrong, top)
    with pytest.raises(IntegrityError):
        verify_inclusion(b"another leaf", index, size, proof, top)
    with pytest.raises(IntegrityError):
        verify_inclusion(leaves[index], index, size, proof, EMPTY_ROOT)
    other = data.draw(st.integers(-1, size).filter(lambda i: i != index))
    with pytest.raises(IntegrityError):
        verify_inclusion(leaves[index], other, size, proof, top)


@given(st.integers(1, 40), st.data())
def test_a_damaged_consistency_proof_is_refused(new: int, data: st.DataObject) -> None:
    leaves = [bytes([i]) for i in range(new)]
    old = data.draw(st.integers(1, new))
    proof, old_root, new_root = consistency_proof(leaves, old), root(leaves[:old]), root(leaves)
    with pytest.raises(IntegrityError):
        verify_consistency(old, old_root, new, new_root, data.draw(corruptions(proof)))
    with pytest.raises(IntegrityError):
        verify_consistency(old, EMPTY_ROOT, new, new_root, proof)
    with pytest.raises(IntegrityError):
        verify_consistency(old, old_root, new, EMPTY_ROOT, proof)


@given(st.lists(st.binary(max_size=3), min_size=2, max_size=30), st.data())
def test_a_rewritten_past_cannot_be_proved(leaves: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(1, len(leaves) - 1))
    changed = data.draw(st.integers(0, old - 1))
    rewritten = [*leaves[:changed], leaves[changed] + b"!", *leaves[changed + 1 :]]
    with pytest.raises(IntegrityError):
        verify_consistency(old, root(leaves[:old]), len(leaves), root(rewritten), consistency_proof(rewritten, old))


def test_the_empty_tree_begins_every_tree() -> None:
    verify_consistency(0, EMPTY_ROOT, 3, root(LEAVES[:3]), ())
    verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, ())
    with pytest.raises(IntegrityError):
        verify_consistency(0, root(LEAVES[:1]), 3, root(LEAVES[:3]), ())
    with pytest.raises(IntegrityError, match="does not continue"):
        verify_consistency(3, root(LEAVES[:3]), 2, root(LEAVES[:2]), ())


def test_questions_outside_the_tree_are_wrong_use() -> None:
    with pytest.raises(UsageError, match="Entry 8 is not in a ledger of 8 entries"):
        inclusion_proof(LEAVES, 8)
    with pytest.raises(UsageError, match="has 8 entries, not 9"):
        inclusion_proof(LEAVES, 0, 9)
    with pytest.raises(UsageError):
        consistency_proof(LEAVES, 0)


@pytest.mark.parametrize("bad", [Frontier(1, ()), Frontier(-1, ()), Frontier(3, (b"a" * 32, b"short"))])
def test_a_damaged_frontier_is_refused(bad: Frontier) -> None:
    with pytest.raises(IntegrityError, match="damaged"):
        bad.check()
