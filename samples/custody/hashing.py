"""The bytes of a custody event and their hashes. Pure; the offline verifier computes the same.

An event is a JSON object of strings, integers, null and one level of nesting, serialised as RFC 8785 prescribes (for such values: sorted
keys, no spaces, UTF-8). Restricted fields appear only as commitments: SHA-256(salt ‖ value in UTF-8), in hexadecimal.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

SCHEMA_VERSION = 1
SALT_BYTES = 16
_ENCODER = msgspec.json.Encoder(order="deterministic")


def time_text(moment: datetime) -> str:
    """An aware moment as UTC with microseconds: `2026-11-22T08:31:05.000000Z`."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def mass_text(mass_g: Decimal) -> str:
    """A mass in grams with exactly three decimals, so that the database's rendering and ours agree."""
    return f"{mass_g:.3f}"


def canonical_bytes(content: Mapping[str, Any]) -> bytes:
    """The one byte string of an event."""
    return _ENCODER.encode(content)


def event_hash(canonical: bytes) -> bytes:
    """SHA-256 of the canonical bytes: what the next event of the sample names as `previous`."""
    return hashlib.sha256(canonical).digest()


def commitment(salt: bytes, value: str) -> str:
    """The hexadecimal commitment to one restricted value."""
    return hashlib.sha256(salt + value.encode()).hexdigest()


def commit_fields(values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Commitments for the bytes, and `{field: [salt, value]}` for the disclosure; empty values are left out of both."""
    commitments: dict[str, str] = {}
    disclosure: dict[str, list[str]] = {}
    salts = os.urandom(SALT_BYTES * len(values))
    for index, (name, value) in enumerate(values.items()):
        if value:
            salt = salts[index * SALT_BYTES : (index + 1) * SALT_BYTES]
            commitments[name] = commitment(salt, value)
            disclosure[name] = [salt.hex(), value]
    return commitments, disclosure
