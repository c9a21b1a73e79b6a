"""Replaying the log: every leaf's place, the tree over all leaves, the keys, every checkpoint and every cosignature."""

from __future__ import annotations

import io
from collections.abc import Iterator
from struct import Struct
from typing import Any

from django.db import connection

from lims.core.models import Installation
from samples.custody import merkle, notes
from samples.custody.findings import Verification
from samples.custody.key_records import WrongKeyRecord, read_key_record
from samples.custody.log_nodes import STORED_LEVEL, node_key
from samples.custody.models import Cosignature, LogCheckpoint, LogLeaf
from samples.custody.notes import VerifierKey

_BLOCK = 1 << 16

_ADRIFT = """
SELECT
    (SELECT count(*) FROM custody_custodyevent e WHERE NOT EXISTS (SELECT FROM custody_logleaf l WHERE l.event_id = e.id)
        AND NOT EXISTS (SELECT FROM custody_unsequenced u WHERE u.event_id = e.id)),
    (SELECT count(*) FROM custody_unsequenced u WHERE NOT EXISTS (SELECT FROM custody_custodyevent e WHERE e.id = u.event_id)),
    (SELECT min(l.index) FROM custody_logleaf l WHERE l.event_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM custody_custodyevent e WHERE e.id = l.event_id)),
    (SELECT min(index) FROM (SELECT index, row_number() OVER (ORDER BY index) - 1 AS place FROM custody_logleaf) l WHERE index <> place)
"""
# How many leaves there are, how many of them announce keys, and how many events wait that are there and have no leaf. What waits is looked
# up one by one: joined, the whole ledger is read wherever the database believes that the queue is still as long as it was.
_COUNTS = """
SELECT (SELECT coalesce(max(index) + 1, 0) FROM custody_logleaf), (SELECT count(*) FROM custody_logleaf WHERE key_id IS NOT NULL),
    (SELECT count(*) FROM custody_unsequenced),
    (SELECT count(*) FROM custody_unsequenced u
        WHERE (SELECT e.id FROM custody_custodyevent e WHERE e.id = u.event_id) IS NOT NULL
            AND (SELECT l.index FROM custody_logleaf l WHERE l.event_id = u.event_id) IS NULL)
"""
# Through binary COPY: as text every byte would be written as two digits here and read back there.
_HASHES = """
COPY (SELECT count(*), coalesce(string_agg(hash, ''::bytea ORDER BY index), ''::bytea)
    FROM public.custody_logleaf WHERE index >= {start:d} AND index < {end:d}) TO STDOUT (FORMAT binary)
"""
# Before the values stand the head of the format, the count of fields, and the length of each.
_leaf_count = Struct("!19x 2x 4x q 4x").unpack_from
_LEAF_HASHES, _END_BYTES = 37, 2
_NODES = "SELECT string_agg(hash, ''::bytea ORDER BY key) FROM custody_lognode WHERE key >= %s AND key < %s"


def replay_log(result: Verification) -> None:
    """Replay the log and count into `result`. Runs within the caller's snapshot."""
    roots = _replay_tree(result, LogCheckpoint.objects.order_by("size").values_list("size", flat=True).iterator(2000))
    _replay_places(result)
    keys = _replay_keys(result)
    _replay_checkpoints(result, roots, keys)
    _replay_cosignatures(result)


def _one(statement: str, *parameters: Any) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def _leaf_hashes(start: int, end: int) -> tuple[int, bytes]:
    """How many leaves there are from `start` up to `end`, and their hashes in order, one after the other."""
    answer = io.BytesIO()
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(_HASHES.format(start=start, end=end), answer)
    data = answer.getvalue()
    return _leaf_count(data)[0], data[_LEAF_HASHES:-_END_BYTES]


def _replay_places(result: Verification) -> None:
    """Every event is a leaf or waits to be one, and every leaf is an event's: as many leaves as events that have one, none missing between,
    and as many waiting as without. Only where that does not come out right the events are looked through."""
    size, announcements, queued, waiting = _one(_COUNTS)
    fits = size == result.leaves == result.placed + announcements and waiting == result.events - result.placed
    if fits and queued == waiting:
        return
    lost, gone, orphan, gap = _one(_ADRIFT)
    if gap is not None:
        result.note_log(gap, "the leaf before it is missing")
    if orphan is not None:
        result.note_log(orphan, "its event is missing")
    if lost:
        result.note_log(None, f"{lost:,} events are neither in the log nor waiting for their place")
    if gone:
        result.note_log(None, f"{gone:,} events that waited for their place are missing")


