"""Replaying chains in the order of samples, and naming what is wrong: every event's bytes against its hash and its leaf, every link, every
recorded end. In constant memory; for the chains that `replaying` finds suspect, or for one that was asked for.

Rows come through COPY in blocks, each as one string of bytes of a fixed layout, because taking rows apart field by field costs more than
hashing them. Nothing here depends on how the database prints a value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from samples.custody.findings import Finding, Verification
from samples.models import Sample

_BLOCK = 50_000
_ZERO = bytes(32)
_FIRST = UUID(int=0)
# The leaf index of an event that waits for its place, -1: as bytes it comes after every other.
_NOWHERE = b"\xff" * 8

# The head of a row is 125 bytes: sample, seq, previous, hash, leaf hash, leaf index, and the byte 0x00 that makes the canonical bytes after
# it what a leaf hashes. A hash of another length than 32 is shown as zeros, which no hash equals.
_ROWS = """
COPY (
    SELECT uuid_send(e.sample_id) || int4send(e.seq)
        || CASE WHEN e.previous IS NULL THEN '\\x{zero}'::bytea WHEN length(e.previous) = 32 THEN e.previous ELSE '\\x{wrong}'::bytea END
        || CASE WHEN length(e.hash) = 32 THEN e.hash ELSE '\\x{zero}'::bytea END
        || CASE WHEN length(l.hash) = 32 THEN l.hash ELSE '\\x{zero}'::bytea END
        || int8send(coalesce(l.index, -1)) || '\\x00'::bytea || e.canonical
    FROM public.custody_custodyevent e LEFT JOIN public.custody_logleaf l ON l.event_id = e.id
    WHERE (e.sample_id, e.seq) > ('{after}', {seq}) AND e.sample_id = ANY('{{{only}}}')
    ORDER BY e.sample_id, e.seq LIMIT {block}
) TO STDOUT (FORMAT binary)
"""
_HEAD, _TRAILER = 19, 2


@dataclass
class _Chain:
    """How far one sample's chain was replayed."""

    sample: bytes = b""
    seq: int = 0
    hash: bytes = _ZERO
    place: bytes = b""


class _Block:
    """A file for COPY to write a block into. Each row is replayed as it comes, while the database makes the next: after its head COPY
    writes a row a call, as a count of fields, a length, and our string of bytes. Keeps findings by sample, and the chains that ended."""

    def __init__(self, chain: _Chain) -> None:
        self.chain = chain
        self.events = self.placed = 0
        self.findings: list[tuple[bytes, int, str]] = []
        self.ended: list[_Chain] = []

    def write(self, row: bytes) -> None:
        """Replay one row."""
        if self.events == 0:
            row = row[_HEAD:]
        if len(row) <= _TRAILER:
            return
        chain, sha256 = self.chain, hashlib.sha256
        row = row[6:]
        key, seq = row[:16], int.from_bytes(row[16:20], "big")
        if key != chain.sample:
            if chain.sample:
                self.ended.append(_Chain(chain.sample, chain.seq, chain.hash, chain.place))
            chain.sample, chain.seq, chain.hash, chain.place = key, 0, _ZERO, b""
        digest, place, leafed = row[52:84], row[116:124], row[124:]
        if not (
            seq == chain.seq + 1
            and row[20:52] == chain.hash
            and sha256(leafed[1:]).digest() == digest
            and sha256(leafed).digest() == row[84:116]
            and place > chain.place
        ):
            self.findings += [(key, seq, detail) for detail in _what_is_wrong(row, seq, chain)]
        self.events += 1
        self.placed += place != _NOWHERE
        chain.seq, chain.hash, chain.place = seq, digest, place


def replay_closely(result: Verification, samples: Sequence[UUID]) -> None:
    """Replay the chains of some samples and count into `result`. Runs within the caller's snapshot."""
    heads = _Heads(samples)
    chain = _Chain()
    while True:
        block = _Block(chain)
        _fill(block, samples)
        if not block.events:
            break
        result.events += block.events
        result.placed += block.placed
        _settle(result, heads, block.ended, block.findings)
    _settle(result, heads, [chain] if chain.sample else [], [])
    for sample_id, head in heads.rest():
        _note_end(result, sample_id, head)


