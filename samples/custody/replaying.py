"""Replaying all chains: every event's bytes against its hash and its leaf, every link, every recorded end, in one pass over the ledger.

The events come in the order of their keys, which is about the order in which they were written: the order of samples would fetch nearly
every event from another page. Each chain's end so far is kept meanwhile, some 350 bytes a sample. What does not follow makes its sample
suspect, and only suspects are replayed again in order (`close_replaying`), which decides and says what is wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from struct import Struct
from typing import Any
from uuid import UUID

from django.db import connection

from samples.custody.close_replaying import replay_closely
from samples.custody.findings import Verification
from samples.models import Sample

_ZERO = bytes(32)
# The place of an event that waits for its leaf, -1.
_NOWHERE = b"\xff" * 8
_SUSPECTS_AT_ONCE = 1000

# COPY writes a row a call: a count of fields, and each with its length before it. All but the last are of fixed length, so that they stand
# where the layouts below look for them; a hash of another length than 32 is shown as zeros or ones, which no hash equals.
EVENT_ROWS = f"""
COPY (
    SELECT e.sample_id, e.seq, coalesce(l.index, -1),
        CASE WHEN length(e.hash) = 32 THEN e.hash ELSE '\\x{_ZERO.hex()}'::bytea END,
        CASE WHEN e.previous IS NULL THEN '\\x{_ZERO.hex()}'::bytea WHEN length(e.previous) = 32 THEN e.previous
            ELSE '\\x{"ff" * 32}'::bytea END,
        CASE WHEN length(l.hash) = 32 THEN l.hash ELSE '\\x{_ZERO.hex()}'::bytea END,
        e.canonical
    FROM public.custody_custodyevent e LEFT JOIN public.custody_logleaf l ON l.event_id = e.id ORDER BY e.id
) TO STDOUT (FORMAT binary)
"""  # noqa: S608 - constants only
_ENDS = f"""
COPY (
    SELECT s.id, coalesce(h.seq, 0), CASE WHEN length(h.hash) = 32 THEN h.hash ELSE '\\x{_ZERO.hex()}'::bytea END
    FROM public.samples_sample s LEFT JOIN public.custody_custodyhead h ON h.sample_id = s.id
) TO STDOUT (FORMAT binary)
"""  # noqa: S608
# Before the first row stands the head of the format, and after the last the end, a row of -1 fields; neither begins with a 0 as rows do.
_HEAD_BYTES, _END_BYTES = 19, 2
_event_fields = Struct("!6x 16s 4x i 4x 8s 4x 32s 4x 32s 4x 32s 4x").unpack_from
_CANONICAL = 154
_end_fields = Struct("!6x 16s 4x i 4x 32s").unpack_from

# A chain's end so far: number, place and hash of its last event.
_End = tuple[int, bytes, bytes]
_NOTHING: _End = (0, b"", _ZERO)


class _Sink:
    """A file for COPY to write into, a row a call."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self.write = write


@dataclass
class _Chains:
    """The ends of all chains so far, by sample, and the samples that are suspect."""

    ends: dict[bytes, _End] = field(default_factory=dict)
    suspects: set[bytes] = field(default_factory=set)
    events: int = 0
    waiting: int = 0


def _bare(row: bytes) -> bytes:
    """A row that came with the head of the format before it; empty where there is none, or only the end."""
    return row[_HEAD_BYTES:] if len(row) > _HEAD_BYTES + _END_BYTES else b""


def _read_events(cursor: Any, chains: _Chains) -> None:
    ends, suspects, sha256 = chains.ends, chains.suspects, hashlib.sha256
    last_of, events, waiting = ends.get, 0, 0

    def replay(row: bytes) -> None:
        nonlocal events, waiting
        if row[0] and not (row := _bare(row)):
            return
        events += 1
        sample, seq, place, digest, previous, leaf = _event_fields(row)
        canonical = row[_CANONICAL:]
        number, before, link = last_of(sample, _NOTHING)
        ends[sample] = (seq, place, digest)
        if place == _NOWHERE:
            waiting += 1
        elif not (place > before and sha256(b"\0" + canonical).digest() == leaf):
            suspects.add(sample)
        if not (seq == number + 1 and previous == link and sha256(canonical).digest() == digest):
            suspects.add(sample)

    cursor.copy_expert(EVENT_ROWS, _Sink(replay))
    chains.events, chains.waiting = events, waiting


def _read_ends(cursor: Any, chains: _Chains) -> int:
    """Compare the recorded ends with the chains, which are taken off; returns how many samples there are."""
    samples = 0

    def compare(row: bytes) -> None:
        nonlocal samples
        if row[0] and not (row := _bare(row)):
            return
        samples += 1
        sample, seq, digest = _end_fields(row)
        number, _, last = chains.ends.pop(sample, _NOTHING)
        if number == 0 or (seq, digest) != (number, last):
            chains.suspects.add(sample)

    cursor.copy_expert(_ENDS, _Sink(compare))
    return samples


def replay_chains(result: Verification, sample: Sample | None = None) -> None:
    """Replay the chains of all samples, or of one, and count into `result`. Runs within the caller's snapshot."""
    if sample is not None:
        replay_closely(result, [sample.pk])
        return
    chains = _Chains()
    with connection.cursor() as cursor:
        _read_events(cursor.cursor, chains)
        samples = _read_ends(cursor.cursor, chains)
    result.events += chains.events
    result.placed += chains.events - chains.waiting
    result.samples += samples + len(chains.ends)  # what is left belongs to samples that are gone
    _judge(result, sorted(chains.suspects | chains.ends.keys()))


def _judge(result: Verification, suspects: list[bytes]) -> None:
    for start in range(0, len(suspects), _SUSPECTS_AT_ONCE):
        close = Verification()
        replay_closely(close, [UUID(bytes=key) for key in suspects[start : start + _SUSPECTS_AT_ONCE]])
        result.findings += close.findings
        result.first = result.first or close.first
