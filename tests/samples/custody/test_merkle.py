"""The hash tree against the published vectors of RFC 6962 and against the RFC's own recursive definitions."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.custody import merkle

# The leaves and roots that implementations of RFC 6962 are tried with.
_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
_ROOTS = [
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


def _leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(str(number).encode()) for number in range(count)]


def _root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, word for word."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256().digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + _root(leaves[:split]) + _root(leaves[split:])).digest()


def _nodes(leaves: list[bytes], step: int = 1) -> dict[merkle.Node, bytes]:
    kept: dict[merkle.Node, bytes] = {}

    def keep(told: tuple[int, int, bytes]) -> None:
        level, first, row = told
        kept.update({(level, first + offset): digest for offset, digest in enumerate(merkle.hashes_in(row))})

    tree = merkle.Tree()
    for start in range(0, len(leaves), step):
        tree.extend(b"".join(leaves[start : start + step]), keep)
    assert (tree.size, tree.root()) == (len(leaves), _root(leaves))
    return kept


def test_roots_are_the_published_ones() -> None:
    leaves = [merkle.leaf_hash(bytes.fromhex(text)) for text in _LEAVES]
    assert [merkle.root_of(leaves[:size]).hex() for size in range(9)] == _ROOTS


@given(st.integers(0, 70), st.integers(1, 70))
def test_every_way_to_a_root_is_the_same(size: int, step: int) -> None:
    leaves = _leaves(size)
    kept = _nodes(leaves)
    assert _nodes(leaves, step) == kept
    assert merkle.root_of(leaves) == merkle.root_from(size, kept) == _root(leaves)


@given(st.data())
def test_an_inclusion_proof_holds_for_its_leaf_and_no_other(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    leaves = _leaves(size)
    path = merkle.inclusion_path(index, size, _nodes(leaves))
    root = _root(leaves)
    assert merkle.verify_inclusion(leaves[index], index, size, path, root)
    assert not merkle.verify_inclusion(merkle.leaf_hash(b"other"), index, size, path, root)
    assert not merkle.verify_inclusion(leaves[index], index, size, [*path, root], root)
    assert not merkle.verify_inclusion(leaves[index], size, size, path, root)
    assert len(merkle.inclusion_nodes(index, size)) <= 2 * size.bit_length()
    for wrong in range(size):
        assert (wrong == index) == merkle.verify_inclusion(leaves[index], wrong, size, path, root)


@given(st.data())
def test_a_consistency_proof_holds_only_for_a_tree_that_grew(data: st.DataObject) -> None:
    new = data.draw(st.integers(1, 70))
    old = data.draw(st.integers(1, new))
    leaves = _leaves(new)
    path = merkle.consistency_path(old, new, _nodes(leaves))
    roots = _root(leaves[:old]), _root(leaves)
    assert merkle.verify_consistency(old, new, path, *roots)
    changed = data.draw(st.integers(0, old - 1))
    rewritten = _root([*leaves[:changed], merkle.leaf_hash(b"rewritten"), *leaves[changed + 1 :]])
    assert not merkle.verify_consistency(old, new, path, roots[0], rewritten)
    assert not merkle.verify_consistency(old, new, [*path, roots[0]], *roots)
    if path:
        assert not merkle.verify_consistency(old, new, path[:-1], *roots)
    if old < new:
        assert not merkle.verify_consistency(new, old, path, roots[1], roots[0])


def test_an_empty_tree_grows_into_any() -> None:
    assert merkle.verify_consistency(0, 3, [], merkle.EMPTY_ROOT, _root(_leaves(3)))
    assert not merkle.verify_consistency(0, 3, [], b"\0" * 32, _root(_leaves(3)))


def test_impossible_proofs_are_refused() -> None:
    with pytest.raises(ValueError, match="leaf 3 is not in a tree of 3"):
        merkle.inclusion_nodes(3, 3)
    with pytest.raises(ValueError, match="a tree of 4 cannot grow into one of 3"):
        merkle.consistency_nodes(4, 3)
