"""What must be kept and never be read in a table or a backup: encrypted with keys derived from SECRET_KEY, one for each purpose."""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class SealBroken(Exception):
    """Sealed under another SECRET_KEY, for another purpose, or altered."""


def seal(data: bytes, purpose: str) -> bytes:
    """The bytes as they are kept."""
    return _box(settings.SECRET_KEY, purpose).encrypt(data)


def unseal(sealed: bytes, purpose: str) -> bytes:
    """The bytes again; raises `SealBroken`."""
    try:
        return _box(settings.SECRET_KEY, purpose).decrypt(sealed)
    except InvalidToken as error:
        raise SealBroken(purpose) from error


@lru_cache(maxsize=8)
def _box(secret_key: str, purpose: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