def _fill(block: _Block, samples: Sequence[UUID]) -> None:
    """The rows after the last one that was replayed."""
    chain = block.chain
    only = ",".join(map(str, samples))
    after, seq = (UUID(bytes=chain.sample), chain.seq) if chain.sample else (_FIRST, 0)
    statement = _ROWS.format(zero=_ZERO.hex(), wrong="ff" * 32, after=after, seq=seq, only=only, block=_BLOCK)
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(statement, block)


def _what_is_wrong(row: bytes, seq: int, chain: _Chain) -> Iterator[str]:
    """Why a row is not what follows; nothing where it only waits for its place in the log."""
    at, last = chain.seq, chain.hash
    if seq != at + 1:
        yield f"event {at + 1} is missing before it" if seq > at + 1 else "its number stands twice"
    if hashlib.sha256(row[125:]).digest() != row[52:84]:
        yield "its bytes do not have the recorded hash"
    if row[20:52] != last:
        yield "it does not name the event before it"
    index = int.from_bytes(row[116:124], "big", signed=True)
    if index >= 0 and hashlib.sha256(row[124:]).digest() != row[84:116]:
        yield f"its bytes are not those of its leaf {index} in the log"
    if chain.place >= row[116:124] != _NOWHERE:
        yield f"its leaf {index} stands before that of an earlier event"


_Head = tuple[str, int | None, bytes | None]


class _Heads:
    """The recorded ends of the chains, ordered by sample, read in step with the events."""

    def __init__(self, samples: Sequence[UUID]) -> None:
        rows = Sample.objects.filter(pk__in=samples).order_by("id").values_list("id", "code", "custody_head__seq", "custody_head__hash")
        self._rows: Iterator[Any] = iter(rows.iterator(2000))
        self._next = next(self._rows, None)

    def until(self, sample_id: UUID | None) -> Iterator[tuple[UUID, _Head]]:
        """The ends up to and including a sample's."""
        while self._next is not None and (sample_id is None or self._next[0] <= sample_id):
            found, code, seq, digest = self._next
            self._next = next(self._rows, None)
            yield found, (code, seq, bytes(digest) if digest is not None else None)

    def rest(self) -> Iterator[tuple[UUID, _Head]]:
        """Those that no event belongs to."""
        return self.until(None)


def _settle(result: Verification, heads: _Heads, ended: list[_Chain], findings: list[tuple[bytes, int, str]]) -> None:
    """Compare chains with their recorded ends, and name what was found of each sample in order."""
    by_sample: dict[bytes, list[tuple[int | None, str]]] = {}
    for key, seq, detail in findings:
        by_sample.setdefault(key, []).append((seq, detail))
    for chain in ended:
        sample_id, head = UUID(bytes=chain.sample), None
        for found, row in heads.until(sample_id):
            if found == sample_id:
                head = row
                continue
            _note_end(result, found, row)
        result.samples += 1
        for number, detail in [*by_sample.pop(chain.sample, []), *_end_findings(chain, head)]:
            result.note(Finding(sample_id, head[0] if head else "", number, detail))
    for key, rest in by_sample.items():  # of the chain that goes on in the next block
        code = Sample.objects.filter(pk=UUID(bytes=key)).values_list("code", flat=True).first() or ""
        for number, detail in rest:
            result.note(Finding(UUID(bytes=key), code, number, detail))


def _note_end(result: Verification, sample_id: UUID, head: _Head) -> None:
    """What a sample without any event lacks."""
    result.samples += 1
    for seq, detail in _end_findings(_Chain(), head):
        result.note(Finding(sample_id, head[0], seq, detail))


def _end_findings(chain: _Chain, head: _Head | None) -> list[tuple[int | None, str]]:
    if head is None:
        return [(None, "there are events of a sample that no longer exists")]
    _, seq, digest = head
    if seq is None:
        missing = "the sample has no custody at all" if chain.seq == 0 else "the record of the chain's end is missing"
        return [(None, missing)]
    if chain.seq < seq:
        return [(chain.seq + 1, f"missing: the chain ends at {chain.seq}, its recorded end is {seq}")]
    if (chain.seq, chain.hash) != (seq, digest):
        return [(chain.seq, f"the chain's recorded end is event {seq} with another hash")]
    return []
