"""Replaying the ledger: every byte, link, column, commitment and end of chain, in constant memory and whatever the session's time zone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import BigIntegerField, F, Func, QuerySet

from lims.core.models import Installation
from samples.custody.hashing import SCHEMA_VERSION, canonical_bytes, commitment, event_hash, time_text
from samples.custody.models import CustodyEvent
from samples.models import Sample

_CHUNK = 2000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was written. `seq` is None where it concerns the sample's chain as a whole."""

    sample_id: UUID
    sample_code: str
    seq: int | None
    detail: str

    def __str__(self) -> str:
        where = f"event {self.seq}" if self.seq is not None else "chain"
        return f"sample {self.sample_code or self.sample_id}, {where}: {self.detail}"


@dataclass
class Verification:
    """What a replay found. `first` is the first bad event in the order of samples and events; `findings` counts them all."""

    samples: int = 0
    events: int = 0
    findings: int = 0
    first: Finding | None = None

    @property
    def clean(self) -> bool:
        return self.first is None

    def note(self, finding: Finding) -> None:
        """Count a finding; the first is kept."""
        self.findings += 1
        self.first = self.first or finding


@dataclass(frozen=True)
class _Event:
    id: UUID
    sample_id: UUID
    seq: int
    kind: str
    occurred_at: str
    recorded_at: str
    previous: bytes | None
    canonical: bytes
    hash: bytes
    disclosure: dict[str, list[str]] | None


@dataclass
class _Chain:
    """The end of what was replayed of one sample."""

    seq: int = 0
    hash: bytes | None = None
    findings: list[tuple[int | None, str]] = field(default_factory=list)


def verify_custody(*, sample: Sample | None = None) -> Verification:
    """Replay all chains, or one sample's. Reads one snapshot, so appends going on meanwhile raise no alarm."""
    origin = Installation.current().origin
    with transaction.atomic():
        if not connection.savepoint_ids:  # the outermost block: the snapshot is ours to choose
            connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return _replay(sample, origin)


def _replay(sample: Sample | None, origin: str) -> Verification:
    samples = Sample.objects.order_by("id").values_list("id", "code", "custody_head__seq", "custody_head__hash")
    events: QuerySet[CustodyEvent] = CustodyEvent.objects.order_by("sample_id", "seq")
    if sample is not None:
        samples, events = samples.filter(pk=sample.pk), events.filter(sample=sample.pk)
    result = Verification()
    for sample_id, head, chain_events in _in_step(samples.iterator(_CHUNK), _stream(events)):
        chain = _Chain()
        for event in chain_events:
            result.events += 1
            chain.findings += [(event.seq, detail) for detail in _event_findings(event, chain, origin)]
            chain.seq, chain.hash = event.seq, event.hash
        code = head[0] if head else ""
        result.samples += 1
        for seq, detail in [*chain.findings, *_end_findings(chain, head)]:
            result.note(Finding(sample_id, code, seq, detail))
    return result


def _stream(events: QuerySet[CustodyEvent]) -> Iterator[_Event]:
    rows = events.values_list(
        "id",
        "sample_id",
        "seq",
        "kind",
        _instant("occurred_at"),
        _instant("recorded_at"),
        "previous",
        "canonical",
        "hash",
        "disclosure__fields",
    )
    for id_, sample_id, seq, kind, occurred, recorded, previous, canonical, digest, fields in rows.iterator(_CHUNK):
        link = bytes(previous) if previous is not None else None
        yield _Event(
            id_, sample_id, seq, kind, _moment_text(occurred), _moment_text(recorded), link, bytes(canonical), bytes(digest), fields
        )


def _instant(column: str) -> Func:
    """Microseconds since 1970: what a moment is whatever zone the session renders it in."""
    return Func(F(column), template="(EXTRACT(EPOCH FROM %(expressions)s) * 1000000)::bigint", output_field=BigIntegerField())


def _moment_text(microseconds: int) -> str:
    return time_text(_EPOCH + timedelta(microseconds=microseconds))


_Head = tuple[str, int | None, bytes | None]


def _in_step(samples: Iterable[tuple[Any, ...]], events: Iterable[_Event]) -> Iterator[tuple[UUID, _Head | None, Iterable[_Event]]]:
    """Samples and their events side by side, both ordered by sample: samples without events and events without a sample included."""
    groups = groupby(events, key=lambda event: event.sample_id)
    group = next(groups, None)
    for sample_id, code, seq, digest in samples:
        while group is not None and group[0] < sample_id:
            yield group[0], None, group[1]
            group = next(groups, None)
        head = (code, seq, bytes(digest) if digest is not None else None)
        if group is not None and group[0] == sample_id:
            yield sample_id, head, group[1]
            group = next(groups, None)
        else:
            yield sample_id, head, ()
    while group is not None:
        yield group[0], None, group[1]
        group = next(groups, None)


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


def _event_findings(event: _Event, chain: _Chain, origin: str) -> Iterator[str]:
    if event.seq != chain.seq + 1:
        yield f"event {chain.seq + 1} is missing before it" if event.seq > chain.seq + 1 else "its number stands twice"
    if event_hash(event.canonical) != event.hash:
        yield "its bytes do not have the recorded hash"
    if event.previous != chain.hash:
        yield "it does not name the event before it"
    try:
        content = json.loads(event.canonical)
        sound = canonical_bytes(content) == event.canonical and isinstance(content["commitments"], dict)
    except (ValueError, TypeError, KeyError):
        sound = False
    if not sound:
        yield "its bytes are not a canonical record"
        return
    differing = _differing_columns(event, content, origin)
    if differing:
        yield f"its columns differ from its bytes: {', '.join(differing)}"
    yield from _disclosure_findings(event.disclosure, content["commitments"])


def _differing_columns(event: _Event, content: dict[str, Any], origin: str) -> list[str]:
    expected = {
        "v": SCHEMA_VERSION,
        "origin": origin,
        "id": str(event.id),
        "sample": str(event.sample_id),
        "seq": event.seq,
        "kind": event.kind,
        "occurred_at": event.occurred_at,
        "recorded_at": event.recorded_at,
        "previous": event.previous.hex() if event.previous is not None else None,
    }
    return [name for name, value in expected.items() if content.get(name) != value]


def _disclosure_findings(disclosure: dict[str, list[str]] | None, commitments: dict[str, str]) -> Iterator[str]:
    if disclosure is None:
        yield "what its commitments hide is missing"
        return
    for name in sorted(commitments.keys() | disclosure.keys()):
        if name not in disclosure:
            yield f"the value behind the commitment {name} is missing"
        elif name not in commitments or not _opens(commitments[name], disclosure[name]):
            yield f"the disclosed {name} is not what was committed to"


def _opens(committed: str, pair: list[str]) -> bool:
    try:
        salt, value = pair
        return commitment(bytes.fromhex(salt), value) == committed
    except (ValueError, TypeError, AttributeError):
        return False
