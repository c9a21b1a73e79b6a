"""Giving events their place in the log, and signing where it stands. Off the request path; one sequencer at a time, others leave at once.

Every step is one transaction: leaves, the hashes above them and the emptied queue come together or not at all, and a checkpoint is signed
over leaves that are already committed. Killed between any two statements, the next run goes on where the last transaction ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from lims.core import clock
from lims.core.copying import copy_rows
from lims.core.errors import DomainError
from lims.core.models import Installation
from samples.custody import merkle, notes
from samples.custody.key_records import announce_key
from samples.custody.log_nodes import STORED_LEVEL, fetch_nodes, fetch_root, node_key
from samples.custody.merkle import Node
from samples.custody.models import LogCheckpoint, LogKey, LogLeaf
from samples.custody.notes import Signer, VerifierKey
from samples.custody.signing_key import current_signer, first_signer

BATCH = 20_000
# Any number will do, as long as nothing else in this database takes the same advisory lock.
_LOCK = 0x6375_7374_6F64_79

# Events and leaves are looked up one by one by their keys: joined, the whole ledger would be read for every batch. What leaves the queue is
# the batch, for nothing else of the same snapshot lies between its first row and its last.
_TAKE = """
WITH batch AS MATERIALIZED (
    SELECT queue.id, queue.event_id,
        (SELECT pg_catalog.sha256('\\x00'::bytea || e.canonical) FROM custody_custodyevent e WHERE e.id = queue.event_id) AS hash,
        (SELECT leaf.index FROM custody_logleaf leaf WHERE leaf.event_id = queue.event_id) AS place
    FROM custody_unsequenced queue ORDER BY queue.id LIMIT %s
),
taken AS (DELETE FROM custody_unsequenced WHERE id BETWEEN (SELECT min(id) FROM batch) AND (SELECT max(id) FROM batch)),
added AS (
    INSERT INTO custody_logleaf (index, event_id, hash)
    SELECT %s + row_number() OVER (ORDER BY batch.id) - 1, batch.event_id, batch.hash
    FROM batch WHERE batch.hash IS NOT NULL AND batch.place IS NULL
    RETURNING index, hash
)
SELECT (SELECT count(*) FROM batch), string_agg(hash, ''::bytea ORDER BY index) FROM added
"""


@dataclass(frozen=True)
class Advance:
    """What one run did: how many events got their place, and the checkpoint it signed, if anything was new."""

    events: int
    checkpoint: LogCheckpoint | None


def advance_log(*, batch: int = BATCH) -> Advance:
    """Give every waiting event its place and sign a checkpoint over it. Does nothing while another run is at it.

    Raises `DomainError('log_key')` where the private key is not to be had; events keep waiting, or wait for their checkpoint.
    """
    events = 0
    while True:
        taken = sequence_batch(batch=batch)
        events += taken or 0
        if not taken or taken < batch:
            return Advance(events, sign_checkpoint() if taken is not None else None)


def sequence_batch(*, batch: int = BATCH) -> int | None:
    """Move up to `batch` waiting events into the log; returns how many left the queue, or None when another run holds the lock."""
    with transaction.atomic():
        if not take_lock():
            return None
        size = next_index()
        if size == 0:
            size = _begin_log()
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [batch, size])
            taken, hashes = cursor.fetchone()
        if hashes:
            add_nodes(size, bytes(hashes))
        return int(taken)


def sign_checkpoint(*, signers: Sequence[Signer] = ()) -> LogCheckpoint | None:
    """Sign the log as it stands, if it grew since the last checkpoint; None when it did not, or another run holds the lock.

    Refuses (`log_inconsistent`) to sign what does not continue the last checkpoint.
    """
    with transaction.atomic():
        if not take_lock():
            return None
        size, last = next_index(), LogCheckpoint.objects.order_by("-size").first()
        if size == 0 or (last is not None and last.size == size):
            return None
        _refuse_inconsistent(size, last)
        origin = Installation.current().origin
        checkpoint = notes.Checkpoint(origin, size, fetch_root(size))
        note = notes.sign_checkpoint(checkpoint, list(signers) or [current_signer(current_key())])
        return LogCheckpoint.objects.create(size=size, root=checkpoint.root, note=str(note), signed_at=clock.now())


def current_key() -> VerifierKey:
    """The key the log announced last."""
    return VerifierKey.parse(LogKey.objects.filter(leaves__isnull=False).order_by("-leaves__index").values_list("verifier", flat=True)[0])


def take_lock() -> bool:
    """Be the only one who adds to the log, until the transaction ends; False when somebody else is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def next_index() -> int:
    """How many leaves there are."""
    last = LogLeaf.objects.order_by("-index").values_list("index", flat=True).first()
    return 0 if last is None else last + 1


def _begin_log() -> int:
    """Leaf 0 announces the first key."""
    signer, now = first_signer(Installation.current().origin), clock.now()
    add_key(signer, announce_key(signer=signer, previous=None, at=now, reason="the log begins"), now)
    return 1


def add_key(signer: Signer, record: bytes, at: datetime) -> None:
    """Announce a key by the next leaf, within the caller's transaction."""
    index, digest = next_index(), merkle.leaf_hash(record)
    key = LogKey.objects.create(verifier=str(signer.verifier_key), record=record, recorded_at=at)
    LogLeaf.objects.create(index=index, key=key, hash=digest)
    add_nodes(index, digest)


def add_nodes(size: int, hashes: bytes) -> None:
    """Keep the hash of every subtree of sixteen leaves or more that a row of hashes, added to `size` leaves, completes."""
    start = size >> STORED_LEVEL << STORED_LEVEL
    before = [(0, index) for index in range(start, size)]
    left = _left_neighbours(start, size + len(hashes) // merkle.HASH_BYTES)
    known = fetch_nodes([*before, *left])
    row = b"".join([*(known[node] for node in before), hashes])
    for _ in range(STORED_LEVEL):
        row = merkle.parents_of(row)
    level, position, nodes = STORED_LEVEL, start >> STORED_LEVEL, []
    while row:
        nodes += [(node_key((level, position + offset)), digest) for offset, digest in enumerate(merkle.hashes_in(row))]
        if position & 1:
            position -= 1
            row = known[level, position] + row
        row = merkle.parents_of(row)
        level, position = level + 1, position >> 1
    copy_rows("custody_lognode", ["key", "hash"], nodes)


def _left_neighbours(start: int, end: int) -> list[Node]:
    """The complete subtrees that stand to the left of what is added and become part of larger ones with it."""
    levels = range(STORED_LEVEL, max(end.bit_length(), STORED_LEVEL))
    return [(level, (start >> level) - 1) for level in levels if start >> level & 1]


def _refuse_inconsistent(size: int, last: LogCheckpoint | None) -> None:
    if last is None:
        return
    if last.size > size or fetch_root(last.size) != bytes(last.root):
        raise DomainError(
            "log_inconsistent",
            f"The custody log with {size} leaves does not continue its checkpoint of {last.size}, so nothing is signed. Somebody changed"
            " the database: run manage.py verify_custody, and compare with what the witnesses hold.",
        )
