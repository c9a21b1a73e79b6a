"""The secret of a webhook: shown once, kept encrypted, because signing needs it again. The form and the signature are those of the
Standard Webhooks specification, so that receivers find libraries for them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

from lims.core.errors import DomainError
from lims.core.sealing import SealBroken, seal, unseal

_PREFIX = "whsec_"
_PURPOSE = "lims webhook secrets"


def make_secret() -> str:
    """A new secret: `whsec_` and 256 random bits in base64."""
    return _PREFIX + base64.b64encode(os.urandom(32)).decode()


def seal_secret(secret: str) -> str:
    """The secret as it is kept."""
    return seal(secret.encode(), _PURPOSE).decode()


def open_secret(sealed: str) -> str:
    """The secret again; raises `DomainError('secret_lost')` when it was sealed under another SECRET_KEY."""
    try:
        return unseal(sealed.encode(), _PURPOSE).decode()
    except SealBroken as error:
        sentence = "This webhook's secret was kept under another SECRET_KEY and is lost. Renew it."
        raise DomainError("secret_lost", sentence) from error


def sign_message(secret: str, identifier: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the base64 HMAC-SHA-256 over `identifier.timestamp.body`."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    digest = hmac.new(key, f"{identifier}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
