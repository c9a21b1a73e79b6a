"""Electronic signatures: who signs authenticates again, and the signature is bound to the hash of what was shown."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from lims.accounts.attempts import count_wrong, forget_wrong, refuse_after_too_many
from lims.accounts.models import Signature, User
from lims.core import clock
from lims.core.errors import DomainError, Invalid


def canonical_bytes(content: Any) -> bytes:
    """Plain data (strings, integers, lists, mappings) as the one byte string that is hashed (RFC 8785 for this subset)."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def content_hash(content: Any) -> str:
    """Hexadecimal SHA-256 of the canonical bytes."""
    return hashlib.sha256(canonical_bytes(content)).hexdigest()


def sign(*, by: User, password: str, meaning: str, content: Any, shown_hash: str | None = None, reason: str = "") -> Signature:
    """Sign `content`. `shown_hash` is the hash the signer was shown: when the content has changed since, the signature is refused.

    Raises `Invalid('password')` when the password is wrong, `Blocked('too_many_wrong_passwords')` after several such, and
    `DomainError('stale_content')` when the page was stale.
    """
    refuse_after_too_many(by)
    if not by.check_password(password):
        count_wrong(by)
        raise Invalid("password", "The password is not right, so nothing was signed. Type your own password again.")
    forget_wrong(by)
    digest = content_hash(content)
    if shown_hash is not None and shown_hash != digest:
        raise DomainError("stale_content", "What you were about to sign has changed since the page was made. Read it again, then sign.")
    return Signature.objects.create(
        signer=by,
        printed_name=by.full_name,
        organisation_name=by.organisation.name,
        role=by.role,
        meaning=meaning,
        signed_at=clock.now(),
        content_hash=digest,
        reason=reason,
    )
