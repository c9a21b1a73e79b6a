"""Files by content: stored under their SHA-256, so the same bytes are kept once and a changed file is noticed when it is read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from lims.core.errors import DomainError


@dataclass(frozen=True)
class StoredFile:
    """Where bytes are kept: storage name, hexadecimal SHA-256, size in bytes."""

    name: str
    sha256: str
    size: int


def file_name(kind: str, sha256: str) -> str:
    """The storage name of content of a kind (`uploads`, `photos`, `certificates`)."""
    return f"{kind}/{sha256[:2]}/{sha256}"


def store_bytes(kind: str, data: bytes) -> StoredFile:
    """Keep the bytes; storing the same bytes again changes nothing."""
    sha256 = hashlib.sha256(data).hexdigest()
    name = file_name(kind, sha256)
    if not default_storage.exists(name):
        default_storage.save(name, ContentFile(data))
    return StoredFile(name, sha256, len(data))


def read_bytes(kind: str, sha256: str) -> bytes:
    """The bytes with that SHA-256; refuses (`file_altered`) when the stored file no longer has it."""
    with default_storage.open(file_name(kind, sha256)) as file:
        data: bytes = file.read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DomainError(
            "file_altered", f"The stored file {sha256[:12]}… no longer has its recorded SHA-256. Tell the quality manager; do not use it."
        )
    return data
