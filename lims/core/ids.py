"""Primary keys: UUID version 7 (RFC 9562), made here because PostgreSQL 15–17 have none. They sort by creation time."""

from __future__ import annotations

import os
import time
import uuid


def uuid7() -> uuid.UUID:
    """A new UUIDv7: 48 bits of Unix milliseconds, 74 random bits."""
    value = int.from_bytes(os.urandom(10), "big") | (time.time_ns() // 1_000_000) << 80
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def uuid7_series(count: int) -> list[uuid.UUID]:
    """`count` new UUIDv7 that sort in their order, for rows written at once: the first one's random bits are counted on."""
    first = uuid7().int
    return [uuid.UUID(int=first + number) for number in range(count)]
