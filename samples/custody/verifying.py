"""Verifying the ledger: what `replaying` finds in chains and log, and beyond that every column and every disclosed value against the bytes,
whatever the session's time zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction
from django.db.models import BigIntegerField, F, Func, QuerySet

from lims.core.models import Installation
from samples.custody.findings import Finding, Verification
from samples.custody.hashing import SALT_BYTES, SCHEMA_VERSION, canonical_bytes, commitment, time_text
from samples.custody.log_replaying import replay_log
from samples.custody.models import CustodyEvent
from samples.custody.replaying import replay_chains
from samples.models import Sample

_CHUNK = 2000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    disclosure: dict[str, list[str]] | None


def verify_custody(*, sample: Sample | None = None, contents: bool = True) -> Verification:
    """Replay all chains, the log's tree, its keys, checkpoints and cosignatures; or one sample's chain. With `contents` (the slower part)
    also every column, form and disclosed value against the bytes. Reads one snapshot, so appends going on meanwhile raise no alarm."""
    result = Verification()
    with transaction.atomic():
        if not connection.savepoint_ids:  # the outermost block: the snapshot is ours to choose
            connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        replay_chains(result, sample)
        if sample is None:
            replay_log(result)
        if contents:
            installation = Installation.current()
            _verify_contents(result, sample, installation.origin)
            if sample is None and not installation.synthetic:  # whose clock is set at will
                _verify_moments(result)
    return result


# By then an open transaction has ended, and the sequencer has come by many times.
_LONGEST_WAY = "30 minutes"
_TOO_LATE = """
SELECT l.index, e.recorded_at, c.signed_at FROM custody_logleaf l JOIN custody_custodyevent e ON e.id = l.event_id
JOIN LATERAL (SELECT signed_at FROM custody_logcheckpoint WHERE size <= l.index ORDER BY size DESC LIMIT 1) c ON true
WHERE e.recorded_at < c.signed_at - %s::interval ORDER BY l.index
"""
_TOO_EARLY = """
SELECT l.index, e.recorded_at, c.signed_at FROM custody_logleaf l JOIN custody_custodyevent e ON e.id = l.event_id
JOIN LATERAL (SELECT signed_at FROM custody_logcheckpoint WHERE size > l.index ORDER BY size LIMIT 1) c ON true
WHERE e.recorded_at > c.signed_at + %s::interval ORDER BY l.index
"""


def _verify_moments(result: Verification) -> None:
    """An event says that it was recorded while the checkpoints around its leaf were signed: one that claims an earlier day was kept back or
    made up later, one that claims a later day was dated in advance."""
    with connection.cursor() as cursor:
        for statement, words in ((_TOO_LATE, "but came into the log after it was signed"), (_TOO_EARLY, "but the log was signed over it")):
            cursor.execute(statement, [_LONGEST_WAY])
            for index, recorded, signed in cursor.fetchall():
                result.note_log(index, f"its event says it was recorded at {_utc(recorded)}, {words} at {_utc(signed)}")


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _verify_contents(result: Verification, sample: Sample | None, origin: str) -> None:
    events: QuerySet[CustodyEvent] = CustodyEvent.objects.order_by("sample_id", "seq")
    for event in _stream(events if sample is None else events.filter(sample=sample.pk)):
        for detail in _content_findings(event, origin):
            code = Sample.objects.filter(pk=event.sample_id).values_list("code", flat=True).first() or ""
            result.note(Finding(event.sample_id, code, event.seq, detail))


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
        "disclosure__fields",
    )
    for id_, sample_id, seq, kind, occurred, recorded, previous, canonical, fields in rows.iterator(_CHUNK):
        link = bytes(previous) if previous is not None else None
        yield _Event(id_, sample_id, seq, kind, _moment_text(occurred), _moment_text(recorded), link, bytes(canonical), fields)


def _instant(column: str) -> Func:
    """Microseconds since 1970: what a moment is whatever zone the session renders it in."""
    return Func(F(column), template="(EXTRACT(EPOCH FROM %(expressions)s) * 1000000)::bigint", output_field=BigIntegerField())


def _moment_text(microseconds: int) -> str:
    return time_text(_EPOCH + timedelta(microseconds=microseconds))


def _content_findings(event: _Event, origin: str) -> Iterator[str]:
    try:
        content = msgspec.json.decode(event.canonical)
        sound = canonical_bytes(content) == event.canonical and isinstance(content["commitments"], dict)
    except (msgspec.DecodeError, ValueError, TypeError, KeyError):
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
        raw = bytes.fromhex(salt)
        # A longer salt could take the beginning of the value: the same committed bytes would tell another.
        return len(raw) == SALT_BYTES and commitment(raw, value) == committed
    except (ValueError, TypeError, AttributeError):
        return False