def _replay_tree(result: Verification, sizes: Iterator[int]) -> dict[int, bytes]:
    """Build the tree from its leaves, compare the stored hashes above them, and return the root at every checkpoint."""
    tree, roots = merkle.Tree(), {}
    size = next(sizes, None)
    while True:
        if size == tree.size:
            roots[size] = tree.root()
            size = next(sizes, None)
            continue
        end = min(tree.size + _BLOCK, size) if size is not None else tree.size + _BLOCK
        count, row = _leaf_hashes(tree.size, end)
        if not count:
            break
        if len(row) != count * merkle.HASH_BYTES:
            result.note_log(None, f"a leaf between {tree.size} and {end} does not have a hash of 32 bytes")
            break
        built: list[tuple[int, int, bytes]] = []
        tree.extend(row, built.append)
        _compare_nodes(result, built)
        if tree.size < end:
            break
    result.leaves = tree.size
    return roots


def _compare_nodes(result: Verification, built: list[tuple[int, int, bytes]]) -> None:
    """Stored hashes of subtrees make the proofs; they must be those of the tree."""
    for level, position, row in built:
        if level >= STORED_LEVEL and row:
            first = node_key((level, position))
            (stored,) = _one(_NODES, first, first + len(row) // merkle.HASH_BYTES)
            if stored is None or bytes(stored) != row:
                result.note_log(position << level, f"the stored hashes above it, on level {level}, are not those of the tree")


def _replay_keys(result: Verification) -> list[tuple[int, VerifierKey]]:
    """The keys as the leaves announce them, each by the one before it; (leaf, key) in order."""
    keys: list[tuple[int, VerifierKey]] = []
    for leaf in LogLeaf.objects.filter(key__isnull=False).select_related("key").order_by("index"):
        record = bytes(leaf.key.record) if leaf.key else b""
        try:
            key = read_key_record(record, keys[-1][1] if keys else None)
        except WrongKeyRecord as error:
            result.note_log(leaf.index, str(error))
            continue
        if merkle.leaf_hash(record) != bytes(leaf.hash):
            result.note_log(leaf.index, "the announcement of a key is not what the leaf was made of")
        if key.name != Installation.current().origin:
            result.note_log(leaf.index, f"it announces a key of another log, {key.name}")
        keys.append((leaf.index, key))
    if keys and keys[0][0] != 0:
        result.note_log(0, "the log does not begin with its key")
    return keys


def _replay_checkpoints(result: Verification, roots: dict[int, bytes], keys: list[tuple[int, VerifierKey]]) -> None:
    for checkpoint in LogCheckpoint.objects.order_by("size").iterator(2000):
        result.checkpoints += 1
        size = checkpoint.size
        if size not in roots:
            result.note_log(result.leaves, f"missing: a checkpoint was signed over {size} leaves, and there are {result.leaves}")
            continue
        if bytes(checkpoint.root) != roots[size]:
            result.note_log(None, f"the first {size} leaves are not those of the checkpoint that was signed over them")
        in_force = [key for index, key in keys if index < size][-1:]
        try:
            read, _ = notes.open_checkpoint(checkpoint.note, in_force)
        except ValueError as error:
            result.note_log(None, f"the checkpoint of {size} leaves is not signed by the log's key: {error}")
            continue
        if (read.size, read.root) != (size, bytes(checkpoint.root)):
            result.note_log(None, f"the checkpoint of {size} leaves is signed over another size or root")


def _replay_cosignatures(result: Verification) -> None:
    for one in Cosignature.objects.select_related("checkpoint", "witness").order_by("received_at").iterator(2000):
        try:
            note = notes.parse_note(one.checkpoint.note + one.line)
            genuine = notes.verify_cosignature(note, VerifierKey.parse(one.witness.verifier))
        except ValueError:
            genuine = None
        if genuine is None or genuine != int(one.signed_at.timestamp()):
            result.note_log(None, f"the cosignature of {one.witness.name} is not over the checkpoint of {one.checkpoint_id} leaves")
