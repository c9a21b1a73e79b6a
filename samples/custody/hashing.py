"""The bytes of a custody event and their hashes. Pure; the offline verifier computes the same.

An event is a JSON object of strings, integers, null and one level of nesting, serialised as RFC 8785 prescribes (for such values: sorted
keys, no spaces, UTF-8). Restricted fields appear only as commitments: SHA-256(salt ‖ value in UTF-8), in hexadecimal. A salt has
`SALT_BYTES`, never more or fewer: whoever checks a commitment checks that too, or the border between the two could be moved.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

SCHEMA_VERSION = 1
SALT_BYTES = 16
_SALTS_AT_ONCE = 64
_ENCODER = msgspec.json.Encoder(order="deterministic")


class Content(msgspec.Struct):
    """What is hashed of one event. The members stand in the order of their names, so that nothing has to be sorted but what is nested."""

    commitments: dict[str, str]
    consignment: str
    container_count: int | None
    corrects: int | None
    detail: Mapping[str, str]
    id: str
    kind: str
    mass_g: str | None
    occurred_at: str
    origin: str
    previous: str | None
    purpose: str
    recorded_at: str
    sample: str
    seal_condition: str
    seal_number: str
    seq: int
    v: int = SCHEMA_VERSION


def time_text(moment: datetime) -> str:
    """An aware moment as UTC with microseconds: `2026-11-22T08:31:05.000000Z`."""
    return f"{moment.astimezone(UTC).isoformat(timespec='microseconds').removesuffix('+00:00')}Z"


def mass_text(mass_g: Decimal) -> str:
    """A mass in grams with exactly three decimals, so that the database's rendering and ours agree."""
    return f"{mass_g:.3f}"


def canonical_bytes(content: Content | Mapping[str, Any]) -> bytes:
    """The one byte string of an event."""
    return _ENCODER.encode(content)


def event_hash(canonical: bytes) -> bytes:
    """SHA-256 of the canonical bytes: what the next event of the sample names as `previous`."""
    return hashlib.sha256(canonical).digest()


def commitment(salt: bytes, value: str) -> str:
    """The hexadecimal commitment to one restricted value."""
    return hashlib.sha256(salt + value.encode()).hexdigest()


def draw_salts() -> Iterator[bytes]:
    """Random salts without end, drawn many at once. For one caller only: a copy of the iterator (in a forked process) repeats them."""
    while True:
        drawn = os.urandom(SALT_BYTES * _SALTS_AT_ONCE)
        yield from (drawn[at : at + SALT_BYTES] for at in range(0, len(drawn), SALT_BYTES))


def commit_fields(values: Mapping[str, str], salts: Iterator[bytes]) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Commitments for the bytes, and `{field: (salt, value)}` for the disclosure; empty values are left out of both."""
    commitments: dict[str, str] = {}
    disclosure: dict[str, tuple[str, str]] = {}
    for name, value in values.items():
        if value:
            salt = next(salts)
            commitments[name] = commitment(salt, value)
            disclosure[name] = (salt.hex(), value)
    return commitments, disclosure
