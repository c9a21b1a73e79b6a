"""The hash tree of RFC 9162 (section 2.1; the same as RFC 6962): roots, inclusion proofs, consistency proofs. Pure.

Hashes are 32 bytes; a *row* of them is their bytes, one after the other. A *node* is a pair `(level, position)`: the complete subtree over
the leaves `position · 2^level` up to `(position + 1) · 2^level`, so level 0 are the leaf hashes. Every hash a proof needs is made of a few
nodes (at most about 2·log2 n in all); what `inclusion_nodes` and `consistency_nodes` name can be fetched in one query and handed to
`inclusion_path` and `consistency_path`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

Node = tuple[int, int]
Range = tuple[int, int]

HASH_BYTES = 32
_PAIR = 2 * HASH_BYTES
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 ‖ data)."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def parents_of(row: bytes) -> bytes:
    """The row one level above complete pairs; a last one without a partner has no parent yet."""
    sha256 = hashlib.sha256  # in place of `node_hash`: this is done a million times
    return b"".join([sha256(b"\1" + row[at : at + _PAIR]).digest() for at in range(0, len(row) - HASH_BYTES, _PAIR)])


def hashes_in(row: bytes) -> list[bytes]:
    """The hashes of a row, one by one."""
    return [row[at : at + HASH_BYTES] for at in range(0, len(row), HASH_BYTES)]


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root of a tree given all its leaf hashes."""
    row = b"".join(leaf_hashes)
    if not row:
        return EMPTY_ROOT
    while len(row) > HASH_BYTES:
        # A node without a partner moves up as it is: that is what the RFC's split at the largest power of two comes to.
        row = parents_of(row) + (row[-HASH_BYTES:] if len(row) % _PAIR else b"")
    return row


def nodes_of(start: int, end: int) -> list[Node]:
    """The complete subtrees, left to right, that make up the leaves from `start` up to `end`. `start` must be where a proof splits
    (0 or a multiple of a power of two not below the range's size rounded up)."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over adjoining complete subtrees of falling size, given left to right."""
    result = hashes[-1]
    for left in reversed(hashes[:-1]):
        result = node_hash(left, result)
    return result


def root_nodes(size: int) -> list[Node]:
    """What the root of a tree of `size` leaves is folded from."""
    return nodes_of(0, size)


def root_from(size: int, hashes: Mapping[Node, bytes]) -> bytes:
    """The root of a tree of `size` leaves from the hashes of `root_nodes(size)`."""
    return fold([hashes[node] for node in root_nodes(size)]) if size else EMPTY_ROOT


def _split(start: int, end: int) -> int:
    """Where the RFC divides a range: after the largest power of two below its size."""
    return start + (1 << (end - start - 1).bit_length() - 1)


def _inclusion_ranges(index: int, size: int) -> list[Range]:
    """The siblings on the way from a leaf to the root, leaf first."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    start, end, siblings = 0, size, []
    while end - start > 1:
        middle = _split(start, end)
        if index < middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((start, middle))
            start = middle
    return siblings[::-1]


def _consistency_ranges(old: int, new: int) -> list[Range]:
    """SUBPROOF of RFC 9162, 2.1.4.1, as ranges of leaves."""
    if not 0 < old <= new:
        raise ValueError(f"a tree of {old} cannot grow into one of {new}")
    if old == new:
        return []
    start, end, complete, others = 0, new, True, []
    while old != end:
        middle = _split(start, end)
        if old <= middle:
            others.append((middle, end))
            end = middle
        else:
            others.append((start, middle))
            start, complete = middle, False
    return ([] if complete else [(start, end)]) + others[::-1]


def _flat(ranges: Sequence[Range]) -> list[Node]:
    return [node for start, end in ranges for node in nodes_of(start, end)]


def _hashes(ranges: Sequence[Range], hashes: Mapping[Node, bytes]) -> list[bytes]:
    return [fold([hashes[node] for node in nodes_of(start, end)]) for start, end in ranges]


def inclusion_nodes(index: int, size: int) -> list[Node]:
    """The nodes whose hashes `inclusion_path` needs."""
    return _flat(_inclusion_ranges(index, size))


def inclusion_path(index: int, size: int, hashes: Mapping[Node, bytes]) -> list[bytes]:
    """The inclusion proof of leaf `index` in a tree of `size`. Raises `ValueError` for a leaf outside, `KeyError` for a missing hash."""
    return _hashes(_inclusion_ranges(index, size), hashes)


def consistency_nodes(old: int, new: int) -> list[Node]:
    """The nodes whose hashes `consistency_path` needs."""
    return _flat(_consistency_ranges(old, new))


def consistency_path(old: int, new: int, hashes: Mapping[Node, bytes]) -> list[bytes]:
    """The proof that the tree of `new` leaves begins with that of `old`; empty when both are the same. `old` must not be 0."""
    return _hashes(_consistency_ranges(old, new), hashes)


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf with hash `leaf` stands at `index` of the tree with this size and root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            result = node_hash(sibling, result)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and result == root


def verify_consistency(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether the tree of `new` leaves is the tree of `old` leaves with leaves added (RFC 9162, 2.1.4.2). An empty tree grows into any."""
    if old == new:
        return not path and old_root == new_root
    if not 0 <= old < new:
        return False
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    if old & (old - 1) == 0:
        path = [old_root, *path]
    if not path:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


class Tree:
    """A growing tree in logarithmic memory: the complete subtrees that make up what was added so far."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: dict[int, bytes] = {}

    def extend(self, row: bytes, note: Callable[[tuple[int, int, bytes]], object] | None = None) -> None:
        """Add a row of leaf hashes. `note` is told, for each level from 0, the position of the first subtree that this completed and the
        row of all of them."""
        level, size = 0, self.size
        self.size += len(row) // HASH_BYTES
        while row:
            if note is not None:
                note((level, size >> level, row))
            if level in self._peaks:
                row = self._peaks.pop(level) + row
            if len(row) % _PAIR:
                self._peaks[level] = row[-HASH_BYTES:]
            row, level = parents_of(row), level + 1

    def root(self) -> bytes:
        """The root over what was added so far."""
        return fold([self._peaks[level] for level in sorted(self._peaks, reverse=True)]) if self._peaks else EMPTY_ROOT
