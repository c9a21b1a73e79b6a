"""Where the hashes of the log's tree are kept, and fetching those that a proof needs in one query. Pure but for that query."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from samples.custody import merkle
from samples.custody.merkle import Node

# Subtrees from this level on have a row of their own; a smaller one is computed from its (at most eight) leaves.
STORED_LEVEL = 4
_POSITION_BITS = 56

_FETCH = """
SELECT key, hash FROM custody_lognode WHERE key = ANY(%s)
UNION ALL SELECT index, hash FROM custody_logleaf WHERE index = ANY(%s)
"""


def node_key(node: Node) -> int:
    """The number a node is kept under: level · 2⁵⁶ + position. A leaf's is its index."""
    level, position = node
    return (level << _POSITION_BITS) + position


def fetch_nodes(nodes: Iterable[Node]) -> dict[Node, bytes]:
    """The hashes of complete subtrees, in one query of O(log n) rows for each proof. Raises `KeyError` when the log lacks one."""
    wanted = set(nodes)
    leaves: set[int] = set()
    for level, position in wanted:
        if level < STORED_LEVEL:
            leaves.update(range(position << level, (position + 1) << level))
    stored = [node_key(node) for node in wanted if node[0] >= STORED_LEVEL]
    with connection.cursor() as cursor:
        cursor.execute(_FETCH, [stored, list(leaves)])
        found = {key: bytes(digest) for key, digest in cursor.fetchall()}
    return {node: _hash_of(node, found) for node in wanted}


def _hash_of(node: Node, found: dict[int, bytes]) -> bytes:
    level, position = node
    if level >= STORED_LEVEL:
        return found[node_key(node)]
    return merkle.root_of([found[index] for index in range(position << level, (position + 1) << level)])


def fetch_root(size: int) -> bytes:
    """The root over the first `size` leaves."""
    return merkle.root_from(size, fetch_nodes(merkle.root_nodes(size)))
