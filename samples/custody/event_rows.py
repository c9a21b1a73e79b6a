"""An event as the rows that PostgreSQL's binary COPY takes: packed by fixed layouts, because text would be made here and taken apart there
for every single value. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct

import msgspec

EVENT_COLUMNS = ("id", "sample_id", "seq", "occurred_at", "recorded_at", "organisation_id", "hash", "kind", "previous", "canonical")
DISCLOSURE_COLUMNS = ("id", "event_id", "fields")
QUEUE_COLUMNS = ("event_id",)

# Each field is its length in bytes, then its bytes; numbers with the most significant byte first. A null is the length -1.
_EVENT = Struct("!h i16s i16s ii iq iq i16s i32s i").pack
_KEYS = Struct("!h i16s i16s i").pack
_KEY = Struct("!h i16s").pack
_LENGTH = Struct("!i").pack
_NULL = _LENGTH(-1)
# The byte before a jsonb's text tells the version of the format.
_JSONB = b"\1"
_ENCODE = msgspec.json.Encoder().encode
_EPOCH, _MICROSECOND = datetime(2000, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """A moment as PostgreSQL keeps it: microseconds since 2000 in UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def event_row(
    id_: bytes,
    sample: bytes,
    seq: int,
    occurred_at: int,
    recorded_at: int,
    organisation: bytes,
    digest: bytes,
    kind: bytes,
    previous: bytes | None,
    canonical: bytes,
) -> bytes:
    """A row of `EVENT_COLUMNS`: UUIDs as 16 bytes, moments as `microseconds`, hashes as 32 bytes."""
    head = _EVENT(10, 16, id_, 16, sample, 4, seq, 8, occurred_at, 8, recorded_at, 16, organisation, 32, digest, len(kind))
    link = _LENGTH(len(previous)) + previous if previous is not None else _NULL
    return b"".join((head, kind, link, _LENGTH(len(canonical)), canonical))


def disclosure_row(id_: bytes, event: bytes, fields: Mapping[str, Sequence[str]]) -> bytes:
    """A row of `DISCLOSURE_COLUMNS`."""
    text = _ENCODE(fields)
    return _KEYS(3, 16, id_, 16, event, len(text) + 1) + _JSONB + text


def queue_row(event: bytes) -> bytes:
    """A row of `QUEUE_COLUMNS`."""
    return _KEY(1, 16, event)
