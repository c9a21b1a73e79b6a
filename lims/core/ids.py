"""Primary keys: UUID version 7 (RFC 9562), made here because PostgreSQL 15–17 have none. They sort by creation time."""

from __future__ import annotations

import itertools
import os
import time
import uuid
from collections.abc import Iterator

_UNKNOWN = uuid.SafeUUID.unknown


def uuid7() -> uuid.UUID:
    """A new UUIDv7: 48 bits of Unix milliseconds, 74 random bits."""
    value = int.from_bytes(os.urandom(10), "big") | (time.time_ns() // 1_000_000) << 80
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def uuid7_series(count: int) -> list[uuid.UUID]:
    """`count` new UUIDv7 that sort in their order, for rows written at once: the first one's random bits are counted on."""
    return list(itertools.islice(uuid7_stream(), count))


def uuid7_stream() -> Iterator[uuid.UUID]:
    """The same without an end, for rows whose number is not known when the first is written."""
    return map(_uuid, itertools.count(uuid7().int))


def read_uuid(text: str) -> uuid.UUID:
    """A UUID from the 36 characters the database writes. `uuid.UUID` also looks for braces, `urn:` and odd lengths, at twice the time: a
    page that reads a thousand rows spends longer on their keys than on the rest of them."""
    return _uuid(int(text.replace("-", ""), 16))


def _uuid(value: int) -> uuid.UUID:
    made = object.__new__(uuid.UUID)
    object.__setattr__(made, "int", value)
    object.__setattr__(made, "is_safe", _UNKNOWN)
    return made


def uuid7_keys(count: int) -> list[bytes]:
    """The same as `uuid7_series`, as 16 bytes each: for rows by the ten thousand, where making a `UUID` takes longer than writing it."""
    first = uuid7().int
    return [(first + number).to_bytes(16, "big") for number in range(count)]


def uuid7_texts(count: int) -> list[str]:
    """The same as 32 hexadecimal digits each, as COPY and PostgreSQL's arrays take them."""
    return list(itertools.islice(uuid7_text_stream(), count))


def uuid7_text_stream() -> Iterator[str]:
    """The same without an end."""
    return map("{:032x}".format, itertools.count(uuid7().int))


def key_text(key: bytes) -> str:
    """The usual form of a UUID given as 16 bytes."""
    text = key.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
